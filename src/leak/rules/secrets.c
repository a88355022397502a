/* Secrets and ids, and what is none because cretula itself writes it. */
#include <string.h>

#include "leak/inside.h"

static bool
is_word(const unsigned char *bytes, size_t len, const char *word)
{
	size_t n = strlen(word);

	if (len != n)
		return (false);
	for (size_t i = 0; i < n; i++)
		if ((bytes[i] | 0x20) != (unsigned char)(word[i] | 0x20))
			return (false);
	return (true);
}

/* Is what stands at at one of our own tokens (prefix, dot, 16 of base32), whole? */
static bool
is_token(const unsigned char *bytes, size_t len, size_t at)
{
	static const char prefixes[] = "ip if us uc em se dv sg pn ua rq ht xx";
	const unsigned char *p = bytes + at;

	if (len - at < 19 || p[2] != '.')
		return (false);
	for (size_t i = 3; i < 19; i++)
		if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= '2' && p[i] <= '7'))
			return (false);
	if ((len - at > 19 && leak_is_alnum(p[19])) || (at > 0 && leak_is_alnum(p[-1])))
		return (false);
	for (size_t i = 0; prefixes[i] != '\0'; i += 3) {
		if (p[0] == (unsigned char)prefixes[i] && p[1] == (unsigned char)prefixes[i + 1])
			return (true);
		if (prefixes[i + 2] == '\0')
			break;
	}
	return (false);
}

/* Where the value behind name and sign begins. */
static size_t
value_of(const struct leak_match *m)
{
	size_t i = m->start;

	while (i < m->end && m->bytes[i] != '=' && m->bytes[i] != ':')
		i++;
	for (; i < m->end && memchr("=: \t\"'[\\", m->bytes[i], 8) != NULL; i++)
		;
	return (i);
}

/* Of an entry that revokes a key: "signature":"BASE64==", 64 bytes. */
static bool
is_our_signature(const struct leak_match *m, size_t at)
{
	static const char name[] = "\"signature\":\"";

	return (at >= sizeof(name) - 1 && m->end - at == 86 && m->len - m->end >= 3 &&
	    memcmp(m->bytes + at - (sizeof(name) - 1), name, sizeof(name) - 1) == 0 &&
	    memcmp(m->bytes + m->end, "==\"", 3) == 0);
}

/* A value by its name: not a token, not a word that says what it is. */
bool
leak_check_value(const struct leak_match *m)
{
	static const char *const words[] = { "null", "none", "true", "false", "redacted",
		"undefined", "string", "required", "optional", "hidden", "masked", "basic",
		"bearer", "digest", "number", "object", "value", "token", "password", "secret" };
	size_t at = value_of(m), len = m->end - at;
	const unsigned char *value = m->bytes + at;
	bool digit = false, pass;

	if (at >= m->end || is_token(m->bytes, m->len, at) || is_our_signature(m, at))
		return (false);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(value, len, words[i]))
			return (false);
	for (size_t i = 0; i < len; i++)
		digit |= leak_is_digit(value[i]);
	pass = memmem(m->bytes + m->start, at - m->start, "pass", 4) != NULL ||
	    memmem(m->bytes + m->start, at - m->start, "pwd", 3) != NULL;
	return (len >= 4 && (digit || pass));
}

/* Where what follows a scheme ("Basic", "Bearer") of len letters begins. */
static size_t
behind_scheme(const struct leak_match *m, size_t len)
{
	return (m->start + len + (m->bytes[m->start + len] == '%' ? 3 : 1));
}

/* Something with a digit, and no token of ours. */
bool
leak_check_key(const struct leak_match *m)
{
	size_t at = behind_scheme(m, sizeof("bearer") - 1);
	bool digit = false;

	for (size_t i = at; i < m->end; i++)
		digit |= leak_is_digit(m->bytes[i]);
	return (digit && !is_token(m->bytes, m->len, at));
}

static unsigned
base64_value(unsigned char c)
{
	if (leak_is_digit(c))
		return ((unsigned)c - '0' + 52);
	if (leak_is_alnum(c))
		return (c >= 'a' ? (unsigned)c - 'a' + 26 : (unsigned)c - 'A');
	return (c == '+' || c == '-' ? 62 : 63);
}

/* Of a Basic header: base64 of a text with a colon in it. */
bool
leak_check_basic(const struct leak_match *m)
{
	unsigned bits = 0, count = 0;
	bool colon = false;

	for (size_t i = behind_scheme(m, sizeof("basic") - 1); i < m->end && m->bytes[i] != '=';
	     i++) {
		unsigned char byte;

		bits = bits << 6 | base64_value(m->bytes[i]);
		if ((count += 6) < 8)
			continue;
		count -= 8;
		byte = (unsigned char)(bits >> count);
		if (byte < 0x20 || byte == 0x7f)
			return (false);
		colon |= byte == ':';
	}
	return (colon);
}

/* A header that is JSON and says how it is signed; a token of ours may begin like one. */
bool
leak_check_jwt(const struct leak_match *m)
{
	unsigned char text[256];
	unsigned bits = 0, count = 0;
	size_t len = 0;

	for (size_t i = m->start; i < m->end && m->bytes[i] != '.' && len < sizeof(text); i++) {
		bits = bits << 6 | base64_value(m->bytes[i]);
		if ((count += 6) < 8)
			continue;
		count -= 8;
		text[len++] = (unsigned char)(bits >> count);
	}
	return (memmem(text, len, "\"alg\"", 5) != NULL ||
	    memmem(text, len, "\"typ\"", 5) != NULL || memmem(text, len, "\"enc\"", 5) != NULL ||
	    memmem(text, len, "\"kid\"", 5) != NULL);
}

/* The word before at, without quotes and a colon: a key of JSON, "sha256:" ... */
static bool
is_named(const struct leak_match *m, const char *name)
{
	size_t len = strlen(name);

	return (m->start >= len && memcmp(m->bytes + m->start - len, name, len) == 0);
}

/* "2026-W48 HEX", "2026-11-25.2 HEX": a line of a list of epochs? */
static bool
is_behind_epoch(const struct leak_match *m)
{
	size_t i = m->start, len;

	if (i == 0 || m->bytes[--i] != ' ')
		return (false);
	while (i > 0 && m->start - i < 16 && memchr("0123456789W.-", m->bytes[i - 1], 13) != NULL)
		i--;
	len = m->start - 1 - i;
	return ((i == 0 || m->bytes[i - 1] == '\n') && len >= 7 && m->bytes[i + 4] == '-');
}

/* All of KEYS/NAME/pending: HEX, and perhaps SIZE, a line each with its checksum. */
static bool
is_pending(const struct leak_match *m)
{
	if (m->start != 0 || m->len > m->end + 40)
		return (false);
	for (size_t i = m->end; i < m->len; i++)
		if (memchr("\n 0123456789abcdef", m->bytes[i], 18) == NULL)
			return (false);
	return (true);
}

/* One of the two in KEYS/NAME/words: a line of its own, and no other one is there. */
static bool
is_kept_words(const struct leak_match *m)
{
	static const char head[] = "cretula words v1\n";
	const size_t line = sizeof(head) - 1, all = line + 2 * 33;

	return (m->len == all && memcmp(m->bytes, head, line) == 0 &&
	    (m->start == line || m->start == line + 33) && m->bytes[m->end] == '\n');
}

/* "sealed TAB SEG TAB CHANGE TAB HEX": the last line of STORE/words/NAME? */
static bool
is_sealed_words(const struct leak_match *m)
{
	size_t i = m->start, tabs = 0;

	if (m->end + 1 != m->len || m->bytes[m->end] != '\n')
		return (false);
	while (i > 0 && m->start - i < 40 && memchr("\t0123456789", m->bytes[i - 1], 11) != NULL)
		tabs += m->bytes[--i] == '\t';
	return (tabs == 3 && i >= 6 && memcmp(m->bytes + i - 6, "sealed", 6) == 0 &&
	    (i == 6 || m->bytes[i - 7] == '\n'));
}

/*
 * Hashes and ids in cretula's own files (docs/format.md): values under the
 * keys of chain entries, "sha256:HEX", lines of MANIFEST.sha256 and of the
 * list of epochs.  Only this one value is let pass, and only of its length.
 */
static bool
is_ours(const struct leak_match *m)
{
	static const char *const hashes[] = { "\"prev\":\"", "\"hash\":\"", "\"idx\":\"",
		"\"k\":\"", "\"commitment\":\"", "\"mask_seed\":\"", "\"genesis\":\"",
		"sha256:", "cretula open v2\n" };
	static const char *const ids[] = { "\"fp\":\"", "\"tail\":\"", "\"boot\":\"" };
	size_t len = m->end - m->start;

	for (size_t i = 0; len == 64 && i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (is_named(m, hashes[i]))
			return (true);
	for (size_t i = 0; len == 32 && i < sizeof(ids) / sizeof(ids[0]); i++)
		if (is_named(m, ids[i]))
			return (true);
	if (len == 32 && (is_sealed_words(m) || is_kept_words(m)))
		return (true);
	if (len != 64)
		return (false);
	if (is_pending(m))
		return (true);
	if ((m->start == 0 || m->bytes[m->start - 1] == '\n') && m->end + 2 < m->len &&
	    memcmp(m->bytes + m->end, "  ", 2) == 0)
		return (true);
	return (is_behind_epoch(m));
}

/* Digits and letters mixed, and not ours. */
bool
leak_check_hexid(const struct leak_match *m)
{
	bool digit = false, letter = false;
	unsigned other = 0;

	for (size_t i = m->start; i < m->end; i++) {
		digit |= leak_is_digit(m->bytes[i]);
		letter |= !leak_is_digit(m->bytes[i]);
		other += i > m->start && m->bytes[i] != m->bytes[m->start];
	}
	return (digit && letter && other >= 6 && !is_ours(m));
}

bool
leak_check_uuid(const struct leak_match *m)
{
	for (size_t i = m->start; i < m->end; i++)
		if (m->bytes[i] != '0' && m->bytes[i] != '-')
			return (true);
	return (false);
}

/* Crockford's alphabet also spells long words and numbers. */
bool
leak_check_ulid(const struct leak_match *m)
{
	unsigned digits = 0;

	for (size_t i = m->start; i < m->end; i++)
		digits += leak_is_digit(m->bytes[i]);
	return (digits >= 4 && digits <= 20);
}

/* Twelve different characters, of three kinds: few words of people are that. */
bool
leak_check_entropy(const struct leak_match *m)
{
	bool seen[256] = { false }, digit = false, upper = false, lower = false;
	unsigned different = 0;

	for (size_t i = m->start; i < m->end; i++) {
		unsigned char c = m->bytes[i];

		different += !seen[c];
		seen[c] = true;
		digit |= leak_is_digit(c);
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
	}
	return (different >= 12 && digit && upper && lower && m->end - m->start != 44);
}

/* A file of a stream: seg/00000001.jsonl.zst, cp/00000001.note (docs/format.md 1). */
static bool
is_our_file(const struct leak_match *m)
{
	static const char *const folders[] = { "seg", "cp", "open", "anchor" };
	bool ours = false;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		ours |= is_named(m, folders[i]);
	return (ours && m->end - m->start == 9 && m->end < m->len &&
	    (m->bytes[m->end] == '.' || m->bytes[m->end] == '-'));
}

/* Dates stand in paths as well: 20260131. */
bool
leak_check_path_number(const struct leak_match *m)
{
	const unsigned char *d = m->bytes + m->start + 1;
	unsigned month = (d[4] - '0') * 10u + d[5] - '0', day = (d[6] - '0') * 10u + d[7] - '0';
	bool date = (memcmp(d, "19", 2) == 0 || memcmp(d, "20", 2) == 0) && month >= 1 &&
	    month <= 12 && day >= 1 && day <= 31;

	return ((!date || m->end - m->start != 9) && !is_our_file(m));
}
