/* One open segment: its tags line by line, and beside them its records up to each. */
#include "audit/live/open.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/live/tags.h"
#include "audit/segment.h"
#include "base/err.h"
#include "base/scan.h"
#include "seal/puncture.h"
#include "store/layout.h"
#include "store/reader.h"

#define PIECE ((size_t)256 << 10) /* of the data, at once */
#define SLACK 64 /* the check of records looks ahead */

struct reading {
	struct audit_open_reading *to;
	uint64_t number;
	char names[3][STORE_PATH_BYTES]; /* data, tags, salt */
	int data_fd;
	uint64_t at; /* of data: hashed up to here */
	unsigned char seed[16];
	struct seal_tree tree;
	struct audit_tags tags;
	struct seal_state state;
	struct audit_records records;
	uint32_t ends[AUDIT_BATCH];
	unsigned char salts[AUDIT_BATCH][16];
	unsigned char leaves[AUDIT_BATCH][32];
	unsigned char memory[SEAL_SALTS_MEMORY(AUDIT_BATCH)];
	char bytes[PIECE + SLACK];
};

enum { DATA, TAGS, SALT };

bool
audit_open_empty(int dirfd, const char *path)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT);
	return (S_ISREG(st.st_mode) && st.st_size == 0);
}

/* Line of tags, or of data, from 1; 0: none. */
static int
complain(struct reading *r, unsigned file, enum audit_code code, uint64_t line, const char *why)
{
	struct audit_place at = audit_place(r->names[file]);

	at.segment = r->number;
	if (line > 0)
		at.line = line;
	audit_report(&r->to->chain->list, code, &at, "%s", why);
	return (-1);
}

/* ---- the records ---- */

static int
add_lines(struct reading *r, size_t count)
{
	uint64_t first = r->tree.count;
	struct record_facts facts;
	uint32_t from = 0;

	for (size_t i = 0; i < count; from = r->ends[i++]) {
		struct span line = { r->bytes + from, ++r->ends[i] - from - 1 };

		if (line.len >= RECORD_BYTES_MAX)
			return (complain(r, DATA, AUDIT_E_LIMIT, first + i + 1, "too long"));
		if (audit_record_check(&r->records, line, &facts) == -1)
			return (complain(
			    r, DATA, AUDIT_E_RECORD_SYNTAX, first + i + 1, "of another format"));
	}
	seal_salts(r->seed, (uint32_t)first, count, r->salts, r->memory);
	seal_leaves(r->bytes, r->ends, count, (const unsigned char(*)[16])r->salts, r->leaves);
	(void)seal_tree_add(&r->tree, (const unsigned char(*)[32])r->leaves, count, NULL);
	r->at += r->ends[count - 1];
	return (0);
}

/* Read on up to off, which ends a line. */
static int
read_to(struct reading *r, uint64_t off)
{
	while (r->at < off) {
		size_t want = off - r->at < PIECE ? (size_t)(off - r->at) : PIECE, scanned, count;
		ssize_t got;

		do
			got = pread(r->data_fd, r->bytes, want, (off_t)r->at);
		while (got == -1 && errno == EINTR);
		if (got == -1)
			return (complain(r, DATA, AUDIT_E_OPEN, 0, "cannot be read"));
		count = scan_lines(span_of(r->bytes, (size_t)got), r->ends, AUDIT_BATCH, &scanned);
		if (count == 0 && (size_t)got >= RECORD_BYTES_MAX)
			return (complain(r, DATA, AUDIT_E_LIMIT, r->tree.count + 1, "too long"));
		if (count == 0 && (size_t)got < want)
			return (complain(r, DATA, AUDIT_E_OPEN, 0, "shorter than its flushes say"));
		if (count == 0 || r->tree.count + count > SEAL_RECORDS_MAX)
			return (complain(r, TAGS, AUDIT_E_OPEN, r->tags.walk.line,
			    "its records are not whole lines"));
		if (add_lines(r, count) == -1)
			return (-1);
	}
	return (0);
}

/* ---- one flush ---- */

static const char *
check_line(struct reading *r)
{
	const struct seal_tag *tag = &r->tags.walk.tag;

	if (tag->seg != r->number)
		return ("of another segment");
	if (r->tags.walk.line == 1 && !audit_ratchet_goes_on(&r->to->ratchet, tag->g))
		return ("not the flush that follows");
	if (r->tags.walk.line > SEAL_FLUSHES_MAX || tag->n > SEAL_RECORDS_MAX)
		return ("more than a segment has");
	if (seal_state_read(r->tags.walk.state, r->to->chain->names, &r->state, NULL) == -1)
		return ("no state of a writer");
	if ((r->state.counts.time_min_us <= r->state.counts.time_max_us) != (tag->n > 0))
		return ("times of no records, or records without");
	if (r->state.off < r->at || r->state.off > SEAL_BYTES_MAX)
		return ("its data goes back, or is more than a segment has");
	return (NULL);
}

static int
check_flush(struct reading *r)
{
	const struct seal_tag *tag = &r->tags.walk.tag;
	const char *why = check_line(r);
	unsigned char root[32];

	if (why == NULL) {
		if (read_to(r, r->state.off) == -1)
			return (-1);
		seal_tree_root(&r->tree, root);
		if (r->tree.count != tag->n || memcmp(root, tag->root, sizeof(root)) != 0)
			why = "the records are not those that were flushed";
	}
	if (why != NULL)
		return (complain(r, TAGS, AUDIT_E_OPEN, r->tags.walk.line, why));
	r->to->flushed = true;
	r->to->g = tag->g;
	return (0);
}

/* ---- a segment ---- */

/* Of an open segment nothing is erased: the seed is there. */
static int
read_seed(struct reading *r, enum audit_code *code, struct err *e)
{
	struct seal_cover cover = { .count = 0 };
	const unsigned char *seed;
	struct buf text = { 0 };
	int rc = -1;

	if (audit_read(r->to->chain->dirfd, r->names[SALT], 4096, &text, code, e) == 0 &&
	    seal_cover_read(buf_view(&text), &cover, e) == 0) {
		rc = seal_cover_whole(&cover, &seed) ? 0 : -1;
		if (rc == 0)
			memcpy(r->seed, seed, sizeof(r->seed));
		else
			(void)err_set(e, ERR_FINDING, "not the seed of a segment");
	}
	seal_cover_free(&cover);
	buf_free(&text);
	return (rc);
}

static int
open_files(struct reading *r)
{
	int dirfd = r->to->chain->dirfd;
	enum audit_code code = AUDIT_E_OPEN;
	uint64_t size;
	struct err e;

	if (audit_tags_open(&r->tags, dirfd, r->names[TAGS], true, &code, &e) == -1)
		return (complain(r, TAGS, code, 0, e.text));
	if (read_seed(r, &code, &e) == -1)
		return (complain(r, SALT, code, 0, e.text));
	if (audit_kind(dirfd, r->names[DATA]) != AUDIT_REGULAR)
		return (complain(r, DATA, AUDIT_E_OPEN, 0, "not a regular file, or gone"));
	if ((r->data_fd = store_open_file(dirfd, r->names[DATA], &size, &e)) == -1)
		return (complain(r, DATA, AUDIT_E_OPEN, 0, e.text));
	return (0);
}

/* At a cut the older one has a last flush of all that is in it. */
static int
check_whole(struct reading *r)
{
	struct stat st;

	if (r->tags.walk.line == 0)
		return (complain(r, TAGS, AUDIT_E_OPEN, 0, "no flush, and another is behind it"));
	if (r->tags.len > 0)
		return (complain(r, TAGS, AUDIT_E_OPEN, 0, "more behind its last flush"));
	if (fstat(r->data_fd, &st) == -1 || (uint64_t)st.st_size != r->at)
		return (complain(r, DATA, AUDIT_E_OPEN, 0, "longer than its last flush says"));
	return (0);
}

static int
read_all(struct reading *r)
{
	struct audit_ratchet *ratchet = &r->to->ratchet;
	struct err e;
	int got;

	if (open_files(r) == -1)
		return (-1);
	while ((got = audit_tags_next(&r->tags, &e)) == 1)
		if (check_flush(r) == -1)
			return (-1);
	if (got == -1)
		return (complain(r, TAGS, AUDIT_E_OPEN, r->tags.walk.line, e.text));
	if (!r->to->newest && check_whole(r) == -1)
		return (-1);
	if (r->tags.walk.line == 0)
		return (0);
	ratchet->has_next = true;
	ratchet->has_start = false;
	ratchet->next = r->to->g + 1;
	r->to->records += r->tree.count;
	return (0);
}

int
audit_open_read(struct audit_open_reading *reading, uint64_t number)
{
	static const char *const suffixes[] = { "data", "tags", "salt" };
	struct reading *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL) {
		reading->chain->list.failed = true;
		return (-1);
	}
	r->to = reading;
	r->number = number;
	r->data_fd = -1;
	seal_tree_init(&r->tree);
	for (unsigned i = 0; i < 3; i++)
		(void)snprintf(r->names[i], sizeof(r->names[i]), "open/%08ju.%s", (uintmax_t)number,
		    suffixes[i]);
	r->tags.fd = -1;
	rc = read_all(r);
	audit_tags_close(&r->tags);
	if (r->data_fd != -1)
		(void)close(r->data_fd);
	free(r);
	return (rc);
}
