/* app: requests of persons: their text, whom it is for, who signed it. */
#include "app/subject/request.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "config/config.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "key/key.h"

const char *const app_request_kinds[APP_REQUEST_KINDS] = { "find", "export", "erase", "restrict",
	"lift" };

#define HEAD "cretula subject request v1"
#define APPROVALS 2

/* ---- print ---- */

static void
print_time(struct buf *out, const char *name, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES] = "-";

	if (t_us != INT64_MIN && t_us != INT64_MAX)
		text[clock_rfc3339(text, t_us)] = '\0';
	buf_fmt(out, "%s %s\n", name, text);
}

static void
print_span(struct buf *out, const char *name, struct span text)
{
	buf_fmt(out, "%s %.*s\n", name, (int)text.len, text.ptr);
}

/* All that the MAC is of. */
static void
print_head(const struct app_request *r, struct buf *out)
{
	buf_fmt(out, HEAD "\nid %s\n", r->id);
	print_span(out, "store", r->store);
	print_span(out, "tenant", r->tenant);
	buf_fmt(out, "kind %s\n", app_request_kinds[r->kind]);
	print_span(out, "stream", r->stream);
	buf_fmt(out, "class %s\n", mask_value_names[r->value_kind]);
	print_time(out, "since", r->since_us);
	print_time(out, "until", r->until_us);
	print_time(out, "made", r->made_us);
	print_time(out, "expires", r->expires_us);
	print_span(out, "reason", r->reason);
	print_span(out, "epoch", r->epoch);
}

void
app_request_print(const struct app_request *r, struct buf *out)
{
	print_head(r, out);
	buf_str(out, "value hmac-sha256:");
	buf_hex(out, r->mac, sizeof(r->mac));
	buf_str(out, "\n\n");
}

/* ---- read ---- */

/* The rest of the next line, which begins with name and a blank. */
static bool
take(struct span *rest, const char *name, struct span *value)
{
	size_t end = span_find(*rest, '\n'), len = strlen(name);
	struct span line = span_of(rest->ptr, end);

	if (end == rest->len || !span_starts(line, span_str(name)) || line.len < len + 2 ||
	    line.ptr[len] != ' ')
		return (false);
	*value = span_from(line, len + 1);
	*rest = span_from(*rest, end + 1);
	return (true);
}

static bool
take_time(struct span *rest, const char *name, int64_t none, int64_t *t_us)
{
	struct span text;

	if (!take(rest, name, &text))
		return (false);
	*t_us = none;
	return ((none != 0 && span_is(text, "-")) ||
	    clock_parse_rfc3339(text.ptr, text.len, t_us) == 0);
}

static bool
take_id(struct span *rest, char id[static APP_REQUEST_ID_BYTES])
{
	unsigned char bytes[(APP_REQUEST_ID_BYTES - 1) / 2];
	struct span text;
	size_t len;

	if (!take(rest, "id", &text) || text.len != APP_REQUEST_ID_BYTES - 1 ||
	    text_unhex(text, bytes, sizeof(bytes), &len) == -1)
		return (false);
	memcpy(id, text.ptr, text.len);
	id[text.len] = '\0';
	return (true);
}

static bool
take_kinds(struct span *rest, struct app_request *r)
{
	struct span text;
	int kind = 0;

	if (!take(rest, "kind", &text))
		return (false);
	while (kind < APP_REQUEST_KINDS && !span_is(text, app_request_kinds[kind]))
		kind++;
	if (kind == APP_REQUEST_KINDS || !take(rest, "stream", &r->stream) ||
	    !take(rest, "class", &text))
		return (false);
	r->kind = (enum app_request_kind)kind;
	if ((kind = mask_value_find(text)) == -1)
		return (false);
	r->value_kind = (enum mask_value_kind)kind;
	return (true);
}

static bool
take_mac(struct span *rest, unsigned char mac[static 32])
{
	static const struct span head = SPAN("hmac-sha256:");
	struct span text;
	size_t len;

	return (take(rest, "value", &text) && span_starts(text, head) &&
	    text_unhex(span_from(text, head.len), mac, 32, &len) == 0 && len == 32);
}

static bool
read_lines(struct span rest, struct app_request *r)
{
	rest = span_from(rest, sizeof(HEAD)); /* and its LF */
	return (take_id(&rest, r->id) && take(&rest, "store", &r->store) &&
	    take(&rest, "tenant", &r->tenant) && take_kinds(&rest, r) &&
	    take_time(&rest, "since", INT64_MIN, &r->since_us) &&
	    take_time(&rest, "until", INT64_MAX, &r->until_us) &&
	    take_time(&rest, "made", 0, &r->made_us) &&
	    take_time(&rest, "expires", 0, &r->expires_us) && take(&rest, "reason", &r->reason) &&
	    r->reason.len <= APP_REQUEST_REASON_BYTES && take(&rest, "epoch", &r->epoch) &&
	    take_mac(&rest, r->mac) && rest.len == 0);
}

/* 1: it prints to the same bytes. */
static int
is_canonical(const struct app_request *r, struct span body)
{
	struct buf again = { 0 };
	int same;

	app_request_print(r, &again);
	same =
	    !buf_ok(&again) ? -1 : again.len == body.len + 1 && span_starts(buf_view(&again), body);
	buf_free(&again);
	return (same);
}

int
app_request_read(struct span text, struct app_request *r, struct seal_note *note, struct err *e)
{
	static const struct span head = SPAN(HEAD "\n");
	int same;

	memset(r, 0, sizeof(*r));
	if (text.len > APP_REQUEST_BYTES_MAX || !span_starts(text, head))
		return (err_set(e, ERR_INPUT, "no request of `cretula subject request`"));
	if (seal_signed_read(text, note, e) == -1)
		return (err_in(e, "the request is damaged"));
	if (!read_lines(note->body, r) || !text_is_ascii(r->reason))
		return (err_set(e, ERR_FINDING, "the request is damaged: a line is not as it was"));
	if ((same = is_canonical(r, note->body)) == -1)
		return (err_memory(e));
	if (same == 0)
		return (err_set(e, ERR_FINDING, "the request is damaged: not in its one form"));
	return (0);
}

/* ---- the value ---- */

static int
mac_of(const struct app_request *r, const struct key_ring *ring, const struct mask_value *value,
    unsigned char mac[static 32], struct err *e)
{
	struct {
		unsigned char prk[32], key[32];
		struct crypto_hmac_key hmac;
	} k;
	struct buf head = { 0 };
	char tenant[CONFIG_NAME_BYTES] = { 0 };
	enum key_period period;
	int64_t index;
	int rc = -1;

	if (r->tenant.len >= sizeof(tenant) || key_epoch_parse(r->epoch, &period, &index) == -1)
		return (err_set(e, ERR_FINDING, "the request is damaged: tenant or epoch"));
	memcpy(tenant, r->tenant.ptr, r->tenant.len);
	print_head(r, &head);
	if (!buf_ok(&head))
		(void)err_memory(e);
	else if (key_ring_prk(ring, period, index, k.prk) == -1)
		(void)err_set(e, ERR_CONFIG,
		    "the key of epoch %.*s, which the request is of, is not there: make another",
		    (int)r->epoch.len, r->epoch.ptr);
	else {
		const struct span parts[] = { buf_view(&head), span_of(value->bytes, value->len) };

		key_class(k.prk, tenant, "request", "value", k.key);
		crypto_hmac_key_init(&k.hmac, k.key, sizeof(k.key));
		crypto_hmac_parts(&k.hmac, parts, 2, mac);
		rc = 0;
	}
	crypto_wipe(&k, sizeof(k));
	buf_free(&head);
	return (rc);
}

int
app_request_seal(struct app_request *r, const struct key_ring *ring, const struct mask_value *value,
    struct err *e)
{
	return (mac_of(r, ring, value, r->mac, e));
}

int
app_request_check_value(const struct app_request *r, const struct key_ring *ring,
    const struct mask_value *value, struct err *e)
{
	unsigned char mac[32];

	if (mac_of(r, ring, value, mac, e) == -1)
		return (-1);
	if (!crypto_equal(mac, r->mac, sizeof(mac)))
		return (err_set(e, ERR_FINDING, "the value is not the one that was approved"));
	return (0);
}

/* ---- approvals ---- */

/* The approver who made the signature; NULL: nobody whom the configuration has. */
static const struct seal_vkey *
find_approver(const struct seal_signature *s, const struct config *c, struct seal_vkey *key)
{
	for (unsigned i = 0; i < c->approver_count; i++)
		if (seal_vkey_read(span_str(c->approvers[i]), key, NULL) == 0 &&
		    span_equal(key->name, s->name) && memcmp(key->id, s->id, 4) == 0)
			return (key);
	return (NULL);
}

static bool
signed_before(const struct seal_note *note, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (span_equal(note->signatures[i].name, note->signatures[at].name) &&
		    memcmp(note->signatures[i].id, note->signatures[at].id, 4) == 0)
			return (true);
	return (false);
}

int
app_request_check_approvals(
    const struct seal_note *note, const struct config *c, struct buf *ids, struct err *e)
{
	struct seal_vkey key;

	if (c->approver_count < APPROVALS)
		return (err_set(e, ERR_CONFIG,
		    "approvers: the configuration has %u, a request takes two", c->approver_count));
	for (unsigned i = 0; i < note->signature_count; i++) {
		if (find_approver(&note->signatures[i], c, &key) == NULL)
			return (err_set(e, ERR_CONFIG,
			    "signature %u is by nobody of approvers: in the configuration", i + 1));
		if (signed_before(note, i))
			return (err_set(e, ERR_CONFIG, "%.*s approved twice: it takes two persons",
			    (int)key.name.len, key.name.ptr));
		if (seal_note_check(note, &key, e) == -1)
			return (err_in(e, "the request was changed"));
		if (i > 0)
			buf_char(ids, ' ');
		buf_hex(ids, key.id, sizeof(key.id));
	}
	if (note->signature_count < APPROVALS)
		return (err_set(e, ERR_CONFIG,
		    "it takes two approvals, and has %u: subject approve", note->signature_count));
	return (buf_ok(ids) ? 0 : err_memory(e));
}

int
app_request_check_place(
    const struct app_request *r, struct span store, int64_t now_us, struct err *e)
{
	if (!span_equal(r->store, store))
		return (err_set(e, ERR_CONFIG, "the request is of another store"));
	if (now_us < r->made_us)
		return (
		    err_set(e, ERR_CONFIG, "the request was made later than now: see the clock"));
	if (now_us >= r->expires_us ||
	    r->expires_us - r->made_us > APP_REQUEST_DAYS_MAX * INT64_C(86400000000))
		return (err_set(e, ERR_CONFIG, "the request has expired: make another"));
	return (0);
}

void
app_request_hash(const struct seal_note *note, unsigned char hash[static 32])
{
	crypto_sha256(note->body.ptr, note->body.len, hash);
}
