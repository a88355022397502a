/*
 * parse: the shapes of the common log format, and the quick parser for the
 * ordinary line.  The careful one (clf.h) decides what it does not.
 */
#ifndef CRETULA_PARSE_CLF_QUICK_H
#define CRETULA_PARSE_CLF_QUICK_H

#include "parse/event.h"

struct parse_clf {
	bool vhost; /* a host:port field comes first */
	bool combined; /* referer and agent follow */
};

/* Number of the first field behind the format's own, as people count: 8, 10 or 11. */
static inline unsigned
parse_clf_first_extra(const struct parse_clf *shape)
{
	return (8 + 2 * (unsigned)shape->combined + (unsigned)shape->vhost);
}

/* True: ev is whole.  False: ask the careful one; ev holds nothing. */
bool parse_clf_quick(const struct parse_clf *shape, struct span line, struct event *ev);

#endif
