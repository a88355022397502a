/*
 * Fuzz target: any bytes through a scanner, as they stand and as a file that
 * may be compressed.  How they are cut into pieces changes nothing; a place
 * lies within the text; a planted value, in an encoding that the input
 * chooses, is found.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "leak/file/inside.h"
#include "leak/leak.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX ((size_t)200000)

static const char planted[] = "erika-mustermann@planted.example";
static struct leak_rules *rules;
static struct leak_scanner *scanner, *rest;
static struct leak_stream *stream;
static uint64_t found, sum, farthest, values;

static void
check(int holds)
{
	if (!holds)
		abort();
}

static void
note(void *arg, const struct leak_finding *f)
{
	(void)arg;
	found++;
	sum += f->at * 31 + f->rule;
	farthest = f->at > farthest ? f->at : farthest;
	values += f->value > 0;
}

static void
stop(void)
{
	leak_stream_close(stream);
	leak_scanner_close(scanner);
	leak_scanner_close(rest);
	leak_rules_close(rules);
}

static void
start(void)
{
	struct err e;

	check(leak_rules_open(LEAK_STRICT, &rules, &e) == 0);
	check(leak_rules_plant(rules, span_str(planted), &e) == 0);
	check(leak_scanner_open(rules, note, NULL, &scanner, &e) == 0 &&
	    leak_scanner_open(rules, note, NULL, &rest, &e) == 0 &&
	    leak_stream_open(scanner, rest, &stream, &e) == 0);
	check(atexit(stop) == 0);
}

static void
scan(const void *bytes, size_t len, size_t piece)
{
	found = sum = farthest = values = 0;
	leak_scanner_begin(scanner, "");
	for (size_t at = 0; at < len; at += piece)
		leak_scanner_add(
		    scanner, (const char *)bytes + at, len - at < piece ? len - at : piece);
	leak_scanner_end(scanner);
	check(found == 0 || farthest < len);
}

static void
as_a_file(const uint8_t *data, size_t size)
{
	leak_stream_begin(stream, true);
	for (size_t at = 0; at < size; at += 7)
		if (!leak_stream_add(stream, data + at, size - at < 7 ? size - at : 7))
			break;
	leak_stream_end(stream);
}

/* One byte of the planted value, in one of eight ways. */
static size_t
put(char *out, unsigned char byte, unsigned how)
{
	static const char *const forms[] = { "%c", "%%%02x", "%%25%02X", "\\u%04x", "&#%u;",
		"\\x%02x", "%%26%%23x%x%%3B", "%c" };

	return ((size_t)sprintf(out, forms[how & 7], byte));
}

/* The value between bytes of the input that end no escape and begin none. */
static size_t
plant(char *text, const uint8_t *data, size_t size)
{
	size_t head = size / 2 < 1000 ? size / 2 : 1000, len = 0, how = data[0] % 16;

	memcpy(text, data, head);
	len = head;
	len += (size_t)sprintf(text + len, " ");
	if ((data[0] & 0xc0) == 0xc0)
		return (len + text_base64(text + len, planted, sizeof(planted) - 1));
	for (size_t i = 0; i + 1 < sizeof(planted); i++)
		len += put(text + len, (unsigned char)planted[i], data[(how + i) % size]);
	return (len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_MAX];
	uint64_t first, first_sum;
	size_t len;

	if (rules == NULL)
		start();
	if (size == 0 || size > TEXT_MAX / 4)
		return (0);
	scan(data, size, size);
	first = found;
	first_sum = sum;
	scan(data, size, 1 + data[0]);
	check(found == first && sum == first_sum);
	as_a_file(data, size);
	len = plant(text, data, size);
	scan(text, len, 4096);
	check(values > 0);
	return (0);
}
