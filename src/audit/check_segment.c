/*
 * One segment in one streaming reading: container, lines, leaves, root,
 * counts, times, file hash.  Only a segment that differs is read again, to
 * name the records (locate.c).
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/segment.h"
#include "base/err.h"
#include "base/scan.h"
#include "base/text.h"

struct reading {
	struct audit_job *job;
	const struct seal_segment *facts;
	struct audit_pass *pass;
	const unsigned char *seed;
	bool idx_good; /* the job's .idx is the sealed one */
};

/* ---- one batch of lines ---- */

static void
tally(struct audit_tally *t, uint64_t record)
{
	if (t->count++ == 0)
		t->first = record;
}

static void
peek_lines(const struct reading *r, const char *start, size_t count)
{
	struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	bool import = r->facts->has_mask_seed;
	struct record_facts facts;
	uint32_t from = 0;

	for (size_t i = 0; i < count; from = job->ends[i++]) {
		struct span line = { start + from, job->ends[i] - from - 1 };

		if (audit_record_check(&job->records, line, &facts) == -1) {
			tally(line.len < RECORD_BYTES_MAX ? &pass->syntax : &pass->large,
			    pass->lines + i);
			continue;
		}
		pass->states[facts.state]++;
		pass->status[stats_status_class(facts.status)]++;
		if (facts.time_us < pass->time_min_us)
			pass->time_min_us = facts.time_us;
		if (facts.time_us > pass->time_max_us)
			pass->time_max_us = facts.time_us;
		if (import && !audit_epochs_cover(&job->epochs, line, facts.time_us))
			tally(&pass->mask_epoch, pass->lines + i);
	}
}

/* Does .idx say of count leaves what they are?  roots are those of the blocks that they end. */
static void
compare_idx(
    const struct reading *r, size_t count, const unsigned char (*roots)[32], size_t root_count)
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

static void
read_batch(const struct reading *r, const char *start, size_t count)
{
	struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	unsigned char roots[AUDIT_BATCH / SEAL_BLOCK + 2][32];
	size_t root_count;

	for (size_t i = 0; i < count; i++)
		job->ends[i]++; /* scan finds the line end, a line ends behind it */
	seal_salts(r->seed, (uint32_t)pass->lines, count, job->salts, job->salt_memory);
	seal_leaves(start, job->ends, count, (const unsigned char(*)[16])job->salts, job->leaves);
	root_count =
	    seal_tree_add(&job->tree, (const unsigned char(*)[32])job->leaves, count, roots);
	if (pass->lines + count == r->facts->n)
		root_count += (size_t)seal_tree_tail(&job->tree, roots[root_count]);
	compare_idx(r, count, (const unsigned char(*)[32])roots, root_count);
	peek_lines(r, start, count);
	pass->lines += count;
	pass->bytes += job->ends[count - 1];
}

static void
read_lines(const struct reading *r, struct span lines)
{
	struct audit_pass *pass = r->pass;
	uint64_t bytes_max = r->facts->bytes + AUDIT_SPARE_BYTES;

	while (lines.len > 0 && !pass->over) {
		size_t scanned, count = scan_lines(lines, r->job->ends, AUDIT_BATCH, &scanned);

		if (count == 0)
			break;
		read_batch(r, lines.ptr, count);
		lines = span_from(lines, r->job->ends[count - 1]);
		pass->over = pass->lines > AUDIT_LINES_MAX || pass->bytes > bytes_max;
	}
}

/* ---- the whole file ---- */

static void
see_bytes(void *arg, const void *bytes, size_t len)
{
	const struct reading *r = arg;

	crypto_sha256_add(&r->job->file, bytes, len);
	r->pass->file_bytes += len;
}

static void
begin_file_hash(const struct reading *r)
{
	unsigned char salt[16];

	seal_salt(r->seed, SEAL_SALT_FILE, salt);
	crypto_sha256_init(&r->job->file);
	crypto_sha256_add(&r->job->file, "cretula file v1\n", 16);
	crypto_sha256_add(&r->job->file, salt, sizeof(salt));
}

static void
read_file(struct reading *r, int fd)
{
	struct audit_job *job = r->job;
	struct audit_pass *pass = r->pass;
	struct span lines = { NULL, 0 };
	struct err e;

	*pass = (struct audit_pass){ .time_min_us = INT64_MAX, .time_max_us = INT64_MIN };
	seal_tree_init(&job->tree);
	begin_file_hash(r);
	store_reader_begin(job->reader, fd, r->facts->bytes + 2 * AUDIT_SPARE_BYTES, see_bytes, r);
	do {
		if (store_reader_next(job->reader, &lines, &e) == -1) {
			pass->torn = store_reader_torn(job->reader);
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
}

/* ---- what belongs to it ---- */

static int
open_data(const struct audit_chain *chain, const struct seal_segment *facts,
    const struct audit_place *at, struct audit_list *list)
{
	enum audit_kind kind = audit_kind(chain->dirfd, at->file);
	uint64_t size;
	struct err e;
	int fd;

	if (kind == AUDIT_MISSING) {
		audit_report(list, AUDIT_E_SEGMENT_MISSING, at, "its %ju records cannot be shown",
		    (uintmax_t)facts->n);
		return (-1);
	}
	if (kind != AUDIT_REGULAR) {
		audit_report(list, AUDIT_E_FILE_TYPE, at, "not a regular file");
		return (-1);
	}
	if ((fd = store_open_file(chain->dirfd, at->file, &size, &e)) == -1) {
		audit_report(list, AUDIT_E_SEGMENT_MISSING, at, "%s", e.text);
		return (-1);
	}
	/* A sparse file is large for nothing: do not even begin to read it. */
	if (size > facts->file_size && size - facts->file_size > 2 * AUDIT_SPARE_BYTES) {
		audit_report(list, AUDIT_E_LIMIT, at, "%ju bytes, sealed were %ju", (uintmax_t)size,
		    (uintmax_t)facts->file_size);
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

/* One line "0 0 BASE64": the seed itself. */
int
audit_seed_read(int dirfd, const char *file, unsigned char seed[static 16], enum audit_code *code,
    struct err *e)
{
	static const struct span head = SPAN("0 0 ");
	struct buf bytes = { 0 };
	struct span text;
	size_t len;
	int rc = -1;

	*code = AUDIT_E_SALT;
	if (audit_read(dirfd, file, 4096, &bytes, code, e) == -1)
		goto out;
	text = buf_view(&bytes);
	if (!span_starts(text, head) || text.ptr[text.len - 1] != '\n' ||
	    text_unbase64(span_of(text.ptr + head.len, text.len - head.len - 1), seed, 16, &len) ==
		-1 ||
	    len != 16) {
		(void)err_set(e, ERR_FINDING, "not the seed of a segment");
		goto out;
	}
	rc = 0;
out:
	buf_free(&bytes);
	return (rc);
}

static int
read_idx(struct audit_job *job, const struct audit_chain *chain, const struct seal_segment *facts,
    const struct audit_place *at, struct audit_list *list)
{
	size_t blocks = (size_t)((facts->n + SEAL_BLOCK - 1) / SEAL_BLOCK);
	size_t size = 2 * (size_t)facts->n + 32 * blocks;
	unsigned char hash[32];
	enum audit_code code = AUDIT_E_INDEX;
	struct err e;

	if (audit_read(chain->dirfd, at->file, AUDIT_IDX_BYTES_MAX, &job->idx, &code, &e) == -1) {
		audit_report(list, code, at, "%s", e.text);
		return (-1);
	}
	crypto_sha256(job->idx.data, job->idx.len, hash);
	if (memcmp(hash, facts->idx, sizeof(hash)) != 0 || job->idx.len != size) {
		audit_report(list, AUDIT_E_INDEX, at, "its hash is not the sealed one");
		return (-1);
	}
	return (0);
}

/* ---- judging ---- */

/* The file's bytes: only those that were sealed need have the writer's layout. */
static void
judge_file(const struct audit_target *target)
{
	static const char *const layouts[] = {
		[STORE_LAYOUT_GOOD] = "",
		[STORE_LAYOUT_FRAMES] = "sealed, but not frames of a size and then a seek table",
		[STORE_LAYOUT_TABLE] = "sealed, but the seek table is not that of the frames",
		[STORE_LAYOUT_SIZE] = "sealed, but with a frame of more than 1 MiB or of nothing",
		[STORE_LAYOUT_LINES] = "sealed, but a frame ends within a line",
	};
	const struct seal_segment *facts = target->facts;
	const struct audit_pass *pass = target->pass;
	const struct audit_place *at = &target->at;

	if (memcmp(pass->file_hash, facts->file_hash, 32) != 0) {
		/* Without records nothing shows whether the salt or the file is another. */
		if (facts->n > 0)
			audit_report(
			    target->list, AUDIT_W_REPACKED, at, "all records are the sealed");
		else
			audit_report(
			    target->list, AUDIT_E_FILE_HASH, at, "file or salt is another");
		return;
	}
	if (pass->file_bytes != facts->file_size)
		audit_report(target->list, AUDIT_E_COUNTS, at, "file.size: sealed %ju, found %ju",
		    (uintmax_t)facts->file_size, (uintmax_t)pass->file_bytes);
	if (pass->layout != STORE_LAYOUT_GOOD)
		audit_report(target->list,
		    pass->layout == STORE_LAYOUT_SIZE ? AUDIT_E_LIMIT : AUDIT_E_CONTAINER, at, "%s",
		    layouts[pass->layout]);
}

static void
report_tally(const struct audit_target *target, enum audit_code code,
    const struct audit_tally *records, const char *text)
{
	struct audit_place at = target->at;

	at.count = records->count;
	at.record = target->facts->first + records->first;
	at.line = records->first + 1;
	if (records->count > 0)
		audit_report(target->list, code, &at, "%s", text);
}

/* The records are the sealed ones.  Is it true what was sealed? */
static void
judge_good(const struct audit_job *job, const struct audit_target *target)
{
	const struct audit_pass *pass = target->pass;
	struct audit_place at = target->at;
	char idx[STORE_PATH_BYTES];

	audit_counts_check(&job->entry, pass, &at, target->list);
	judge_file(target);
	report_tally(target, AUDIT_E_LIMIT, &pass->large, "sealed, but too long");
	report_tally(target, AUDIT_E_RECORD_SYNTAX, &pass->syntax, "sealed, but of another format");
	report_tally(
	    target, AUDIT_E_MASK_EPOCH, &pass->mask_epoch, "a token's epoch is not in mask_epochs");
	store_segment_path(idx, target->facts->seg, "idx");
	at.file = idx;
	if (pass->idx_differs)
		audit_report(target->list, AUDIT_E_INDEX, &at, "sealed, but not of these records");
}

static void
judge_bad(struct audit_job *job, const struct audit_chain *chain, const struct audit_pass *pass,
    const struct audit_target *target, bool idx_good)
{
	const struct seal_segment *facts = target->facts;
	struct audit_place at = target->at;
	enum audit_code code = pass->over ? AUDIT_E_LIMIT :
	    pass->torn                    ? AUDIT_E_TORN_LINE :
	    !pass->whole                  ? AUDIT_E_CONTAINER :
					    AUDIT_E_SEGMENT_ROOT;
	uint64_t size;
	int fd;

	/* Whoever adds that much does not want it to be searched. */
	if (pass->over) {
		audit_report(target->list, code, &at, "far more lines than were sealed");
		return;
	}
	if (idx_good && (fd = store_open_file(chain->dirfd, at.file, &size, NULL)) != -1) {
		audit_locate(job, fd, target);
		return;
	}
	at.record = facts->first;
	at.count = facts->n;
	audit_report(target->list, code, &at, "%s",
	    code == AUDIT_E_SEGMENT_ROOT ? "which of them cannot be told without the .idx file" :
					   pass->text);
}

static void
cover(const struct audit_pass *pass, struct audit_coverage *coverage)
{
	coverage->records += pass->lines;
	coverage->line_bytes += pass->bytes;
	coverage->file_bytes += pass->file_bytes;
	if (pass->lines > 0 && pass->time_min_us < coverage->time_min_us)
		coverage->time_min_us = pass->time_min_us;
	if (pass->lines > 0 && pass->time_max_us > coverage->time_max_us)
		coverage->time_max_us = pass->time_max_us;
}

static bool
check_records(struct audit_job *job, const struct audit_chain *chain, int fd,
    struct audit_target *target, struct audit_coverage *coverage, bool idx_good)
{
	const struct seal_segment *facts = target->facts;
	struct audit_pass pass;
	struct reading r = { .job = job,
		.facts = facts,
		.pass = &pass,
		.seed = target->seed,
		.idx_good = idx_good };

	if (facts->has_mask_seed && audit_epochs_read(facts->mask_epochs, &job->epochs) == -1)
		audit_report(target->list, AUDIT_E_MASK_EPOCH, &target->at,
		    "mask_epochs is not of the format");
	read_file(&r, fd);
	target->pass = &pass;
	coverage->segments++;
	if (!pass.whole || pass.lines != facts->n || memcmp(pass.root, facts->root, 32) != 0) {
		judge_bad(job, chain, &pass, target, idx_good);
		return (false);
	}
	judge_good(job, target);
	cover(&pass, coverage);
	/* The root of no records is that of any salt. */
	return (facts->n > 0 || memcmp(pass.file_hash, facts->file_hash, 32) == 0);
}

bool
audit_segment_check(struct audit_job *job, const struct audit_chain *chain,
    const struct audit_segment *segment, struct audit_list *list, struct audit_coverage *coverage)
{
	const struct seal_segment *facts = &job->entry.of.segment;
	char data[STORE_PATH_BYTES], salt[STORE_PATH_BYTES], idx[STORE_PATH_BYTES];
	struct audit_place at, beside;
	unsigned char seed[16];
	enum audit_code code;
	bool idx_good;
	struct err e;
	int fd;

	if (seal_entry_read(chain->lines[segment->line], chain->names, &job->entry, NULL) == -1)
		return (false); /* the chain check read it, so this cannot be */
	store_segment_path(data, segment->seg, "jsonl.zst");
	store_segment_path(salt, segment->seg, "salt");
	store_segment_path(idx, segment->seg, "idx");
	at = audit_place(data);
	at.segment = segment->seg;
	at.entry = segment->line;
	beside = at;
	at.record = facts->first;
	at.count = facts->n;
	if ((fd = open_data(chain, facts, &at, list)) == -1) {
		coverage->segments_missing++;
		return (false);
	}
	beside.file = idx;
	idx_good = read_idx(job, chain, facts, &beside, list) == 0;
	beside.file = salt;
	if (audit_seed_read(chain->dirfd, salt, seed, &code, &e) == -1) {
		audit_report(list, code, &beside, "%s", e.text);
		(void)close(fd);
		return (false);
	}
	beside.file = data;
	return (check_records(job, chain, fd,
	    &(struct audit_target){ .list = list, .facts = facts, .at = beside, .seed = seed },
	    coverage, idx_good));
}
