/*
 * The proof of a record within its segment.  The seek table tells where frames
 * are, but not which records are in them; .idx does: two bytes of each leaf.
 * So a frame near the place is read, and its lines are looked up there; only
 * the block of 256 records is hashed, the rest are roots out of .idx.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/outside/prove.h"
#include "audit/segment.h"
#include "base/err.h"
#include "base/io.h"
#include "base/scan.h"
#include "seal/placeholder.h"
#include "seal/puncture.h"
#include "store/seek.h"

#define PROBES 4 /* lines that must fit: 2 bytes each */
#define REACH 131072 /* records to each side that are tried */
#define CHUNK 1024 /* salts at once */

struct finder {
	const struct seal_segment *facts;
	struct store_seek *seek;
	struct seal_cover cover;
	struct buf idx, lines; /* lines: of the block */
	size_t frame; /* the one at hand */
	uint64_t first; /* its first record */
	struct span text;
	size_t count; /* of its lines */
	unsigned char salts[CHUNK][16], leaves[SEAL_BLOCK][32];
	bool known[CHUNK];
	unsigned char kinds[SEAL_BLOCK];
	uint32_t ends[SEAL_BLOCK];
	unsigned char memory[SEAL_SALTS_MEMORY(CHUNK)];
};

/* ---- which records are in a frame ---- */

static int
read_frame(struct finder *f, size_t frame, struct err *e)
{
	size_t scanned;

	if (store_seek_read(f->seek, frame, &f->text, e) == -1)
		return (-1);
	f->frame = frame;
	f->count = scan_count_lines(f->text, SIZE_MAX, &scanned);
	if (scanned != f->text.len || f->count == 0)
		return (err_set(e, ERR_FINDING, "frame %zu is not of whole lines", frame));
	return (0);
}

static bool
fits(const struct finder *f, const unsigned char salt[static 16], struct span line, uint64_t record)
{
	const unsigned char *prefix = (const unsigned char *)f->idx.data + 2 * record;
	unsigned char leaf[1][32];
	uint32_t end = (uint32_t)line.len + 1;

	if (seal_line_read(line, leaf[0], NULL) == SEAL_LINE_RECORD)
		seal_leaves(line.ptr, &end, 1, (const unsigned char(*)[16])salt, leaf);
	return (memcmp(leaf[0], prefix, 2) == 0);
}

/* Are the first lines of the frame the records from first on? */
static bool
begins_at(const struct finder *f, uint64_t first)
{
	struct span rest = f->text;

	for (uint64_t i = 0; i < PROBES && i < f->count; i++) {
		struct span line = span_of(rest.ptr, span_find(rest, '\n'));
		unsigned char salt[16] = { 0 };

		(void)seal_cover_salt(&f->cover, (uint32_t)(first + i), salt);
		if (!fits(f, salt, line, first + i))
			return (false);
		rest = span_from(rest, line.len + 1);
	}
	return (true);
}

/* The record in [from, end) that the frame begins with, or AUDIT_NONE. */
static uint64_t
search(struct finder *f, uint64_t from, uint64_t end)
{
	struct span line = span_of(f->text.ptr, span_find(f->text, '\n'));

	for (; from < end; from += CHUNK) {
		size_t count = end - from < CHUNK ? (size_t)(end - from) : CHUNK;

		(void)seal_cover_salts(
		    &f->cover, (uint32_t)from, count, f->salts, f->known, f->memory);
		for (size_t i = 0; i < count; i++)
			if (fits(f, f->salts[i], line, from + i) && begins_at(f, from + i))
				return (from + i);
	}
	return (AUDIT_NONE);
}

/* Outward from where the frame would begin if all lines were of one length. */
static uint64_t
first_record(struct finder *f)
{
	uint64_t n = f->facts->n, last = n - f->count, total, guess, found = AUDIT_NONE;

	if (f->frame == 0)
		return (0);
	if (f->frame + 1 == store_seek_frames(f->seek))
		return (last);
	total = store_seek_before(f->seek, store_seek_frames(f->seek));
	guess =
	    (uint64_t)((double)n * (double)store_seek_before(f->seek, f->frame) / (double)total);
	for (uint64_t reach = 0; reach < REACH && found == AUDIT_NONE; reach += CHUNK) {
		uint64_t up = guess + reach, down = guess > reach ? guess - reach : 0;
		uint64_t low = down > CHUNK ? down - CHUNK : 0;

		if (up <= last)
			found = search(f, up, up + CHUNK <= last ? up + CHUNK : last + 1);
		if (found == AUDIT_NONE && low < down && down <= last + CHUNK)
			found = search(f, low, down <= last ? down : last + 1);
	}
	return (found);
}

/* Bring the frame with a record to hand, from the nearest one whose records are known. */
static int
find_frame(struct finder *f, uint64_t record, struct err *e)
{
	size_t frames = store_seek_frames(f->seek), frame = 0;
	uint64_t total = store_seek_before(f->seek, frames);
	double at = (double)record / (double)f->facts->n * (double)total;

	while (frame + 1 < frames && (double)store_seek_before(f->seek, frame + 1) <= at)
		frame++;
	if (read_frame(f, frame, e) == -1)
		return (-1);
	if (f->count > f->facts->n)
		return (err_set(e, ERR_FINDING, "more records than were sealed"));
	if ((f->first = first_record(f)) == AUDIT_NONE) {
		if (read_frame(f, 0, e) == -1) /* count them all */
			return (-1);
		f->first = 0;
	}
	while (record < f->first) {
		if (f->frame == 0 || read_frame(f, f->frame - 1, e) == -1 || f->count > f->first)
			return (err_set(e, ERR_FINDING, "the record is not where it was sealed"));
		f->first -= f->count;
	}
	while (record >= f->first + f->count) {
		f->first += f->count;
		if (f->frame + 1 == frames)
			return (err_set(e, ERR_FINDING, "the record is not there any more"));
		if (read_frame(f, f->frame + 1, e) == -1)
			return (-1);
	}
	return (0);
}

/* ---- the block ---- */

static int
read_block(struct finder *f, uint64_t first, size_t count, struct err *e)
{
	uint64_t skip;

	if (find_frame(f, first, e) == -1)
		return (-1);
	skip = first - f->first;
	for (size_t have = 0; have < count;) {
		if (f->text.len == 0) {
			if (f->frame + 1 == store_seek_frames(f->seek))
				return (err_set(e, ERR_FINDING, "records are missing"));
			if (read_frame(f, f->frame + 1, e) == -1)
				return (-1);
		}
		size_t len = span_find(f->text, '\n') + 1;

		if (skip > 0)
			skip--;
		else {
			buf_add(&f->lines, f->text.ptr, len);
			f->ends[have++] = (uint32_t)f->lines.len;
		}
		f->text = span_from(f->text, len);
	}
	return (buf_ok(&f->lines) ? 0 : err_memory(e));
}

/* What the leaf is made of; or, of a line that replaced it, the commitment to that. */
static int
add_extra(struct finder *f, struct audit_record_proof *made, size_t at, struct span line,
    struct err *e)
{
	unsigned char salt[16], now[32];

	if (f->kinds[at] != (made->replaced > 0 ? SEAL_LINE_REPLACED : SEAL_LINE_RECORD))
		return (err_set(e, ERR_FINDING, "the line is not what the entries say of it"));
	if (made->replaced == 0) {
		memcpy(salt, f->salts[at], sizeof(salt));
		if (!f->known[at])
			return (err_set(e, ERR_FINDING, "the record has no salt"));
	} else {
		uint32_t of = SEAL_SALT_REPLACED(made->index, made->replaced - 1);

		if (!seal_cover_salt(&f->cover, of, salt))
			return (err_set(e, ERR_FINDING, "what replaced the record has no salt"));
		seal_replaced_leaf(line, salt, now);
		if (memcmp(now, made->now, sizeof(now)) != 0)
			return (err_set(e, ERR_FINDING, "not what an entry says replaced it"));
	}
	buf_add(&made->extra, salt, sizeof(salt));
	buf_span(&made->extra, line);
	return (buf_ok(&made->extra) ? 0 : err_memory(e));
}

static int
prove_in_block(struct finder *f, struct audit_record_proof *made, struct err *e)
{
	uint64_t n = f->facts->n, first = made->index - made->index % SEAL_BLOCK;
	size_t count = n - first < SEAL_BLOCK ? (size_t)(n - first) : SEAL_BLOCK;
	size_t at = (size_t)(made->index - first), start;
	const unsigned char(*roots)[32] =
	    (const unsigned char(*)[32])((const unsigned char *)f->idx.data + 2 * n);
	struct span line;

	if (read_block(f, first, count, e) == -1)
		return (-1);
	(void)seal_cover_salts(&f->cover, (uint32_t)first, count, f->salts, f->known, f->memory);
	seal_leaves(f->lines.data, f->ends, count, (const unsigned char(*)[16])f->salts, f->leaves);
	(void)seal_leaves_kept(f->lines.data, f->ends, count, f->leaves, f->kinds);
	start = at == 0 ? 0 : f->ends[at - 1];
	line = span_of(f->lines.data + start, f->ends[at] - start - 1);
	if (add_extra(f, made, at, line, e) == -1)
		return (-1);
	seal_proof_in_block(
	    roots, n, (const unsigned char(*)[32])f->leaves, made->index, &made->proof);
	if (!seal_proof_included(&made->proof, f->leaves[at], made->index, n, f->facts->root))
		return (err_set(e, ERR_FINDING, "the record is not the sealed one"));
	return (0);
}

/* ---- the files ---- */

static int
read_idx(struct finder *f, int dirfd, struct err *e)
{
	uint64_t n = f->facts->n;
	size_t size = 2 * (size_t)n + 32 * (size_t)((n + SEAL_BLOCK - 1) / SEAL_BLOCK);
	char path[STORE_PATH_BYTES];
	unsigned char hash[32];

	store_segment_path(path, f->facts->seg, "idx");
	if (io_read_file(dirfd, path, AUDIT_IDX_BYTES_MAX, &f->idx, e) == -1)
		return (-1);
	crypto_sha256(f->idx.data, f->idx.len, hash);
	if (f->idx.len != size || memcmp(hash, f->facts->idx, sizeof(hash)) != 0)
		return (err_set(e, ERR_FINDING, "%s is not the sealed one", path));
	return (0);
}

static int
read_cover(struct finder *f, int dirfd, uint64_t revision, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	int rc = -1;

	store_revision_path(path, f->facts->seg, revision, "salt");
	if (io_read_file(dirfd, path, SEAL_COVER_BYTES_MAX, &text, e) == 0) {
		rc = seal_cover_read(buf_view(&text), &f->cover, e);
		if (rc == -1)
			(void)err_in(e, "%s", path);
	}
	buf_wipe(&text);
	return (rc);
}

int
audit_prove_in_segment(int dirfd, const struct seal_segment *facts,
    struct audit_record_proof *made, struct err *e)
{
	struct finder *f = calloc(1, sizeof(*f));
	char path[STORE_PATH_BYTES];
	int rc = -1;

	if (f == NULL)
		return (err_memory(e));
	f->facts = facts;
	store_revision_path(path, facts->seg, made->revision, "jsonl.zst");
	if (facts->n > SEAL_RECORDS_MAX || made->index >= facts->n)
		(void)err_set(e, ERR_FINDING, "a segment larger than the format allows");
	else if (read_idx(f, dirfd, e) == 0 && read_cover(f, dirfd, made->revision, e) == 0 &&
	    store_seek_open(dirfd, path, &f->seek, e) == 0)
		rc = store_seek_frames(f->seek) == 0 ?
		    err_set(e, ERR_FINDING, "%s holds no records", path) :
		    prove_in_block(f, made, e);
	store_seek_close(f->seek);
	seal_cover_free(&f->cover);
	buf_free(&f->idx);
	buf_free(&f->lines);
	free(f);
	return (rc);
}
