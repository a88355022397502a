#include <stdint.h>

#include "detect/detect.h"
#include "detect/verify.h"

#define DECODE_MAX 1024

/* ---- known by their beginning ---- */

static const struct {
	struct span prefix;
	uint8_t tail;
} prefixes[] = {
#define PREFIX(text, tail) { SPAN(text), tail },
#include "detect/prefixes.def"
#undef PREFIX
};

/* The first row of each first byte, plus one; made before main. */
static uint8_t first_rows[256];

/* What a byte can be the beginning of. */
enum {
	BYTE_ALNUM = 1,    /* what follows is not at a word boundary */
	BYTE_ASSIGNS = 2,  /* '=', ':' */
	BYTE_ANYWHERE = 4, /* of what is known wherever it stands */
	BYTE_BOUNDARY = 8  /* of what is known at a word boundary */
};
static uint8_t byte_kinds[256];

__attribute__((constructor)) static void
index_prefixes(void)
{
	for (size_t i = sizeof(prefixes) / sizeof(prefixes[0]); i-- > 0;)
		first_rows[(unsigned char)prefixes[i].prefix.ptr[0]] = (uint8_t)(i + 1);
	for (int c = 0; c < 128; c++) {
		if (detect_verify_is_alnum((char)c))
			byte_kinds[c] = BYTE_ALNUM;
		if ((detect_verify_is_letter((char)c) || c == '-') &&
		    (first_rows[c] != 0 || (c | 0x20) == 'b')) /* or "Bearer", "Basic" */
			byte_kinds[c] |= BYTE_BOUNDARY;
	}
	byte_kinds['='] = byte_kinds[':'] = BYTE_ASSIGNS;
	/* "//user:password@", JWT, what has a checksum. */
	byte_kinds['/'] = BYTE_ANYWHERE;
	byte_kinds['e'] |= BYTE_ANYWHERE;
	byte_kinds['g'] |= BYTE_ANYWHERE;
	byte_kinds['n'] |= BYTE_ANYWHERE;
}

/*
 * Where we are in a text.  The end of the run found last is kept: asking at
 * each of its characters must not cost its length each time.
 */
struct place {
	struct span text;
	size_t at;
	size_t run, run_end;
};

/* How many of [A-Za-z0-9_-] stand ahead characters from here. */
static size_t
tail_len(struct place *p, size_t ahead)
{
	size_t start = p->at + ahead, end = start;

	if (start >= p->run && start < p->run_end)
		return (p->run_end - start);
	while (end < p->text.len &&
	    (detect_verify_is_alnum(p->text.ptr[end]) || p->text.ptr[end] == '_' ||
		p->text.ptr[end] == '-'))
		end++;
	p->run = start;
	p->run_end = end;
	return (end - start);
}

/* Six base62 digits of the CRC-32 of the 30 characters before them. */
static bool
token_checks(const char *tail)
{
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < 30; i++) {
		crc ^= (unsigned char)tail[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
	}
	crc = ~crc;
	for (size_t i = 36; i-- > 30; crc /= 62)
		if (tail[i] != digits[crc % 62])
			return (false);
	return (true);
}

/* GitHub's "ghp_" and the like, and npm's. */
static bool
has_checksum(struct span rest)
{
	if (rest.len < 24 || rest.ptr[3] != '_')
		return (false);
	if (rest.ptr[0] == 'n')
		return (rest.ptr[1] == 'p' && rest.ptr[2] == 'm');
	return (rest.ptr[1] == 'h' && rest.ptr[2] != '\0' && strchr("pousr", rest.ptr[2]) != NULL);
}

/* Behind a word boundary any tail will do; elsewhere the checksum decides. */
static bool
is_checked(struct place *p, bool boundary)
{
	struct span rest = span_from(p->text, p->at);
	size_t len;

	if (!has_checksum(rest))
		return (false);
	len = tail_len(p, 4);
	return (boundary ? len >= 20 : len >= 36 && token_checks(rest.ptr + 4));
}

/* Three or five parts of base64url, the first a JSON object; any tail. */
static bool
is_jwt(struct place *p)
{
	static const struct span openings[] = { SPAN("eyJ"), SPAN("eyA"), SPAN("ewo") };
	struct span rest = span_from(p->text, p->at);
	size_t head;

	if (!span_starts(rest, openings[0]) && !span_starts(rest, openings[1]) &&
	    !span_starts(rest, openings[2]))
		return (false);
	head = tail_len(p, 0);
	if (head < 10 || head + 1 >= rest.len || rest.ptr[head] != '.')
		return (false);
	return (rest.ptr[head + 1] == '.' || tail_len(p, head + 1) >= 4);
}

/* At a word boundary. */
static bool
is_prefixed(struct place *p)
{
	struct span rest = span_from(p->text, p->at);
	size_t first;

	if (rest.len < 11)
		return (false);
	first = first_rows[(unsigned char)rest.ptr[0]];
	for (size_t i = first - 1; first != 0 && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct span prefix = prefixes[i].prefix;

		if (prefix.ptr[0] != rest.ptr[0])
			return (false);
		if (span_starts(rest, prefix) && tail_len(p, prefix.len) >= prefixes[i].tail)
			return (true);
	}
	return (false);
}

/* ---- known by what stands before them ---- */

static bool
starts_fold(struct span text, const char *lower, size_t len)
{
	if (text.len < len)
		return (false);
	for (size_t i = 0; i < len; i++)
		if ((text.ptr[i] | 0x20) != lower[i])
			return (false);
	return (true);
}

/* "Bearer x" "Basic x": a scheme, a blank, and what is no plain word. */
size_t
detect_secret_scheme(struct span rest)
{
	size_t i = starts_fold(rest, "bearer ", 7) ? 7 : starts_fold(rest, "basic ", 6) ? 6 : 0;
	size_t start;
	bool odd = false;

	if (i == 0)
		return (0);
	while (i < rest.len && rest.ptr[i] == ' ')
		i++;
	for (start = i; i < rest.len && rest.ptr[i] != ' ' && rest.ptr[i] != ','; i++)
		odd = odd || !detect_verify_is_letter(rest.ptr[i]) ||
		    (i > start && detect_verify_is_upper(rest.ptr[i]));
	return (i - start >= 6 && odd ? i : 0);
}

/* "//user:password@": a colon and then '@' before the path begins. */
static bool
is_user_information(struct span rest)
{
	bool colon = false;

	if (rest.len < 6 || rest.ptr[1] != '/')
		return (false);
	for (size_t i = 2; i < rest.len; i++) {
		char c = rest.ptr[i];

		if (c == '@')
			return (colon);
		if (c == '/' || c == '?' || c == '#' || c == ' ')
			return (false);
		colon = colon || c == ':';
	}
	return (false);
}

static bool
is_name(char c)
{
	return (detect_verify_is_alnum(c) || c == '_' || c == '-' || c == '.');
}

/* What is assigned at text[i], '=' or ':'?  '"password": "x"' counts as well. */
enum record_class
detect_secret_assigned(struct span text, size_t i)
{
	size_t end = i, start, value = i + 1;
	struct span name;

	while (end > 0 &&
	    (text.ptr[end - 1] == ' ' || text.ptr[end - 1] == '"' || text.ptr[end - 1] == '\''))
		end--;
	for (start = end; start > 0 && end - start < 64 && is_name(text.ptr[start - 1]);)
		start--;
	while (value < text.len &&
	    (text.ptr[value] == ' ' || text.ptr[value] == '"' || text.ptr[value] == '\''))
		value++;
	if (start == end || value == text.len || strchr("&;,}/", text.ptr[value]) != NULL)
		return (RECORD_CLASS_NONE);
	name = span_of(text.ptr + start, end - start);
	if (detect_name_is_password(name))
		return (RECORD_CLASS_CREDENTIAL);
	return (text.ptr[i] == '=' && detect_name_is_session(name) ? RECORD_CLASS_SESSION :
								     RECORD_CLASS_NONE);
}

static bool
begins_secret(struct place *p)
{
	char c = p->text.ptr[p->at];
	bool boundary = p->at == 0 || !detect_verify_is_alnum(p->text.ptr[p->at - 1]);

	if (c == 'e' && is_jwt(p))
		return (true);
	if ((c == 'g' || c == 'n') && is_checked(p, boundary))
		return (true);
	if (!boundary || !(detect_verify_is_letter(c) || c == '-'))
		return (false);
	return (is_prefixed(p) ||
	    ((c | 0x20) == 'b' && detect_secret_scheme(span_from(p->text, p->at)) != 0));
}

enum record_class
detect_secret_known(struct span text)
{
	enum record_class found = RECORD_CLASS_NONE;
	struct place p = { .text = text };
	unsigned before = 0;

	for (; p.at < text.len; p.at++) {
		char c = text.ptr[p.at];
		unsigned kinds = byte_kinds[(unsigned char)c];
		unsigned asks = BYTE_ASSIGNS | BYTE_ANYWHERE;

		if ((before & BYTE_ALNUM) == 0)
			asks |= BYTE_BOUNDARY;
		before = kinds;
		if ((kinds & asks) == 0)
			continue;
		if ((kinds & BYTE_ASSIGNS) != 0)
			found = detect_verify_worse(found, detect_secret_assigned(text, p.at));
		else if (c == '/' ? is_user_information(span_from(text, p.at)) : begins_secret(&p))
			return (RECORD_CLASS_CREDENTIAL);
	}
	return (found);
}

/* ---- what runs decode to ---- */

static int
base64_value(char c)
{
	if (detect_verify_is_upper(c))
		return (c - 'A');
	if (detect_verify_is_letter(c))
		return (c - 'a' + 26);
	if (detect_verify_is_digit(c))
		return (c - '0' + 52);
	return (c == '+' || c == '-' ? 62 : 63);
}

static size_t
decode_base64(struct span run, char *out)
{
	uint32_t bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < run.len; i++) {
		bits = bits << 6 | (uint32_t)base64_value(run.ptr[i]);
		if (i % 4 != 0) /* 12, 18, 24 bits: a byte is complete */
			out[at++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return (at);
}

static size_t
decode_hex(struct span run, char *out)
{
	for (size_t i = 0; i + 2 <= run.len; i += 2) {
		unsigned char byte = 0;

		for (size_t k = 0; k < 2; k++) {
			char c = run.ptr[i + k];

			byte = (unsigned char)(byte * 16 +
			    (detect_verify_is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10));
		}
		out[i / 2] = (char)byte;
	}
	return (run.len / 2);
}

/* Without NUL bytes: UTF-16 of plain text becomes plain text.  Returns the length. */
static size_t
drop_zeros(char *bytes, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] != '\0')
			bytes[kept++] = bytes[i];
	return (kept);
}

/* Ask look about each stretch of plain text in len bytes. */
static enum record_class
look_at(char *memory, size_t len, enum record_class (*look)(struct span))
{
	struct span bytes = span_of(memory, drop_zeros(memory, len));
	enum record_class found = RECORD_CLASS_NONE;
	size_t i = 0;

	while (i < bytes.len) {
		size_t start = i;

		while (i < bytes.len && bytes.ptr[i] >= 0x20 && bytes.ptr[i] < 0x7f)
			i++;
		if (i - start >= 6)
			found =
			    detect_verify_worse(found, look(span_of(bytes.ptr + start, i - start)));
		i += i == start;
	}
	return (found);
}

/* A run of up to DECODE_MAX characters; it may begin with foreign ones. */
static enum record_class
look_in_run(struct span run, enum record_class (*look)(struct span))
{
	enum record_class found = RECORD_CLASS_NONE;
	char bytes[DECODE_MAX];
	unsigned kinds = 0;
	size_t hex = 0;

	for (size_t i = 0; i < run.len; i++)
		kinds |= 1u << detect_secret_kind(run.ptr[i]);
	/* Nobody's plain text becomes base64 in one case. */
	for (size_t shift = 0; (kinds & 12) == 12 && shift < 4; shift++)
		found = detect_verify_worse(
		    found, look_at(bytes, decode_base64(span_from(run, shift), bytes), look));
	while (hex < run.len && detect_verify_is_hex(run.ptr[hex]))
		hex++;
	for (size_t shift = 0; hex == run.len && shift < 2; shift++)
		found = detect_verify_worse(
		    found, look_at(bytes, decode_hex(span_from(run, shift), bytes), look));
	return (found);
}

enum record_class
detect_secret_decoded(struct span text, enum record_class (*look)(struct span))
{
	enum record_class found = RECORD_CLASS_NONE;
	size_t i = 0;

	while (i < text.len) {
		size_t start = i;

		while (i < text.len && detect_verify_is_base64(text.ptr[i]))
			i++;
		/* Long runs in pieces that overlap by more than an e-mail is long. */
		for (size_t at = start; i - at >= 16; at += DECODE_MAX - 400) {
			size_t len = i - at < DECODE_MAX ? i - at : DECODE_MAX;

			found = detect_verify_worse(
			    found, look_in_run(span_of(text.ptr + at, len), look));
			if (i - at <= DECODE_MAX)
				break;
		}
		i += i == start;
	}
	return (found);
}
