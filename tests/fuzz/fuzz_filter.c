/* A filter compiles, or names a column of its text; matching never fails. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char line[] =
    "{\"time\":\"2026-11-25T03:00:00.123Z\",\"client\":\"ip.abc\",\"forwarded\":[\"if.a\"],"
    "\"path\":\"/a\",\"status\":404,\"extra\":{\"a\":7,\"b\":\"c\"},\"flags\":[\"overlong\"]}";

static void
check_refusal(const char *text, size_t size, const struct err *e)
{
	struct buf out = { 0 };
	unsigned column;

	if (e->code != ERR_USAGE || sscanf(e->text, "column %u:", &column) != 1 || column < 1 ||
	    column > size + 1)
		abort();
	filter_caret(text, e, &out);
	if (!buf_ok(&out) || out.len == 0 || out.data[out.len - 1] != '\n')
		abort();
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record_decoder decoder;
	struct filter *filter = NULL;
	char *text = malloc(size + 1);
	struct record r;
	struct err e;

	if (text == NULL || record_decode(&decoder, span_str(line), &r, &e) != 0)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (filter_compile(text, &filter, &e) == 0)
		(void)filter_match(filter, &r);
	else
		check_refusal(text, strlen(text), &e);
	filter_free(filter);
	free(text);
	return (0);
}
