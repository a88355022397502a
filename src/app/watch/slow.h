/* app: what a daemon is asked for and takes a while, an erasure: one at a time has a thread. */
#ifndef CRETULA_APP_WATCH_SLOW_H
#define CRETULA_APP_WATCH_SLOW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* All zero is none. */
struct app_slow {
	pthread_t thread;
	bool begun;
	atomic_bool at_work;
	int fd; /* of who asks */
	char *text;
	size_t len;
};

/*
 * Answer text, what stands behind "erase ", on fd, which is the thread's then.
 * false: out has the answer, and fd is the caller's.
 */
bool app_slow_begin(struct app_slow *slow, int fd, struct span text, struct buf *out);
/* Wait for it. */
void app_slow_end(struct app_slow *slow);

/* All of it to a socket; whoever is gone, or too slow, has it not. */
void app_slow_send(int fd, struct span bytes);

#endif
