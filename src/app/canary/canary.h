/*
 * app: cretula canary: identifiers that nobody has are sent through an input
 * of the running daemon, and then looked for in everything that was written.
 */
#ifndef CRETULA_APP_CANARY_CANARY_H
#define CRETULA_APP_CANARY_CANARY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/config.h"

struct err;

/* ---- plant.c ---- */

enum app_canary_value {
	APP_CANARY_ADDRESS,
	APP_CANARY_EMAIL,
	APP_CANARY_NAME,
	APP_CANARY_SESSION,
	APP_CANARY_JWT,
	APP_CANARY_VALUES
};
extern const char *const app_canary_names[APP_CANARY_VALUES];

#define APP_CANARY_BYTES 96

struct app_canary {
	char values[APP_CANARY_VALUES][APP_CANARY_BYTES]; /* random; "" where a line has no place */
	char mark[APP_CANARY_BYTES]; /* of a record, in clear: that it came out; "": none */
	struct buf line; /* without line end */
	const char *shape; /* the format's name; "": in an envelope */
	bool appended; /* to a file, dev and ino, where it stays */
	dev_t dev;
	ino_t ino;
};

/*
 * A line as format has it, in syslog's envelope or in none.  ERR_INCOMPLETE if
 * a line of that format has no place for an identifier.
 */
int app_canary_plant(struct app_canary *c, const char *format, const char *envelope, struct err *e);
void app_canary_free(struct app_canary *c);

/* ---- send.c ---- */

/* ERR_INCOMPLETE: not by this kind of input, or to files only if append. */
int app_canary_may(const struct config_stream *stream, bool append, struct err *e);
/* To where the daemon reads, by an input that app_canary_may lets through. */
int app_canary_send(struct app_canary *c, const struct config_stream *stream, struct err *e);

/* ---- post.c ---- */

/* Over a connection of http; token: a file, or "".  0 once it is committed. */
int app_canary_post(const struct app_canary *c, int fd, const char *token, struct err *e);

/* ---- look.c ---- */

struct app_canary_found {
	struct buf text, json; /* a line, or an object with a comma in front, each */
	uint64_t leaks, files, bytes, unread;
	bool came_out; /* the mark is there */
};

/*
 * Look into each file below paths that was changed since since_us, but for
 * the one that the line was appended to.  0; -1 with e.
 */
int app_canary_look(const struct app_canary *c, const char *const *paths, unsigned count,
    int64_t since_us, struct app_canary_found *found, struct err *e);

#endif
