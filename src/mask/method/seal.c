#include "mask/method/seal.h"

#include "base/text.h"
#include "crypto/random.h"
#include "mask/inside.h"

#define PLAIN_MAX (MASK_SEALED_VALUE_MAX + 2)
#define BOX_MAX (PLAIN_MAX + CRYPTO_SEALED_OVERHEAD)

/* All lengths are multiples of 3, so that base64 has no padding. */
_Static_assert(MASK_SEALED_BLOCK % 3 == 0 && CRYPTO_SEALED_OVERHEAD % 3 == 0, "no padding");
_Static_assert(PLAIN_MAX % MASK_SEALED_BLOCK == 0, "whole blocks");
_Static_assert(MASK_SEALED_HEAD_BYTES + BOX_MAX / 3 * 4 == MASK_SEALED_BYTES, "text");
_Static_assert(MASK_SEALED_BYTES <= RECORD_TEXT_MAX, "a record holds it");

void
mask_seal_begin(struct mask *m)
{
	m->sealing.open =
	    m->sealing.used && crypto_sealer_start(&m->sealing.sealer, m->policy->seal_key) == 0;
}

void
mask_seal_end(struct mask *m)
{
	if (m->sealing.open)
		crypto_sealer_end(&m->sealing.sealer);
	if (m->sealing.hold_open)
		crypto_sealer_end(&m->sealing.hold);
	m->sealing.open = m->sealing.hold_open = false;
}

/* The text of a box; its length, 0 if value is too long or size too small. */
static size_t
print_box(struct crypto_sealer *sealer, struct span value, char *out, size_t size)
{
	unsigned char plain[PLAIN_MAX], box[BOX_MAX];
	size_t blocks = (value.len + 2 + MASK_SEALED_BLOCK - 1) / MASK_SEALED_BLOCK;
	size_t len = blocks * MASK_SEALED_BLOCK;
	size_t chars = (len + CRYPTO_SEALED_OVERHEAD) / 3 * 4;

	if (value.len > MASK_SEALED_VALUE_MAX || MASK_SEALED_HEAD_BYTES + chars > size)
		return (0);
	plain[0] = (unsigned char)(value.len >> 8);
	plain[1] = (unsigned char)value.len;
	if (value.len > 0)
		memcpy(plain + 2, value.ptr, value.len);
	memset(plain + 2 + value.len, 0, len - 2 - value.len);
	crypto_sealed_make(sealer, span_of((const char *)plain, len), box);
	crypto_wipe(plain, len);
	memcpy(out, MASK_SEALED_HEAD, MASK_SEALED_HEAD_BYTES);
	out += MASK_SEALED_HEAD_BYTES;
	(void)text_base64(out, box, len + CRYPTO_SEALED_OVERHEAD);
	for (size_t i = 0; i < chars; i++) {
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	}
	return (MASK_SEALED_HEAD_BYTES + chars);
}

size_t
mask_sealed(struct mask *m, struct span value, char *out, size_t size)
{
	return (m->sealing.open ? print_box(&m->sealing.sealer, value, out, size) : 0);
}

struct span
mask_sealed_text(struct mask *m, struct span value)
{
	char text[MASK_SEALED_BYTES], *copy;
	size_t len = mask_sealed(m, value, text, sizeof(text));

	if (len == 0 || (copy = mask_take(m, len)) == NULL)
		return (span_of("", 0));
	memcpy(copy, text, len);
	return (span_of(copy, len));
}

/* ---- the quarantine ---- */

static const char *const held_keys[MASK_HELD_MAX] = { "line", "line2", "line3", "line4", "line5",
	"line6", "line7", "line8", "line9", "line10", "line11" };
_Static_assert(MASK_HELD_MAX *MASK_SEALED_BYTES <= MASK_TEXT_BYTES, "the texts fit");
_Static_assert(
    MASK_HELD_MAX *(MASK_SEALED_BYTES + sizeof("\"line11\":\"\",")) + 512 <= RECORD_BYTES_MAX,
    "and the record");
_Static_assert(MASK_HELD_MAX < RECORD_EXTRA_MAX, "beside line_bytes");
_Static_assert(MASK_HELD_BYTES == 11066, "as MASK_BATCH_RECORDS says");

struct span
mask_hold_line(struct mask *m, struct span line)
{
	struct record *r = &m->record;

	if (!m->policy->has_quarantine_key)
		return (span_of("", 0));
	/* Few batches have such a line: the key is made when the first comes. */
	if (!m->sealing.hold_open &&
	    crypto_sealer_start(&m->sealing.hold, m->policy->quarantine_key) == -1)
		return (span_of("", 0));
	m->sealing.hold_open = true;
	for (unsigned i = 0; i < MASK_HELD_MAX && (i == 0 || line.len > 0); i++) {
		size_t len = line.len < MASK_SEALED_VALUE_MAX ? line.len : MASK_SEALED_VALUE_MAX;
		struct record_extra *to = &r->extra[r->extra_count];
		char text[MASK_SEALED_BYTES], *copy;
		size_t chars =
		    print_box(&m->sealing.hold, span_of(line.ptr, len), text, sizeof(text));

		if ((copy = mask_take(m, chars)) == NULL)
			break;
		memcpy(copy, text, chars);
		to->key = span_str(held_keys[i]);
		to->text = span_of(copy, chars);
		to->is_number = false;
		r->extra_count++;
		line = span_from(line, len);
	}
	return (line);
}

int
mask_held_line(
    const unsigned char secret[static 32], const struct record *r, char *out, struct span *line)
{
	size_t len = 0;
	unsigned held = 0;

	for (unsigned i = 0; i < r->extra_count && held < MASK_HELD_MAX; i++) {
		char value[PLAIN_MAX];
		struct span part;

		if (r->extra[i].is_number || !span_is(r->extra[i].key, held_keys[held]))
			continue;
		if (mask_unseal(secret, r->extra[i].text, value, &part) == -1)
			return (-1);
		memcpy(out + len, part.ptr, part.len);
		crypto_wipe(value, sizeof(value));
		len += part.len;
		held++;
	}
	*line = span_of(out, len);
	return (held > 0 ? 0 : 1);
}

/* ---- reading ---- */

static bool
is_base64url(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_');
}

size_t
mask_sealed_at(struct span text)
{
	size_t len = MASK_SEALED_HEAD_BYTES, bytes;

	if (!span_starts(text, span_of(MASK_SEALED_HEAD, MASK_SEALED_HEAD_BYTES)))
		return (0);
	while (len < text.len && is_base64url(text.ptr[len]))
		len++;
	bytes = (len - MASK_SEALED_HEAD_BYTES) / 4 * 3;
	if ((len - MASK_SEALED_HEAD_BYTES) % 4 != 0 || bytes > BOX_MAX ||
	    bytes < CRYPTO_SEALED_OVERHEAD + MASK_SEALED_BLOCK ||
	    (bytes - CRYPTO_SEALED_OVERHEAD) % MASK_SEALED_BLOCK != 0)
		return (0);
	return (len);
}

int
mask_unseal(const unsigned char secret[static 32], struct span text, char *out, struct span *value)
{
	char chars[BOX_MAX / 3 * 4];
	unsigned char box[BOX_MAX];
	size_t len = text.len - MASK_SEALED_HEAD_BYTES, bytes, size;

	if (text.len == 0 || mask_sealed_at(text) != text.len)
		return (-1);
	for (size_t i = 0; i < len; i++) {
		char c = text.ptr[MASK_SEALED_HEAD_BYTES + i];

		chars[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	if (text_unbase64(span_of(chars, len), box, sizeof(box), &bytes) == -1 ||
	    crypto_sealed_open(secret, span_of((const char *)box, bytes), (unsigned char *)out) ==
		-1)
		return (-1);
	size = (size_t)((unsigned char)out[0] << 8 | (unsigned char)out[1]);
	if (size + 2 > bytes - CRYPTO_SEALED_OVERHEAD)
		return (-1);
	*value = span_of(out + 2, size);
	return (0);
}
