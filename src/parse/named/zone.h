/* parse: times that name no zone. */
#ifndef CRETULA_PARSE_ZONE_H
#define CRETULA_PARSE_ZONE_H

#include "parse/event.h"
#include "parse/parse.h"

/* ev's time was read as UTC, but named no zone: it is the parser's, if it has one. */
void parse_zone_assume(const struct parse_state *state, struct event *ev);

#endif
