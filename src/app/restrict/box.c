#include "app/restrict/box.h"

#include <string.h>

#include "app/subject/forms.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/box.h"
#include "crypto/hmac.h"
#include "crypto/random.h"

#define CLASS "restrict"
#define HEAD_BYTES 34 /* mac, number of runs */
#define RUN_BYTES_MAX 20
#define BOX_BYTES (APP_BOX_PLAIN_BYTES + CRYPTO_BOX_OVERHEAD)

/* ---- keys ---- */

static int
key_of(const struct app_form_keys *keys, const struct app_epoch *epoch, const char *what,
    unsigned char key[static 32])
{
	const struct key_ring *ring = epoch->import ? keys->import : keys->ring;
	unsigned char prk[32];
	int rc = -1;

	if (ring != NULL && (!epoch->import || crypto_equal(epoch->seed, keys->seed, 32)) &&
	    key_ring_prk(ring, epoch->period, epoch->index, prk) == 0) {
		key_class(prk, keys->tenant, CLASS, what, key);
		rc = 0;
	}
	crypto_wipe(prk, sizeof(prk));
	return (rc);
}

int
app_box_mac(const struct app_form_keys *keys, const struct app_epoch *epoch,
    const struct mask_value *value, unsigned char mac[static 32])
{
	const unsigned char kind = (unsigned char)value->kind;
	const struct span parts[] = { span_of((const char *)&kind, 1),
		span_of(value->bytes, value->len) };
	struct {
		unsigned char key[32];
		struct crypto_hmac_key hmac;
	} k;
	int rc = key_of(keys, epoch, "value", k.key);

	if (rc == 0) {
		crypto_hmac_key_init(&k.hmac, k.key, sizeof(k.key));
		crypto_hmac_parts(&k.hmac, parts, 2, mac);
	}
	crypto_wipe(&k, sizeof(k));
	return (rc);
}

/* ---- make ---- */

static size_t
put_number(unsigned char *out, uint64_t n)
{
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		out[len++] = (unsigned char)(n | 0x80);
	out[len++] = (unsigned char)n;
	return (len);
}

/* As many runs from *at on as there is room for; zeros behind them. */
static void
fill(const struct app_box_of *of, size_t *at, const unsigned char mac[static 32],
    unsigned char plain[static APP_BOX_PLAIN_BYTES])
{
	size_t len = HEAD_BYTES, count = 0;
	uint64_t next = 0;

	memset(plain, 0, APP_BOX_PLAIN_BYTES);
	memcpy(plain, mac, 32);
	for (; *at < of->count && len + RUN_BYTES_MAX <= APP_BOX_PLAIN_BYTES; ++*at, count++) {
		const struct seal_range *run = &of->runs[*at];

		len += put_number(plain + len, run->first - next);
		len += put_number(plain + len, run->last - run->first);
		next = run->last + 1;
	}
	plain[32] = (unsigned char)(count & 0xff);
	plain[33] = (unsigned char)(count >> 8);
}

static void
print(const struct app_box_of *of, const unsigned char box[static BOX_BYTES], struct buf *out)
{
	char name[16];

	(void)key_epoch_name(of->epoch.period, of->epoch.index, name);
	buf_fmt(out, "%s ", of->id);
	if (of->epoch.import)
		buf_hex(out, of->epoch.seed, sizeof(of->epoch.seed));
	else
		buf_char(out, '-');
	buf_fmt(out, " %s ", name);
	buf_base64(out, box, BOX_BYTES);
	buf_char(out, '\n');
}

/* A person with more records than others shows by no more than the power of two. */
size_t
app_box_count(const struct app_box_of *of)
{
	static const unsigned char no_mac[32];
	unsigned char plain[APP_BOX_PLAIN_BYTES];
	size_t at = 0, made = of->had;

	while (made == 0 || at < of->count || (made & (made - 1)) != 0) {
		fill(of, &at, no_mac, plain);
		made++;
	}
	crypto_wipe(plain, sizeof(plain));
	return (made);
}

int
app_box_make(
    const struct app_form_keys *keys, const struct app_box_of *of, struct buf *out, struct err *e)
{
	unsigned char key[32], mac[32], plain[APP_BOX_PLAIN_BYTES], box[BOX_BYTES];
	size_t at = 0, boxes = app_box_count(of);
	int rc = -1;

	if (key_of(keys, &of->epoch, "box", key) == -1 ||
	    app_box_mac(keys, &of->epoch, of->value, mac) == -1) {
		(void)err_set(e, ERR_CONFIG, "the key of an epoch was destroyed just now");
		goto out;
	}
	for (size_t i = of->had; i < boxes || i < of->boxes; i++) {
		fill(of, &at, mac, plain);
		crypto_box_make(key, span_of((const char *)plain, sizeof(plain)), box);
		print(of, box, out);
	}
	rc = buf_ok(out) ? 0 : err_memory(e);
out:
	crypto_wipe(key, sizeof(key));
	crypto_wipe(plain, sizeof(plain));
	return (rc);
}

/* ---- read ---- */

bool
app_box_id_ok(struct span text)
{
	unsigned char bytes[(APP_BOX_ID_BYTES - 1) / 2];
	size_t len;

	return (
	    text.len == APP_BOX_ID_BYTES - 1 && text_unhex(text, bytes, sizeof(bytes), &len) == 0);
}

int
app_box_read(struct span text, struct app_box *box)
{
	struct span id = span_word(&text), seed = span_word(&text), epoch = span_word(&text);
	size_t len;

	memset(box, 0, sizeof(*box));
	if (!app_box_id_ok(id) ||
	    key_epoch_parse(epoch, &box->epoch.period, &box->epoch.index) == -1)
		return (-1);
	box->epoch.import = !span_is(seed, "-");
	if (box->epoch.import &&
	    (text_unhex(seed, box->epoch.seed, sizeof(box->epoch.seed), &len) == -1 || len != 32))
		return (-1);
	memcpy(box->id, id.ptr, id.len);
	box->base64 = text;
	return (text.len > 0 ? 0 : -1);
}

bool
app_box_is_whole(const struct app_box *box)
{
	unsigned char bytes[BOX_BYTES];
	size_t len;

	return (
	    text_unbase64(box->base64, bytes, sizeof(bytes), &len) == 0 && len == sizeof(bytes));
}

static bool
take_number(const unsigned char *plain, size_t *at, uint64_t *n)
{
	unsigned shift = 0;

	*n = 0;
	for (; *at < APP_BOX_PLAIN_BYTES && shift < 64; shift += 7) {
		unsigned char byte = plain[(*at)++];

		*n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return (true);
	}
	return (false);
}

/* It was authenticated: what is odd is of a version to come, and is not opened. */
static int
read_runs(const unsigned char *plain, struct buf *runs)
{
	size_t count = plain[32] | (size_t)plain[33] << 8, at = HEAD_BYTES;
	uint64_t next = 0, gap, more;
	struct seal_range run;

	for (size_t i = 0; i < count; i++) {
		if (!take_number(plain, &at, &gap) || !take_number(plain, &at, &more) ||
		    gap > UINT64_MAX / 4 - next || more > UINT64_MAX / 4)
			return (-1);
		run.first = next + gap;
		run.last = run.first + more;
		next = run.last + 1;
		buf_add(runs, &run, sizeof(run));
	}
	return (buf_ok(runs) ? 0 : -1);
}

int
app_box_open(const struct app_box *box, const struct app_form_keys *keys,
    unsigned char mac[static 32], struct buf *runs)
{
	unsigned char key[32], bytes[BOX_BYTES], plain[APP_BOX_PLAIN_BYTES];
	size_t len;
	int rc = -1;

	if (text_unbase64(box->base64, bytes, sizeof(bytes), &len) == 0 && len == sizeof(bytes) &&
	    key_of(keys, &box->epoch, "box", key) == 0 &&
	    crypto_unbox(key, span_of((const char *)bytes, len), plain) == 0) {
		memcpy(mac, plain, 32);
		rc = read_runs(plain, runs);
	}
	crypto_wipe(key, sizeof(key));
	crypto_wipe(plain, sizeof(plain));
	return (rc);
}
