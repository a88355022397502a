#include <stdint.h>
#include <strings.h>

#include "detect/verify.h"
#include "parse/addr.h"

static inline bool
is_alnum_at(struct span text, size_t i)
{
	return (i < text.len && detect_verify_is_alnum(text.ptr[i]));
}

static inline bool
is_digit_at(struct span text, size_t i)
{
	return (i < text.len && detect_verify_is_digit(text.ptr[i]));
}

/* ---- e-mail ---- */

/* A byte that can end a local part: an atom, a closing quote, or no ASCII. */
static bool
is_local(char c)
{
	return (detect_verify_is_alnum(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.\"", c) != NULL));
}

/* What stands behind a '@' is a host: no "2x.png", no version "3.2.1". */
static bool
is_email_domain(struct span rest)
{
	size_t i, dots = 0, letters = 0;

	if (rest.len > 0 && rest.ptr[0] == '[')
		return (true);
	for (i = 0; i < rest.len; i++) {
		char c = rest.ptr[i];

		if (c == '.')
			dots++;
		else if (detect_verify_is_letter(c) || (unsigned char)c >= 0x80)
			letters++;
		else if (!detect_verify_is_digit(c) && c != '-' && c != '_')
			break;
	}
	if (i == 0 || rest.ptr[0] == '.' || rest.ptr[0] == '-')
		return (false);
	if (letters == 0)
		return (dots == 3);
	/* "icon@2x.png": a density, not a domain. */
	return (!(i > 3 && detect_verify_is_digit(rest.ptr[0]) && (rest.ptr[1] | 0x20) == 'x' &&
	    rest.ptr[2] == '.' && dots == 1));
}

bool
detect_verify_email(struct span text)
{
	size_t i = span_find(text, '@');

	while (i < text.len) {
		if (i > 0 && is_local(text.ptr[i - 1]) && text.ptr[i - 1] != '/' &&
		    is_email_domain(span_from(text, i + 1)))
			return (true);
		i += 1 + span_find(span_from(text, i + 1), '@');
	}
	return (false);
}

/* ---- hardware addresses and UUIDs ---- */

/* groups of width hex digits each, joined by separator, with nothing around. */
static bool
hex_groups(struct span text, size_t i, size_t width, size_t groups, char separator)
{
	size_t digits = 0;

	if (i + groups * (width + 1) - 1 > text.len)
		return (false);
	for (size_t g = 0; g < groups; g++) {
		for (size_t k = 0; k < width; k++, i++) {
			if (!detect_verify_is_hex(text.ptr[i]))
				return (false);
			digits += detect_verify_is_digit(text.ptr[i]);
		}
		if (g + 1 < groups && text.ptr[i++] != separator)
			return (false);
	}
	if (i < text.len &&
	    (detect_verify_is_alnum(text.ptr[i]) ||
		(text.ptr[i] == separator && is_alnum_at(text, i + 1))))
		return (false);
	return (separator == ':' || digits > 0); /* "aa-bb-cc-dd-ee-ff" may be words */
}

bool
detect_verify_mac(struct span text)
{
	for (size_t i = 0; i + 14 <= text.len; i++) {
		char c;

		if (!detect_verify_is_hex(text.ptr[i]) ||
		    (i > 0 && detect_verify_is_alnum(text.ptr[i - 1])))
			continue;
		c = text.ptr[i + 2];
		if ((c == ':' || c == '-') &&
		    (hex_groups(text, i, 2, 6, c) || hex_groups(text, i, 2, 8, c)))
			return (true);
		if (text.ptr[i + 4] == '.' && hex_groups(text, i, 4, 3, '.'))
			return (true);
	}
	return (false);
}

bool
detect_verify_uuid(struct span text)
{
	for (size_t i = 0; i + 36 <= text.len; i++) {
		const char *p = text.ptr + i;
		size_t k;

		if (p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
			continue;
		for (k = 0; k < 36; k++)
			if (k != 8 && k != 13 && k != 18 && k != 23 && !detect_verify_is_hex(p[k]))
				break;
		if (k == 36)
			return (true);
	}
	return (false);
}

/* ---- coordinates ---- */

/* [-+]d{1,3}.d{3,} of at most limit degrees at text[*i]; *i moves behind it. */
static bool
take_degrees(struct span text, size_t *i, unsigned limit)
{
	size_t at = *i, digits, fraction;
	unsigned degrees = 0;

	if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+'))
		at++;
	for (digits = 0; digits < 4 && is_digit_at(text, at); digits++, at++)
		degrees = degrees * 10 + (unsigned)(text.ptr[at] - '0');
	if (digits < 1 || digits > 3 || at >= text.len || text.ptr[at] != '.')
		return (false);
	for (at++, fraction = 0; is_digit_at(text, at); at++)
		fraction++;
	*i = at;
	return (fraction >= 3 && degrees <= limit);
}

bool
detect_verify_geo_at(struct span text, size_t i, size_t *end)
{
	size_t at = i;

	if (!detect_verify_is_digit(text.ptr[i]) ||
	    (i > 0 && (detect_verify_is_digit(text.ptr[i - 1]) || text.ptr[i - 1] == '.')))
		return (false);
	if (!take_degrees(text, &at, 180))
		return (false);
	while (at < text.len && at < i + 24 && text.ptr[at] != '-' &&
	    strchr(",; /:", text.ptr[at]) != NULL && text.ptr[at] != '\0')
		at++;
	if (at <= i || is_digit_at(text, at - 1) || text.ptr[at - 1] == '.' ||
	    !take_degrees(text, &at, 180) || (at < text.len && text.ptr[at] == '.'))
		return (false);
	*end = at;
	return (true);
}

bool
detect_verify_geo(struct span text)
{
	size_t end;

	for (size_t i = 0; i < text.len; i++)
		if (detect_verify_geo_at(text, i, &end))
			return (true);
	return (false);
}

/* ---- IP addresses ---- */

#define PARTS_MAX 16

/* Numbers joined by dots, or by dashes. */
struct parts {
	size_t count, len; /* len: of the whole run */
	char separator;
	bool year; /* the first has four digits: a date in a file name */
	bool octet[PARTS_MAX], zero[PARTS_MAX];
};

/* The number at text[i]; an octet is 0..255, in decimal or in octal. */
static size_t
take_number(struct span text, size_t i, bool *octet, bool *zero)
{
	size_t start = i;
	unsigned octal = 0, decimal = 0;
	bool fits = text.ptr[i] == '0';

	for (; is_digit_at(text, i); i++) {
		unsigned digit = (unsigned)(text.ptr[i] - '0');

		octal = digit > 7 || octal > 255 ? 1000 : octal * 8 + digit;
		decimal = decimal > 255 ? 1000 : decimal * 10 + digit;
	}
	*octet = i - start <= 8 && (decimal <= 255 || (fits && octal <= 255));
	*zero = decimal == 0;
	return (i);
}

static size_t
take_parts(struct span text, size_t i, struct parts *p)
{
	size_t start = i;

	p->count = 0;
	p->separator = '\0';
	for (;;) {
		bool octet, zero;

		i = take_number(text, i, &octet, &zero);
		if (p->count < PARTS_MAX) {
			p->octet[p->count] = octet;
			p->zero[p->count] = zero;
		}
		if (p->count++ == 0)
			p->year = i - start == 4 && text.ptr[start] != '0';
		if (!is_digit_at(text, i + 1) || (text.ptr[i] != '.' && text.ptr[i] != '-') ||
		    (p->separator != '\0' && text.ptr[i] != p->separator))
			break;
		p->separator = text.ptr[i++];
	}
	p->len = i - start;
	return (i);
}

/*
 * Four octets in a row, even in a longer run ("ec2-203-0-113-7", a port
 * behind a dot).  n.0.0.0 is a version or a network, never a host.  More
 * parts than we keep count as an address: nobody's version is that long.
 */
static bool
is_quad(const struct parts *p)
{
	if (p->separator == '-' && (p->year || p->count > 5 || p->len < 9))
		return (false);
	if (p->count > PARTS_MAX)
		return (true);
	for (size_t i = 0; i + 4 <= p->count; i++)
		if (p->octet[i] && p->octet[i + 1] && p->octet[i + 2] && p->octet[i + 3] &&
		    !(p->zero[i + 1] && p->zero[i + 2] && p->zero[i + 3]))
			return (true);
	return (false);
}

static bool
has_ipv4(struct span text)
{
	struct parts parts;
	size_t i = 0;

	while (i < text.len) {
		if (!detect_verify_is_digit(text.ptr[i])) {
			i++;
			continue;
		}
		i = take_parts(text, i, &parts);
		if (parts.count >= 4 && is_quad(&parts))
			return (true);
	}
	return (false);
}

/* Runs of hex digits, colons and dots with two colons or more. */
static bool
has_ipv6(struct span text)
{
	struct parse_addr addr;
	size_t i = 0;

	while (i < text.len) {
		size_t start = i, colons = 0, digits = 0;
		struct span run;

		for (; i < text.len &&
		     (detect_verify_is_hex(text.ptr[i]) || text.ptr[i] == ':' ||
			 text.ptr[i] == '.');
		     i++) {
			colons += text.ptr[i] == ':';
			digits += detect_verify_is_hex(text.ptr[i]);
		}
		run = span_of(text.ptr + start, i - start);
		while (run.len > 0 &&
		    (run.ptr[run.len - 1] == '.' ||
			(run.len > 1 && run.ptr[run.len - 1] == ':' &&
			    run.ptr[run.len - 2] != ':')))
			run.len--;
		if (colons >= 2 && digits >= 2 &&
		    (start == 0 || !detect_verify_is_alnum(text.ptr[start - 1])) &&
		    !is_alnum_at(text, i) && parse_addr(run, &addr) == PARSE_ADDR_OK)
			return (true);
		i += i == start;
	}
	return (false);
}

/* "in-addr.arpa" or "ip6.arpa", in any case. */
static bool
has_arpa(struct span text)
{
	static const struct span zones[] = { SPAN("in-addr.arpa"), SPAN("ip6.arpa") };

	for (size_t dot = 3; dot + 5 <= text.len; dot++) {
		if (text.ptr[dot] != '.')
			continue;
		for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
			size_t before = zones[z].len - 5;

			if (dot >= before &&
			    strncasecmp(text.ptr + dot - before, zones[z].ptr, zones[z].len) == 0)
				return (true);
		}
	}
	return (false);
}

/* How many dots, dashes and colons. */
static void
count_joints(struct span text, unsigned counts[static 3])
{
	unsigned dots = 0, dashes = 0, colons = 0;

	for (size_t i = 0; i < text.len; i++) {
		dots += text.ptr[i] == '.';
		dashes += text.ptr[i] == '-';
		colons += text.ptr[i] == ':';
	}
	counts[0] = dots;
	counts[1] = dashes;
	counts[2] = colons;
}

/* Most texts have not what joins four numbers, or groups, or a zone. */
bool
detect_verify_address(struct span text)
{
	unsigned counts[3];

	count_joints(text, counts);
	return (((counts[0] >= 3 || counts[1] >= 3) && has_ipv4(text)) ||
	    (counts[2] >= 2 && has_ipv6(text)) || (counts[0] >= 1 && has_arpa(text)));
}

/* One part of an inet_aton form; -1 if it is no number. */
static int64_t
take_part(struct span part, bool *odd)
{
	bool hex = part.len > 2 && part.ptr[0] == '0' && (part.ptr[1] | 0x20) == 'x';
	bool octal = !hex && part.len > 1 && part.ptr[0] == '0';
	int64_t base = hex ? 16 : octal ? 8 : 10, value = 0;

	if (part.len == 0 || part.len > 12)
		return (-1);
	for (size_t i = hex ? 2 : 0; i < part.len; i++) {
		char c = part.ptr[i];
		int digit = detect_verify_is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;

		if (!detect_verify_is_hex(c) || digit >= base)
			return (-1);
		value = value * base + digit;
	}
	*odd = *odd || hex;
	return (value);
}

bool
detect_verify_address_value(struct span text)
{
	int64_t part[4], room;
	size_t parts = 0, at;
	bool odd = false;

	if (text.len < 6 || text.len > 48 || !detect_verify_is_digit(text.ptr[0]) ||
	    detect_verify_date_value(text))
		return (false);
	for (;;) {
		at = span_find(text, '.');
		if (parts == 4 || (part[parts] = take_part(span_of(text.ptr, at), &odd)) == -1)
			return (false);
		if (parts++ > 0 && part[parts - 2] > 255)
			return (false);
		if (at == text.len)
			break;
		text = span_from(text, at + 1);
	}
	room = INT64_C(1) << (8 * (5 - parts)); /* what the last part may hold */
	if (part[parts - 1] >= room || part[0] == 0)
		return (false);
	if (parts == 1)
		return (part[0] >= 1 << 24);
	/* Without a part that needs the short form, it is a version. */
	return (odd || (parts < 4 && part[parts - 1] >= room >> 8 && part[parts - 1] > 255));
}
