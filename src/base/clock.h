/* clock: the time of day, replaceable by tests. */
#ifndef CRETULA_BASE_CLOCK_H
#define CRETULA_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Microseconds since 1970-01-01T00:00:00Z, without leap seconds. */
int64_t clock_now_us(void);

/* Monotonic nanoseconds, for durations. */
int64_t clock_mono_ns(void);

/*
 * So long from now, for pthread_cond_clockwait(3) and CLOCK_MONOTONIC: who
 * waits by the time of day waits an hour longer when it leaps.
 */
struct timespec;
void clock_mono_after(int64_t ns, struct timespec *until);

/*
 * From now on clock_now_us says this; a negative value gives the system's
 * time back.  The environment CRETULA_CLOCK (RFC 3339) sets it at start in
 * builds with -Dtesting=true only.
 */
void clock_set(int64_t now_us);

/* Civil time, proleptic Gregorian, UTC.  Valid for years 0001..9999. */
struct clock_civil {
	int year, month, day;     /* month 1..12, day 1..31 */
	int hour, minute, second; /* second 0..59 */
	int us;                   /* 0..999999 */
};
void clock_to_civil(int64_t t_us, struct clock_civil *c);
int64_t clock_from_civil(const struct clock_civil *c);

/* Days since 1970-01-01 of a civil date (may be negative). */
int64_t clock_days(int year, int month, int day);

/*
 * RFC 3339 UTC: "2026-11-25T03:00:00.123Z" (24 bytes) or, if the time is no
 * whole millisecond, six fraction digits (27).  Returns the length.
 */
#define CLOCK_RFC3339_BYTES 28
size_t clock_rfc3339(char out[static CLOCK_RFC3339_BYTES], int64_t t_us);

/* Parse what RFC 3339 allows, any offset, 0..9 fraction digits.  0 or -1. */
int clock_parse_rfc3339(const char *text, size_t len, int64_t *t_us);

/* ISO 8601 week of a day number: "2026-W48" in out, 9 bytes with NUL. */
void clock_iso_week(int64_t days, char out[static 9]);

/*
 * First and last day of "2026-W48", "2026-11-25" or "2026-11".  0, or -1 if
 * it is none of these, or the calendar has no such week, day or month.
 */
int clock_named_days(struct span name, int64_t *first, int64_t *last);

#endif
