#include "mask/detect.h"

#include "mask/canon.h"
#include "mask/verify.h"

/* One byte each in a word, so that a text of at most 255 bytes sums at once. */
#define DIGIT (UINT64_C(1) << 0)
#define UPPER (UINT64_C(1) << 8)
#define LOWER (UINT64_C(1) << 16)
#define COLON (UINT64_C(1) << 24)
#define KEYED (UINT64_C(1) << 32) /* blank, '=': a name or a scheme before it */
#define AT (UINT64_C(1) << 40)
#define OTHER (UINT64_C(1) << 48) /* control bytes and what is no ASCII */
#define COUNT(sum, what) ((unsigned)((sum) / (what)) & 255)

#define FOLD_BYTES 2048
#define FOLD_OVERLAP 256 /* longer than any e-mail or address */

#define X8(x) x, x, x, x, x, x, x, x
#define X26(x) X8(x), X8(x), X8(x), x, x
static const uint64_t weights[] = {
	X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER),
	KEYED, 0, 0, 0, 0, 0, 0, 0, X8(0),                 /* blank to '/' */
	X8(DIGIT), DIGIT, DIGIT, COLON, 0, 0, KEYED, 0, 0, /* to '?' */
	AT, X26(UPPER), 0, 0, 0, 0, 0,                     /* to '_' */
	0, X26(LOWER), 0, 0, 0, 0, OTHER,                  /* to DEL */
	X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER),
	X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER), X8(OTHER),
};
_Static_assert(sizeof(weights) == 256 * 8, "a weight a byte");

static inline uint64_t
weigh(struct span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	uint64_t a = 0, b = 0;

	for (; end - p >= 4; p += 4) {
		a += weights[p[0]] + weights[p[1]];
		b += weights[p[2]] + weights[p[3]];
	}
	for (; p < end; p++)
		a += weights[*p];
	return (a + b);
}

/*
 * Can any verifier say yes?  An address has four digits or two colons, a
 * secret is long and mixed, all else has a byte that words do not have.
 */
static bool
is_clean(struct span text, uint64_t sum)
{
	if ((sum & (COLON * 254 | KEYED * 255 | AT * 255 | OTHER * 255)) != 0)
		return (false);
	if (COUNT(sum, DIGIT) >= 4)
		return (false);
	if (COUNT(sum, DIGIT) > 0 && text.ptr[0] == '0' && text.len >= 6) /* 0xcbaabbcc */
		return (false);
	if (text.len < 16)
		return (COUNT(sum, COLON) == 0 || text.len < 7);
	return (COUNT(sum, COLON) == 0 && COUNT(sum, DIGIT) == 0 &&
	    (COUNT(sum, UPPER) == 0 || COUNT(sum, LOWER) == 0) && text.ptr[0] != '-');
}

/* All verifiers that know what they look for. */
static enum record_class
look(struct span text)
{
	enum record_class found = secret_known(text);

	if (found == RECORD_CLASS_CREDENTIAL)
		return (found);
	found = verify_worse(found, verify_numbers(text));
	if (found == RECORD_CLASS_PAN)
		return (found);
	if (verify_iban(text))
		return (RECORD_CLASS_IBAN);
	if (found == RECORD_CLASS_NATIONAL)
		return (found);
	if (verify_email(text))
		return (RECORD_CLASS_EMAIL);
	if (found == RECORD_CLASS_PHONE && !verify_address_value(text) && !verify_uuid(text))
		return (found);
	if (verify_mac(text))
		return (RECORD_CLASS_MAC);
	if (verify_geo(text))
		return (RECORD_CLASS_GEO);
	if (found == RECORD_CLASS_DEVICE || verify_uuid(text))
		return (RECORD_CLASS_DEVICE);
	if (found == RECORD_CLASS_SESSION)
		return (found);
	if (verify_address(text) || verify_address_value(text))
		return (RECORD_CLASS_IP_FWD);
	return (found);
}

/* Full-width and ideographic spellings, folded piece by piece. */
static enum record_class
look_folded(struct span text)
{
	enum record_class found = RECORD_CLASS_NONE;
	char folded[FOLD_BYTES];

	for (size_t at = 0; at < text.len; at += FOLD_BYTES - FOLD_OVERLAP) {
		struct span piece = span_from(text, at);

		if (piece.len > FOLD_BYTES)
			piece.len = FOLD_BYTES;
		found = verify_worse(found, look(span_of(folded, mask_canon_fold(piece, folded))));
	}
	return (found);
}

enum record_class
mask_detect(struct span text)
{
	enum record_class found, decoded = RECORD_CLASS_NONE;
	uint64_t sum = 0;

	if (text.len <= 255) {
		sum = weigh(text);
		if (is_clean(text, sum))
			return (RECORD_CLASS_NONE);
	}
	found = look(text);
	if (found == RECORD_CLASS_CREDENTIAL)
		return (found);
	if (text.len >= 16) /* what a run decodes to says more than that it is odd */
		decoded = secret_decoded(text, look);
	if (decoded == RECORD_CLASS_NONE && secret_random(text))
		return (RECORD_CLASS_CREDENTIAL);
	found = verify_worse(found, decoded);
	if (text.len > 255 || COUNT(sum, OTHER) != 0)
		found = verify_worse(found, look_folded(text));
	return (found);
}
