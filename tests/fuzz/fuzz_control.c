/* Fuzz target: any bytes at the control socket, and any bytes as its answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch/control.h"
#include "app/watch/print.h"
#include "base/err.h"
#include "store/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size);
	struct err e = { ERR_NONE, "" };
	struct app_request request;
	struct buf out = { 0 };
	int code;

	app_control_read(text, &request);
	if (request.asked == APP_ASKED_CANARY) {
		demand(store_name_ok(span_str(request.stream)));
		demand(request.code >= 0 && request.code <= ERR_CONFIG);
	}
	if (request.asked == APP_ASKED_DETAIL) {
		const struct app_wish *wish = &request.wish;

		demand(store_name_ok(span_str(request.stream)));
		demand(wish->raise == DETAIL_SLIM || wish->raise == DETAIL_FULL);
		demand(wish->for_us > 0 && wish->for_us <= DETAIL_RAISE_MAX_US);
		demand(memchr(wish->reason, '\0', sizeof(wish->reason)) != NULL);
		demand(wish->reason[0] != '\0');
	}
	code = app_status_print(text, &out, &e);
	demand(code == 0 || code == ERR_FINDING || code == ERR_INCOMPLETE ||
	    (code == -1 && e.text[0] != '\0'));
	buf_free(&out);
	return (0);
}
