/* Holds, and their end: look, sign the entry.  docs/format.md 19. */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/epochs.h"
#include "store/erase/inside.h"
#include "store/writer.h"

static bool
is_in_force(const struct store_eraser *x, struct span id)
{
	const struct seal_hold_past *hold;

	for (size_t i = 0; (hold = seal_history_hold(x->history, i)) != NULL; i++)
		if (span_equal(hold->id, id) && seal_hold_in_force(hold, clock_now_us()))
			return (true);
	return (false);
}

static int
check_words(struct span id, struct span by, struct err *e)
{
	if (!store_name_ok(id))
		return (err_set(
		    e, ERR_USAGE, "a hold is named by 1 to 32 of a-z, 0-9 and -, a letter first"));
	if (!store_erase_is_plain(by))
		return (err_set(e, ERR_USAGE, "by is short printable ASCII without \" and \\"));
	return (0);
}

static int
check_hold(const struct store_eraser *x, const struct store_hold_order *order, struct err *e)
{
	if (check_words(order->id, order->by, e) == -1)
		return (-1);
	if (is_in_force(x, order->id))
		return (err_set(e, ERR_INPUT, "hold %.*s is in force already", (int)order->id.len,
		    order->id.ptr));
	for (size_t i = 0; i < order->count; i++)
		for (uint64_t seg = order->ranges[i].first; seg <= order->ranges[i].last; seg++)
			if (seal_history_segment(x->history, seg) == NULL)
				return (err_set(
				    e, ERR_INPUT, "segment %ju: there is none", (uintmax_t)seg));
	return (0);
}

/* An order may come from another process: what no reader takes is not signed. */
static int
check_entry(const struct store_eraser *x, struct err *e)
{
	struct seal_entry *seen = calloc(1, sizeof(*seen));
	struct buf line = { 0 };
	int rc = -1;

	if (seen == NULL)
		(void)err_memory(e);
	else if (seal_entry_print(&x->entry, &x->stream->names, &line, e) == 0 &&
	    (rc = seal_entry_read(buf_view(&line), &x->stream->names, seen, NULL)) == -1)
		(void)err_set(e, ERR_USAGE, "that is no hold");
	buf_free(&line);
	free(seen);
	return (rc);
}

/* x->entry, which is filled. */
static int
append(struct store_eraser *x, uint64_t *entry, struct err *e)
{
	if (check_entry(x, e) == -1 ||
	    store_writer_append(x->stream->writer, &x->entry, false, e) == -1)
		return (-1);
	x->stale = true;
	*entry = store_writer_count(x->stream->writer) - 1;
	return (store_erase_took(x, e));
}

/* Who destroyed it may have been another stream's process, or died before it was said here. */
static int
say_gone(struct store_eraser *x, const struct store_hold_order *order, struct err *e)
{
	for (size_t i = 0; i < order->gone_count; i++) {
		unsigned said = 0;

		if (store_epoch_say(
			x->stream->writer, &x->stream->names, &order->gone[i], &said, e) == -1)
			return (-1);
		if (said == 0)
			continue;
		x->stale = true;
		if (store_erase_took(x, e) == -1)
			return (-1);
	}
	return (0);
}

static int
hold(struct store_eraser *x, const struct store_hold_order *order, uint64_t *entry, struct err *e)
{
	struct buf segs = { 0 }, reason = { 0 };
	struct seal_hold text = { .hold = order->id,
		.has_onward = order->has_onward,
		.has_until = order->has_until,
		.onward = order->onward,
		.until_us = order->until_us,
		.mask_epochs = order->mask_epochs,
		.by = order->by };
	int rc = -1;

	seal_ranges_print(order->ranges, order->count, &segs);
	if (!buf_ok(&segs))
		(void)err_set(e, ERR_IO, "out of memory");
	else if (store_erase_escape(order->reason, &reason, &text.reason, e) == 0) {
		text.segs = buf_view(&segs);
		x->entry = (struct seal_entry){ .type = SEAL_HOLD, .of = { .hold = text } };
		rc = append(x, entry, e);
	}
	buf_free(&segs);
	buf_free(&reason);
	return (rc);
}

int
store_hold(
    struct store_eraser *x, const struct store_hold_order *order, uint64_t *entry, struct err *e)
{
	const struct store_stream *st = x->stream;

	assert(order->count <= STORE_HOLD_RANGES_MAX);
	if (x->stale)
		return (err_set(e, ERR_IO, "what was held before is not known; start again"));
	if (check_hold(x, order, e) == -1 || say_gone(x, order, e) == -1 ||
	    hold(x, order, entry, e) == -1)
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	return (0);
}

static int
release(
    struct store_eraser *x, const struct store_release_order *order, uint64_t *entry, struct err *e)
{
	struct seal_release text = { .hold = order->id, .by = order->by };
	struct buf reason = { 0 };
	int rc = -1;

	if (check_words(order->id, order->by, e) == -1)
		return (-1);
	if (!is_in_force(x, order->id))
		return (err_set(
		    e, ERR_INPUT, "no hold %.*s is in force", (int)order->id.len, order->id.ptr));
	if (store_erase_escape(order->reason, &reason, &text.reason, e) == 0) {
		x->entry = (struct seal_entry){ .type = SEAL_RELEASE, .of = { .release = text } };
		rc = append(x, entry, e);
	}
	buf_free(&reason);
	return (rc);
}

int
store_release(
    struct store_eraser *x, const struct store_release_order *order, uint64_t *entry, struct err *e)
{
	const struct store_stream *st = x->stream;

	if (x->stale)
		return (err_set(e, ERR_IO, "what was held before is not known; start again"));
	if (release(x, order, entry, e) == -1)
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	return (0);
}
