/* Whole segments pruned: look, sign the entry, remove the files.  docs/format.md 11. */
#include <assert.h>

#include "base/err.h"
#include "store/erase/inside.h"
#include "store/writer.h"

static int
check(const struct store_eraser *x, const struct store_prune_order *order, struct err *e)
{
	if (order->rule.len == 0 || !store_erase_is_plain(order->rule) ||
	    !store_erase_is_plain(order->by))
		return (err_set(e, ERR_USAGE,
		    "rule (needed) and by are short printable ASCII without \" and \\"));
	for (size_t i = 0; i < order->count; i++) {
		const struct seal_range *range = &order->ranges[i];

		/* A range without end stops at the first number that is not there. */
		for (uint64_t seg = range->first; seg <= range->last; seg++)
			if (store_erase_check(x->history, seg, e) == -1)
				return (err_in(e, "segment %ju", (uintmax_t)seg));
	}
	return (0);
}

static int
append(struct store_eraser *x, const struct store_prune_order *order, struct err *e)
{
	struct buf segs = { 0 };
	int rc = -1;

	seal_ranges_print(order->ranges, order->count, &segs);
	if (!buf_ok(&segs)) {
		(void)err_set(e, ERR_IO, "out of memory");
	} else {
		x->entry = (struct seal_entry){ .type = SEAL_PRUNE,
			.of = { .prune = { .segs = buf_view(&segs),
				    .rule = order->rule,
				    .cutoff_us = order->cutoff_us,
				    .by = order->by } } };
		rc = store_writer_append(x->stream->writer, &x->entry, false, e);
	}
	buf_free(&segs);
	return (rc);
}

int
store_prune_sign(struct store_eraser *x, const struct store_prune_order *order, struct err *e)
{
	assert(order->count >= 1 && order->count <= STORE_PRUNE_RANGES_MAX);
	if (check(x, order, e) == -1 || append(x, order, e) == -1)
		return (-1);
	x->stale = true;
	return (0);
}

static int
prune(struct store_eraser *x, const struct store_prune_order *order, struct err *e)
{
	if (store_prune_sign(x, order, e) == -1)
		return (-1);
	if (store_erase_repair(x->stream, e) == -1)
		return (err_in(e, "signed, but the next start must remove what is left"));
	return (store_erase_took(x, e));
}

int
store_prune(
    struct store_eraser *x, const struct store_prune_order *order, uint64_t *entry, struct err *e)
{
	const struct store_stream *st = x->stream;

	if (x->stale)
		return (err_set(e, ERR_IO, "what was pruned before is not known; start again"));
	if (prune(x, order, e) == -1)
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	*entry = store_writer_count(st->writer) - 1;
	return (0);
}
