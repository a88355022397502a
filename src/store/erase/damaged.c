/* What is erased and was not what is sealed: its stream says so, before it goes. */
#include "base/err.h"
#include "seal/lists.h"
#include "store/erase/inside.h"
#include "store/writer.h"

#define RUNS_MAX 48 /* named in an entry, whose text has room for so many */

/* Runs of records; those beyond what fits are counted only. */
static void
print_damaged(const struct erase_work *work, struct buf *out)
{
	struct seal_range runs[RUNS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < work->damaged_count; i++)
		if (!seal_ranges_add(runs, &count, RUNS_MAX, work->damaged[i]))
			break;
	buf_fmt(out, "%ju %zu ", (uintmax_t)work->order->seg, work->damaged_count);
	seal_ranges_print(runs, count, out);
}

int
store_erase_damaged(struct store_eraser *x, const struct erase_work *work, struct err *e)
{
	struct buf text = { 0 };
	int rc = -1;

	if (work->damaged_count == 0)
		return (0);
	print_damaged(work, &text);
	x->entry = (struct seal_entry){ .type = SEAL_CONFIG,
		.of = { .config = { .kind = span_str(STORE_ERASE_DAMAGED),
			    .policy = span_str(STORE_NO_POLICY),
			    .text = buf_view(&text),
			    .by = work->order->by } } };
	if (buf_ok(&text))
		rc = store_writer_append(x->stream->writer, &x->entry, false, e);
	else
		(void)err_set(e, ERR_IO, "out of memory");
	buf_free(&text);
	return (rc);
}
