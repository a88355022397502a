/* The files of revisions and of pruned segments: which are to go, and how they go. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "store/erase/inside.h"
#include "store/skip/skip.h"
#include "store/sweep.h"

/* The salts go first. */
static const char *const suffixes[] = { "salt", "jsonl.zst", "tags", "idx" };
#define SALT 0 /* index of suffixes */
#define FILES 2 /* those that have revisions */
#define ALL_FILES (sizeof(suffixes) / sizeof(suffixes[0]))

int
store_erase_shred(int dirfd, uint64_t seg, uint64_t revision, struct err *e)
{
	char path[STORE_PATH_BYTES];

	for (size_t i = 0; i < FILES; i++) {
		store_revision_path(path, seg, revision, suffixes[i]);
		if (io_shred(dirfd, path, e) == -1 && errno != ENOENT)
			return (-1);
	}
	return (0);
}

/* ---- what the chain knows ---- */

struct revision {
	uint64_t seg, newest;
};

struct revisions {
	const struct store_stream *stream;
	const struct store_erase_known *known;
	size_t file; /* index of suffixes, of this pass */
	bool removed; /* a name whose directory is not synced yet */
	struct err failed; /* the first name that could not go */
	int errnum;
};

static struct revision *
find(const struct store_erase_known *known, uint64_t seg)
{
	struct revision *list = (struct revision *)(void *)known->list.data;

	for (size_t i = 0; i < known->list.len / sizeof(*list); i++)
		if (list[i].seg == seg)
			return (&list[i]);
	return (NULL);
}

/* Cheap, because few entries are one: canonical lines have their type in one place. */
static bool
is_type(struct span line, const char *type)
{
	struct span rest = span_from(line, sizeof("{\"v\":1,") - 1);

	rest = span_from(rest, span_find(rest, ',') + 1);
	return (span_starts(rest, span_str(type)));
}

static void
note(struct store_erase_known *known, const struct seal_redact *redact)
{
	struct revision *before = find(known, redact->seg);
	struct revision fresh = { redact->seg, redact->revision };

	if (before == NULL)
		buf_add(&known->list, &fresh, sizeof(fresh));
	else if (before->newest < redact->revision)
		before->newest = redact->revision;
}

/* Segments are pruned in their order, mostly: then they are one range. */
static void
note_pruned(struct store_erase_known *known, const struct seal_prune *prune)
{
	struct seal_range range, *list;
	struct json_cursor c;

	for (seal_ranges_open(prune->segs, &c); seal_ranges_next(&c, &range);) {
		size_t count = known->pruned.len / sizeof(*list);

		list = (struct seal_range *)(void *)known->pruned.data;
		if (count > 0 && list[count - 1].last + 1 == range.first)
			list[count - 1].last = range.last;
		else
			buf_add(&known->pruned, &range, sizeof(range));
	}
}

static bool
is_pruned(const struct store_erase_known *known, uint64_t seg)
{
	const struct seal_range *list = (const struct seal_range *)(const void *)known->pruned.data;

	for (size_t i = 0; i < known->pruned.len / sizeof(*list); i++)
		if (list[i].first <= seg && seg <= list[i].last)
			return (true);
	return (false);
}

int
store_erase_know(const struct store_stream *st, struct store_erase_known *known, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(st->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = entry == NULL ? err_sys(e, ERR_IO, "entry") : 0;

	for (size_t i = 0; i < chain->count && rc == 0; i++) {
		const struct span line = store_chain_line(chain, i);

		/* Else it may be the one by which a revision is in force: that would go. */
		if (line.len == 0)
			rc = err_set(e, ERR_FINDING, "entry %zu: not what it was", i);
		else if (!is_type(line, "\"type\":\"redact\",") &&
		    !is_type(line, "\"type\":\"prune\","))
			continue;
		else if (seal_entry_read(line, &st->names, entry, e) == -1)
			rc = err_in(e, "entry %zu", i);
		else if (entry->type == SEAL_REDACT)
			note(known, &entry->of.redact);
		else if (entry->type == SEAL_PRUNE)
			note_pruned(known, &entry->of.prune);
	}
	free(entry);
	if (rc == 0 && (!buf_ok(&known->list) || !buf_ok(&known->pruned)))
		rc = err_set(e, ERR_IO, "out of memory");
	return (rc);
}

void
store_erase_forget(struct store_erase_known *known)
{
	buf_free(&known->list);
	buf_free(&known->pruned);
}

/* ---- what lies in seg/ ---- */

/* "00000042.SUFFIX" and "00000042.r7.SUFFIX", as they are written. */
static bool
read_name(const char *name, const char *suffix, uint64_t *seg, uint64_t *revision)
{
	struct span all = span_str(name), rest;
	char path[STORE_PATH_BYTES];
	size_t dot = span_find(all, '.');

	*revision = 0;
	if (num_u64(span_of(all.ptr, dot), seg) == -1)
		return (false);
	rest = span_from(all, dot + 1);
	if (rest.len > 1 && rest.ptr[0] == 'r' && rest.ptr[1] >= '1' && rest.ptr[1] <= '9' &&
	    num_u64(span_of(rest.ptr + 1, span_find(rest, '.') - 1), revision) == -1)
		return (false);
	store_revision_path(path, *seg, *revision, suffix);
	return (strcmp(path + sizeof("seg/") - 1, name) == 0);
}

/* Nothing is overwritten for a revision that is not there. */
static bool
is_whole(const struct store_stream *st, const struct revision *known)
{
	char path[STORE_PATH_BYTES];

	for (size_t i = 0; i < FILES; i++) {
		store_revision_path(path, known->seg, known->newest, suffixes[i]);
		if (faccessat(st->dirfd, path, R_OK, AT_SYMLINK_NOFOLLOW) == -1)
			return (false);
	}
	return (true);
}

/* Without its salts nothing of a pruned segment can be tested any more. */
static int
remove_pruned(struct revisions *r, int fd, const char *name, struct err *e)
{
	r->removed = true;
	/* Salts are said, if they have another name. */
	return (r->file == SALT ? io_shred_name(fd, name, e) : io_unlink(fd, name, e));
}

/* What is no file, somebody put there: it goes if it can, and need not. */
static bool
is_odd(int fd, const char *name)
{
	struct stat st;

	return (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode));
}

static int
settle_one(struct revisions *r, int fd, const char *name, struct err *e)
{
	const struct revision *known;
	uint64_t seg, revision;

	if (!read_name(name, suffixes[r->file], &seg, &revision))
		return (0);
	if (is_pruned(r->known, seg))
		return (is_odd(fd, name) ? store_remove_file(fd, name, e) :
					   remove_pruned(r, fd, name, e));
	if (r->file >= FILES)
		return (0);
	known = find(r->known, seg);
	if (revision > (known == NULL ? 0 : known->newest))
		return (store_remove_file(fd, name, e));
	if (known == NULL || revision == known->newest || !is_whole(r->stream, known))
		return (0);
	return (is_odd(fd, name) ? store_remove_file(fd, name, e) : io_shred(fd, name, e));
}

/* One that cannot go keeps no other one from going. */
static int
settle_name(void *arg, int fd, const char *name, struct err *e)
{
	struct revisions *r = arg;
	struct err why = { ERR_NONE, "" };

	(void)e;
	if (settle_one(r, fd, name, &why) == -1 && r->failed.code == ERR_NONE) {
		r->errnum = errno;
		r->failed = why;
	}
	return (0);
}

static int
sync_names(const struct revisions *r, struct err *e)
{
	int folder, rc;

	if (!r->removed)
		return (0);
	if ((folder = io_open_dir(r->stream->dirfd, "seg", e)) == -1)
		return (-1);
	rc = io_sync_dir(folder, e);
	(void)close(folder);
	return (rc);
}

/* What is derived from records that are gone, or from a segment as it was. */
static bool
is_stale(void *arg, uint64_t seg)
{
	const struct store_erase_known *known = arg;

	return (is_pruned(known, seg) || find(known, seg) != NULL);
}

int
store_erase_settle(const struct store_stream *st, struct store_erase_known *known, struct err *e)
{
	struct revisions r = { .stream = st, .known = known, .failed = { .code = ERR_NONE } };
	int rc = 0;

	for (r.file = 0; r.file < ALL_FILES && rc == 0; r.file++)
		if (r.file < FILES || known->pruned.len > 0)
			rc = store_scan(st->dirfd, "seg", settle_name, &r, e);
	if (rc == 0)
		rc = sync_names(&r, e);
	if (rc == 0)
		rc = store_skip_sweep(st->store->dirfd, st->name, is_stale, known, e);
	if (rc == -1 || r.failed.code == ERR_NONE)
		return (rc);
	(void)err_set(e, r.failed.code, "%s", r.failed.text);
	errno = r.errnum;
	return (-1);
}

int
store_erase_repair(const struct store_stream *st, struct err *e)
{
	struct store_erase_known known = { .list = { 0 } };
	int rc = store_erase_know(st, &known, e);

	if (rc == 0)
		rc = store_erase_settle(st, &known, e);
	store_erase_forget(&known);
	return (rc);
}
