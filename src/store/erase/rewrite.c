/*
 * The next revision of a segment's file, run by run: read, hashed against the
 * sealed root, placeholders put in, compressed.  Memory does not grow with the
 * segment.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "record/record.h"
#include "seal/placeholder.h"
#include "seal/tree.h"
#include "store/erase/inside.h"
#include "store/reader.h"
#include "store/sweep.h"
#include "store/writer.h"

#define RUN_LINES 4096 /* hashed at a time */
#define FRAME_LINES 32768 /* of a frame, at most: records have 36 bytes and more */

/* Memory of one segment. */
struct rewrite {
	struct erase_work *work;
	struct store_reader *reader;
	struct store_compressor *compressor;
	int fd; /* of the next revision */
	struct buf table;
	struct seal_tree tree;
	size_t next; /* the first item that was not met */
	/* lines of the next frame */
	struct buf placeholder;
	size_t frame_len, frame_count;
	char frame[STORE_FRAME_BYTES];
	uint32_t frame_ends[FRAME_LINES];
	char *packed;
	/* of the run at hand */
	uint32_t ends[RUN_LINES];
	bool known[RUN_LINES];
	unsigned char salts[RUN_LINES][16], leaves[RUN_LINES][32], kinds[RUN_LINES];
	unsigned char memory[SEAL_SALTS_MEMORY(RUN_LINES)];
};

static int
not_sealed(const char *what, struct err *e)
{
	return (err_set(e, ERR_FINDING, "%s: not the sealed segment; see cretula verify", what));
}

/* ---- writing ---- */

static int
write_bytes(struct rewrite *w, const void *bytes, size_t len, struct err *e)
{
	w->work->file_size += len;
	return (io_write(w->fd, bytes, len, e));
}

static int
end_frame(struct rewrite *w, struct err *e)
{
	struct store_frame frames[1];
	struct store_part part = { .lines = w->frame,
		.ends = w->frame_ends,
		.count = w->frame_count,
		.packed = w->packed,
		.frames = frames };

	if (w->frame_count == 0)
		return (0);
	store_compress(w->compressor, &part);
	store_table_add(&w->table, part.frames, part.frame_count);
	w->frame_len = w->frame_count = 0;
	return (write_bytes(w, part.packed, part.packed_len, e));
}

static int
put_line(struct rewrite *w, struct span line, struct err *e)
{
	if ((w->frame_len + line.len + 1 > STORE_FRAME_BYTES || w->frame_count == FRAME_LINES) &&
	    end_frame(w, e) == -1)
		return (-1);
	memcpy(w->frame + w->frame_len, line.ptr, line.len);
	w->frame_len += line.len + 1;
	w->frame[w->frame_len - 1] = '\n';
	w->frame_ends[w->frame_count++] = (uint32_t)w->frame_len;
	return (0);
}

static int
end_file(struct rewrite *w, struct err *e)
{
	struct buf table = { 0 };
	int fd = w->fd, rc = -1;

	if (end_frame(w, e) == -1)
		return (-1);
	store_table_print(&w->table, &table);
	if (!buf_ok(&w->table) || !buf_ok(&table))
		(void)err_set(e, ERR_IO, "out of memory");
	else if (write_bytes(w, table.data, table.len, e) == 0 && io_fsync(fd, e) == 0) {
		w->fd = -1;
		rc = io_close(fd, e);
	}
	buf_free(&table);
	return (rc);
}

/* ---- a record that is erased or replaced ---- */

static unsigned
times_replaced(const struct erase_work *work, uint32_t record)
{
	const struct seal_touched *touched = seal_past_record(work->past, record);

	return (touched == NULL ? 0 : touched->replaced);
}

static int
put_placeholder(struct rewrite *w, size_t at, struct err *e)
{
	const struct store_erase_item *item = &w->work->order->items[w->next];
	struct seal_item *done = &w->work->items[w->next++];
	unsigned char salt[16];

	*done = (struct seal_item){ .record = item->record, .has_new = item->line.ptr != NULL };
	memcpy(done->leaf, w->leaves[at], sizeof(done->leaf));
	buf_clear(&w->placeholder);
	if (done->has_new)
		seal_replaced_print(done->leaf, item->line, &w->placeholder);
	else
		seal_erased_print(done->leaf, &w->placeholder);
	if (!buf_ok(&w->placeholder))
		return (err_set(e, ERR_IO, "out of memory"));
	if (!done->has_new)
		return (put_line(w, buf_view(&w->placeholder), e));
	if (!seal_cover_salt(&w->work->after,
		SEAL_SALT_REPLACED(item->record, times_replaced(w->work, item->record)), salt))
		return (not_sealed("the salt of a new line", e));
	seal_replaced_leaf(buf_view(&w->placeholder), salt, done->new_leaf);
	crypto_wipe(salt, sizeof(salt));
	return (put_line(w, buf_view(&w->placeholder), e));
}

/* ---- reading ---- */

/* Ends of the lines in front, at most RUN_LINES. */
static size_t
split(struct rewrite *w, struct span lines)
{
	struct span rest = lines;
	size_t count = 0;

	while (rest.len > 0 && count < RUN_LINES) {
		rest = span_from(rest, span_find(rest, '\n') + 1);
		w->ends[count++] = (uint32_t)(lines.len - rest.len);
	}
	return (count);
}

/* What a replaced record is now stands in no tree: the entry commits to it alone. */
static bool
is_newest(const struct rewrite *w, const struct seal_touched *touched, struct span line)
{
	unsigned char salt[16], leaf[32];

	if (!seal_cover_salt(&w->work->before,
		SEAL_SALT_REPLACED(touched->record, touched->replaced - 1), salt))
		return (false);
	seal_replaced_leaf(line, salt, leaf);
	crypto_wipe(salt, sizeof(salt));
	return (memcmp(touched->now, leaf, sizeof(leaf)) == 0);
}

/* Is the line what the chain says of its record? */
static bool
is_as_said(const struct rewrite *w, size_t at, uint32_t record, struct span line)
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
goes_anyway(struct rewrite *w, size_t at, uint32_t record)
{
	struct erase_work *work = w->work;
	const struct seal_touched *touched = seal_past_record(work->past, record);

	if (work->order->items[w->next].line.ptr != NULL || touched == NULL || touched->erased)
		return (false);
	memcpy(w->leaves[at], touched->leaf, sizeof(touched->leaf));
	work->damaged[work->damaged_count++] = record;
	return (true);
}

static void
hash_run(struct rewrite *w, const char *lines, size_t count)
{
	uint32_t first = (uint32_t)w->tree.count;

	(void)seal_cover_salts(&w->work->before, first, count, w->salts, w->known, w->memory);
	seal_leaves(lines, w->ends, count, (const unsigned char(*)[16])w->salts, w->leaves);
	(void)seal_leaves_kept(lines, w->ends, count, w->leaves, w->kinds);
}

static int
take_run(struct rewrite *w, const char *lines, size_t count, struct err *e)
{
	const struct store_erase_order *order = w->work->order;
	uint32_t first = (uint32_t)w->tree.count, start = 0;

	if (count > w->work->facts->n - w->tree.count)
		return (not_sealed("more records", e));
	hash_run(w, lines, count);
	for (size_t i = 0; i < count; start = w->ends[i++]) {
		struct span line = span_of(lines + start, w->ends[i] - 1 - start);
		uint32_t record = first + (uint32_t)i;
		bool named = w->next < order->count && order->items[w->next].record == record;

		if ((line.len >= RECORD_BYTES_MAX || !is_as_said(w, i, record, line)) &&
		    !(named && goes_anyway(w, i, record))) {
			(void)not_sealed("a record", e);
			return (err_in(e, "record %ju", (uintmax_t)record));
		}
		if ((named ? put_placeholder(w, i, e) : put_line(w, line, e)) == -1)
			return (-1);
	}
	(void)seal_tree_add(&w->tree, (const unsigned char(*)[32])w->leaves, count, NULL);
	return (0);
}

static int
read_all(struct rewrite *w, struct err *e)
{
	unsigned char root[32];
	struct span lines;
	size_t count;

	do {
		if (store_reader_next(w->reader, &lines, e) == -1)
			return (-1);
		for (struct span rest = lines; rest.len > 0;
		     rest = span_from(rest, w->ends[count - 1])) {
			count = split(w, rest);
			if (take_run(w, rest.ptr, count, e) == -1)
				return (-1);
		}
	} while (lines.len > 0);
	seal_tree_root(&w->tree, root);
	if (w->tree.count != w->work->facts->n || memcmp(root, w->work->facts->root, 32) != 0 ||
	    w->next != w->work->order->count)
		return (not_sealed("other records", e));
	return (end_file(w, e));
}

/* ---- the whole ---- */

static int
open_files(struct rewrite *w, struct err *e)
{
	const struct erase_work *work = w->work;
	char path[STORE_PATH_BYTES];
	uint64_t size;
	int in;

	store_revision_path(path, work->facts->seg, work->past->revision, "jsonl.zst");
	if ((in = store_open_file(work->stream->dirfd, path, &size, e)) == -1)
		return (-1);
	store_reader_ahead(w->reader, true);
	store_reader_begin(w->reader, in, SEAL_BYTES_MAX, NULL, NULL);
	store_revision_path(path, work->facts->seg, work->past->revision + 1, "jsonl.zst.tmp");
	w->fd = store_make_file(work->stream->dirfd, path, e);
	return (w->fd == -1 ? -1 : 0);
}

int
store_erase_rewrite(struct erase_work *work, struct err *e)
{
	struct rewrite *w = calloc(1, sizeof(*w));
	int rc = -1;

	if (w == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	w->work = work;
	w->fd = -1;
	work->file_size = 0;
	work->damaged_count = 0;
	seal_tree_init(&w->tree);
	if ((w->packed = malloc(store_compress_bound(STORE_FRAME_BYTES))) == NULL)
		(void)err_set(e, ERR_IO, "out of memory");
	else if (store_compressor_open(1, &w->compressor, e) == 0 &&
	    store_reader_open(&w->reader, e) == 0 && open_files(w, e) == 0)
		rc = read_all(w, e);
	if (w->fd != -1)
		(void)close(w->fd);
	store_reader_close(w->reader);
	store_compressor_close(w->compressor);
	buf_free(&w->table);
	buf_wipe(&w->placeholder);
	free(w->packed);
	crypto_wipe(w, sizeof(*w)); /* salts of what is erased */
	free(w);
	return (rc);
}
