/*
 * app: cretula pipe beside the daemon: the lines of a server go on to the
 * socket of their stream.
 *
 * Whole lines are sent, as one piece of the kernel's: it is taken whole or not
 * at all.  The daemon reads what it has taken before it ends, so that nothing
 * is lost or doubled when it is started again; meanwhile lines wait here, then
 * in the pipe, then the server does.
 */
#ifndef CRETULA_APP_PIPE_RELAY_H
#define CRETULA_APP_PIPE_RELAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

struct app_relay {
	int from;
	const char *path; /* of the socket */
	const atomic_int *stop; /* not 0: what waits is handed on for a while, then the end */
	/* out */
	uint64_t bytes; /* that were handed on */
	bool unlocked;
};

/* Until from ends.  0; -1 with e: ERR_BUSY if nobody took what waits. */
int app_relay_run(struct app_relay *how, struct err *e);

#endif
