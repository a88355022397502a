/* parse: times as servers write them, to microseconds UTC. */
#ifndef CRETULA_PARSE_TIMESTAMP_H
#define CRETULA_PARSE_TIMESTAMP_H

#include <stdint.h>

#include "base/span.h"

/* "24/Nov/2025:10:11:12 +0000" (CLF), fraction of the second allowed.  0 or -1. */
int parse_time_clf(struct span text, int64_t *t_us);

/*
 * "2025-11-24T10:11:12.123456Z" (RFC 3339): 'T', 't' or a blank before the
 * clock, a '.' or ',' and 1 to 9 digits, 'Z', "+hh:mm", "+hhmm", "+hh", " UTC"
 * or " GMT" behind; without a zone it is UTC.  0 or -1.
 */
int parse_time_iso(struct span text, int64_t *t_us);

/*
 * Since 1970, in seconds, with a fraction or not, milliseconds, microseconds
 * or nanoseconds: what it is shows in the number of digits.  0 or -1.
 */
int parse_time_epoch(struct span text, int64_t *t_us);

/*
 * "Nov 24 10:11:12" or "Nov  4" (RFC 3164), also "Nov 4", a fraction behind
 * it, the year behind the day or none: then the last one in which that is not
 * a day after now_us.
 * How many bytes of text it takes; 0 if text does not begin with one.
 */
size_t parse_time_bsd(struct span text, int64_t now_us, int64_t *t_us);

/* Any of these. */
int parse_time_any(struct span text, int64_t *t_us);

#endif
