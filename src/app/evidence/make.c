/* What goes into a bundle: the chains whole, and the segments of the range. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/evidence/evidence.h"
#include "app/names.h"
#include "app/records.h"
#include "audit/outside/beside.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "seal/note.h"
#include "store/erase/erase.h"
#include "store/keys/force.h"
#include "store/layout.h"

struct make {
	const struct app_evidence *what;
	struct app_evidence_counts *counts;
	struct app_evidence_out out;
	struct buf policy, sums; /* policy file; counts.json */
	char first[STORE_NAME_MAX + 8]; /* a stream that is in it */
	struct app_records *records; /* the stream at hand */
	const char *name;
	size_t signed_count; /* of its entries: what goes in */
	const struct audit_policy *given;
	struct audit_sums row; /* of it */
	struct audit_range range;
	struct seal_entry entry;
};

#define EVIDENCE_PATH_BYTES 512

static void
path_in(const struct make *m, const char *file, char path[static EVIDENCE_PATH_BYTES])
{
	(void)snprintf(path, EVIDENCE_PATH_BYTES, "store/streams/%s%s%s", m->name,
	    file[0] == '\0' ? "" : "/", file);
}

/* ---- the chain ---- */

/* The newest size that has a note: a writer may be between the line and its note. */
static int
find_signed(struct make *m, struct err *e)
{
	char file[STORE_PATH_BYTES];
	struct stat st;

	for (m->signed_count = m->records->chain.count; m->signed_count > 0; m->signed_count--) {
		store_note_path(file, m->signed_count);
		if (fstatat(m->records->stream_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return (0);
	}
	return (err_set(e, ERR_FINDING, "stream %s has no signed entry", m->name));
}

static int
copy_notes(struct make *m, struct err *e)
{
	int fd = m->records->stream_fd;
	char file[STORE_PATH_BYTES], path[EVIDENCE_PATH_BYTES];

	for (size_t size = 1; size <= m->signed_count; size++) {
		store_note_path(file, size);
		path_in(m, file, path);
		if (app_evidence_copy(&m->out, fd, file, path, e) == -1)
			return (-1);
	}
	store_note_path(file, m->signed_count);
	path_in(m, "checkpoint", path);
	return (app_evidence_copy(&m->out, fd, file, path, e) == -1 ? -1 : 0);
}

/* What entries under the note name in anchor/.  A missing one is for the check to tell. */
static int
copy_anchors(struct make *m, struct err *e)
{
	const struct store_chain *chain = &m->records->chain;
	char file[256], path[EVIDENCE_PATH_BYTES];
	bool made = false;
	int rc = 0;

	for (size_t i = 0; i < m->signed_count && rc >= 0; i++) {
		const struct span *name = &m->entry.of.anchor.file.name;

		if (seal_entry_read(store_chain_line(chain, i), app_names(), &m->entry, e) == -1)
			return (-1);
		if (m->entry.type != SEAL_ANCHOR || !span_starts(*name, span_str("anchor/")) ||
		    name->len >= sizeof(file) ||
		    span_find(span_from(*name, 7), '/') + 7 != name->len)
			continue;
		path_in(m, "anchor", path);
		if (!made && (rc = app_evidence_mkdir(&m->out, path, e)) == -1)
			return (-1);
		made = true;
		(void)snprintf(file, sizeof(file), "%.*s", (int)name->len, name->ptr);
		path_in(m, file, path);
		if (!app_evidence_has(&m->out, path))
			rc = app_evidence_copy(&m->out, m->records->stream_fd, file, path, e);
	}
	return (rc == -1 ? -1 : 0);
}

static int
copy_chain(struct make *m, struct err *e)
{
	static const char *const directories[] = { "", "cp", "seg" };
	const struct store_chain *chain = &m->records->chain;
	bool own = strcmp(m->name, STORE_OWN_STREAM) == 0;
	char path[EVIDENCE_PATH_BYTES];
	struct store_force force;
	struct span first;

	for (unsigned i = 0; i < (own ? 2 : 3); i++) {
		path_in(m, directories[i], path);
		if (app_evidence_mkdir(&m->out, path, e) == -1)
			return (-1);
	}
	if (find_signed(m, e) == -1)
		return (-1);
	path_in(m, "chain.jsonl", path);
	if (app_evidence_put_lines(&m->out, path, chain, m->signed_count, e) == -1 ||
	    copy_notes(m, e) == -1)
		return (-1);
	if (copy_anchors(m, e) == -1)
		return (-1);
	if (seal_entry_read(store_chain_line(chain, 0), app_names(), &m->entry, e) == -1 ||
	    m->entry.type != SEAL_GENESIS)
		return (err_set(e, ERR_FINDING, "stream %s has no genesis", m->name));
	/* A chain is known by its first log key; the newest note may be signed by a later one. */
	first = m->entry.of.genesis.log;
	app_evidence_policy_log(m->given, first, &m->policy);
	if (store_force_find(chain, m->signed_count, app_names(), &m->entry, &force, e) == -1)
		return (-1);
	if (!span_equal(first, force.log))
		app_evidence_policy_log(m->given, force.log, &m->policy);
	return (0);
}

/* ---- segments ---- */

/* All files of a segment, whatever their revision: names that begin with its number and a dot. */
static int
copy_files(struct make *m, int seg_fd, const char *prefix, struct err *e)
{
	size_t len = strlen(prefix);
	const struct dirent *found;
	DIR *dir;
	int fd = dup(seg_fd), rc = 0;

	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			(void)close(fd);
		return (err_sys(e, ERR_IO, "seg"));
	}
	rewinddir(dir);
	while (rc >= 0 && (found = readdir(dir)) != NULL) {
		char file[300], path[EVIDENCE_PATH_BYTES];
		size_t name_len = strlen(found->d_name);

		if (strncmp(found->d_name, prefix, len) != 0 ||
		    (name_len > 4 && strcmp(found->d_name + name_len - 4, ".tmp") == 0))
			continue;
		(void)snprintf(file, sizeof(file), "seg/%s", found->d_name);
		path_in(m, file, path);
		rc = app_evidence_copy(&m->out, m->records->stream_fd, file, path, e);
	}
	(void)closedir(dir);
	return (rc == -1 ? -1 : 0);
}

static int
copy_segment(struct make *m, int seg_fd, struct err *e)
{
	const struct seal_segment *facts = &m->entry.of.segment;
	const struct seal_past *past;
	char prefix[24];

	if (!audit_range_holds(&m->range, facts))
		return (0);
	past = app_records_past(m->records, &m->entry);
	audit_sums_add(&m->row, facts, past);
	if (past != NULL && past->pruned)
		return (0);
	m->counts->segments++;
	/* As verify says: those that are there. */
	m->counts->records += facts->n - (past == NULL ? 0 : past->erased_count);
	m->counts->bytes += facts->bytes;
	(void)snprintf(prefix, sizeof(prefix), "%08ju.", (uintmax_t)facts->seg);
	return (copy_files(m, seg_fd, prefix, e));
}

static int
copy_words(struct make *m, struct err *e)
{
	char path[EVIDENCE_PATH_BYTES];
	int store = io_open(AT_FDCWD, m->what->store, O_RDONLY | O_DIRECTORY, 0, e), words = -1,
	    rc = -1;

	(void)snprintf(path, sizeof(path), "store/words/%s", m->name);
	if (store != -1 && (words = io_open_dir(store, "words", e)) != -1)
		rc = app_evidence_copy(&m->out, words, m->name, path, e);
	else if (store != -1 && errno == ENOENT)
		rc = 1;
	if (words != -1)
		(void)close(words);
	if (store != -1)
		(void)close(store);
	return (rc);
}

/* Is the newest segment in range?  Then the vocabulary that it seals belongs to it. */
static int
copy_segments(struct make *m, struct err *e)
{
	const struct store_chain *chain = &m->records->chain;
	int seg_fd = io_open_dir(m->records->stream_fd, "seg", e), rc = 0;
	bool newest = false;

	if (seg_fd == -1)
		return (errno == ENOENT ? 0 : -1);
	if (store_history_read(chain, app_names(), &m->records->history, e) == -1)
		rc = -1;
	for (size_t i = 0; i < m->signed_count && rc == 0; i++) {
		if (seal_entry_read(store_chain_line(chain, i), app_names(), &m->entry, e) == -1)
			rc = -1;
		else if (m->entry.type == SEAL_SEGMENT) {
			newest = audit_range_holds(&m->range, &m->entry.of.segment);
			rc = copy_segment(m, seg_fd, e);
		}
	}
	(void)close(seg_fd);
	if (rc == 0 && newest)
		rc = copy_words(m, e);
	return (rc == -1 ? -1 : 0);
}

/* ---- streams ---- */

static int
add_stream(struct make *m, const char *name, struct err *e)
{
	struct app_records open;
	int rc = -1;

	m->records = &open;
	m->name = name;
	m->row = (struct audit_sums){ 0 };
	stats_counts_clear(&m->row.counts);
	if (app_records_open(&open, m->what->store, name, m->what->since, m->what->until, e) == 0) {
		m->range.since_us = open.since_us;
		m->range.until_us = open.until_us;
		if (copy_chain(m, e) == 0 &&
		    (strcmp(name, STORE_OWN_STREAM) == 0 || copy_segments(m, e) == 0))
			rc = 0;
	}
	app_records_close(&open);
	if (rc == 0 && strcmp(name, STORE_OWN_STREAM) != 0) {
		(void)snprintf(m->first, sizeof(m->first), "%s", name);
		m->counts->streams++;
		audit_sums_print(&m->row, span_str(name), &m->sums);
	}
	return (rc);
}

static int
add_streams(struct make *m, struct err *e)
{
	struct store_chain chain;
	char name[STORE_NAME_MAX + 8];
	struct app_records own;
	int rc = 0;

	if (add_stream(m, STORE_OWN_STREAM, e) == -1)
		return (-1);
	if (m->what->stream != NULL)
		return (add_stream(m, m->what->stream, e));
	if (app_records_open(&own, m->what->store, STORE_OWN_STREAM, NULL, NULL, e) == -1) {
		app_records_close(&own);
		return (-1);
	}
	chain = own.chain;
	for (size_t i = 0; i < chain.count && rc == 0; i++) {
		if (seal_entry_read(store_chain_line(&chain, i), app_names(), &m->entry, e) == -1)
			rc = -1;
		else if (m->entry.type == SEAL_STREAM) {
			(void)snprintf(name, sizeof(name), "%.*s", (int)m->entry.of.stream.name.len,
			    m->entry.of.stream.name.ptr);
			rc = add_stream(m, name, e);
		}
	}
	app_records_close(&own);
	return (rc);
}

/* ---- beside the store ---- */

static void
add_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != INT64_MIN && t_us != INT64_MAX)
		json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static int
put_extras(struct make *m, struct err *e)
{
	for (size_t i = 0; i < m->what->extra_count; i++)
		if (app_evidence_put(
			&m->out, m->what->extras[i].path, m->what->extras[i].bytes, e) == -1)
			return (-1);
	return (0);
}

static int
put_texts(struct make *m, struct err *e)
{
	struct buf facts = { 0 }, readme = { 0 };
	int rc = -1;

	buf_char(&facts, '{');
	json_u64(&facts, "v", 1);
	if (m->what->stream != NULL)
		json_str(&facts, "stream", span_str(m->what->stream));
	add_time(&facts, "since", m->range.since_us);
	add_time(&facts, "until", m->range.until_us);
	buf_str(&facts, "}\n");
	app_evidence_readme(m->first[0] == '\0' ? STORE_OWN_STREAM : m->first, &readme);
	audit_sums_end(&m->sums);
	app_evidence_policy_end(m->given, &m->policy);
	if (!buf_ok(&facts) || !buf_ok(&readme) || !buf_ok(&m->sums) || !buf_ok(&m->policy))
		(void)err_set(e, ERR_IO, "out of memory");
	else if (app_evidence_put(&m->out, "bundle.json", buf_view(&facts), e) == 0 &&
	    app_evidence_put(&m->out, "README.md", buf_view(&readme), e) == 0 &&
	    app_evidence_put(&m->out, "counts.json", buf_view(&m->sums), e) == 0 &&
	    app_evidence_put(&m->out, "policy", buf_view(&m->policy), e) == 0 &&
	    app_evidence_put_common(&m->out, m->what->store, e) == 0 && put_extras(m, e) == 0)
		rc = app_evidence_manifest(&m->out, e);
	buf_free(&facts);
	buf_free(&readme);
	return (rc);
}

int
app_evidence_make(
    const struct app_evidence *what, struct app_evidence_counts *counts, struct err *e)
{
	struct make *m = calloc(1, sizeof(*m));
	int rc = -1;

	if (m == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	*counts = (struct app_evidence_counts){ 0 };
	m->what = what;
	m->counts = counts;
	m->given = what->policy;
	if (app_evidence_open(&m->out, what->out, e) == 0 &&
	    app_evidence_mkdir(&m->out, "store", e) == 0 &&
	    app_evidence_mkdir(&m->out, "store/streams", e) == 0 &&
	    app_evidence_mkdir(&m->out, "store/words", e) == 0 && add_streams(m, e) == 0 &&
	    put_texts(m, e) == 0 && app_evidence_check(&m->out, what, e) == 0)
		rc = 0;
	for (size_t i = 0; i < m->out.count; i++)
		counts->files += !m->out.files[i].is_directory;
	counts->file_bytes = m->out.bytes;
	if (app_evidence_close(&m->out, rc == 0 ? what->out : NULL, e) == -1)
		rc = -1;
	buf_free(&m->policy);
	buf_free(&m->sums);
	free(m);
	return (rc);
}
