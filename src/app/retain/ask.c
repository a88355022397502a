#include "app/retain/ask.h"

#include <stdlib.h>

#include "app/restrict/say.h"
#include "app/retain/erasing.h"
#include "app/retain/keeper.h"
#include "app/retain/order.h"
#include "base/err.h"

/* The thread that is asked answers everybody; an erasure has its own, and is one of many. */
#define WAIT_MS 200
#define WAIT_ERASE_MS 10000

static int
seal_hold(const void *what, struct store_live *live, uint64_t *entry, struct err *e)
{
	return (app_order_seal(what, live, entry, e));
}

void
app_ask_hold(struct span json, struct buf *out)
{
	struct seal_range *ranges = calloc(STORE_HOLD_RANGES_MAX, sizeof(*ranges));
	struct app_order order = { .release = false };
	struct buf text = { 0 };

	if (ranges == NULL || app_order_read(json, &order, &text, ranges) == -1)
		buf_fmt(out, "error %d that is no hold\n", ERR_USAGE);
	else
		app_keeper_do(order.stream,
		    &(struct app_keeper_wish){ seal_hold, &order, WAIT_MS }, out);
	buf_free(&text);
	free(ranges);
}

static int
say_word(const void *what, struct store_live *live, uint64_t *entry, struct err *e)
{
	*entry = 0;
	return (app_word_do(what, live, e));
}

void
app_ask_restrict(struct span text, struct buf *out)
{
	struct app_word word;

	if (app_word_read(text, &word) == -1)
		buf_fmt(out, "error %d that is no restriction\n", ERR_USAGE);
	else
		app_keeper_do(
		    word.stream, &(struct app_keeper_wish){ say_word, &word, WAIT_MS }, out);
}

static int
erase(const void *what, struct store_live *live, uint64_t *entry, struct err *e)
{
	return (app_erasing_do(what, live, entry, e));
}

void
app_ask_erase(struct span json, struct buf *out)
{
	struct store_erase_item *items = calloc(SEAL_ERASED_MAX, sizeof(*items));
	struct app_erasing a = { .order = { .count = 0 } };
	struct buf text = { 0 };

	if (items == NULL || app_erasing_read(json, &a, &text, items) == -1)
		buf_fmt(out, "error %d that is no erasure\n", ERR_USAGE);
	else
		app_keeper_do(
		    a.stream, &(struct app_keeper_wish){ erase, &a, WAIT_ERASE_MS }, out);
	buf_free(&text);
	free(items);
}
