/*
 * One segment: what a streaming reading of it found (read/pass.h) is judged.  Only a
 * segment that differs is read again, to name the records (locate.c).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/history/open.h"
#include "audit/read/pass.h"
#include "base/err.h"

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

/* ---- the whole ---- */

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
	struct audit_reading r = { .job = job,
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
	audit_pass_read(&r, fd);
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
