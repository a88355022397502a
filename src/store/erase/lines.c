/* Lines that stay and what is left of those that go. */
#include "base/err.h"
#include "base/scan.h"
#include "crypto/random.h"
#include "record/record.h"
#include "seal/placeholder.h"
#include "store/erase/rewrite.h"

int
store_rewrite_refuse(const char *what, struct err *e)
{
	return (err_set(e, ERR_FINDING, "%s: not the sealed segment; see cretula verify", what));
}

/* The item of a record of the run, if it is the next one. */
static const struct store_erase_item *
item_of(const struct store_rewrite *w, size_t next, uint64_t record)
{
	const struct store_erase_order *order = w->work->order;

	if (next == order->count || order->items[next].record != record)
		return (NULL);
	return (&order->items[next]);
}

bool
store_rewrite_goes(const struct store_rewrite *w, uint64_t count)
{
	const struct store_erase_order *order = w->work->order;

	return (w->next < order->count && order->items[w->next].record < w->first + count);
}

/* ---- writing ---- */

/* How many of count lines, from start on, still fit a frame. */
static size_t
fitting(const struct store_erase_frame *frame, const uint32_t *ends, size_t count, uint32_t start)
{
	size_t n = 0;

	while (n < count && frame->count + n < STORE_ERASE_FRAME_LINES &&
	    frame->len + (ends[n] - start) <= STORE_FRAME_BYTES)
		n++;
	return (n);
}

/* Lines that stay; the first starts at lines + start. */
static int
put_lines(struct store_rewrite *w, const char *lines, uint32_t start, const uint32_t *ends,
    size_t count, struct err *e)
{
	while (count > 0) {
		struct store_erase_frame *frame;
		const uint32_t from = start;
		size_t n;

		if (store_erase_out_frame(w->out, &frame, e) == -1)
			return (-1);
		if ((n = fitting(frame, ends, count, start)) == 0) {
			store_erase_out_end_frame(w->out);
			continue;
		}
		memcpy(frame->lines + frame->len, lines + from, ends[n - 1] - from);
		for (size_t i = 0; i < n; start = ends[i++]) {
			if (ends[i] - start > RECORD_BYTES_MAX)
				return (store_rewrite_refuse("a line", e));
			frame->ends[frame->count + i] = (uint32_t)frame->len + (ends[i] - from);
		}
		frame->count += n;
		frame->len += start - from;
		ends += n;
		count -= n;
	}
	return (0);
}

/* ---- a record that is erased or replaced ---- */

static unsigned
times_replaced(const struct erase_work *work, uint32_t record)
{
	const struct seal_touched *touched = seal_past_record(work->past, record);

	return (touched == NULL ? 0 : touched->replaced);
}

static int
put_placeholder(struct store_rewrite *w, size_t at, struct err *e)
{
	const struct store_erase_item *item = &w->work->order->items[w->next];
	struct seal_item *done = &w->work->items[w->next++];
	unsigned char salt[16];
	uint32_t end;

	*done = (struct seal_item){ .record = item->record, .has_new = item->line.ptr != NULL };
	memcpy(done->leaf, w->leaves[at], sizeof(done->leaf));
	buf_clear(&w->placeholder);
	if (done->has_new)
		seal_replaced_print(done->leaf, item->line, &w->placeholder);
	else
		seal_erased_print(done->leaf, &w->placeholder);
	if (!buf_ok(&w->placeholder))
		return (err_set(e, ERR_IO, "out of memory"));
	if (done->has_new) {
		if (!seal_cover_salt(&w->work->after,
			SEAL_SALT_REPLACED(item->record, times_replaced(w->work, item->record)),
			salt))
			return (store_rewrite_refuse("the salt of a new line", e));
		seal_replaced_leaf(buf_view(&w->placeholder), salt, done->new_leaf);
		crypto_wipe(salt, sizeof(salt));
	}
	buf_char(&w->placeholder, '\n');
	if (!buf_ok(&w->placeholder))
		return (err_set(e, ERR_IO, "out of memory"));
	end = (uint32_t)w->placeholder.len;
	return (put_lines(w, w->placeholder.data, 0, &end, 1, e));
}

/* ---- what is read is what is sealed ---- */

/* What a replaced record is now stands in no tree: the entry commits to it alone. */
static bool
is_newest(const struct store_rewrite *w, const struct seal_touched *touched, struct span line)
{
	unsigned char salt[16], leaf[32];

	if (!seal_cover_salt(
		&w->work->before, SEAL_SALT_REPLACED(touched->record, touched->replaced - 1), salt))
		return (false);
	seal_replaced_leaf(line, salt, leaf);
	crypto_wipe(salt, sizeof(salt));
	return (memcmp(touched->now, leaf, sizeof(leaf)) == 0);
}

/* Is the line what the chain says of its record? */
static bool
is_as_said(const struct store_rewrite *w, size_t at, uint32_t record, struct span line)
{
	const struct seal_touched *touched = seal_past_record(w->work->past, record);

	if (touched == NULL)
		return (w->kinds[at] == SEAL_LINE_RECORD && w->known[at]);
	if (memcmp(touched->leaf, w->leaves[at], sizeof(touched->leaf)) != 0)
		return (false);
	if (touched->erased)
		return (w->kinds[at] == SEAL_LINE_ERASED);
	return (w->kinds[at] == SEAL_LINE_REPLACED && is_newest(w, touched, line));
}

/*
 * Of a record that was replaced the chain has the leaf that stays, so it can go
 * whatever somebody has written in its place: nothing of that is signed.  Of
 * one that was not replaced nobody else has it.
 */
static bool
goes_anyway(struct store_rewrite *w, size_t at, const struct store_erase_item *item)
{
	struct erase_work *work = w->work;
	const struct seal_touched *touched;

	if (item == NULL || item->line.ptr != NULL)
		return (false);
	touched = seal_past_record(work->past, item->record);
	if (touched == NULL || touched->erased)
		return (false);
	memcpy(w->leaves[at], touched->leaf, sizeof(touched->leaf));
	work->damaged[work->damaged_count++] = item->record;
	return (true);
}

/* Salts, leaves and kinds of count lines from the run's at-th on. */
static void
hash_lines(
    struct store_rewrite *w, const char *lines, const uint32_t *ends, size_t at, size_t count)
{
	(void)seal_cover_salts(&w->work->before, (uint32_t)(w->first + at), count, w->salts + at,
	    w->known + at, w->memory);
	seal_leaves(
	    lines, ends, count, (const unsigned char(*)[16])(w->salts + at), w->leaves + at);
	(void)seal_leaves_kept(lines, ends, count, w->leaves + at, w->kinds + at);
}

/* item: of the record, if it goes. */
static int
check_line(struct store_rewrite *w, const char *lines, size_t at,
    const struct store_erase_item *item, struct err *e)
{
	uint32_t record = (uint32_t)(w->first + at), start = at == 0 ? 0 : w->ends[at - 1];
	struct span line = span_of(lines + start, w->ends[at] - 1 - start);

	if ((line.len < RECORD_BYTES_MAX && is_as_said(w, at, record, line)) ||
	    goes_anyway(w, at, item))
		return (0);
	(void)store_rewrite_refuse("a record", e);
	return (err_in(e, "record %ju", (uintmax_t)record));
}

/* By lines: all of the run. */
static int
check_run(struct store_rewrite *w, const char *lines, size_t count, struct err *e)
{
	size_t next = w->next;

	hash_lines(w, lines, w->ends, 0, count);
	for (size_t i = 0; i < count; i++) {
		const struct store_erase_item *item = item_of(w, next, w->first + i);

		if (check_line(w, lines, i, item, e) == -1)
			return (-1);
		next += item != NULL;
	}
	(void)seal_tree_add(&w->tree, (const unsigned char(*)[32])w->leaves, count, NULL);
	return (0);
}

/* By bytes: what goes alone, whose leaf is to be had. */
static int
check_one(struct store_rewrite *w, const char *lines, size_t at, struct err *e)
{
	uint32_t start = at == 0 ? 0 : w->ends[at - 1], end = w->ends[at] - start;

	hash_lines(w, lines + start, &end, at, 1);
	return (check_line(w, lines, at, item_of(w, w->next, w->first + at), e));
}

int
store_rewrite_check(struct store_rewrite *w, struct err *e)
{
	unsigned char have[32];

	if (w->by_bytes)
		crypto_sha256_end(&w->hash, have);
	else
		seal_tree_root(&w->tree, have);
	if (w->first != w->work->facts->n || w->next != w->work->order->count ||
	    memcmp(have, w->want, sizeof(have)) != 0)
		return (store_rewrite_refuse("other records", e));
	return (0);
}

/* ---- runs of lines ---- */

/* Where the next that goes stands in the run; count: not in it. */
static size_t
stop_of(const struct store_rewrite *w, size_t count)
{
	if (!store_rewrite_goes(w, count))
		return (count);
	return ((size_t)(w->work->order->items[w->next].record - w->first));
}

static int
put_run(struct store_rewrite *w, const char *lines, size_t count, struct err *e)
{
	for (size_t at = 0; at < count; at++) {
		size_t stop = stop_of(w, count);

		if (put_lines(
			w, lines, at == 0 ? 0 : w->ends[at - 1], w->ends + at, stop - at, e) == -1)
			return (-1);
		if ((at = stop) == count)
			break;
		if ((w->by_bytes && check_one(w, lines, at, e) == -1) ||
		    put_placeholder(w, at, e) == -1)
			return (-1);
	}
	return (0);
}

int
store_rewrite_lines(struct store_rewrite *w, struct span lines, bool puts, struct err *e)
{
	while (lines.len > 0) {
		size_t scanned, count = scan_lines(lines, w->ends, STORE_REWRITE_RUN, &scanned);

		if (count > w->work->facts->n - w->first)
			return (store_rewrite_refuse("more records", e));
		for (size_t i = 0; i < count; i++)
			w->ends[i]++; /* behind the LF */
		if ((!w->by_bytes && check_run(w, lines.ptr, count, e) == -1) ||
		    (puts && put_run(w, lines.ptr, count, e) == -1))
			return (-1);
		w->first += count;
		lines = span_from(lines, w->ends[count - 1]);
	}
	return (0);
}
