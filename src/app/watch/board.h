/*
 * app: all that a daemon tells of itself, in one place: the figures of its
 * streams, and its own.  Any thread may call.
 */
#ifndef CRETULA_APP_WATCH_BOARD_H
#define CRETULA_APP_WATCH_BOARD_H

#include "app/retain/budget.h"
#include "app/watch/figures.h"
#include "base/buf.h"

struct err;

/* How the daemon verified its own store last. */
struct app_verified {
	int64_t at_us; /* 0: not yet */
	int64_t took_ns;
	int code; /* as `verify` exits */
	uint64_t segments, records; /* that were read */
	unsigned char hash[32];     /* SHA-256 of the report, as JSON */
	bool full; /* all of it; else what came since */
};

/* A copy of everything: what `status` and metrics are made of. */
struct app_snapshot {
	bool running;
	int64_t now_us, now_ns;
	int64_t since_us; /* the daemon's start */
	uint64_t pid;
	char store[CONFIG_PATH_BYTES];
	bool has_space;
	uint64_t space_free, space_total; /* bytes of the store's file system */
	struct app_budget_seen budget; /* limit 0: there is none */
	uint64_t reloads, refused; /* configurations that were read again, or not taken */
	struct app_verified verified;
	unsigned count;
	struct app_seen streams[CONFIG_STREAMS_MAX];
	uint64_t disk[CONFIG_STREAMS_MAX]; /* bytes of the files of a stream */
};

struct app_board_row {
	struct app_figures figures;
	uint64_t disk;
	int64_t disk_ns; /* when that was counted; 0: never */
};

struct app_board {
	pthread_mutex_t lock;
	int store_fd;
	char store[CONFIG_PATH_BYTES]; /* its real path */
	int64_t since_us;
	uint64_t reloads, refused;
	struct app_verified verified;
	struct buf report; /* of that, as JSON */
	struct app_board_row *rows[CONFIG_STREAMS_MAX];
	unsigned count;
};

/* Legal before the store is there; close is legal after a failure, and of one all zero. */
int app_board_open(struct app_board *b, struct err *e);
void app_board_close(struct app_board *b);
/* The store is there now. */
int app_board_store(struct app_board *b, const char *path, struct err *e);

/* The figures of a stream, which stay when it is opened anew; NULL: no memory. */
struct app_figures *app_board_take(struct app_board *b, const char *name);
/* It is no stream any more. */
void app_board_drop(struct app_board *b, const char *name);
void app_board_reloaded(struct app_board *b, bool taken);
/* report is moved; NULL: it is not at hand. */
void app_board_verified(struct app_board *b, const struct app_verified *v, struct buf *report);
/* Each stream is to seal that. */
void app_board_report(struct app_board *b, const struct app_verified *v);
/* One stream is to seal what came of a canary.  false: it is none of ours. */
bool app_board_canary(
    struct app_board *b, const char *name, int code, const unsigned char hash[static 32]);
/* The same for more detail. */
int app_board_wish(struct app_board *b, const char *name, const struct app_wish *wish);
/* The last report, added to out. */
void app_board_last(struct app_board *b, struct buf *out);

/* Large: not on a small stack.  Files are counted at most once a minute. */
void app_board_snapshot(struct app_board *b, struct app_snapshot *s);

/* Is every stream read? */
bool app_snapshot_good(const struct app_snapshot *s);

/* One JSON object, with a line end; docs in `cretula status --help`. */
void app_snapshot_json(const struct app_snapshot *s, struct buf *out);
/* The text format of Prometheus. */
void app_snapshot_metrics(const struct app_snapshot *s, struct buf *out);

#endif
