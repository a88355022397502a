/*
 * app: a live stream from its opening to its seal, for `pipe` and `run`: the
 * store, keys, vocabulary and open segment around an app_pipe.
 */
#ifndef CRETULA_APP_PIPE_SESSION_H
#define CRETULA_APP_PIPE_SESSION_H

#include "app/pipe/pipe.h"
#include "app/setup.h"

struct app_session {
	/* in */
	const char *name;               /* of the stream */
	const char *mode;               /* word of its start entry: pipe, run */
	const char *store_path, *keys_path; /* keys NULL: beside the store */
	const struct app_setup *setup;  /* outlives the session */
	bool replays;                   /* the input is a file, resumed by the caller */
	bool had_files;                 /* out: so its lines came before */
	/* of which pipe.in, stop, seal, setup.parser, seal_every_ns, rotate are the caller's */
	struct app_pipe pipe;
	/* the session's own */
	struct store *store;
	struct mask_words *words;
	struct store_live_found found;
};

/* Everything but the input; what a crash left is sealed.  0; -1 with e. */
int app_session_open(struct app_session *s, struct err *e);

/*
 * Until the input ends or *pipe.stop; then what came is sealed, also after
 * an error.  0; -1 with e.
 */
int app_session_run(struct app_session *s, struct err *e);

/* The counts in s->pipe stay.  Legal after a failed open. */
void app_session_close(struct app_session *s);

#endif
