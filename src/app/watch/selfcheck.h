/*
 * app: a daemon verifies its own store: once a day what came since, once a
 * week all of it, in a thread that only has what nobody else wants of the
 * processor.  The result is sealed in each stream as a report.
 */
#ifndef CRETULA_APP_WATCH_SELFCHECK_H
#define CRETULA_APP_WATCH_SELFCHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "app/watch/board.h"

struct err;

/* What was verified with its segments. */
struct app_checked {
	char name[CONFIG_NAME_BYTES];
	uint64_t entries;
};

struct app_selfcheck {
	struct app_board *board;
	int64_t every_us;
	struct app_snapshot *snapshot; /* the thread's, as all that follows */
	struct app_checked checked[CONFIG_STREAMS_MAX];
	unsigned checked_count;
	int64_t due_us, full_us; /* the next one; the last that read all */
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool started;
};

/* every_us 0: never. */
int app_selfcheck_start(
    struct app_selfcheck *s, struct app_board *board, int64_t every_us, struct err *e);
/*
 * One that is at work ends with the segment at hand.  false: that would take
 * too long, and s and its board are needed until the process ends.  Legal after
 * a failure, and of one all zero.
 */
bool app_selfcheck_stop(struct app_selfcheck *s);

#endif
