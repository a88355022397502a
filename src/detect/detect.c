#include "detect/detect.h"

#include "detect/canon.h"
#include "detect/verify.h"

#define FOLD_BYTES 2048
#define FOLD_OVERLAP 256 /* longer than any e-mail or address */

#define X8(x) x, x, x, x, x, x, x, x
#define X26(x) X8(x), X8(x), X8(x), x, x
#define X32(x) X8(x), X8(x), X8(x), X8(x)
#define D VERIFY_DIGIT
#define U VERIFY_UPPER
#define L VERIFY_LOWER
#define C VERIFY_COLON
#define K VERIFY_KEYED
#define A VERIFY_AT
#define O VERIFY_OTHER
#define M VERIFY_MARK
const uint64_t detect_verify_weights[256] = {
	X32(O),
	K,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	M,
	0,
	0, /* blank to '/' */
	X8(D),
	D,
	D,
	C,
	0,
	0,
	K,
	0,
	0, /* to '?' */
	A,
	X26(U),
	0,
	0,
	0,
	0,
	M, /* to '_' */
	0,
	X26(L),
	0,
	0,
	0,
	0,
	O, /* to DEL */
	X32(O),
	X32(O),
	X32(O),
	X32(O),
};
#undef D
#undef U
#undef L
#undef C
#undef K
#undef A
#undef O
#undef M

/*
 * Can any verifier say yes?  An address has four digits or two colons, a
 * secret is long and mixed, all else has a byte that words do not have.
 */
static bool
is_clean(struct span text, uint64_t sum)
{
	if ((sum &
		(VERIFY_COLON * 254 | VERIFY_KEYED * 255 | VERIFY_AT * 255 | VERIFY_OTHER * 255)) !=
	    0)
		return (false);
	if (detect_verify_count(sum, VERIFY_DIGIT) >= 4)
		return (false);
	if (detect_verify_count(sum, VERIFY_DIGIT) > 0 && text.ptr[0] == '0' && text.len >= 6)
		return (false); /* 0xcbaabbcc */
	if (text.len < 16)
		return (detect_verify_count(sum, VERIFY_COLON) == 0 || text.len < 7);
	return ((sum & (VERIFY_COLON * 255 | VERIFY_DIGIT * 255)) == 0 &&
	    (detect_verify_count(sum, VERIFY_UPPER) == 0 ||
		detect_verify_count(sum, VERIFY_LOWER) == 0) &&
	    text.ptr[0] != '-');
}

/* MAC to DEVICE: what has digits, and letters that may be hex. */
static enum record_class
look_hardware(struct span text, uint64_t sum)
{
	if (text.len < 11)
		return (RECORD_CLASS_NONE);
	if (text.len >= 14 && detect_verify_mac(text))
		return (RECORD_CLASS_MAC);
	if (detect_verify_count(sum, VERIFY_DIGIT) >= 8 && detect_verify_geo(text))
		return (RECORD_CLASS_GEO);
	return (
	    text.len >= 36 && detect_verify_uuid(text) ? RECORD_CLASS_DEVICE : RECORD_CLASS_NONE);
}

/*
 * All verifiers that know what they look for.  A number may be part of
 * something that is better known: an address in decimal, a UUID.
 */
static enum record_class
look_at(struct span text, uint64_t sum)
{
	unsigned digits = detect_verify_count(sum, VERIFY_DIGIT);
	enum record_class found = RECORD_CLASS_NONE, number = RECORD_CLASS_NONE;
	bool address;

	if (text.len >= 13 || (sum & (VERIFY_KEYED * 255 | VERIFY_COLON * 255)) != 0)
		found = detect_secret_known(text);
	if (found == RECORD_CLASS_CREDENTIAL)
		return (found);
	if (digits >= 7)
		number = detect_verify_numbers(text);
	if (number == RECORD_CLASS_PAN)
		return (number);
	if (digits >= 2 && text.len >= 15 && detect_verify_iban(text))
		return (RECORD_CLASS_IBAN);
	if (number == RECORD_CLASS_NATIONAL || (digits >= 7 && detect_verify_national(text)))
		return (RECORD_CLASS_NATIONAL);
	if (detect_verify_count(sum, VERIFY_AT) > 0 && detect_verify_email(text))
		return (RECORD_CLASS_EMAIL);
	address = detect_verify_address_value(text);
	if (number == RECORD_CLASS_PHONE && !address &&
	    (text.len < 36 || !detect_verify_uuid(text)))
		return (number);
	if (number != RECORD_CLASS_PHONE)
		found = detect_verify_worse(found, number);
	found = detect_verify_worse(found, look_hardware(text, sum));
	if (found == RECORD_CLASS_NONE &&
	    (address ||
		((digits >= 4 || detect_verify_count(sum, VERIFY_COLON) >= 2) &&
		    detect_verify_address(text))))
		return (RECORD_CLASS_IP_FWD);
	return (found);
}

static enum record_class
look(struct span text)
{
	return (look_at(text, detect_verify_weigh(text)));
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
		found = detect_verify_worse(
		    found, look(span_of(folded, detect_canon_fold(piece, folded))));
	}
	return (found);
}

enum record_class
detect_class(struct span text)
{
	enum record_class found, decoded = RECORD_CLASS_NONE;
	uint64_t sum = detect_verify_weigh(text);

	if (is_clean(text, sum))
		return (RECORD_CLASS_NONE);
	found = look_at(text, sum);
	if (found == RECORD_CLASS_CREDENTIAL)
		return (found);
	if (text.len >= 16) /* what a run decodes to says more than that it is odd */
		decoded = detect_secret_decoded(text, look);
	if (decoded == RECORD_CLASS_NONE && text.len >= 20 && detect_secret_random(text))
		return (RECORD_CLASS_CREDENTIAL);
	found = detect_verify_worse(found, decoded);
	if (detect_verify_count(sum, VERIFY_OTHER) != 0)
		found = detect_verify_worse(found, look_folded(text));
	return (found);
}

bool
detect_is_random(struct span text)
{
	return (text.len >= 20 && detect_secret_random(text) && look(text) == RECORD_CLASS_NONE &&
	    detect_secret_decoded(text, look) == RECORD_CLASS_NONE);
}
