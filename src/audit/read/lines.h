/*
 * lines: the entries of a chain, most of which stay in the file.
 *
 * Those that name what is asked for later (keys, streams, files) are kept;
 * the others are read again, and have to be what they were: whoever writes to
 * the store meanwhile shows no other entry than the one whose note was
 * checked.  Private to audit/.
 */
#ifndef CRETULA_AUDIT_READ_LINES_H
#define CRETULA_AUDIT_READ_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/verify.h"
#include "base/buf.h"

struct audit_line {
	uint32_t start;
	uint32_t kept;          /* its place among the kept ones, from 1; 0: in the file only */
	unsigned char hash[16]; /* of its leaf, the first half: of one that is read again */
};

struct audit_lines {
	bool open;
	int fd;
	struct audit_line *items; /* and one more, whose start is where the last one ends */
	size_t count, size;
	struct buf kept;
	uint64_t end; /* of what was read, with a torn line */
};

/* Where lines are read into; one for each thread. */
struct audit_window {
	char *bytes;
	uint64_t start;
	size_t len;
	uint64_t lost; /* an entry that is another than it was, or not to be read; AUDIT_NONE */
};

struct audit_list;

int audit_window_open(struct audit_window *window, struct err *e);
void audit_window_close(struct audit_window *window);
/* Of another chain: what it holds is of no use. */
void audit_window_clear(struct audit_window *window);
/* Tell once of an entry that is lost; false: none is. */
bool audit_window_settle(struct audit_window *window, struct audit_list *list);

/*
 * Find the lines of chain.jsonl, with window to read them into.  0; or -1 and
 * *code, as of audit_read.
 */
int audit_lines_open(struct audit_lines *lines, int dirfd, struct audit_window *window,
    enum audit_code *code, struct err *e);
void audit_lines_close(struct audit_lines *lines);

/*
 * Line i without LF, until the next call with this window; a kept one stays.
 * Empty, and window->lost says so, if it is not what it was.
 */
struct span audit_line_in(
    const struct audit_lines *lines, struct audit_window *window, uint64_t i);

#endif
