/* One streaming reading of a segment's file. */
#include "audit/read/pass.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/scan.h"

#define ERASED_BYTES 64 /* of a placeholder, about */

/* ---- one batch of lines ---- */

/* Does .idx say of count leaves what they are?  roots are those of the blocks that they end. */
static void
compare_idx(const struct audit_reading *r, size_t count, const unsigned char (*roots)[32],
    size_t root_count)
{
	const struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	uint64_t n = r->facts->n, block = pass->lines / SEAL_BLOCK;
	const unsigned char *idx = (const unsigned char *)job->idx.data;

	if (!r->idx_good || pass->lines + count > n)
		return;
	for (size_t i = 0; i < count; i++)
		pass->idx_differs |= memcmp(job->leaves[i], idx + 2 * (pass->lines + i), 2) != 0;
	pass->idx_differs |= memcmp(roots, idx + 2 * n + 32 * block, 32 * root_count) != 0;
}

/*
 * Lines that stand for what was erased or replaced count with the leaf that an
 * entry says; so do those that may not stand there, which are kept to be told.
 */
static void
keep_leaves(const struct audit_reading *r, const char *start, size_t count)
{
	struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	uint32_t from = 0;

	(void)seal_leaves_kept(start, job->ends, count, job->leaves, job->kinds);
	for (size_t i = 0; i < count; from = job->ends[i++]) {
		struct span line = { start + from, job->ends[i] - from - 1 };
		const struct seal_touched *t = audit_touched(r->past, pass->lines + i);
		enum audit_code code;

		if (t == NULL && job->kinds[i] == SEAL_LINE_RECORD)
			continue;
		code = audit_kept_check(r->past, &job->from, pass->lines + i, line);
		if (t != NULL)
			memcpy(job->leaves[i], t->leaf, sizeof(t->leaf));
		if (code != AUDIT_CODE_COUNT && pass->kept_count++ < AUDIT_FINDINGS_PER_FILE)
			job->kept[pass->kept_count - 1] =
			    (struct audit_kept){ code, pass->lines + i };
	}
}

/* Add leaves to the tree; where a flush was, its root is looked at. */
static size_t
add_leaves(const struct audit_reading *r, size_t count, unsigned char (*roots)[32])
{
	struct audit_job *job = r->job;
	size_t root_count = 0, take;

	for (size_t done = 0; done < count; done += take) {
		take = audit_flushes_next(&job->flushes, r->pass->lines + done);
		if (take > count - done)
			take = count - done;
		root_count += seal_tree_add(&job->tree,
		    (const unsigned char(*)[32])job->leaves + done, take, roots + root_count);
		audit_flushes_add(&job->flushes, r->pass->lines + done + take, &job->tree);
	}
	return (root_count);
}

static void
read_batch(const struct audit_reading *r, const char *start, size_t count)
{
	struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	unsigned char roots[AUDIT_BATCH / SEAL_BLOCK + 2][32];
	size_t root_count;

	for (size_t i = 0; i < count; i++)
		job->ends[i]++; /* scan finds the line end, a line ends behind it */
	audit_salts_run(
	    &job->from, (uint32_t)pass->lines, count, job->salts, job->known, job->salt_memory);
	seal_leaves(start, job->ends, count, (const unsigned char(*)[16])job->salts, job->leaves);
	if (r->past != NULL)
		keep_leaves(r, start, count);
	root_count = add_leaves(r, count, roots);
	if (pass->lines + count == r->facts->n)
		root_count += (size_t)seal_tree_tail(&job->tree, roots[root_count]);
	compare_idx(r, count, (const unsigned char(*)[32])roots, root_count);
	if (!r->shared)
		audit_peek_lines(&r->peek, start, job->ends, count);
	pass->lines += count;
	pass->bytes += job->ends[count - 1];
}

/* What the lines may have; placeholders are of another length than what they stand for. */
static uint64_t
bytes_max(const struct seal_segment *facts, const struct seal_past *past)
{
	uint64_t bytes = facts->bytes;

	if (past != NULL)
		bytes += (past->touched_count - past->erased_count) * RECORD_BYTES_MAX +
		    past->erased_count * ERASED_BYTES;
	return ((bytes < SEAL_BYTES_MAX ? bytes : SEAL_BYTES_MAX) + AUDIT_SPARE_BYTES);
}

/* Of lines that end there, how many stand in front of the first that is too long? */
static size_t
count_short(const uint32_t *ends, size_t count)
{
	uint32_t from = 0;

	for (size_t i = 0; i < count; from = ends[i++] + 1)
		if (ends[i] - from >= RECORD_BYTES_MAX)
			return (i);
	return (count);
}

static void
read_lines(const struct audit_reading *r, struct span lines)
{
	struct audit_pass *pass = r->pass;
	uint64_t most = bytes_max(r->facts, r->past);

	while (lines.len > 0 && !pass->over) {
		size_t scanned, count = scan_lines(lines, r->job->ends, AUDIT_BATCH, &scanned);
		size_t good = count_short(r->job->ends, count);

		if (count == 0)
			break;
		pass->long_line = good < count;
		if (good > 0)
			read_batch(r, lines.ptr, good);
		if (!pass->long_line)
			lines = span_from(lines, r->job->ends[good - 1]);
		pass->over = pass->long_line || pass->lines > AUDIT_LINES_MAX || pass->bytes > most;
	}
}

/* ---- the whole file ---- */

static void
see_bytes(void *arg, const void *bytes, size_t len)
{
	const struct audit_reading *r = arg;

	crypto_sha256_add(&r->job->file, bytes, len);
	if (r->asked)
		crypto_sha256_add(&r->job->plain, bytes, len);
	r->pass->file_bytes += len;
}

static void
begin_file_hash(const struct audit_reading *r)
{
	unsigned char salt[16];

	if (!audit_salts_one(&r->job->from, SEAL_SALT_FILE, salt))
		memset(salt, 0, sizeof(salt)); /* erased; nobody asks for the hash then */
	crypto_sha256_init(&r->job->file);
	crypto_sha256_add(&r->job->file, "cretula file v1\n", 16);
	crypto_sha256_add(&r->job->file, salt, sizeof(salt));
}

void
audit_pass_read(struct audit_reading *r, int fd)
{
	struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	struct span lines = { NULL, 0 };
	struct err e;

	*pass = (struct audit_pass){ .time_min_us = INT64_MAX, .time_max_us = INT64_MIN };
	seal_tree_init(&job->tree);
	begin_file_hash(r);
	crypto_sha256_init(&job->plain);
	store_reader_begin(
	    job->reader, fd, bytes_max(r->facts, r->past) + AUDIT_SPARE_BYTES, see_bytes, r);
	r->peek = (struct audit_peek){ job, pass, r->past, r->names, r->masked };
	r->shared = r->past == NULL && store_reader_share(job->reader, audit_peek_run, &r->peek);
	do {
		if (store_reader_next(job->reader, &lines, &e) == -1) {
			pass->torn = store_reader_torn(job->reader);
			pass->over = pass->long_line = store_reader_long(job->reader);
			(void)snprintf(pass->text, sizeof(pass->text), "%.*s",
			    (int)sizeof(pass->text) - 1, e.text);
			break;
		}
		read_lines(r, lines);
	} while (lines.len > 0 && !pass->over);
	pass->whole = lines.len == 0 && pass->text[0] == '\0' && !pass->over;
	pass->layout = store_reader_layout(job->reader);
	seal_tree_root(&job->tree, pass->root);
	crypto_sha256_end(&job->file, pass->file_hash);
	crypto_sha256_end(&job->plain, pass->plain);
}
