/* app: the streams of a daemon, as its configuration has them now.  One thread calls. */
#ifndef CRETULA_APP_RUN_DAEMON_H
#define CRETULA_APP_RUN_DAEMON_H

#include "app/run/run.h"
#include "app/sandbox/sandbox.h"
#include "app/watch/control.h"
#include "app/watch/selfcheck.h"
#include "app/watch/serve.h"

struct run_daemon {
	const struct app_args *args; /* with config, store, keys */
	const char *path; /* of the configuration */
	struct run_stream *streams[CONFIG_STREAMS_MAX];
	unsigned count;
	struct app_listen listen;
	struct app_board board;
	struct app_control control;
	struct app_places *places; /* that can still be opened */
	unsigned calls;            /* of the sandbox: may sockets of UDP be made? */
	struct app_serve serve;
	struct app_selfcheck selfcheck;
	char metrics[CONFIG_PATH_BYTES]; /* where it serves */
};

/* All of them, or none: 0; -1 with e, and app_daemon_stop. */
int app_daemon_start(struct run_daemon *d, struct err *e);
/* Drain, seal, close. */
void app_daemon_stop(struct run_daemon *d);
/* Ask each stream: APP_PIPE_SEAL, APP_PIPE_ROTATE. */
void app_daemon_seal(struct run_daemon *d, int what);
/* Has every stream ended?  e: the error of the first that failed. */
bool app_daemon_dead(const struct run_daemon *d, struct err *e);

/*
 * Read the configuration again.  If it is not good all stays as it was.
 * Streams that are configured as before are not touched; of those that
 * changed the input goes on where it is the same.
 */
void app_daemon_reload(struct run_daemon *d);

#endif
