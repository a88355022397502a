/*
 * The next revision of a segment's file.  A frame of which nothing goes is
 * copied as it is, the others are decoded, changed and compressed.  What is not
 * laid out in frames of ours, or has not the bytes that it should have, is
 * read as a stream: that the lines are the sealed ones is enough.  Memory does
 * not grow with the segment.
 */
#include "store/erase/rewrite.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/scan.h"
#include "crypto/random.h"
#include "store/reader.h"
#include "store/seek.h"

/* ---- as a stream ---- */

static int
take_stream(struct store_rewrite *w, struct store_reader *r, struct err *e)
{
	struct span lines;

	do {
		if (store_reader_next(r, &lines, e) == -1 ||
		    store_rewrite_lines(w, lines, true, e) == -1)
			return (-1);
	} while (lines.len > 0);
	return (0);
}

static int
read_stream(struct store_rewrite *w, const char *path, struct err *e)
{
	struct store_reader *r = NULL;
	uint64_t size;
	int rc = -1, in;

	w->want = w->work->facts->root;
	if (store_reader_open(&r, e) == 0 &&
	    (in = store_open_file(w->work->stream->dirfd, path, &size, e)) != -1) {
		store_reader_ahead(r, true);
		store_reader_begin(r, in, SEAL_BYTES_MAX, NULL, NULL);
		rc = take_stream(w, r, e);
	}
	store_reader_close(r);
	return (rc);
}

/* ---- frame by frame ---- */

struct frames {
	struct store_rewrite *w;
	struct store_seek *seek;
	struct store_unpack *unpack;
	char *lines; /* of the frame at hand */
	const uint32_t *counts; /* lines of each, where that is known */
	struct buf rows; /* of the seek table */
};

static void
hash_salts(const struct seal_cover *cover, unsigned char hash[static 32])
{
	struct crypto_sha256 sha;

	crypto_sha256_init(&sha);
	for (size_t i = 0; i < cover->count; i++) {
		const struct seal_node *node = &cover->nodes[i];
		const uint32_t place[] = { node->level, node->index };

		crypto_sha256_add(&sha, place, sizeof(place));
		crypto_sha256_add(&sha, node->bytes, sizeof(node->bytes));
	}
	crypto_sha256_end(&sha, hash);
}

/* Is it what this process wrote, file and salts? */
static bool
is_remembered(const struct frames *f)
{
	const struct erase_work *work = f->w->work;
	const struct store_rewritten *last = &work->stream->rewritten;
	unsigned char salts[32];

	if (work->past->revision == 0 || last->seg != work->order->seg ||
	    last->revision != work->past->revision ||
	    last->counts.len != store_seek_frames(f->seek) * sizeof(f->counts[0]))
		return (false);
	hash_salts(&work->before, salts);
	return (memcmp(salts, last->salts, sizeof(salts)) == 0);
}

/* The hash that the segment entry seals. */
static void
want_sealed(struct store_rewrite *w, const unsigned char salt[static 16])
{
	static const char label[] = "cretula file v1\n";

	w->want = w->work->facts->file_hash;
	crypto_sha256_add(&w->hash, label, sizeof(label) - 1);
	crypto_sha256_add(&w->hash, salt, 16);
}

/*
 * What says that the file is what it should be: a hash of it, or else its lines.  Leaves of
 * what goes are made of the salts, so by a hash these are shown to be the right ones, too:
 * of a seed by the salt of the sealed hash.
 */
static void
choose_check(struct frames *f)
{
	struct store_rewrite *w = f->w;
	const struct erase_work *work = w->work;
	const struct store_rewritten *last = &work->stream->rewritten;
	unsigned char salt[16];

	crypto_sha256_init(&w->hash);
	w->by_bytes = true;
	if (work->past->revision == 0 && seal_cover_whole(&work->before, NULL) &&
	    seal_cover_salt(&work->before, SEAL_SALT_FILE, salt)) {
		want_sealed(w, salt);
		crypto_wipe(salt, sizeof(salt));
	} else if (is_remembered(f)) {
		w->want = last->hash;
		f->counts = (const uint32_t *)(const void *)last->counts.data;
	} else {
		w->by_bytes = false;
		w->want = work->facts->root;
	}
}

/* The table is made again of the frames that were read, and hashed in the place of the file's. */
static int
hash_table(struct frames *f, struct err *e)
{
	struct buf table = { 0 };
	int rc = 0;

	store_table_print(&f->rows, &table);
	if (!buf_ok(&f->rows) || !buf_ok(&table))
		rc = err_memory(e);
	else
		crypto_sha256_add(&f->w->hash, table.data, table.len);
	buf_free(&table);
	return (rc);
}

/* Nothing of it goes. */
static int
copy_frame(struct frames *f, struct span bytes, const struct store_frame *size, uint64_t count,
    struct err *e)
{
	return (store_erase_out_copy(f->w->out, bytes, size->decompressed, (uint32_t)count, e));
}

static int
decode_frame(struct frames *f, size_t frame, struct span *lines, uint64_t *count, struct err *e)
{
	size_t at;

	if (store_seek_decode(f->seek, frame, f->unpack, f->lines, lines, e) == -1)
		return (-1);
	if (lines->len == 0 || lines->ptr[lines->len - 1] != '\n')
		return (store_rewrite_refuse("a frame", e));
	*count = scan_count_lines(*lines, SIZE_MAX, &at);
	if (*count > f->w->work->facts->n - f->w->first)
		return (store_rewrite_refuse("more records", e));
	return (0);
}

static int
take_frame(struct frames *f, size_t frame, struct span bytes, const struct store_frame *size,
    struct err *e)
{
	struct store_rewrite *w = f->w;
	uint64_t count = f->counts == NULL ? 0 : f->counts[frame];
	struct span lines;
	bool copies;

	if (count > 0 && count <= w->work->facts->n - w->first && !store_rewrite_goes(w, count)) {
		w->first += count;
		return (copy_frame(f, bytes, size, count, e));
	}
	if (decode_frame(f, frame, &lines, &count, e) == -1)
		return (-1);
	copies = !store_rewrite_goes(w, count) && store_seek_plain(f->seek, frame, f->unpack);
	if (copies && w->by_bytes)
		w->first += count;
	else if (store_rewrite_lines(w, lines, !copies, e) == -1)
		return (-1);
	if (copies)
		return (copy_frame(f, bytes, size, count, e));
	store_erase_out_end_frame(w->out);
	return (0);
}

static uint32_t
lines_len(const struct frames *f, size_t frame)
{
	return (
	    (uint32_t)(store_seek_before(f->seek, frame + 1) - store_seek_before(f->seek, frame)));
}

static int
take_frames(struct frames *f, struct err *e)
{
	size_t count = store_seek_frames(f->seek);

	if (store_seek_before(f->seek, count) > SEAL_BYTES_MAX)
		return (store_rewrite_refuse("more lines", e));
	choose_check(f);
	for (size_t i = 0; i < count; i++) {
		struct store_frame size;
		struct span bytes;

		if (store_seek_bytes(f->seek, i, f->unpack, &bytes, e) == -1)
			return (-1);
		size.compressed = (uint32_t)bytes.len;
		size.decompressed = lines_len(f, i);
		store_table_add(&f->rows, &size, 1);
		if (f->w->by_bytes)
			crypto_sha256_add(&f->w->hash, bytes.ptr, bytes.len);
		if (take_frame(f, i, bytes, &size, e) == -1)
			return (-1);
	}
	return (f->w->by_bytes ? hash_table(f, e) : 0);
}

static int
read_frames(struct store_rewrite *w, const char *path, struct err *e)
{
	struct frames f = { .w = w, .lines = malloc(STORE_SEEK_BYTES) };
	int rc = -1;

	if (f.lines == NULL)
		(void)err_memory(e);
	else if (store_unpack_open(&f.unpack, e) == 0 &&
	    store_seek_open(w->work->stream->dirfd, path, &f.seek, e) == 0)
		rc = take_frames(&f, e);
	store_seek_close(f.seek);
	store_unpack_close(f.unpack);
	free(f.lines);
	buf_free(&f.rows);
	return (rc);
}

/* ---- the whole ---- */

typedef int (*read_file)(struct store_rewrite *w, const char *path, struct err *e);

static int
rewrite(struct erase_work *work, read_file read, struct err *e)
{
	struct store_rewrite *w = calloc(1, sizeof(*w));
	char from[STORE_PATH_BYTES], to[STORE_PATH_BYTES];
	int rc = -1;

	if (w == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	w->work = work;
	work->damaged_count = 0;
	seal_tree_init(&w->tree);
	store_revision_path(from, work->order->seg, work->past->revision, "jsonl.zst");
	store_revision_path(to, work->order->seg, work->past->revision + 1, "jsonl.zst.tmp");
	if (store_erase_out_open(&w->out, work->stream->dirfd, to, e) == 0 &&
	    read(w, from, e) == 0 && store_rewrite_check(w, e) == 0)
		rc = store_erase_out_finish(w->out, &work->file_size, &work->made, e);
	hash_salts(&work->after, work->made.salts);
	store_erase_out_close(w->out);
	buf_wipe(&w->placeholder);
	crypto_wipe(w, sizeof(*w)); /* salts of what is erased */
	free(w);
	return (rc);
}

int
store_erase_rewrite(struct erase_work *work, struct err *e)
{
	struct err why = { ERR_NONE, "" };

	if (rewrite(work, read_frames, &why) == 0)
		return (0);
	if (why.code == ERR_FINDING)
		return (rewrite(work, read_stream, e));
	return (err_set(e, why.code, "%s", why.text));
}
