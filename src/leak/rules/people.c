/*
 * Numbers that states give to people, by their check digits.  Sources: the
 * authorities' own descriptions (Receita Federal, INSEE, BZSt, UIDAI's
 * Verhoeff digit, D.M. 23.12.1976, Dz.U. 1979 nr 1, Logisch ontwerp GBA, BOE).
 */
#include <string.h>

#include "leak/inside.h"

#define DIGITS_MAX 24

/* The digits of the match from its first run of as many on. */
static bool
last_digits(const struct leak_match *m, size_t count, unsigned char *digits)
{
	size_t at = count;

	for (size_t i = m->end; i > m->start && at > 0; i--)
		if (leak_is_digit(m->bytes[i - 1]))
			digits[--at] = (unsigned char)(m->bytes[i - 1] - '0');
	return (at == 0);
}

static unsigned
weighted(const unsigned char *digits, const signed char *weights, size_t count, int modulus)
{
	int sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += digits[i] * weights[i];
	return ((unsigned)(((sum % modulus) + modulus) % modulus));
}

bool
leak_check_cpf(const struct leak_match *m)
{
	static const signed char first[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	static const signed char second[] = { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned char d[11];
	unsigned one, two;

	if (!last_digits(m, 11, d))
		return (false);
	one = weighted(d, first, 9, 11);
	two = weighted(d, second, 10, 11);
	return (d[9] == (one < 2 ? 0 : 11 - one) && d[10] == (two < 2 ? 0 : 11 - two));
}

/* Sex, year, month; the last two digits are 97 less the rest of the others. */
bool
leak_check_nir(const struct leak_match *m)
{
	unsigned char d[15];
	unsigned rest = 0, month;

	if (!last_digits(m, 15, d))
		return (false);
	month = d[3] * 10u + d[4];
	for (int i = 0; i < 13; i++)
		rest = (rest * 10 + d[i]) % 97;
	return (month >= 1 && (month <= 12 || (month >= 20 && month <= 42) || month >= 50) &&
	    97 - rest == d[13] * 10u + d[14]);
}

bool
leak_check_steuer(const struct leak_match *m)
{
	unsigned char d[11];
	unsigned product = 10;

	if (!last_digits(m, 11, d) || d[0] == 0)
		return (false);
	for (int i = 0; i < 10; i++) {
		unsigned sum = (d[i] + product) % 10;

		product = (sum == 0 ? 10 : sum) * 2 % 11;
	}
	return ((11 - product) % 10 == d[10]);
}

/* Verhoeff: the dihedral group of order ten, and a permutation of order eight. */
bool
leak_check_aadhaar(const struct leak_match *m)
{
	static const unsigned char power[] = { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 };
	unsigned char d[12];
	unsigned check = 0;

	if (!last_digits(m, 12, d))
		return (false);
	for (unsigned i = 0; i < 12; i++) {
		unsigned n = d[11 - i];

		for (unsigned k = 0; k < i % 8; k++)
			n = power[n];
		if (check < 5)
			check = n < 5 ? (check + n) % 5 : (check + n - 5) % 5 + 5;
		else
			check = n < 5 ? (check - 5 + 5 - n) % 5 + 5 : (check - 5 + 5 - (n - 5)) % 5;
	}
	return (check == 0);
}

bool
leak_check_fiscal(const struct leak_match *m)
{
	static const unsigned char odd[] = { 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3,
		6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };
	const unsigned char *text = m->bytes + m->start;
	unsigned sum = 0;

	for (int i = 0; i < 15; i++) {
		unsigned n = leak_is_digit(text[i]) ? (unsigned)(text[i] - '0') :
						      (unsigned)((text[i] & 0xdf) - 'A');

		sum += i % 2 == 0 ? odd[n] : n;
	}
	return (sum % 26 == (unsigned)((text[15] & 0xdf) - 'A'));
}

bool
leak_check_pesel(const struct leak_match *m)
{
	static const signed char weights[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1 };
	unsigned char d[11];

	return (last_digits(m, 11, d) && weighted(d, weights, 11, 10) == 0);
}

bool
leak_check_bsn(const struct leak_match *m)
{
	static const signed char weights[] = { 9, 8, 7, 6, 5, 4, 3, 2, -1 };
	unsigned char d[9];

	return (last_digits(m, 9, d) && weighted(d, weights, 9, 11) == 0);
}

bool
leak_check_dni(const struct leak_match *m)
{
	unsigned char d[8];
	unsigned n = 0;

	if (!last_digits(m, 8, d))
		return (false);
	for (int i = 0; i < 8; i++)
		n = n * 10 + d[i];
	return ("TRWAGMYFPDXBNJZSQVHLCKE"[n % 23] == (m->bytes[m->end - 1] & 0xdf));
}
