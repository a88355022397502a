/*
 * A proof from a store: the record in its segment, the segment's entry in the
 * stream's chain, the stream's entry in the store's chain, the genesis of that.
 */
#include "audit/outside/prove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "seal/lists.h"
#include "seal/tree.h"
#include "store/chain.h"
#include "store/keys/force.h"
#include "store/layout.h"

#define NO_LINE SIZE_MAX

/* A chain with the newest note that its first log key signed. */
struct source {
	int dirfd;
	struct store_chain chain;
	size_t signed_count; /* under the newest note */
	struct buf checkpoint;
	struct seal_note note;
	unsigned char (*leaves)[32]; /* of the entries under the note */
};

static void
source_close(struct source *s)
{
	if (s->dirfd != -1)
		(void)close(s->dirfd);
	store_chain_free(&s->chain);
	buf_free(&s->checkpoint);
	free(s->leaves);
}

/* Where the log key changes for the first time, or the end of what is signed. */
static size_t
find_change(const struct source *s)
{
	static const struct seal_names none = { .classes = NULL };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t i = entry == NULL ? s->signed_count : 1;

	for (; i < s->signed_count; i++)
		if (store_force_changes(s->chain.lines[i]) &&
		    seal_entry_read(s->chain.lines[i], &none, entry, NULL) == 0 &&
		    store_force_brings(entry).len > 0)
			break;
	free(entry);
	return (i < s->signed_count ? i : s->signed_count);
}

/* A proof names the first log key, so its notes are of the time of that one. */
static int
go_back(struct source *s, struct err *e)
{
	char path[STORE_PATH_BYTES];

	if (s->note.size == 0 || s->note.size > s->chain.count)
		return (err_set(e, ERR_FINDING, "signed entries are missing: cretula verify"));
	s->signed_count = (size_t)s->note.size;
	if (find_change(s) == s->signed_count)
		return (0);
	store_note_path(path, find_change(s));
	if (io_read_file(s->dirfd, path, SEAL_NOTE_BYTES_MAX, &s->checkpoint, e) == -1 ||
	    seal_note_read(buf_view(&s->checkpoint), &s->note, e) == -1)
		return (-1);
	if (s->note.size == 0 || s->note.size > s->signed_count)
		return (err_set(e, ERR_FINDING, "%s: of another size: cretula verify", path));
	return (0);
}

static int
too_new(struct err *e)
{
	return (err_set(e, ERR_INPUT,
	    "sealed since the log key was changed, which such a proof cannot show; `cretula "
	    "evidence` can"));
}

static int
hash_entries(struct source *s, struct err *e)
{
	if ((s->leaves = calloc((size_t)s->note.size, sizeof(s->leaves[0]))) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	for (size_t i = 0; i < s->note.size; i++)
		seal_entry_leaf(s->chain.lines[i].ptr, s->chain.lines[i].len, s->leaves[i]);
	return (0);
}

/* The note is read first: a writer that goes on only adds to the chain. */
static int
source_open(struct source *s, int streams, const char *name, struct err *e)
{
	if ((s->dirfd = io_open_dir(streams, name, e)) == -1) {
		if (errno == ENOENT)
			(void)err_set(e, ERR_INPUT, "the store has no stream %s", name);
		return (-1);
	}
	if (io_read_file(s->dirfd, "checkpoint", SEAL_NOTE_BYTES_MAX, &s->checkpoint, e) == -1 ||
	    seal_note_read(buf_view(&s->checkpoint), &s->note, e) == -1 ||
	    store_chain_read(s->dirfd, &s->chain, e) == -1 || go_back(s, e) == -1 ||
	    hash_entries(s, e) == -1)
		return (err_in(e, "stream %s", name));
	return (0);
}

static void
print_entry(const struct source *s, size_t index, struct buf *out)
{
	struct seal_proof proof;

	seal_proof_inclusion(
	    (const unsigned char(*)[32])s->leaves, (size_t)s->note.size, index, &proof);
	seal_proof_print(s->chain.lines[index], index, &proof, buf_view(&s->checkpoint), out);
}

/* Cheap, because most entries are not the one: canonical lines have their type in one place. */
static bool
is_of_type(struct span line, const char *type)
{
	struct span rest = span_from(line, 7); /* {"v":1, */
	size_t comma = span_find(rest, ',');

	rest = span_from(rest, comma + 1 + sizeof("\"type\":\"") - 1);
	return (span_starts(rest, span_str(type)));
}

/* ---- the segment of a record ---- */

static bool
holds(const struct seal_segment *facts, uint64_t record)
{
	return (record >= facts->first && record - facts->first < facts->n);
}

/* Entries ascend with their records: halve. */
static size_t
find_segment(const struct source *s, const struct seal_names *names, uint64_t record,
    struct seal_entry *entry)
{
	size_t low = 0, high = s->signed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2, at = middle;

		while (at < high && !is_of_type(s->chain.lines[at], "segment\""))
			at++;
		if (at == high) {
			high = middle;
			continue;
		}
		if (seal_entry_read(s->chain.lines[at], names, entry, NULL) == -1 ||
		    entry->type != SEAL_SEGMENT)
			return (NO_LINE);
		if (holds(&entry->of.segment, record))
			return (at);
		if (record < entry->of.segment.first)
			high = middle;
		else
			low = at + 1;
	}
	return (NO_LINE);
}

/* What became of the segment: the revision of its files, or ERR_INPUT if they were pruned. */
static int
find_revision(const struct source *s, const struct seal_names *names, size_t from, uint64_t seg,
    uint64_t *revision, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = entry == NULL ? err_set(e, ERR_IO, "out of memory") : 0;

	*revision = 0;
	for (size_t i = from; rc == 0 && i < s->signed_count; i++) {
		struct span line = s->chain.lines[i];

		if ((!is_of_type(line, "redact\"") && !is_of_type(line, "prune\"")) ||
		    seal_entry_read(line, names, entry, NULL) == -1)
			continue;
		if (entry->type == SEAL_REDACT && entry->of.redact.seg == seg)
			*revision = entry->of.redact.revision;
		else if (entry->type == SEAL_PRUNE && seal_ranges_have(entry->of.prune.segs, seg))
			rc = err_set(
			    e, ERR_INPUT, "pruned: nothing of segment %ju is left", (uintmax_t)seg);
	}
	free(entry);
	return (rc);
}

static int
print_record(const struct source *s, const struct seal_names *names, uint64_t record,
    struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct audit_record_proof made = { 0 };
	uint64_t revision;
	size_t at;
	int rc = -1;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	if ((at = find_segment(s, names, record, entry)) == NO_LINE) {
		(void)err_set(
		    e, ERR_INPUT, "no signed segment holds record %ju", (uintmax_t)record);
		goto out;
	}
	if (at >= s->note.size) {
		(void)too_new(e);
		(void)err_in(e, "record %ju", (uintmax_t)record);
		goto out;
	}
	made.index = record - entry->of.segment.first;
	if (find_revision(s, names, at, entry->of.segment.seg, &revision, e) == -1 ||
	    audit_prove_in_segment(s->dirfd, &entry->of.segment, revision, &made, e) == -1) {
		(void)err_in(e, "record %ju", (uintmax_t)record);
		goto out;
	}
	buf_str(out, AUDIT_PROOF_MAGIC "extra ");
	buf_base64(out, made.extra.data, made.extra.len);
	buf_fmt(out, "\nindex %ju\n", (uintmax_t)made.index);
	for (size_t i = 0; i < made.proof.count; i++) {
		buf_base64(out, made.proof.hashes[i], 32);
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
	print_entry(s, at, out);
	rc = 0;
out:
	buf_free(&made.extra);
	free(entry);
	return (rc);
}

/* ---- the store ---- */

static int
print_stream(const struct source *own, const struct seal_names *names, const char *stream,
    struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t i, count = own->signed_count;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	for (i = 0; i < count; i++)
		if (is_of_type(own->chain.lines[i], "stream\"") &&
		    seal_entry_read(own->chain.lines[i], names, entry, NULL) == 0 &&
		    entry->type == SEAL_STREAM && span_is(entry->of.stream.name, stream))
			break;
	free(entry);
	if (i == count)
		return (err_set(e, ERR_FINDING, "the store does not list stream %s", stream));
	if (i >= own->note.size)
		return (too_new(e));
	print_entry(own, i, out);
	print_entry(own, 0, out);
	return (0);
}

static int
check_made(const struct buf *out, const struct seal_names *names, struct err *e)
{
	struct audit_proof proof;
	int rc;

	if (!buf_ok(out))
		return (err_set(e, ERR_IO, "out of memory"));
	if ((rc = audit_proof_check(buf_view(out), NULL, names, &proof, e)) == 0 &&
	    proof.why[0] != '\0')
		rc = err_set(e, ERR_FINDING, "the store does not verify: %s", proof.why);
	audit_proof_free(&proof);
	return (rc);
}

static int
open_streams(const char *store, struct err *e)
{
	int fd, streams = -1;

	if ((fd = io_open(AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0, e)) != -1) {
		streams = io_open_dir(fd, "streams", e);
		(void)close(fd);
	}
	if (streams == -1)
		(void)err_set(e, ERR_INPUT, "%s: no store", store);
	return (streams);
}

int
audit_prove(const char *store, const char *stream, uint64_t record, const struct seal_names *names,
    struct buf *out, struct err *e)
{
	struct source *both = calloc(2, sizeof(*both)), *of = both, *own = both + 1;
	int streams = -1, rc = -1;

	if (both == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	of->dirfd = own->dirfd = -1;
	if (!store_name_known(span_str(stream)))
		(void)err_set(e, ERR_USAGE, "--stream: '%s' is no stream name", stream);
	else if ((streams = open_streams(store, e)) != -1 &&
	    source_open(of, streams, stream, e) == 0 &&
	    source_open(own, streams, STORE_OWN_STREAM, e) == 0 &&
	    print_record(of, names, record, out, e) == 0 &&
	    print_stream(own, names, stream, out, e) == 0)
		rc = check_made(out, names, e);
	source_close(of);
	source_close(own);
	free(both);
	if (streams != -1)
		(void)close(streams);
	return (rc);
}
