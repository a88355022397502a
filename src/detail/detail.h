/*
 * detail: how much of an event is kept (design.md 5).
 *
 * Not every event needs the same verbosity: a health check every second is
 * counted, a server error is kept whole.  Rules say so per stream, the first
 * that matches wins; triggers raise what the rules say for a bounded time.
 * Neither changes what is masked: that was done before they are asked.
 */
#ifndef CRETULA_DETAIL_DETAIL_H
#define CRETULA_DETAIL_DETAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"
#include "stats/usual.h"

struct err;

enum detail_level {
	DETAIL_COUNT, /* no record; one more in the counts */
	DETAIL_SLIM, /* without agent, referer, query and extra */
	DETAIL_FULL,
	DETAIL_LEVEL_COUNT
};
/* "count", "slim", "full" */
extern const char *const detail_level_names[DETAIL_LEVEL_COUNT];

/* ---- rules ---- */

#define DETAIL_RULES_MAX 16
#define DETAIL_WHEN_BYTES 256

struct detail_rule {
	char when[DETAIL_WHEN_BYTES]; /* a filter */
	enum detail_level keep;
};

struct detail; /* rules, compiled; immutable */

/*
 * 0; or -1 with ERR_USAGE: "column N: what" in the filter of rule *at.  A
 * rule asks what happened, not who did it: fields that hold an identifier
 * are refused, but path, object and host, whose words are the vocabulary's.
 */
int detail_open(const struct detail_rule *rules, unsigned count, struct detail **d, unsigned *at,
    struct err *e);
void detail_close(struct detail *d); /* NULL is legal */

/* The first rule that matches r; FULL if none does.  Calls no allocator. */
enum detail_level detail_of(const struct detail *d, const struct record *r);

/* Take from r what a slim record has not. */
void detail_slim(struct record *r);

/* ---- triggers: a state machine; whoever runs it brings time and signals ---- */

enum detail_signal {
	DETAIL_ERROR_BURST,
	DETAIL_LOGIN_FAILURES,
	DETAIL_BY_HAND,
	DETAIL_SIGNAL_COUNT
};
/* "error_burst", "login_failures", "by_hand" */
extern const char *const detail_signal_names[DETAIL_SIGNAL_COUNT];

struct detail_trigger {
	enum detail_signal when;
	enum detail_level raise; /* SLIM or FULL */
	int64_t for_us; /* above 0, at most DETAIL_RAISE_MAX_US */
	unsigned least; /* events of a minute */
};
#define DETAIL_LEAST 20

#define DETAIL_RAISE_MAX_US ((int64_t)24 * 3600 * 1000000)

/*
 * What is raised now.  A signal that comes again while it is raised prolongs
 * it, but one stretch never lasts longer than DETAIL_RAISE_MAX_US: after that
 * the trigger rests as long as it was raised, so that a signal which never
 * ends does not make "for a while" into "for ever".  All zero to start.
 */
struct detail_raised {
	struct detail_one {
		enum detail_level level; /* COUNT: nothing */
		int64_t since_us, until_us, rest_until_us;
	} one[DETAIL_SIGNAL_COUNT];
	int64_t now_us; /* the latest seen */
};

/* What the chain will say of a change. */
struct detail_change {
	enum detail_signal by;
	enum detail_level before, after; /* of all signals together */
	int64_t until_us; /* 0: it ended */
};

/* A signal came.  True: the level changed, or lasts longer; what is in change. */
bool detail_signal(struct detail_raised *r, const struct detail_trigger *t, int64_t now_us,
    struct detail_change *change);
/* Time went on: end one that is over.  True as above; call again until false. */
bool detail_tick(struct detail_raised *r, int64_t now_us, struct detail_change *change);
/* What is kept at least; DETAIL_COUNT if nothing is raised. */
enum detail_level detail_least(const struct detail_raised *r);

/* ---- when a signal comes ---- */

#define DETAIL_WINDOW_US ((int64_t)60 * 1000000)
#define DETAIL_WINDOW_STEPS 12

struct detail_events {
	uint64_t all;
	uint64_t errors; /* answered with 5xx */
	uint64_t refused; /* logins that failed: of auth.login, or 401 */
};

/* What happened within a minute, by five seconds.  All zero to start. */
struct detail_window {
	int64_t step;
	struct detail_events steps[DETAIL_WINDOW_STEPS];
};
void detail_window_add(struct detail_window *w, const struct detail_events *more, int64_t now_us);
/* What came within the last minute. */
struct detail_events detail_window_sum(struct detail_window *w, int64_t now_us);
/*
 * At least t->least of a minute.  An error burst is also unusual for the hour of the
 * week; where what is usual is not known, it is at least 5 % of all events.
 */
bool detail_window_fires(struct detail_window *w, const struct detail_trigger *t,
    const struct stats_usual *errors, int64_t now_us);

/* ---- so many events a second; what is over is counted ---- */

#define DETAIL_RATE_MAX UINT64_C(100000000)

/* Holds the events of one second at most, and is full at the start. */
struct detail_bucket {
	uint64_t rate; /* 0: no limit */
	uint64_t full;
	int64_t seen_ns;
};
/* now_ns is of a clock that does not go back; if it does, nothing comes in meanwhile. */
void detail_bucket_open(struct detail_bucket *b, uint64_t rate, int64_t now_ns);
/* Events that may be kept now; UINT64_MAX without a limit. */
uint64_t detail_bucket_left(struct detail_bucket *b, int64_t now_ns);
/* So many were: at most what was left. */
void detail_bucket_take(struct detail_bucket *b, uint64_t events);

#endif
