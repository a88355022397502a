/*
 * Identifiers that states give to people, by their form and check digits.
 * Any run of nine digits is masked anyway; here is known what it was, and
 * those with letters are found.  The United States' is in verify.c.
 *
 * Sources: Germany, Steuer-ID (ISO 7064 MOD 11,10); France, NIR (key 97);
 * Brazil, CPF (two digits mod 11); Spain, DNI and NIE (letter mod 23);
 * Italy, codice fiscale (D.M. 23 December 1976).
 */
#include <string.h>

#include "detect/verify.h"

#define GROUPS_MAX 8
#define DIGITS_MAX 15

static unsigned
digit(char c)
{
	return ((unsigned)(c - '0'));
}

static unsigned
two(const char *d)
{
	return (digit(d[0]) * 10 + digit(d[1]));
}

/* Of the first ten digits one is there twice or three times, no other more than once. */
static bool
is_german(const char *d)
{
	unsigned count[10] = { 0 }, often = 0, product = 10;

	for (size_t i = 0; i < 10; i++) {
		unsigned sum = (digit(d[i]) + product) % 10;

		count[digit(d[i])]++;
		product = (sum == 0 ? 10 : sum) * 2 % 11;
	}
	for (size_t i = 0; i < 10; i++) {
		often += count[i] > 1;
		if (count[i] > 3)
			return (false);
	}
	return (d[0] != '0' && often == 1 && (11 - product) % 10 == digit(d[10]));
}

/* Sex, year, month (or what stands for an unknown one), and the key. */
static bool
is_french(const char *d)
{
	unsigned month = two(d + 3), rest = 0;

	if ((d[0] != '1' && d[0] != '2') || month == 0 || (month > 12 && month < 20) ||
	    (month > 42 && month < 50))
		return (false);
	for (size_t i = 0; i < 13; i++)
		rest = (rest * 10 + digit(d[i])) % 97;
	return (97 - rest == two(d + 13));
}

static bool
is_brazilian(const char *d)
{
	unsigned first = 0, second = 0, same = 1;

	for (size_t i = 0; i < 9; i++) {
		first += digit(d[i]) * (unsigned)(10 - i);
		second += digit(d[i]) * (unsigned)(11 - i);
		same += d[i + 1] == d[0];
	}
	first = first * 10 % 11 % 10;
	second = (second + first * 2) * 10 % 11 % 10;
	return (same < 10 && first == digit(d[9]) && second == digit(d[10]));
}

/* ---- digits, alone or in the groups in which people write them ---- */

static const struct {
	unsigned char groups[GROUPS_MAX]; /* 0 ends */
	bool (*is)(const char *digits);
} forms[] = {
	{ { 11 }, is_german },
	{ { 2, 3, 3, 3 }, is_german },
	{ { 11 }, is_brazilian },
	{ { 3, 3, 3, 2 }, is_brazilian },
	{ { 9, 2 }, is_brazilian },
	{ { 15 }, is_french },
	{ { 13, 2 }, is_french },
	{ { 1, 2, 2, 2, 3, 3, 2 }, is_french },
};

struct digits {
	char text[DIGITS_MAX];
	size_t count, group;
	unsigned char groups[GROUPS_MAX + 1];
};

/* The number that begins at text[i]; where it ends.  Too long a one has no form. */
static size_t
read_digits(struct span text, size_t i, struct digits *d)
{
	*d = (struct digits){ .count = 0 };
	for (;;) {
		size_t from = i;

		for (; i < text.len && detect_verify_is_digit(text.ptr[i]); i++)
			if (d->count < DIGITS_MAX)
				d->text[d->count++] = text.ptr[i];
		if (d->group < GROUPS_MAX)
			d->groups[d->group] = (unsigned char)(i - from > 255 ? 255 : i - from);
		d->group++;
		if (i + 1 >= text.len || !detect_verify_is_digit(text.ptr[i + 1]) ||
		    (text.ptr[i] != ' ' && text.ptr[i] != '.' && text.ptr[i] != '-'))
			return (i);
		i++;
	}
}

static bool
has_form(const struct digits *d)
{
	if (d->group > GROUPS_MAX)
		return (false);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (memcmp(forms[i].groups, d->groups, GROUPS_MAX) == 0 && forms[i].is(d->text))
			return (true);
	return (false);
}

/* ---- words with letters ---- */

static bool
is_spanish(const char *word, size_t len)
{
	static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
	unsigned number = 0, first = (unsigned)((word[0] | 0x20) - 'x');

	if (len != 9)
		return (false);
	for (size_t i = 0; i < 8; i++) {
		if (i == 0 && first < 3) {
			number = first; /* NIE: X, Y, Z */
			continue;
		}
		if (!detect_verify_is_digit(word[i]))
			return (false);
		number = number * 10 + digit(word[i]);
	}
	return ((word[8] & ~0x20) == letters[number % 23]);
}

/* What a character counts at an odd place (1, 3 ...); at an even one it counts what it is. */
static unsigned
italian_odd(unsigned value)
{
	static const unsigned char odd[] = { 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3,
		6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };

	return (odd[value]);
}

static bool
is_italian(const char *word, size_t len)
{
	static const char form[] = "aaaaaa00a00a000a"; /* letters and digits */
	unsigned sum = 0;

	if (len != 16)
		return (false);
	for (size_t i = 0; i < 16; i++) {
		bool letter = detect_verify_is_letter(word[i]);
		unsigned value;

		if (letter != (form[i] == 'a') || (!letter && !detect_verify_is_digit(word[i])))
			return (false);
		value = letter ? (unsigned)((word[i] | 0x20) - 'a') : digit(word[i]);
		if (i < 15)
			sum += i % 2 == 0 ? italian_odd(value) : value;
		else
			return (sum % 26 == value);
	}
	return (false);
}

bool
detect_verify_national(struct span text)
{
	struct digits d;
	size_t i = 0;

	while (i < text.len) {
		size_t start = i;

		while (i < text.len && detect_verify_is_alnum(text.ptr[i]))
			i++;
		if (i == start) {
			i++;
			continue;
		}
		if (is_spanish(text.ptr + start, i - start) ||
		    is_italian(text.ptr + start, i - start))
			return (true);
		if (!detect_verify_is_digit(text.ptr[start]))
			continue;
		start = read_digits(text, start, &d);
		if (start > i)
			i = start;
		/* "12345678-Z": the letter of a DNI may stand apart. */
		if (d.count == 8 && d.group == 1 && i + 1 < text.len && text.ptr[i] == '-' &&
		    (i + 2 == text.len || !detect_verify_is_alnum(text.ptr[i + 2]))) {
			char word[9];

			memcpy(word, d.text, 8);
			word[8] = text.ptr[i + 1];
			if (is_spanish(word, 9))
				return (true);
		}
		if ((i == text.len || !detect_verify_is_alnum(text.ptr[i])) && has_form(&d))
			return (true);
	}
	return (false);
}
