#include "detect/host.h"

#include <libpsl.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"
#include "crypto/random.h"
#include "detect/canon.h"
#include "detect/verify.h"
#include "parse/addr.h"

#define CACHE_ENTRIES 4096u
#define NAME_MAX_BYTES 253
#define LABEL_MAX_BYTES 63
#define POINTS_MAX LABEL_MAX_BYTES

struct entry {
	uint64_t key;
	uint16_t len, domain_at; /* len 0: the entry is free */
};

struct detect_hosts {
	const psl_ctx_t *list;
	uint64_t seed;
	struct entry entries[CACHE_ENTRIES];
};

int
detect_hosts_open(struct detect_hosts **h)
{
	const psl_ctx_t *list = psl_builtin();
	struct detect_hosts *made;

	if (list == NULL || (made = calloc(1, sizeof(*made))) == NULL)
		return (-1);
	made->list = list;
	crypto_random(&made->seed, sizeof(made->seed));
	*h = made;
	return (0);
}

void
detect_hosts_close(struct detect_hosts *h)
{
	free(h); /* the list is libpsl's own */
}

/* ---- Punycode (RFC 3492) of one label ---- */

/*
 * Lower case where it is simple; what has no simple one stays.  Unlike
 * UTS 46 we compose nothing: a name with combining marks is no valid name.
 */
static uint32_t
lower_point(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (c + 32);
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3ab && c != 0x3a2) ||
	    (c >= 0x410 && c <= 0x42f))
		return (c + 32);
	if (c >= 0x400 && c <= 0x40f)
		return (c + 80);
	if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177) ||
	    (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) ||
	    (c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff))
		return (c | 1);
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return (c + (c & 1));
	return (c == 0x178 ? 0xff : c);
}

/* Letters and digits only, roughly: no marks to combine, no symbols, no private use. */
static bool
is_point(uint32_t c)
{
	if (c < 0x80)
		return (detect_verify_is_alnum((char)c) || c == '-' || c == '_');
	return ((c >= 0xdf && c != 0xf7 && !(c >= 0x2b0 && c <= 0x36f) && c != 0x130 &&
	    !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x3004) &&
	    !(c >= 0xd800 && c <= 0xf8ff) && !(c >= 0xfe00 && c <= 0xffff) && c < 0x30000));
}

/* Code points of a label in valid UTF-8, in lower case; 0 if it has none or bad ones. */
static size_t
label_points(struct span label, uint32_t points[static POINTS_MAX])
{
	size_t count = 0, i = 0;

	while (i < label.len) {
		unsigned char lead = (unsigned char)label.ptr[i++];
		unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		uint32_t c = more == 0 ? lead : lead & (0x3fu >> more);

		for (; more > 0 && i < label.len; more--)
			c = c << 6 | ((unsigned char)label.ptr[i++] & 63);
		c = lower_point(c);
		if (!is_point(c) || count == POINTS_MAX)
			return (0);
		points[count++] = c;
	}
	return (count);
}

static uint32_t
adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / count;
	for (; delta > 455; k += 36)
		delta /= 35;
	return (k + 36 * delta / (delta + 38));
}

/* One delta as digits of a variable base; 0 if they do not fit. */
static size_t
put_delta(char *out, size_t room, uint32_t delta, uint32_t bias)
{
	size_t at = 0;

	for (uint32_t k = 36;; k += 36) {
		uint32_t least = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		uint32_t digit = delta < least ? delta : least + (delta - least) % (36 - least);

		if (at == room)
			return (0);
		out[at++] = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
		if (delta < least)
			return (at);
		delta = (delta - least) / (36 - least);
	}
}

/* The smallest point from n on; there is one. */
static uint32_t
next_point(const uint32_t *points, size_t count, uint32_t n)
{
	uint32_t next = UINT32_MAX;

	for (size_t i = 0; i < count; i++)
		if (points[i] >= n && points[i] < next)
			next = points[i];
	return (next);
}

/* "xn--" and the rest; at most LABEL_MAX_BYTES, 0 if it does not fit. */
static size_t
put_punycode(char *out, const uint32_t *points, size_t count)
{
	uint32_t n = 128, delta = 0, bias = 72;
	size_t at = 4, basic, done;

	memcpy(out, "xn--", 4);
	for (size_t i = 0; i < count; i++)
		if (points[i] < 128 && at < LABEL_MAX_BYTES)
			out[at++] = (char)points[i];
	basic = done = at - 4;
	if (basic > 0 && at < LABEL_MAX_BYTES)
		out[at++] = '-';
	for (; done < count; delta++, n++) {
		uint32_t next = next_point(points, count, n);

		delta += (next - n) * (uint32_t)(done + 1);
		n = next;
		for (size_t i = 0; i < count; i++) {
			size_t len;

			delta += points[i] < n;
			if (points[i] != n)
				continue;
			len = put_delta(out + at, LABEL_MAX_BYTES - at, delta, bias);
			if (len == 0)
				return (0);
			at += len;
			bias = adapt(delta, (uint32_t)done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
	return (at);
}

/* ---- names ---- */

static bool
is_plain_label(struct span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!detect_verify_is_alnum(label.ptr[i]) && label.ptr[i] != '-' &&
		    label.ptr[i] != '_')
			return (false);
	return (label.len > 0 && label.len <= LABEL_MAX_BYTES);
}

/* Add a label in its A-form to host; false if it is no label or does not fit. */
static bool
add_label(struct detect_host *host, struct span label)
{
	uint32_t points[POINTS_MAX];
	char made[LABEL_MAX_BYTES];
	size_t len = label.len, count;

	if (is_plain_label(label)) {
		for (size_t i = 0; i < len; i++)
			made[i] = detect_verify_is_upper(label.ptr[i]) ? (char)(label.ptr[i] + 32) :
									 label.ptr[i];
	} else {
		count = label_points(label, points);
		if (count == 0 || (len = put_punycode(made, points, count)) == 0)
			return (false);
	}
	if (host->len + len + 1 > NAME_MAX_BYTES)
		return (false);
	if (host->len > 0)
		host->text[host->len++] = '.';
	memcpy(host->text + host->len, made, len);
	host->len += len;
	return (true);
}

/* A name in UTF-8, full-width forms and stops already folded. */
static bool
read_name(struct detect_host *host, struct span name)
{
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len == 0)
		return (false);
	for (;;) {
		size_t dot = span_find(name, '.');

		if (!add_label(host, span_of(name.ptr, dot)))
			return (false);
		if (dot == name.len)
			return (true);
		name = span_from(name, dot + 1);
	}
}

static bool
take_port(struct span digits, struct detect_host *host)
{
	int port = 0;

	if (digits.len > 5)
		return (false);
	for (size_t i = 0; i < digits.len; i++) {
		if (!detect_verify_is_digit(digits.ptr[i]))
			return (false);
		port = port * 10 + (digits.ptr[i] - '0');
	}
	if (port > 65535)
		return (false);
	host->port = digits.len == 0 ? -1 : port;
	return (true);
}

/* What remains of an authority without user, brackets and port. */
static bool
take_name(struct span authority, struct detect_host *host, struct span *name)
{
	size_t at, colon;

	for (at = authority.len; at > 0 && authority.ptr[at - 1] != '@'; at--)
		;
	*name = span_from(authority, at);
	if (name->len > 0 && name->ptr[0] == '[') {
		size_t close = span_find(*name, ']');
		struct span rest = span_from(*name, close + 1);

		if (close == name->len)
			return (false);
		*name = span_of(name->ptr + 1, close - 1);
		return (
		    rest.len == 0 || (rest.ptr[0] == ':' && take_port(span_from(rest, 1), host)));
	}
	colon = span_find(*name, ':');
	if (colon == name->len ||
	    span_find(span_from(*name, colon + 1), ':') < name->len - colon - 1)
		return (true); /* no port, or an IPv6 address without brackets */
	authority = span_from(*name, colon + 1);
	name->len = colon;
	return (take_port(authority, host));
}

static size_t
find_domain(struct detect_hosts *h, const struct detect_host *host)
{
	uint64_t key = hash_bytes(host->text, host->len, h->seed);
	struct entry *entry = &h->entries[key % CACHE_ENTRIES];
	const char *domain;

	if (entry->key == key && entry->len == host->len)
		return (entry->domain_at);
	domain = psl_registrable_domain(h->list, host->text);
	entry->key = key;
	entry->len = (uint16_t)host->len;
	entry->domain_at = (uint16_t)(domain == NULL ? host->len : (size_t)(domain - host->text));
	return (entry->domain_at);
}

/* Decoded and folded into memory, or as it is; false if it cannot be read. */
static bool
normalise(struct span in, char memory[static 2 * DETECT_HOST_BYTES],
    char folded[static DETECT_HOST_BYTES], struct span *out)
{
	enum detect_canon_result result =
	    detect_canon(in, false, memory, 2 * DETECT_HOST_BYTES, out);

	if (result == DETECT_CANON_UNSETTLED || result == DETECT_CANON_MALFORMED)
		return (false);
	if (text_is_ascii(*out))
		return (true);
	if (!text_is_utf8(*out))
		return (false);
	*out = span_of(folded, detect_canon_fold(*out, folded));
	return (true);
}

/*
 * An address, in any notation.  The last label of a name is never a number:
 * what ends in one is an address, or somebody hides one.
 */
static bool
is_address(struct span name)
{
	uint64_t sum = detect_verify_weigh(name);
	struct parse_addr addr;
	size_t i = name.len;

	if ((sum & (VERIFY_DIGIT * 255 | VERIFY_COLON * 255)) == 0)
		return (false);
	if (parse_addr(name, &addr) == PARSE_ADDR_OK || detect_verify_address(name) ||
	    detect_verify_address_value(name))
		return (true);
	while (i > 0 && name.ptr[i - 1] == '.')
		i--;
	if (i == 0 || !detect_verify_is_digit(name.ptr[i - 1]))
		return (false);
	while (i > 0 && detect_verify_is_digit(name.ptr[i - 1]))
		i--;
	return (i == 0 || name.ptr[i - 1] == '.');
}

void
detect_host_read(struct detect_hosts *h, struct span authority, struct detect_host *host)
{
	char memory[2 * DETECT_HOST_BYTES], folded[DETECT_HOST_BYTES];
	struct span name;
	bool named;

	host->len = host->domain_at = 0;
	host->text[0] = '\0';
	host->port = -1;
	host->is_address = host->valid = false;
	for (size_t at = authority.len; authority.len > DETECT_HOST_BYTES && at > 0; at--)
		if (authority.ptr[at - 1] == '@') { /* user information may be long */
			authority = span_from(authority, at);
			break;
		}
	if (authority.len == 0 || authority.len >= DETECT_HOST_BYTES ||
	    !normalise(authority, memory, folded, &authority) || !take_name(authority, host, &name))
		return;
	host->is_address = name.len > 0 && is_address(name);
	named = !host->is_address && read_name(host, name);
	if (!named) {
		host->len = 0;
		host->text[0] = '\0';
		if (!host->is_address)
			return;
		/* Kept for whoever makes its token; lower case is all it needs. */
		host->len = detect_canon_fold(name, host->text);
	}
	host->text[host->len] = '\0';
	host->domain_at = named ? find_domain(h, host) : host->len;
	host->valid = true;
}
