#include "detect/verify.h"

#include <assert.h>

#define DIGITS_MAX 40
#define GROUPS_MAX 12

/* Groups of digits with at most two separators between them. */
struct number {
	char digits[DIGITS_MAX];
	size_t count; /* of digits, DIGITS_MAX if there were more */
	uint8_t at[GROUPS_MAX + 1]; /* at[i]: first digit of group i */
	char separator[GROUPS_MAX]; /* between i and i + 1; '*' if of two kinds */
	size_t groups;
	bool plus; /* stands behind a '+' */
	bool glued; /* stands behind a letter */
};

enum record_class
detect_verify_worse(enum record_class a, enum record_class b)
{
	static const uint8_t rank[RECORD_CLASS_COUNT] = {
		[RECORD_CLASS_CREDENTIAL] = 11,
		[RECORD_CLASS_PAN] = 10,
		[RECORD_CLASS_IBAN] = 9,
		[RECORD_CLASS_NATIONAL] = 8,
		[RECORD_CLASS_EMAIL] = 7,
		[RECORD_CLASS_PHONE] = 6,
		[RECORD_CLASS_MAC] = 5,
		[RECORD_CLASS_GEO] = 4,
		[RECORD_CLASS_DEVICE] = 3,
		[RECORD_CLASS_SESSION] = 2,
		[RECORD_CLASS_IP_FWD] = 1,
	};

	return (rank[b] > rank[a] ? b : a);
}

static bool
luhn(const char *digits, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned digit = (unsigned)(digits[count - 1 - i] - '0');

		if (i % 2 == 1)
			digit = digit * 2 - (digit > 4 ? 9 : 0);
		sum += digit;
	}
	return (sum % 10 == 0);
}

/* Issuer ranges over the first four digits, with the lengths they use. */
bool
detect_verify_card(const char *digits, size_t count)
{
	static const struct {
		uint16_t first, last;
		uint8_t shortest, longest;
	} issuers[] = {
		{ 2200, 2204, 16, 19 },
		{ 2221, 2720, 16, 16 },
		{ 3000, 3059, 14, 19 },
		{ 3400, 3499, 15, 15 },
		{ 3528, 3589, 16, 19 },
		{ 3600, 3699, 14, 19 },
		{ 3700, 3799, 15, 15 },
		{ 3800, 3999, 14, 19 },
		{ 4000, 4999, 13, 13 },
		{ 4000, 4999, 16, 16 },
		{ 4000, 4999, 19, 19 },
		{ 5000, 5099, 13, 19 },
		{ 5100, 5599, 16, 16 },
		{ 5600, 5899, 13, 19 },
		{ 6000, 6999, 13, 19 },
	};
	unsigned head;

	if (count < 13 || count > 19)
		return (false);
	head = (unsigned)(digits[0] - '0') * 1000 + (unsigned)(digits[1] - '0') * 100 +
	    (unsigned)(digits[2] - '0') * 10 + (unsigned)(digits[3] - '0');
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (head >= issuers[i].first && head <= issuers[i].last &&
		    count >= issuers[i].shortest && count <= issuers[i].longest)
			return (luhn(digits, count));
	return (false);
}

static inline bool
is_separator(char c)
{
	return (c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')');
}

static inline size_t
group_len(const struct number *n, size_t i)
{
	return ((size_t)n->at[i + 1] - n->at[i]);
}

/* Collect the number that starts at text[i], a digit; returns where it ends. */
static size_t
number_read(struct span text, size_t i, struct number *n)
{
	size_t gap;

	n->count = n->groups = 0;
	n->plus = i > 0 &&
	    (text.ptr[i - 1] == '+' || (i > 1 && text.ptr[i - 1] == '(' && text.ptr[i - 2] == '+'));
	n->glued = i > 0 && detect_verify_is_letter(text.ptr[i - 1]);
	for (;;) {
		n->at[n->groups] = (uint8_t)n->count;
		for (; i < text.len && detect_verify_is_digit(text.ptr[i]); i++)
			if (n->count < DIGITS_MAX)
				n->digits[n->count++] = text.ptr[i];
		n->at[++n->groups] = (uint8_t)n->count;
		if (n->groups == GROUPS_MAX || n->count == DIGITS_MAX)
			return (i);
		for (gap = 0; gap < 3 && i + gap < text.len && is_separator(text.ptr[i + gap]);)
			gap++;
		if (gap == 0 || gap == 3 || i + gap == text.len ||
		    !detect_verify_is_digit(text.ptr[i + gap]))
			return (i);
		n->separator[n->groups - 1] =
		    gap == 1 || text.ptr[i] == text.ptr[i + 1] ? text.ptr[i] : '*';
		i += gap;
	}
}

/* Does a card number start with group first?  Separators must be uniform. */
static bool
card_from(const struct number *n, size_t first)
{
	if (n->plus && n->groups == 1 && n->count <= 15) /* E.164 */
		return (false);
	for (size_t i = first; i < n->groups; i++) {
		size_t count = (size_t)n->at[i + 1] - n->at[first];

		if (count > 19)
			return (false);
		if (i > first + 1 && n->separator[i - 1] != n->separator[first])
			return (false);
		if (detect_verify_card(n->digits + n->at[first], count))
			return (true);
		if (group_len(n, i) < 4) /* only the last group may be short */
			return (false);
	}
	return (false);
}

/* Area not 000, 666 or 9xx, group not 00, serial not 0000. */
static bool
is_ssn(const char *d)
{
	return (memcmp(d, "000", 3) != 0 && memcmp(d, "666", 3) != 0 && d[0] != '9' &&
	    memcmp(d + 3, "00", 2) != 0 && memcmp(d + 5, "0000", 4) != 0);
}

static bool
has_lengths(const struct number *n, size_t first, size_t a, size_t b, size_t c)
{
	return (n->groups >= first + 3 && group_len(n, first) == a &&
	    group_len(n, first + 1) == b && group_len(n, first + 2) == c);
}

static bool
ssn_at(const struct number *n, size_t first)
{
	char separator = n->separator[first];

	if (!has_lengths(n, first, 3, 2, 4) || separator != n->separator[first + 1])
		return (false);
	if (separator != '-' && (separator != ' ' || n->groups != 3))
		return (false);
	if ((first > 0 && n->separator[first - 1] == separator) ||
	    (n->groups > first + 3 && n->separator[first + 2] == separator))
		return (false);
	return (is_ssn(n->digits + n->at[first]));
}

static unsigned
two(const char *d)
{
	return ((unsigned)(d[0] - '0') * 10 + (unsigned)(d[1] - '0'));
}

static bool
is_year(const char *d)
{
	return ((d[0] == '1' && d[1] == '9') || (d[0] == '2' && d[1] == '0'));
}

static bool
is_month_day(const char *month, const char *day)
{
	return (two(month) >= 1 && two(month) <= 12 && two(day) >= 1 && two(day) <= 31);
}

/* The first eight digits, as 4-2-2 or 2-2-4, in either order of day and month. */
static bool
starts_with_date(const struct number *n)
{
	const char *d = n->digits;

	if (has_lengths(n, 0, 4, 2, 2))
		return (is_year(d) && is_month_day(d + 4, d + 6));
	if (has_lengths(n, 0, 2, 2, 4))
		return (is_year(d + 4) && (is_month_day(d, d + 2) || is_month_day(d + 2, d)));
	return (false);
}

/* Groups of 2..5 digits between dashes, as people write telephone numbers. */
static bool
is_dashed(const struct number *n)
{
	for (size_t i = 0; i < n->groups; i++)
		if (group_len(n, i) < 2 || group_len(n, i) > 5 ||
		    (i + 1 < n->groups && n->separator[i] != '-'))
			return (false);
	return (n->groups >= 3 && n->count >= 10 && n->count <= 19);
}

static bool
is_phone(const struct number *n)
{
	bool dots = n->groups > 1 && n->separator[0] == '.';

	if (n->glued)
		return (false);
	if (n->plus && n->count >= 7 && n->count <= 16)
		return (true);
	if (n->groups < 2 || starts_with_date(n))
		return (false);
	if (n->groups == 3 && has_lengths(n, 0, 3, 3, 4) && n->separator[0] != '/')
		return (true);
	if (n->groups == 4 && group_len(n, 0) == 1 && n->digits[0] == '1' &&
	    has_lengths(n, 1, 3, 3, 4))
		return (true);
	if (n->digits[0] == '0' && !dots && n->count >= 9 && n->count <= 17)
		return (true);
	return (is_dashed(n));
}

static bool
is_imei(const struct number *n, size_t first)
{
	const char *d = n->digits + n->at[first];

	if (group_len(n, first) == 15)
		return (luhn(d, 15));
	return (n->groups == first + 4 && has_lengths(n, first, 2, 6, 6) &&
	    group_len(n, first + 3) == 1 && luhn(d, 15));
}

static enum record_class
number_class(const struct number *n)
{
	enum record_class found = is_phone(n) ? RECORD_CLASS_PHONE : RECORD_CLASS_NONE;

	for (size_t i = 0; i < n->groups; i++) {
		bool fraction = i > 0 && n->separator[i - 1] == '.';

		if (card_from(n, i))
			return (RECORD_CLASS_PAN);
		if (!n->glued && i + 2 < n->groups && ssn_at(n, i))
			found = detect_verify_worse(found, RECORD_CLASS_NATIONAL);
		else if (is_imei(n, i))
			found = detect_verify_worse(found, RECORD_CLASS_DEVICE);
		else if (group_len(n, i) >= 9 && !fraction)
			found = detect_verify_worse(found, RECORD_CLASS_PHONE);
	}
	return (found);
}

/* "ssn", in any case, in front of nine digits. */
static bool
says_ssn(struct span text)
{
	for (size_t i = 0; i + 3 <= text.len; i++)
		if ((text.ptr[i] | 0x20) == 's' && (text.ptr[i + 1] | 0x20) == 's' &&
		    (text.ptr[i + 2] | 0x20) == 'n')
			return (true);
	return (false);
}

/* A number that ends at text[end]; says: whether the text says "ssn", -1 if not asked yet. */
static enum record_class
number_in(struct span text, const struct number *n, size_t end, int *says)
{
	enum record_class found;

	if (n->count < 7)
		return (RECORD_CLASS_NONE);
	found = number_class(n);
	if (n->count >= 9 && n->groups == 2 && end < text.len && (text.ptr[end] | 0x20) == 'e')
		found = detect_verify_worse(found, RECORD_CLASS_PHONE); /* 4.915112345678e12 */
	if (n->groups != 1 || n->count != 9 || !is_ssn(n->digits))
		return (found);
	if (*says == -1)
		*says = says_ssn(text);
	return (*says == 1 ? detect_verify_worse(found, RECORD_CLASS_NATIONAL) : found);
}

enum record_class
detect_verify_numbers(struct span text)
{
	enum record_class found = RECORD_CLASS_NONE;
	int says = -1;
	struct number n;
	size_t i = 0;

	while (i < text.len) {
		if (!detect_verify_is_digit(text.ptr[i])) {
			i++;
			continue;
		}
		i = number_read(text, i, &n);
		found = detect_verify_worse(found, number_in(text, &n, i, &says));
	}
	return (found);
}

size_t
detect_verify_number_at(struct span text, size_t i, enum record_class *found)
{
	struct number n;
	size_t end = number_read(text, i, &n);
	int says = 0;

	*found = number_in(text, &n, end, &says);
	return (end);
}

/* ---- IBAN ---- */

static size_t
iban_len(char a, char b)
{
	static const char countries[] =
	    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28"
	    "EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26"
	    "IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28"
	    "NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25"
	    "SV28TL23TN24TR26UA29VA22VG24XK20YE30";

	for (size_t i = 0; i + 4 < sizeof(countries); i += 4)
		if (countries[i] == (a & ~0x20) && countries[i + 1] == (b & ~0x20))
			return (two(countries + i + 2));
	return (0);
}

/* iban has len characters and no blanks: first four to the end, mod 97 = 1. */
static bool
iban_checks(const char *iban, size_t len)
{
	unsigned rest = 0;

	for (size_t i = 0; i < len; i++) {
		char c = iban[(i + 4) % len];

		if (detect_verify_is_digit(c))
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else
			rest = (rest * 100 + (unsigned)((c & ~0x20) - 'A' + 10)) % 97;
	}
	return (rest == 1);
}

/* Does one start at text[i], a letter behind a boundary? */
static bool
iban_at(struct span text, size_t i, size_t *end)
{
	char iban[40];
	size_t want, len = 0;

	if (text.len - i < 15 || !detect_verify_is_letter(text.ptr[i + 1]) ||
	    !detect_verify_is_digit(text.ptr[i + 2]) || !detect_verify_is_digit(text.ptr[i + 3]))
		return (false);
	want = iban_len(text.ptr[i], text.ptr[i + 1]);
	assert(want < sizeof(iban));
	for (; i < text.len && len < want; i++) {
		if (detect_verify_is_alnum(text.ptr[i]))
			iban[len++] = text.ptr[i];
		else if (len % 4 != 0 || (text.ptr[i] != ' ' && text.ptr[i] != '-'))
			return (false);
	}
	if (want == 0 || len < want || (i < text.len && detect_verify_is_alnum(text.ptr[i])))
		return (false);
	*end = i;
	return (iban_checks(iban, len));
}

bool
detect_verify_iban(struct span text)
{
	size_t end;

	for (size_t i = 0; i + 15 <= text.len; i++)
		if (detect_verify_iban_at(text, i, &end))
			return (true);
	return (false);
}

bool
detect_verify_iban_at(struct span text, size_t i, size_t *end)
{
	return (i + 15 <= text.len && detect_verify_is_letter(text.ptr[i]) &&
	    (i == 0 || !detect_verify_is_alnum(text.ptr[i - 1])) && iban_at(text, i, end));
}

/* ---- dates ---- */

/* What may follow a date: a time of day and its zone. */
static bool
is_clock(struct span rest)
{
	if (rest.len == 0)
		return (true);
	if (rest.ptr[0] != 'T' && rest.ptr[0] != 't' && rest.ptr[0] != ' ' && rest.ptr[0] != '_')
		return (false);
	if (rest.len < 3 || rest.len > 26 || !detect_verify_is_digit(rest.ptr[1]))
		return (false);
	for (size_t i = 1; i < rest.len; i++)
		if (!detect_verify_is_digit(rest.ptr[i]) && strchr(":.,+-Zz", rest.ptr[i]) == NULL)
			return (false);
	return (true);
}

bool
detect_verify_date_value(struct span text)
{
	struct number n;
	size_t end;

	if (text.len < 7 || !detect_verify_is_digit(text.ptr[0]))
		return (false);
	for (end = 1; end < text.len && end < 10; end++)
		if (!detect_verify_is_digit(text.ptr[end]) && text.ptr[end] != '-' &&
		    text.ptr[end] != '.' && text.ptr[end] != '/')
			break;
	if (number_read(span_of(text.ptr, end), 0, &n) != end)
		return (false);
	if (n.groups == 3 && starts_with_date(&n) && n.separator[0] == n.separator[1])
		return (is_clock(span_from(text, end)));
	if (n.groups == 1 && n.count == 8)
		return (is_year(n.digits) && is_month_day(n.digits + 4, n.digits + 6) &&
		    is_clock(span_from(text, end)));
	return (n.groups == 2 && end == 7 && text.len == 7 && n.at[1] == 4 && is_year(n.digits) &&
	    text.ptr[4] == '-' && is_month_day(n.digits + 4, "01"));
}
