/*
 * app: access records: who looked at what, in the stream cretula.access.
 *
 * A process of its own writes them (writer.c): it has the keys, and the one
 * that talks to the world has none.  No view without a record: whoever shows
 * something asks for one first, and shows nothing if it is not committed.
 */
#ifndef CRETULA_APP_SERVE_ACCESS_H
#define CRETULA_APP_SERVE_ACCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "retain/retain.h"

struct err;

#define APP_ACCESS_STREAM "cretula.access"
#define APP_ACCESS_NAME 64
#define APP_ACCESS_FILTER 2304

/* One record.  Texts end with NUL; "" is left out. */
struct app_access_note {
	uint64_t id; /* of the request; the client's */
	int64_t time_us;
	char operator[APP_ACCESS_NAME];
	char role[APP_ACCESS_NAME];
	char tier[APP_ACCESS_NAME];
	char via[APP_ACCESS_NAME];
	char action[APP_ACCESS_NAME]; /* of the route: records, tail, top/paths ... */
	char stream[APP_ACCESS_NAME];
	char reason[APP_ACCESS_NAME]; /* why it was refused; "": it was not */
	char since[40], until[40], window[16];
	char filter[APP_ACCESS_FILTER]; /* its template */
	bool has_rows;
	uint64_t rows;
};

/* ---- note.c: what a record may say ---- */

/* By enum serve_does; NULL: it makes none. */
extern const char *const app_access_actions[];
/* By the choice of `window`, and what is none of them. */
#define APP_ACCESS_WINDOWS 5
extern const char *const app_access_windows[APP_ACCESS_WINDOWS];

/*
 * Is each field what its table or alphabet has?  Who asks may have been taken
 * over, and a record stays: nothing that somebody chose gets into one but a
 * name, a time and the shape of a filter.
 */
bool app_access_note_ok(const struct app_access_note *n);
/* "", "?", or terms of a field, an operator and ? or a token, joined. */
bool app_access_filter_ok(struct span filter);

/* ---- the process that writes ---- */

struct app_writer_options {
	const char *store, *keys; /* keys NULL: beside the store */
	const char *policy; /* 64 hex digits: that of a stream without a configuration */
	int fd; /* the other end; SOCK_SEQPACKET */
	int ready_fd; /* a byte, or an error's code and text, once it is open */
	unsigned sandbox; /* enum app_sandbox */
	struct retain_policy retain; /* access records that are over go */
};

/* Until the other end is closed; the exit code. */
int app_writer_run(const struct app_writer_options *how);

/* ---- who asks it ---- */

struct app_access;

/* Start the writer, wait until it is open; ERR_BUSY if another one has the stream. */
int app_access_open(const struct app_writer_options *how, struct app_access **a, struct err *e);
/* The thread that hears its answers: once the caller is confined. */
int app_access_start(struct app_access *a, struct err *e);
/* Waits for its end. */
void app_access_close(struct app_access *a); /* NULL is legal */

/* 0: it is committed; -1: it is not, or nobody knows.  By any thread; fills in id and time. */
int app_access_record(struct app_access *a, struct app_access_note *note, struct err *e);

/* Has the writer ended? */
bool app_access_dead(struct app_access *a);

#endif
