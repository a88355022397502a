/*
 * One segment in one streaming reading: container, lines, leaves, root,
 * counts, times, file hash.  Only a segment that differs is read again, to
 * name the records (locate.c).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/history/open.h"
#include "audit/read/peek.h"
#include "base/err.h"
#include "base/scan.h"

#define ERASED_BYTES 64 /* of a placeholder, about */

struct reading {
	struct audit_job *job;
	const struct seal_segment *facts;
	struct audit_pass *pass;
	const struct seal_past *past; /* with redact entries; NULL: as it was sealed */
	const struct seal_names *names;
	bool idx_good;                /* the job's .idx is the sealed one */
	bool masked; /* its tokens have their epochs */
	struct audit_peek peek;
	bool shared;                  /* the thread that reads peeks, too */
	bool asked; /* for the hash of the file */
};

/* ---- one batch of lines ---- */

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

/*
 * Lines that stand for what was erased or replaced count with the leaf that an
 * entry says; so do those that may not stand there, which are kept to be told.
 */
static void
keep_leaves(const struct reading *r, const char *start, size_t count)
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
add_leaves(const struct reading *r, size_t count, unsigned char (*roots)[32])
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
read_batch(const struct reading *r, const char *start, size_t count)
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
read_lines(const struct reading *r, struct span lines)
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
	const struct reading *r = arg;

	crypto_sha256_add(&r->job->file, bytes, len);
	if (r->asked)
		crypto_sha256_add(&r->job->plain, bytes, len);
	r->pass->file_bytes += len;
}

static void
begin_file_hash(const struct reading *r)
{
	unsigned char salt[16];

	if (!audit_salts_one(&r->job->from, SEAL_SALT_FILE, salt))
		memset(salt, 0, sizeof(salt)); /* erased; nobody asks for the hash then */
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
	crypto_sha256_init(&job->plain);
	store_reader_begin(
	    job->reader, fd, bytes_max(r->facts, r->past) + AUDIT_SPARE_BYTES, see_bytes, r);
	r->peek = (struct audit_peek){ job, pass, r->past, r->names, r->masked };
	r->shared =
	    r->past == NULL && store_reader_share(job->reader, audit_peek_run, &r->peek);
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

/* ---- judging ---- */

static void
judge_size(const struct audit_target *target, uint64_t sealed)
{
	if (target->pass->file_bytes != sealed)
		audit_report(target->list, AUDIT_E_COUNTS, &target->at,
		    "file.size: sealed %ju, found %ju", (uintmax_t)sealed,
		    (uintmax_t)target->pass->file_bytes);
}

static void
judge_layout(const struct audit_target *target)
{
	static const char *const layouts[] = {
		[STORE_LAYOUT_GOOD] = "",
		[STORE_LAYOUT_FRAMES] = "sealed, but not frames of a size and then a seek table",
		[STORE_LAYOUT_TABLE] = "sealed, but the seek table is not that of the frames",
		[STORE_LAYOUT_SIZE] = "sealed, but with a frame of more than 1 MiB or of nothing",
		[STORE_LAYOUT_LINES] = "sealed, but a frame ends within a line",
	};
	enum store_layout layout = target->pass->layout;

	if (layout != STORE_LAYOUT_GOOD)
		audit_report(target->list,
		    layout == STORE_LAYOUT_SIZE ? AUDIT_E_LIMIT : AUDIT_E_CONTAINER, &target->at,
		    "%s", layouts[layout]);
}

/*
 * The file's bytes: only those that were sealed need have the writer's layout.
 * After erasures nothing is said of the bytes but their number.
 */
static void
judge_file(const struct audit_target *target)
{
	const struct seal_segment *facts = target->facts;
	const struct audit_place *at = &target->at;

	if (target->past != NULL)
		judge_size(target, target->past->file_size);
	else if (memcmp(target->pass->file_hash, facts->file_hash, 32) == 0)
		judge_size(target, facts->file_size);
	else {
		/* Without records nothing shows whether the salt or the file is another. */
		if (facts->n > 0)
			audit_report(
			    target->list, AUDIT_W_REPACKED, at, "all records are the sealed");
		else
			audit_report(
			    target->list, AUDIT_E_FILE_HASH, at, "file or salt is another");
		return;
	}
	judge_layout(target);
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

static void
report_kept(const struct audit_job *job, const struct audit_target *target)
{
	uint64_t count = target->pass->kept_count;
	struct audit_place at = target->at;

	for (uint64_t i = 0; i < count && i < AUDIT_FINDINGS_PER_FILE; i++) {
		at.record = target->facts->first + job->kept[i].record;
		at.line = job->kept[i].record + 1;
		audit_report(
		    target->list, job->kept[i].code, &at, "%s", audit_kept_text(job->kept[i].code));
	}
	if (count > AUDIT_FINDINGS_PER_FILE)
		target->list->suppressed += count - AUDIT_FINDINGS_PER_FILE;
}

/* The records are the sealed ones.  Is it true what was sealed? */
static void
judge_good(const struct audit_job *job, const struct audit_target *target)
{
	const struct audit_pass *pass = target->pass;
	struct audit_place at = target->at;
	char idx[STORE_PATH_BYTES];

	report_kept(job, target);
	if (pass->kept_count > 0)
		return; /* whoever put lines there changed the bytes and counts, too */
	audit_counts_check(target);
	judge_file(target);
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
		at.record = pass->long_line ? facts->first + pass->lines : AUDIT_NONE;
		at.line = pass->long_line ? pass->lines + 1 : AUDIT_NONE;
		audit_report(target->list, code, &at, "%s",
		    pass->long_line ? "longer than a record may be" :
				      "far more lines than were sealed");
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
	coverage->records += pass->lines - pass->erased;
	coverage->line_bytes += pass->bytes;
	coverage->file_bytes += pass->file_bytes;
	if (pass->lines > 0 && pass->time_min_us < coverage->time_min_us)
		coverage->time_min_us = pass->time_min_us;
	if (pass->lines > 0 && pass->time_max_us > coverage->time_max_us)
		coverage->time_max_us = pass->time_max_us;
}

/* Of what nobody masked nothing is said. */
static bool
read_epochs(struct audit_job *job, const struct seal_segment *facts)
{
	if (facts->has_mask_seed)
		return (audit_epochs_read(facts->mask_epochs, &job->epochs) == 0);
	return (!facts->has_tags ||
	    audit_epochs_read_live(facts->mask_epochs, &job->epochs) == 0);
}

static bool
check_records(struct audit_job *job, const struct audit_chain *chain, int fd,
    struct audit_target *target, struct audit_coverage *coverage, bool idx_good)
{
	const struct seal_segment *facts = target->facts;
	const struct audit_options *asking =
	    chain->options != NULL && chain->options->seen != NULL ? chain->options : NULL;
	struct audit_pass pass;
	struct reading r = { .job = job,
		.facts = facts,
		.pass = &pass,
		.past = target->past,
		.names = target->names,
		.asked = asking != NULL,
		.masked = audit_peek_masked(chain->name, facts),
		.idx_good = idx_good };
	bool good;

	if (!read_epochs(job, facts))
		audit_report(target->list, AUDIT_E_MASK_EPOCH, &target->at,
		    "mask_epochs is not of the format");
	audit_flushes_begin(&job->flushes, chain, facts);
	read_file(&r, fd);
	target->pass = &pass;
	coverage->segments++;
	good = pass.whole && pass.lines == facts->n && memcmp(pass.root, facts->root, 32) == 0;
	audit_flushes_end(&job->flushes, good, &target->at, target->list);
	if (good) {
		judge_good(job, target);
		cover(&pass, coverage);
	} else
		judge_bad(job, chain, &pass, target, idx_good);
	target->pass = NULL;
	if (!good)
		return (false);
	if (asking != NULL)
		asking->seen(asking->seen_arg, facts->seg, pass.plain);
	/* The root of no records is that of any salt. */
	return (facts->n > 0 || memcmp(pass.file_hash, facts->file_hash, 32) == 0);
}

/* fd is closed. */
static bool
check_data(struct audit_job *job, const struct audit_chain *chain, int fd,
    struct audit_target *target, struct audit_coverage *coverage)
{
	const struct seal_segment *facts = target->facts;
	const struct seal_past *past = target->past;
	char salt[STORE_PATH_BYTES], idx[STORE_PATH_BYTES];
	struct audit_place beside = target->at;
	enum audit_code code;
	bool idx_good, good = false;
	struct err e;

	store_segment_path(idx, facts->seg, "idx");
	beside.file = idx;
	idx_good = audit_idx_open(job, chain, facts, &beside, target->list) == 0;
	store_revision_path(salt, facts->seg, past == NULL ? 0 : past->revision, "salt");
	beside.file = salt;
	if (audit_salts_open(&job->from, chain->dirfd, facts->seg, past, &code, &e) == -1) {
		audit_report(target->list, code, &beside, "%s", e.text);
		(void)close(fd);
		goto out;
	}
	beside.record = facts->first;
	if (past != NULL && audit_salts_check(&job->from, past, &beside, target->list) == -1)
		(void)close(fd);
	else
		good = check_records(job, chain, fd, target, coverage, idx_good);
out:
	audit_salts_close(&job->from);
	return (good);
}

bool
audit_segment_check(struct audit_job *job, const struct audit_chain *chain,
    const struct audit_segment *segment, struct audit_list *list, struct audit_coverage *coverage)
{
	const struct seal_segment *facts = &job->entry.of.segment;
	const struct seal_past *past =
	    chain->history == NULL ? NULL : seal_history_segment(chain->history, segment->seg);
	char data[STORE_PATH_BYTES] = "";
	struct audit_target target = { .list = list,
		.facts = facts,
		.at = audit_place(data),
		.salts = &job->from,
		.names = chain->names };
	struct audit_place whole;
	int fd;

	if (seal_entry_read(audit_line_in(&chain->lines, &job->lines, segment->line), chain->names,
		&job->entry, NULL) == -1) {
		/* The chain check read it: if it is the same, there is no memory. */
		list->failed = !audit_window_settle(&job->lines, list) || list->failed;
		return (false);
	}
	if (past != NULL && (past->pruned || past->entry != segment->line)) {
		list->suppressed += !past->pruned;
		return (false);
	}
	target.past = past != NULL && past->revision > 0 ? past : NULL;
	store_revision_path(data, segment->seg, past == NULL ? 0 : past->revision, "jsonl.zst");
	target.at.segment = segment->seg;
	target.at.entry = segment->line;
	whole = target.at;
	whole.record = facts->first;
	whole.count = facts->n;
	fd = audit_data_open(
	    chain, facts->n, past == NULL ? facts->file_size : past->file_size, &whole, list);
	if (fd == -1) {
		coverage->segments_missing++;
		return (false);
	}
	return (check_data(job, chain, fd, &target, coverage));
}
