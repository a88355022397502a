/*
 * app: cretula demo: a store to look at, of servers that never were.  Lines
 * are made up on the spot: addresses of documentation networks, invented names.
 */
#ifndef CRETULA_APP_DEMO_DEMO_H
#define CRETULA_APP_DEMO_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

#define DEMO_DAYS 30
#define DEMO_KEPT_DAYS 23 /* of a stream that has a term */

struct demo_stream {
	const char *name, *format, *options, *what; /* options of its stream */
	/* Of the days before; older: how many bytes are those of the first week. */
	void (*lines)(int64_t until_s, struct buf *out, size_t *older);
	bool has_term; /* its first week is over its term: archived, pruned */
};
extern const struct demo_stream app_demo_streams[];
extern const unsigned app_demo_stream_count;
extern const char app_demo_routes[]; /* routes.txt */

/* Whose records the demo erases: a client of the shop, by a path of his. */
#define DEMO_SUBJECT_PATH "/account/orders"
#define DEMO_SUBJECT_WHERE ("path ^= \"" DEMO_SUBJECT_PATH "\"")

/*
 * Run this program with arguments (NULL at the end), input on its standard
 * input, what it prints into out.  Its exit code, and in e what it said of it if
 * that is not 0; -1 and e if it did not run.
 */
int app_demo_run(const char *const argv[], struct span input, struct buf *out, struct err *e);

/*
 * Change what is sealed in STORE in several ways, each of which verify has to
 * find, and undo it; what was done and found is added to out.  0; -1: one was
 * not found, or it could not be tried.
 */
int app_demo_tamper(const char *store, const char *anchor, struct buf *out, struct err *e);

#endif
