/*
 * app: the control socket of a daemon, STORE.sock beside the store: whoever
 * runs `cretula status` asks there.  One line in, one answer out.
 */
#ifndef CRETULA_APP_WATCH_CONTROL_H
#define CRETULA_APP_WATCH_CONTROL_H

#include <pthread.h>
#include <stdbool.h>

#include "app/watch/board.h"
#include "app/watch/slow.h"
#include "base/span.h"

struct err;

#define APP_CONTROL_SUFFIX ".sock"

enum app_asked {
	APP_ASKED_STATUS,
	APP_ASKED_METRICS,
	APP_ASKED_REPORT,
	APP_ASKED_CANARY, /* to seal what came of one */
	APP_ASKED_DETAIL, /* more of it */
	APP_ASKED_HOLD,
	APP_ASKED_ERASE,
	APP_ASKED_RESTRICT,
	APP_ASKED_NOTHING
};

struct app_request {
	enum app_asked asked;
	char stream[CONFIG_NAME_BYTES]; /* of a canary, or detail */
	int code;
	unsigned char hash[32];
	struct app_wish wish;
	struct span hold; /* of the text; app/retain/order.h reads it, or erasing.h */
};

/*
 * "status", "metrics", "report", "canary STREAM CODE HASH", "detail LEVEL
 * SECONDS STREAM REASON", "hold {...}", "erase {...}", "restrict STREAM KIND TEXT",
 * and LF; foreign bytes.
 */
void app_control_read(struct span text, struct app_request *request);

struct app_control {
	struct app_board *board;
	struct app_snapshot *snapshot; /* the thread's */
	char *text; /* of a request; too */
	int fd, dir_fd, stop_fd;
	char name[CONFIG_PATH_BYTES]; /* below dir_fd */
	pthread_t thread;
	bool listens, started;
	struct app_slow slow;
};

/*
 * Listen; the board has its store.  ERR_BUSY if another daemon does there.
 * Mode 0600; whoever is neither root nor of our user gets no answer.
 */
int app_control_open(struct app_control *c, struct app_board *board, struct err *e);
/* Answer from now on, in a thread: none is there before the daemon is confined. */
int app_control_start(struct app_control *c, struct err *e);
void app_control_close(struct app_control *c); /* legal after a failure, and of one all zero */

/* ERR_USAGE where there is no usual configuration either, for who named none. */
int app_control_usual(struct err *e);

/* --store, or that of --config, which *config holds then. */
struct app_args;
int app_control_store(
    const struct app_args *args, struct config **config, const char **store, struct err *e);

/*
 * Ask the daemon of a store; the answer is added to out.  ERR_INCOMPLETE if
 * none runs, ERR_BUSY if it does not answer in time, ERR_INPUT if there is no
 * such store.  Of whoever did not wait it does nothing that it had not begun.
 */
int app_control_ask(const char *store, const char *request, struct buf *out, struct err *e);
/* Send it a signal; the same. */
int app_control_signal(const char *store, int number, struct err *e);

#endif
