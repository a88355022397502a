/*
 * An identifier is planted into a field of a combined line under up to four
 * nested encodings that the input chooses; neither it nor anything that the
 * written bytes decode to may hold it.  The decoders here are the oracle's
 * own: nothing of detect/ is used.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "crypto/random.h"
#include "key/key.h"
#include "mask/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 16384
#define LAYERS_MAX 4
#define CLOSURE_DEPTH 3

static struct key_ring *ring;
static struct mask *mask;
static struct mask_words *words;
static struct mask_batch batch;

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
stop(void)
{
	mask_close(mask);
	mask_words_close(words);
	key_ring_free(ring);
	free(batch.records);
	free(batch.ends);
}

static void
start(void)
{
	static struct mask_policy policy;
	unsigned char commitment[32];
	struct err e;

	mask_policy_default(&policy);
	memcpy(policy.hosts[0], "shop.example.com", 17);
	policy.host_count = 1;
	check(crypto_start(&e) == 0 && key_ring_ephemeral(&ring, &e) == 0 &&
	    key_ring_import(ring, false, commitment, &e) == 0 &&
	    mask_words_open(10, &words, &e) == 0);
	struct mask_setup setup = { .policy = &policy, .ring = ring, .words = words,
		.parser.format = parse_format_find(span_of("apache-combined", 15)), .epochs = MASK_EPOCH_EVENT,
		.line_max = PARSE_LINE_MAX };
	check(setup.parser.format != NULL && mask_open(&setup, &mask, &e) == 0);
	batch.records = malloc(4 * RECORD_BYTES_MAX);
	batch.ends = malloc(64);
	check(atexit(stop) == 0);
}

/* ---- encodings ---- */

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t
to_base64(const char *in, size_t len, bool url, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)in[i] << 16;

		if (i + 1 < len)
			bits |= (uint32_t)(unsigned char)in[i + 1] << 8;
		if (i + 2 < len)
			bits |= (unsigned char)in[i + 2];
		for (size_t k = 0; k < 4 && i + k <= len; k++) {
			char c = digits64[bits >> (18 - 6 * k) & 63];

			out[at++] = !url ? c : c == '+' ? '-' : c == '/' ? '_' : c;
		}
	}
	while (!url && at % 4 != 0)
		out[at++] = '=';
	return (at);
}

/* Byte by byte, in one of these ways. */
static size_t
spell(char *out, unsigned char c, unsigned how)
{
	switch (how) {
	case 0: return ((size_t)sprintf(out, "%%%02x", c));
	case 1: return ((size_t)sprintf(out, "%%%02X", c));
	case 2: return ((size_t)sprintf(out, "&#%u;", c));
	case 3: return ((size_t)sprintf(out, "&#x%x;", c));
	case 4: return ((size_t)sprintf(out, "\\u%04x", c));
	case 5: return ((size_t)sprintf(out, "%02x", c));
	case 6: return ((size_t)sprintf(out, "%%u%04X", c));
	default: out[0] = (char)c; return (1);
	}
}

/* One more layer around text; returns the new length. */
static size_t
encode(char *text, size_t len, unsigned how)
{
	static char out[TEXT_MAX];
	size_t at = 0;

	if (len * 8 + 64 > TEXT_MAX)
		return (len);
	switch (how % 12) {
	case 7: at = to_base64(text, len, false, out); break;
	case 8: at = to_base64(text, len, true, out); break;
	case 9: /* UTF-16 */
		for (size_t i = 0; i < len; i++) {
			out[at++] = text[i];
			out[at++] = '\0';
		}
		memcpy(text, out, at);
		at = to_base64(text, at, true, out);
		break;
	case 10: at = (size_t)sprintf(out, "{\"e\":\"%.*s\"}", (int)len, text); break;
	case 11: memcpy(out, text, at = len); break;
	default:
		for (size_t i = 0; i < len; i++)
			at += spell(out + at, (unsigned char)text[i], how % 12);
		break;
	}
	memcpy(text, out, at);
	return (at);
}

/* ---- the oracle ---- */

static const char *const planted[] = { "erika.m@planted.example", "203.0.113.77",
	"4111111111111111", "+491701234567", "kowalczyk-mustermann", "hunter2secretpw" };
static const char *const forbidden[] = { "erika.m", "203.0.113.77", "411111111111",
	"491701234567", "kowalczyk", "hunter2secret" };
#define PLANTED_COUNT (sizeof(planted) / sizeof(planted[0]))

static bool
holds(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t i = 0; i + word_len <= len; i++)
		if (strncasecmp(text + i, word, word_len) == 0)
			return (true);
	return (false);
}

static int
nibble(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' :
		(c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1);
}

/* Percent, \u00XX and &#N; undone, NUL bytes left out. */
static size_t
view_escapes(const char *in, size_t len, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned value = 0;
		int used = 0;
		char copy[12] = "";

		memcpy(copy, in + i, len - i < 11 ? len - i : 11);
		if (copy[0] == '%' && nibble(copy[1]) >= 0 && nibble(copy[2]) >= 0) {
			out[at++] = (char)(nibble(copy[1]) * 16 + nibble(copy[2]));
			i += 2;
		} else if ((sscanf(copy, "\\u%4x%n", &value, &used) == 1 ||
			       sscanf(copy, "%%u%4x%n", &value, &used) == 1 ||
			       sscanf(copy, "&#x%x;%n", &value, &used) == 1 ||
			       sscanf(copy, "&#%u;%n", &value, &used) == 1) &&
		    used > 0) {
			out[at++] = (char)value;
			i += (size_t)used - 1;
		} else if (copy[0] != '\0')
			out[at++] = copy[0];
	}
	return (at);
}

/* Runs of 16 digits of one alphabet and more become what they encode; the rest is left out. */
static size_t
view_runs(const char *in, size_t len, bool base64, size_t shift, char *out)
{
	size_t at = 0, i = 0;

	while (i < len) {
		size_t from = i;
		uint32_t bits = 0;
		unsigned count = 0;

		for (; i < len; i++) {
			char c = in[i] == '-' ? '+' : in[i] == '_' ? '/' : in[i];

			if (base64 ? c == '\0' || strchr(digits64, c) == NULL : nibble(c) == -1)
				break;
		}
		if (i - from >= 16)
			for (size_t k = from + shift; k < i; k++) {
				char c = in[k] == '-' ? '+' : in[k] == '_' ? '/' : in[k];

				bits = base64 ? bits << 6 | (uint32_t)(strchr(digits64, c) - digits64) :
						bits << 4 | (uint32_t)nibble(c);
				count += base64 ? 6 : 4;
				if (count >= 8) {
					count -= 8;
					if ((bits >> count & 255) != 0)
						out[at++] = (char)(bits >> count);
				}
			}
		out[at++] = '\n';
		i += i == from;
	}
	return (at);
}

/* Does text hold word, or anything that it decodes to in depth steps? */
static bool
closure_holds(const char *text, size_t len, const char *word, int depth)
{
	char *view;
	bool found = holds(text, len, word);

	if (found || depth == 0)
		return (found);
	view = malloc(len + 2);
	check(view != NULL);
	for (int how = 0; how < 7 && !found; how++) {
		size_t view_len = how == 0 ? view_escapes(text, len, view) :
					     view_runs(text, len, how <= 4, (size_t)(how - 1) % 4, view);

		if (how == 0 && view_len == len)
			continue;
		found = closure_holds(view, view_len, word, depth - 1);
	}
	free(view);
	return (found);
}

/* Every encoding, twice over, must be seen through. */
static void
is_not_blind(void)
{
	static char text[TEXT_MAX];

	for (unsigned how = 0; how < 12; how++)
		for (unsigned again = 0; again < 12; again++) {
			size_t len = strlen(planted[0]);

			memcpy(text, planted[0], len);
			len = encode(text, len, how);
			len = encode(text, len, again);
			check(closure_holds(text, len, forbidden[0], CLOSURE_DEPTH));
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const lines[] = {
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /%.*s HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a?q=%.*s&page=2 HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a?%.*s=1 HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5 "
		"\"https://shop.example.com/%.*s\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"Mozilla/5.0 "
		"(%.*s) Chrome/120.0.0.0\"\n",
		"192.0.2.7 - %.*s [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"%.*s - - [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /img/%.*s.png;v=1 HTTP/1.1\" 200 5 "
		"\"-\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"%.*s\" 400 5 \"-\" \"-\"\n",
		"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a?sort=%.*s&utm_source=x HTTP/1.1\" 200 5 "
		"\"-\" \"-\"\n",
	};
	static char text[TEXT_MAX], line[TEXT_MAX + 256];
	size_t which, len, head, line_len;

	if (mask == NULL) {
		start();
		is_not_blind();
	}
	if (size < 3)
		return (0);
	which = data[0] % PLANTED_COUNT;
	head = size - 3 < LAYERS_MAX ? 0 : data[2] % 32;
	if (head > size - 3)
		head = size - 3;
	/* Some bytes around it, then the layers. */
	memcpy(text, data + 3, head);
	len = head;
	memcpy(text + len, planted[which], strlen(planted[which]));
	len += strlen(planted[which]);
	for (size_t i = 3 + head; i < size && i < 3 + head + LAYERS_MAX; i++)
		len = encode(text, len, data[i]);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' || text[i] == '\0')
			text[i] = ' ';
	line_len = (size_t)snprintf(
	    line, sizeof(line), lines[data[1] % (sizeof(lines) / sizeof(lines[0]))], (int)len, text);
	if (line_len >= sizeof(line))
		return (0);
	batch.lines = span_of(line, line_len);
	mask_batch(mask, &batch);
	check(batch.record_count == 1);
	check(!closure_holds(
	    batch.records, batch.records_len, forbidden[which], CLOSURE_DEPTH));
	return (0);
}
