/*
 * lines: the entries of a chain, most of which stay in the file.
 *
 * As store/chain.h reads them, with what an auditor says of it: an entry that
 * is another than the one whose note was checked is told, once.  Private to
 * audit/.
 */
#ifndef CRETULA_AUDIT_READ_LINES_H
#define CRETULA_AUDIT_READ_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/verify.h"
#include "store/chain.h"

/* Where lines are read into; one for each thread. */
struct audit_window {
	struct store_window *bytes;
	uint64_t lost; /* an entry that is another than it was, or not to be read; AUDIT_NONE */
};

struct audit_list;

int audit_window_open(struct audit_window *window, struct err *e);
void audit_window_close(struct audit_window *window);
/* Of another chain: what it holds is of no use. */
void audit_window_clear(struct audit_window *window);
/* Tell once of an entry that is lost; false: none is. */
bool audit_window_settle(struct audit_window *window, struct audit_list *list);

/* Find the lines of chain.jsonl.  0; or -1 and *code, as of audit_read. */
int audit_lines_open(struct store_chain *lines, int dirfd, enum audit_code *code, struct err *e);

/*
 * Line i without LF, until the next call with this window; a kept one stays.
 * Empty, and window->lost says so, if it is not what it was.
 */
struct span audit_line_in(const struct store_chain *lines, struct audit_window *window, uint64_t i);

#endif
