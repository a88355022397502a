/*
 * parse: the shapes of the common log format, and the quick parser for the
 * ordinary line.  The careful one (clf.h) decides what it does not.
 */
#ifndef CRETULA_PARSE_CLF_QUICK_H
#define CRETULA_PARSE_CLF_QUICK_H

#include "parse/field.h"

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

/* "2025-11-24" and what may follow it: a day that a calendar has. */
bool parse_clf_is_day(struct span token);

/*
 * What opens an envelope ("<34>Nov", the time of CRI) and is no client and no
 * host.  A line that is still wrapped is unparsed: else its peer would be the
 * envelope's and its user the envelope and the peer.
 */
static inline bool
parse_clf_is_wrapped(struct span token)
{
	if (token.len == 0)
		return (false);
	return (token.ptr[0] == '<' ||
	    (token.len >= 10 && token.ptr[4] == '-' && parse_clf_is_day(token)));
}

/* True: ev is whole.  False: ask the careful one; ev holds nothing. */
bool parse_clf_quick(const struct parse_clf *shape, struct span line, struct event *ev);

#endif
