/* app: what is over its term goes from a stream that is written live. */
#ifndef CRETULA_APP_RETAIN_LIVE_H
#define CRETULA_APP_RETAIN_LIVE_H

#include "app/retain/plan.h"
#include "app/watch/figures.h"
#include "base/err.h"

struct store_live;

/*
 * r was just read, and nobody else takes anything from the stream meanwhile.
 * What went is sealed, and told to the log; what did not to warn.  Sealed lines
 * go some at a time (r->lines.more).  -1: it could not be done.
 */
int app_retain_carry_out(struct app_retain *r, struct store_live *live,
    void (*warn)(void *arg, const char *text), void *arg, struct err *e);

/* What fails again and again: said at once if it is another, else each hour. */
struct app_complaint {
	char said[ERR_TEXT_BYTES];
	int64_t said_ns; /* monotonic */
	unsigned more; /* times it came again and was not said */
};

/*
 * Why nothing could be pruned; NULL: it went well, and what fails next is said
 * at once.  true: text is to be said now, which has how often it was tried.
 */
#define APP_COMPLAINT_BYTES (ERR_TEXT_BYTES + 80)
bool app_complaint_due(struct app_complaint *c, const char *what, int64_t now_ns,
    char text[static APP_COMPLAINT_BYTES]);
/* With a disk budget it is tried each two seconds, and beside files that are left each 2 to 64. */
void app_complaint_warn(struct app_complaint *c, const struct err *e,
    void (*warn)(void *arg, const char *text), void *arg);

/* Files of what an entry says is gone, which could not be overwritten or removed. */
struct app_leftover {
	bool any; /* as of the last look */
	unsigned tries; /* in vain, in a row */
	int64_t next_ns; /* monotonic: when it is tried again */
};

struct app_leftover_ears {
	struct app_figures *figures; /* may be NULL: counts what was in vain */
	void (*warn)(void *arg, const char *text); /* the first time, and when they are gone */
	void *arg;
};

/* Try again if it is time; live may be NULL.  Likewise beside nobody else. */
void app_leftover_try(
    struct app_leftover *left, struct store_live *live, const struct app_leftover_ears *ears);
/* Until it is to be tried again, at most rest_ns. */
int64_t app_leftover_rest(const struct app_leftover *left, int64_t rest_ns);

#endif
