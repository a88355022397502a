/* parse: times that name no zone. */
#ifndef CRETULA_PARSE_ZONE_H
#define CRETULA_PARSE_ZONE_H

#include <stdint.h>

#include "base/span.h"

struct event;
struct parse_state;

/* Steps of a zone's clock, 1970 to 2100: two a year at most. */
#define PARSE_ZONE_STEPS_MAX 320

struct parse_zone {
	unsigned count;
	struct {
		int64_t local_s; /* what its clock shows when the step is done; since 1970 */
		int32_t offset_s; /* from then on, east of Greenwich */
	} step[PARSE_ZONE_STEPS_MAX];
};

/*
 * "UTC", "+02:00", "Europe/Berlin" (of the system's zones).  0; -1 if there is
 * no such zone.  For the start of a program: it sets TZ for a moment.
 */
int parse_zone_load(struct span name, struct parse_zone *zone);

/* The time that a clock there shows, to UTC; an hour that comes twice is its second. */
int64_t parse_zone_utc(const struct parse_zone *zone, int64_t local_us);

/* What a clock there shows at a time of UTC. */
int64_t parse_zone_local(const struct parse_zone *zone, int64_t t_us);

/*
 * The first instant at which a clock there shows local_us or later: of an hour
 * that comes twice the first one, of one that is left out the step.
 */
int64_t parse_zone_first(const struct parse_zone *zone, int64_t local_us);

/* ev's time was read as UTC, but named no zone: it is the parser's, else UTC, and that is said. */
void parse_zone_assume(const struct parse_state *state, struct event *ev);

#endif
