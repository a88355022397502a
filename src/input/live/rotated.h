/* input, inside: the files that a growing one was before it was renamed. */
#ifndef CRETULA_INPUT_LIVE_ROTATED_H
#define CRETULA_INPUT_LIVE_ROTATED_H

#include <sys/stat.h>

#include "input/live/tail.h"

#define TAIL_NAME_BYTES 256

struct tail_candidate {
	char name[TAIL_NAME_BYTES];
	dev_t device;
	ino_t inode;
	int64_t changed_ns, renamed_ns; /* its bytes; or its name, or what else of it */
	uint64_t at, rank; /* rank 0: not known */
	bool spent; /* read, committed and given up; or a copy of another one */
	enum tail_packing packing;
	size_t head_len;
	uint64_t hash; /* of its head */
};

struct tail_candidates {
	struct tail_candidate list[TAIL_QUEUE_MAX];
	unsigned count;
};

/* Is it an older PATH: PATH.1, PATH-20261126, PATH.2.gz? */
bool input_tail_is_sibling(const struct live_tail *t, const char *name);

/*
 * Older files by their age, each once, and last the one of our path.  find
 * NULL: no compressed ones.
 */
void input_tail_candidates(
    struct live_tail *t, input_find *find, void *arg, struct tail_candidates *c);

/* Was the file that is open cut, or written anew, since it was read? */
bool input_tail_is_cut(const struct live_tail *t, const struct stat *st);

/* Has another file our name, and something in it? */
bool input_tail_is_renamed(const struct live_tail *t);

/* A file that begins as that one did, which was cut: the rest of it is there, from its at on. */
bool input_tail_find_copy(
    struct live_tail *t, const struct tail_queued *of, struct tail_queued *copy);

/*
 * Those that had the name of our path behind the one that was left: they begin
 * there in c, and end with the file of our path.  Compressed ones only where
 * that one is not there itself.
 */
unsigned input_tail_behind(struct live_tail *t, struct tail_candidates *c);

/*
 * The first of c that was the file of our path at that time or since: lines came to it, or,
 * where that is true of none, it is the youngest and was renamed.  The file itself if none is.
 */
unsigned input_tail_since(
    const struct live_tail *t, const struct tail_candidates *c, int64_t since_us);

#endif
