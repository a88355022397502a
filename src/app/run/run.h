/*
 * app: cretula run: every stream that has an input, each with its two
 * threads (app/pipe), and the main thread for signals and the service manager.
 */
#ifndef CRETULA_APP_RUN_RUN_H
#define CRETULA_APP_RUN_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/pipe/session.h"
#include "app/setup.h"
#include "input/live.h"

/* A configuration that several streams use. */
struct run_config {
	struct config *config;
	unsigned users;
};

enum run_state {
	RUN_STARTING,
	RUN_READING,
	RUN_WAITING, /* to be opened again, after an error */
	RUN_ENDED, /* as it was told */
	RUN_FAILED /* for good: only a person can help */
};

struct app_figures;

struct run_stream {
	char name[CONFIG_NAME_BYTES];
	struct run_config *owner;
	const char *store_path, *keys_path;
	struct app_setup setup; /* its config is the owner's */
	struct app_session session;
	struct input_live *in;
	pthread_t thread;
	atomic_int stop, seal;
	_Atomic enum run_state state;
	struct app_figures *figures; /* the board's */
	unsigned char files[32]; /* app_run_files, as it was opened */
	uint64_t before; /* records of the stream when the session began */
	bool last; /* told to stop, it has tried once more */
	bool may_wait; /* in: what may pass is no failure of its opening */
	bool waits; /* it could not be opened so far: error says why */
	bool started; /* the thread runs, or waits to be joined */
	struct err error; /* of RUN_FAILED, or waits */
};

/*
 * Open what can fail: store, keys, vocabulary, and the input unless in is one
 * already (it is the stream's then).  fd: the input's, handed to us; -1.
 */
int app_run_open(struct run_stream *r, struct run_config *c, const struct config_stream *stream,
    struct input_live *in, int fd, struct err *e);
int app_run_start(struct run_stream *r, struct err *e);
void app_run_refresh(struct run_stream *r);
/* The input alone, for who can open it and is somebody else then. */
int app_run_open_input(
    const struct config_stream *stream, int fd, struct input_live **in, struct err *e);
/* Does it wait for room on the disk?  Says so: with its session what it has read would go. */
bool app_run_stays(const struct run_stream *r);
/* Tell it to drain its input, seal and end; or to leave the input to another one. */
void app_run_stop(struct run_stream *r);
void app_run_detach(struct run_stream *r);
/* Wait until it has ended, and close; in NULL: its input, too. */
void app_run_join(struct run_stream *r, struct input_live **in);

/*
 * A digest of what routes, OpenAPI files, document roots and geo databases
 * say.  0; -1 with e: one of them cannot be read.
 */
int app_run_files(const struct config *c, const struct config_stream *stream,
    unsigned char digest[static 32], struct err *e);

/* ---- notify.c: the service manager; sd_notify(3), sd_listen_fds(3) ---- */

/* Find $NOTIFY_SOCKET, before anything is given up. */
void app_notify_open(void);
/* A datagram to it, if there is one: at once, or when it has room for one.  Keeps text. */
void app_notify(const char *text);
/* How often WATCHDOG=1 is wanted, in nanoseconds; 0: never. */
int64_t app_notify_watchdog_ns(void);
/* That, if it is wanted and time for it; and what it was not told.  One thread calls. */
void app_notify_alive(void);

#define APP_LISTEN_MAX 64
struct app_listen {
	unsigned count;
	char name[APP_LISTEN_MAX][CONFIG_NAME_BYTES]; /* FileDescriptorName= */
	bool taken[APP_LISTEN_MAX];
};
/* The sockets that were handed to us, 3 and up. */
void app_listen_read(struct app_listen *l);
/* The one called name, or -1; with one socket and one stream names do not matter. */
int app_listen_take(struct app_listen *l, const char *name, bool only);

#endif
