/*
 * A configuration is read, or every error has a place; what was read prints
 * to a text that reads the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "config/fill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A report is text that a terminal may see. */
static void
check_report(const struct buf *report)
{
	if (report->len == 0 || report->data[report->len - 1] != '\n' ||
	    !text_is_utf8(buf_view(report)))
		abort();
	for (size_t i = 0; i < report->len; i++)
		if (report->data[i] != '\n' &&
		    ((unsigned char)report->data[i] < 0x20 || report->data[i] == 0x7f))
			abort();
}

static void
check_round_trip(const struct config *c)
{
	struct buf printed = { 0 }, again = { 0 }, report = { 0 };
	struct config *second = NULL;
	struct err e;

	config_print(c, &printed);
	if (config_load_text(buf_view(&printed), NULL, &second, &report, &e) != 0)
		abort();
	config_print(second, &again);
	if (!span_equal(buf_view(&printed), buf_view(&again)))
		abort();
	config_free(second);
	buf_free(&printed);
	buf_free(&again);
	buf_free(&report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf report = { 0 };
	struct config *c = NULL;
	struct err e;

	if (config_load_text(span_of((const char *)data, size), NULL, &c, &report, &e) == 0)
		check_round_trip(c);
	else if (size <= CONFIG_FILE_BYTES)
		check_report(&report);
	config_free(c);
	buf_free(&report);
	return (0);
}
