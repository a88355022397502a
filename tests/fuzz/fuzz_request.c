/* Fuzz target: requests of persons, and signed texts, from any bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "app/subject/request.h"
#include "base/err.h"
#include "base/text.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

/* What is accepted prints to the same bytes; by nobody's key it is approved. */
static void
check(struct span text, const struct app_request *r, const struct seal_note *note)
{
	static struct config *config;
	struct buf again = { 0 };
	struct err e = { 0 };

	if (config == NULL && config_default(&config, NULL) == -1)
		abort();
	app_request_print(r, &again);
	demand(buf_ok(&again) && span_starts(text, buf_view(&again)));
	demand(again.len == note->body.len + 1);
	buf_clear(&again);
	demand(app_request_check_approvals(note, config, &again, &e) == -1);
	demand(e.code == ERR_CONFIG);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seal_note note;
	struct span text = span_of((const char *)data, size);
	struct app_request r;
	struct err e = { 0 };

	if (app_request_read(text, &r, &note, &e) == 0)
		check(text, &r, &note);
	else
		demand((e.code == ERR_FINDING || e.code == ERR_INPUT) &&
		    text_is_ascii(span_str(e.text)));
	return (0);
}
