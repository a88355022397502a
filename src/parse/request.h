/* parse: the request line, as it stands in quotes. */
#ifndef CRETULA_PARSE_REQUEST_H
#define CRETULA_PARSE_REQUEST_H

#include "parse/event.h"

/*
 * Split a request line (without its quotes) into method, target, protocol,
 * each unescaped to *scratch; what is no HTTP becomes EVENT_REQUEST, garbage.
 */
void parse_request(struct event *ev, struct span raw, char **scratch);

#endif
