/*
 * build: small stores made by hand, with keys that the test knows, so that a
 * thief who re-signs can be played.  Everything asserts; a build never fails.
 */
#ifndef CRETULA_TEST_BUILD_H
#define CRETULA_TEST_BUILD_H

#include "audit/verify.h"
#include "base/buf.h"
#include "seal/tree.h"

#define BUILD_STREAMS 4
#define BUILD_ENTRIES 64

struct build_stream {
	char name[40], origin[80];
	const char *dir;               /* of the store */
	unsigned char log_seed[32];
	unsigned char thief;           /* changes the epoch keys made from now on; 0: ours */
	bool no_epoch_line, no_log_line; /* notes lack that signature */
	bool has_second;               /* notes are signed by this log key too */
	unsigned char second_seed[32];
	struct seal_tree tree;
	unsigned char before[32];      /* hash of the last line */
	unsigned char genesis[32];
	unsigned char epoch_seed[32];
	uint64_t count, epoch, seg, first;
	int64_t t_us;
};

struct build {
	char dir[64];
	struct build_stream own;
	struct build_stream streams[BUILD_STREAMS];
	unsigned stream_count;
};

/* An empty store in a new directory; removed by end. */
void build_begin(struct build *b);
void build_end(struct build *b);

/* Begin s, which nothing lists. */
void build_make(struct build *b, struct build_stream *s, const char *name);

/* Streams begun from now on name a recovery key in their genesis. */
extern bool build_recovery;

/* A stream, begun and listed. */
struct build_stream *build_stream(struct build *b, const char *name);

/* Begin a listed stream again, from nothing.  thief changes its first epoch key. */
void build_again(struct build_stream *s, unsigned char thief);

struct build_segment {
	const char *lines; /* each with LF */
	size_t len;
	uint64_t seed;     /* makes the salt seed */
	const char *mask_epochs; /* NULL: {} */
	bool import;       /* give a mask_seed */
	const char *words; /* NULL: no vocabulary, the empty file */
	void (*change)(struct seal_entry *entry); /* before it is printed */
};
void build_segment(struct build_stream *s, const struct build_segment *segment);

/* Append an entry and its note.  rotate: fill epoch and next. */
void build_append(struct build_stream *s, struct seal_entry *entry, bool rotate);
/* The same with epoch and next, and that key signs its note already. */
void build_append_by_next(struct build_stream *s, struct seal_entry *entry);
/* The line only, as a writer without keys would; count stays. */
void build_line(struct build_stream *s, const char *line);
/* Append raw bytes as an entry line and sign it. */
void build_raw(struct build_stream *s, const char *line, size_t len);

/* Lines first .. first + count - 1 of a well-known kind. */
void build_lines(struct buf *out, unsigned first, unsigned count);

extern const struct seal_names build_names;

/* ---- between build.c and build_segment.c ---- */

#define BUILD_POLICY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
uint64_t build_size(const char *path);
void build_write_file(const char *path, const void *bytes, size_t len);
void build_stream_path(const struct build_stream *s, const char *path, char out[static 256]);
void build_make_seed(const char *name, const char *kind, uint64_t number, unsigned thief,
    unsigned char seed[static 32]);
void build_common(struct build_stream *s, enum seal_type type, struct seal_entry *entry);

/* ---- files, by path below the store ---- */

void build_read(const struct build *b, const char *path, struct buf *out);
void build_write(const struct build *b, const char *path, const void *bytes, size_t len);
void build_copy(const struct build *b, const char *from, const char *to);
/* Replace the first from in a file by to. */
void build_edit(const struct build *b, const char *path, const char *from, const char *to);
void build_remove(const struct build *b, const char *path); /* a directory with all in it, too */
void build_path(const struct build *b, const char *path, char out[static 256]);
/* Replace the lines of a segment, keeping salt, idx and entry. */
void build_repack(const struct build *b, const char *path, const void *lines, size_t len);

/* Lines [from, to) of text; edits of lines by number, from 0. */
struct span build_cut(struct span text, size_t from, size_t to);

/* ---- verifying ---- */

/* Long ago: verify reads again what a writer may be at; build_verify does not wait for it. */
void build_age(const struct build *b);

void build_verify(const struct build *b, unsigned jobs, const char *anchor,
    struct audit_result *result);
void build_anchor(const struct build *b, struct buf *out);
/* Print all findings to stderr: what a failing test shows. */
void build_show(const struct audit_result *result);

#endif
