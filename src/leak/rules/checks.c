/* Addresses: what a pattern cannot say. */
#include <string.h>

#include "base/text.h"
#include "leak/inside.h"

#define NOISE_AROUND 64
#define NOISE_COUNT 8 /* a checksum of 16 bytes between zeros, less what was found in it */

/* Count what is neither ASCII text nor UTF-8 in [from, to); zeros say nothing. */
static void
count_odd(const unsigned char *bytes, size_t from, size_t to, size_t *odd, size_t *count)
{
	for (size_t i = from; i < to;) {
		size_t len = bytes[i] < 0x80 ? 1 : text_utf8_len(bytes + i, to - i);

		if (bytes[i] != 0)
			*count += len > 1 ? len : 1;
		*odd += len == 0 || (len == 1 && bytes[i] != 0 && !leak_is_text(bytes[i]));
		i += len > 1 ? len : 1;
	}
}

/*
 * More than half of random bytes cannot be text.  In texts none is odd, in
 * tables of a database few are.  A key stands between zeros, in a file of a
 * few words: hence the distance, and zeros that do not count.
 */
bool
leak_is_noise(const struct leak_match *m)
{
	size_t from = m->start > NOISE_AROUND ? m->start - NOISE_AROUND : 0;
	size_t to = m->len - m->end > NOISE_AROUND ? m->end + NOISE_AROUND : m->len;
	size_t odd = 0, count = 0;

	count_odd(m->bytes, from, m->start, &odd, &count);
	count_odd(m->bytes, m->end, to, &odd, &count);
	return (count >= NOISE_COUNT && odd * 4 > count);
}

static bool
begins(const struct leak_match *m, const char *text)
{
	size_t len = strlen(text);

	return (m->end - m->start >= len && memcmp(m->bytes + m->start, text, len) == 0);
}

/* Is text what stands right before the match? */
static bool
is_before(const struct leak_match *m, const char *text)
{
	size_t len = strlen(text);

	return (m->start >= len && memcmp(m->bytes + m->start - len, text, len) == 0);
}

/*
 * "logo@2x.png" is a picture and "git@2.0.0" a version.  In random bytes
 * only what is long enough counts.
 */
bool
leak_check_email(const struct leak_match *m)
{
	const unsigned char *at = memchr(m->bytes + m->start, '@', m->end - m->start);
	size_t local = (size_t)(at - (m->bytes + m->start));
	size_t domain = (size_t)(m->bytes + m->end - at) - 1;
	bool ascii = true;

	if (domain > 3 && leak_is_digit(at[1]) && at[2] == 'x' && at[3] == '.')
		return (false);
	for (size_t i = m->start; i < m->end; i++)
		ascii &= m->bytes[i] < 0x80;
	return (!leak_is_noise(m) || (ascii && local >= 4 && domain >= 8));
}

/* Four decimal parts; what no octet is stays above 255. */
static bool
read_octets(const struct leak_match *m, char sign, unsigned octet[static 4])
{
	unsigned part = 0;

	memset(octet, 0, 4 * sizeof(octet[0]));
	for (size_t i = m->start; i < m->end; i++) {
		if (m->bytes[i] == (unsigned char)sign)
			part++;
		else if (part < 4 && octet[part] < 1000)
			octet[part] = octet[part] * 10 + (unsigned)(m->bytes[i] - '0');
	}
	return (part == 3);
}

/* Versions of browsers have four numbers too. */
static bool
is_version(const struct leak_match *m)
{
	static const char *const products[] = { "Chrome/", "Chromium/", "CriOS/", "Edg/", "EdgA/",
		"EdgiOS/", "Edge/", "OPR/", "Opera/", "Safari/", "Version/", "Firefox/", "FxiOS/",
		"SamsungBrowser/", "YaBrowser/", "Vivaldi/", "UCBrowser/", "MQQBrowser/", "Whale/",
		"Electron/", "Brave/", "MicroMessenger/", "Silk/", "Iron/", "Maxthon/" };

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++)
		if (is_before(m, products[i]))
			return (true);
	return (false);
}

/* "RFC 9162, 2.1.4.2" is a section of a text. */
static bool
is_section(const struct leak_match *m)
{
	size_t i = m->start;

	if (i < 7 || m->bytes[i - 1] != ' ' || m->bytes[i - 2] != ',')
		return (false);
	for (i -= 2; i > 4 && leak_is_digit(m->bytes[i - 1]); i--)
		;
	return (i < m->start - 2 && memcmp(m->bytes + i - 4, "RFC ", 4) == 0);
}

/* Our own machine and nobody's address give nothing away. */
bool
leak_check_ipv4(const struct leak_match *m)
{
	unsigned octet[4];

	if (!read_octets(m, '.', octet) || octet[0] == 127 || is_version(m) || is_section(m))
		return (false);
	if (octet[0] == 255 || (octet[0] == 0 && octet[1] == 0 && octet[2] == 0))
		return (false);
	return (!leak_is_noise(m) || m->end - m->start >= 9);
}

/* "ec2-203-0-113-7.compute": within a host name, and not 1-2-3-4. */
bool
leak_check_dashed(const struct leak_match *m)
{
	unsigned octet[4];
	bool before =
	    m->start >= 2 && m->bytes[m->start - 1] == '-' && leak_is_alnum(m->bytes[m->start - 2]);
	bool behind = m->end + 1 < m->len && m->bytes[m->end] == '.' &&
	    (m->bytes[m->end + 1] | 0x20) >= 'a' && (m->bytes[m->end + 1] | 0x20) <= 'z';

	return ((before || behind) && m->end - m->start >= 8 && read_octets(m, '-', octet) &&
	    octet[0] != 0 && octet[0] != 127);
}

/* The number of an address in a name's value or where a URL has its host: not a small one. */
bool
leak_check_number_address(const struct leak_match *m)
{
	size_t i = m->end;
	uint64_t n = 0;

	while (i > m->start && leak_is_alnum(m->bytes[i - 1]))
		i--;
	if (i + 1 < m->end && (m->bytes[i + 1] | 0x20) == 'x')
		return (true);
	for (; i < m->end; i++)
		n = n * 10 + (unsigned)(m->bytes[i] - '0');
	return (n >= UINT32_C(1) << 24 && n <= UINT32_MAX);
}

struct groups {
	unsigned count, digits, empty; /* empty: where "::" leaves some out */
	bool letter_less, bad;
};

/* The groups between colons of text[0, len), a dotted end counting as two. */
static struct groups
read_groups(const unsigned char *text, size_t len)
{
	struct groups g = { 0, 0, 0, true, false };
	size_t run = 0;
	bool dotted = memchr(text, '.', len) != NULL;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != ':') {
			run++;
			g.digits += text[i] != '.';
			g.letter_less &= leak_is_digit(text[i]) || text[i] == '.';
			continue;
		}
		if (run > 0)
			g.count++;
		else if (i > 0 && i < len && text[i - 1] == ':')
			g.empty++;
		else if (!(i == 0 && len > 1 && text[1] == ':') && !(i == len && i > 1))
			g.bad = true;
		run = 0;
	}
	if (len >= 2 && text[len - 1] == ':' && text[len - 2] != ':')
		g.bad = true;
	g.count += dotted;
	return (g);
}

/* Is the colon before the match a group's, "1:", and not that of a word, "client:"? */
static bool
goes_on_before(const struct leak_match *m)
{
	size_t i = m->start;
	bool hex = true;

	if (i < 2 || m->bytes[i - 1] != ':' || !leak_is_alnum(m->bytes[i - 2]))
		return (false);
	for (i--; i > 0 && leak_is_alnum(m->bytes[i - 1]); i--)
		hex &= leak_hex_value(m->bytes[i - 1]) != -1;
	return (hex);
}

/*
 * Eight groups, or fewer with one "::".  "::1" is every machine's own, and
 * "a::b" or "10:05:03" are something else.
 */
bool
leak_check_ipv6(const struct leak_match *m)
{
	const unsigned char *text = m->bytes + m->start;
	size_t len = m->end - m->start;
	struct groups g;

	if (len > 1 && text[0] == ':' && text[1] != ':') {
		text++;
		len--;
	}
	g = read_groups(text, len);
	if (g.bad || g.empty > 1 || (g.empty == 0 ? g.count != 8 : g.count < 2 || g.count > 7))
		return (false);
	if (g.empty == 1 && (g.digits < 5 || (g.letter_less && g.digits < 6)))
		return (false);
	if (goes_on_before(m))
		return (false);
	return (!leak_is_noise(m) || g.digits >= 10);
}

/* Not nobody's and not everybody's; with dashes or dots a letter tells it from a date. */
bool
leak_check_mac(const struct leak_match *m)
{
	bool letter = false, digit = false, colon = m->bytes[m->start + 2] == ':', same = true;
	unsigned char first = m->bytes[m->start];

	for (size_t i = m->start; i < m->end; i++) {
		if (!leak_is_alnum(m->bytes[i]))
			continue;
		letter |= !leak_is_digit(m->bytes[i]);
		digit |= leak_is_digit(m->bytes[i]);
		same &= m->bytes[i] == first;
	}
	return (!same && !begins(m, "00:00:00:00:00:00") && (colon || (letter && digit)));
}
