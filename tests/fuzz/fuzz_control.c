/* Fuzz target: any bytes at the control socket, and any bytes as its answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/restrict/box.h"
#include "app/restrict/say.h"
#include "app/retain/erasing.h"
#include "app/retain/order.h"
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

/* What is read is printed to the same again. */
static void
read_order(struct span json)
{
	static struct seal_range ranges[STORE_HOLD_RANGES_MAX], again[STORE_HOLD_RANGES_MAX];
	struct app_order order, other;
	struct buf text = { 0 }, more = { 0 }, line = { 0 }, back = { 0 };

	if (app_order_read(json, &order, &text, ranges) == 0) {
		demand(store_name_ok(span_str(order.stream)));
		demand(order.hold.count <= STORE_HOLD_RANGES_MAX && order.hold.until_us >= 0);
		app_order_print(&order, &line);
		demand(app_order_read(span_of(line.data + 5, line.len - 6), &other, &more, again) ==
		    0);
		app_order_print(&other, &back);
		demand(span_equal(buf_view(&line), buf_view(&back)));
	}
	buf_free(&text);
	buf_free(&more);
	buf_free(&line);
	buf_free(&back);
}

/* The same of an erasure: ascending, and no more records than an entry takes. */
static void
read_erasing(struct span json)
{
	static struct store_erase_item items[SEAL_ERASED_MAX], again[SEAL_ERASED_MAX];
	struct buf text = { 0 }, more = { 0 }, line = { 0 }, back = { 0 };
	struct app_erasing a, other;

	if (app_erasing_read(json, &a, &text, items) == 0) {
		demand(store_name_ok(span_str(a.stream)) && a.order.count <= SEAL_ERASED_MAX);
		for (size_t i = 0; i < a.order.count; i++)
			demand(items[i].line.ptr == NULL &&
			    (i == 0 || items[i].record > items[i - 1].record));
		app_erasing_print(&a, &line);
		demand(app_erasing_read(
			   span_of(line.data + 6, line.len - 7), &other, &more, again) == 0);
		app_erasing_print(&other, &back);
		demand(span_equal(buf_view(&line), buf_view(&back)));
	}
	buf_free(&text);
	buf_free(&more);
	buf_free(&line);
	buf_free(&back);
}

/* What is taken for a restriction, any text of an entry, is one. */
static void
read_word(struct span text)
{
	struct app_word word;
	struct app_box box;

	if (app_word_read(text, &word) == 0) {
		demand(store_name_ok(span_str(word.stream)));
		demand(span_is(word.kind, APP_LIFT) ? app_box_id_ok(word.text) :
						      app_box_read(word.text, &box) == 0);
	}
	(void)app_box_read(text, &box);
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
	if (request.asked == APP_ASKED_HOLD)
		read_order(request.hold);
	if (request.asked == APP_ASKED_RESTRICT)
		read_word(request.hold);
	if (request.asked == APP_ASKED_ERASE)
		read_erasing(request.hold);
	code = app_status_print(text, &out, &e);
	demand(code == 0 || code == ERR_FINDING || code == ERR_INCOMPLETE ||
	    (code == -1 && e.text[0] != '\0'));
	buf_free(&out);
	return (0);
}
