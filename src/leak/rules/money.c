/* Numbers with check digits that banks and telephones have. */
#include <string.h>

#include "leak/inside.h"

#define DIGITS_MAX 24

/* The digits of the match, without what stands between; -1: too many. */
static int
digits_of(const struct leak_match *m, unsigned char *digits)
{
	int count = 0;

	for (size_t i = m->start; i < m->end; i++) {
		if (!leak_is_digit(m->bytes[i]))
			continue;
		if (count == DIGITS_MAX)
			return (-1);
		digits[count++] = (unsigned char)(m->bytes[i] - '0');
	}
	return (count);
}

static bool
is_luhn(const unsigned char *digits, int count)
{
	unsigned sum = 0;

	for (int i = 0; i < count; i++) {
		unsigned d = digits[count - 1 - i];

		if (i % 2 == 1)
			d = d > 4 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return (sum % 10 == 0);
}

/* Issuers by the first digits, and how long their numbers are. */
static bool
is_issued(const unsigned char *d, int count)
{
	static const struct {
		unsigned from, to; /* of the first six digits */
		int shortest, longest;
	} issuers[] = { { 222100, 272099, 16, 16 }, { 300000, 305999, 14, 14 },
		{ 340000, 349999, 15, 15 }, { 352800, 358999, 16, 16 }, { 360000, 369999, 14, 14 },
		{ 370000, 379999, 15, 15 }, { 380000, 399999, 14, 16 }, { 400000, 499999, 13, 19 },
		{ 500000, 509999, 12, 19 }, { 510000, 559999, 16, 16 }, { 560000, 589999, 12, 19 },
		{ 600000, 629999, 16, 19 }, { 630000, 639999, 12, 19 }, { 640000, 659999, 16, 19 },
		{ 670000, 679999, 12, 19 } };
	unsigned first = 0;

	for (int i = 0; i < 6; i++)
		first = first * 10 + d[i];
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (first >= issuers[i].from && first <= issuers[i].to &&
		    count >= issuers[i].shortest && count <= issuers[i].longest)
			return (true);
	return (false);
}

/* No signs between, or one sign and groups as they are printed. */
static bool
is_printed_as_card(const struct leak_match *m, int count)
{
	size_t run = 0, group = 0, first = 0;
	unsigned char sign = 0;

	for (size_t i = m->start; i < m->end; i++) {
		if (leak_is_digit(m->bytes[i])) {
			run++;
			continue;
		}
		if ((sign != 0 && m->bytes[i] != sign) || run < 4 || run > 6)
			return (false);
		sign = m->bytes[i];
		first = group++ == 0 ? run : first;
		run = 0;
	}
	return (sign == 0 || (first == 4 && run >= 1 && (count != 16 || group == 3)));
}

bool
leak_check_pan(const struct leak_match *m)
{
	unsigned char d[DIGITS_MAX];
	int count = digits_of(m, d);
	bool same = true;

	if (count < 12)
		return (false);
	for (int i = 1; i < count; i++)
		same &= d[i] == d[0];
	return (!same && is_issued(d, count) && is_luhn(d, count) && is_printed_as_card(m, count));
}

/* How long the numbers of a country are; 0: it has none. */
static int
iban_chars(const unsigned char *country)
{
	static const char lengths[] = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24"
				      "DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28"
				      "HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20"
				      "LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25"
				      "QA29RO24RS22SA24SC31SD18SE24SI19SK24SM27SN28ST25SV28TL23TN24"
				      "TR26UA29VA22VG24XK20";

	for (size_t i = 0; lengths[i] != '\0'; i += 4)
		if ((unsigned char)lengths[i] == (country[0] & 0xdf) &&
		    (unsigned char)lengths[i + 1] == (country[1] & 0xdf))
			return ((lengths[i + 2] - '0') * 10 + lengths[i + 3] - '0');
	return (0);
}

/* What follows the number may be a word that the pattern took for more of it. */
bool
leak_check_iban(const struct leak_match *m)
{
	unsigned char text[40];
	int want = iban_chars(m->bytes + m->start), count = 0;
	size_t i = m->start;
	unsigned rest = 0;

	for (; i < m->end && count < want; i++)
		if (leak_is_alnum(m->bytes[i]))
			text[count++] = m->bytes[i];
	if (want == 0 || count < want || (i < m->len && leak_is_alnum(m->bytes[i])))
		return (false);
	for (int k = 0; k < count; k++) {
		unsigned char c = text[(k + 4) % count];
		unsigned n =
		    leak_is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c & 0xdf) - 'A') + 10;

		rest = (n > 9 ? rest * 100 + n : rest * 10 + n) % 97;
	}
	return (rest == 1);
}

/* 8 to 15 digits, and not one digit all along. */
bool
leak_check_phone(const struct leak_match *m)
{
	unsigned char d[DIGITS_MAX];
	int count = digits_of(m, d);
	unsigned other = 0;

	for (int i = 1; i < count; i++)
		other += d[i] != d[0];
	return (count >= 8 && count <= 15 && other > 1);
}
