/*
 * parse: the common log format and what grew from it.
 *
 *	[vhost] client ident user [time] "request" status bytes ["referer" "agent"] ...
 *
 * One careful parser decides what a line says.  A quick one handles the
 * ordinary line; where it answers, it says the same (tests, fuzz_line.c).
 */
#ifndef CRETULA_PARSE_CLF_H
#define CRETULA_PARSE_CLF_H

#include "parse/event.h"
#include "parse/parse.h"

struct parse_clf {
	bool vhost; /* a host:port field comes first */
	bool combined; /* referer and agent follow */
};

/* Quick where it can be, careful elsewhere.  Arguments as parse_format.line. */
enum parse_result parse_clf(const struct parse_clf *shape, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason);

enum parse_result parse_clf_careful(const struct parse_clf *shape, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason);

/* True: ev is whole.  False: ask the careful one; ev holds nothing. */
bool parse_clf_quick(const struct parse_clf *shape, struct span line, struct event *ev);

/* ---- shared by both ---- */

void parse_clf_clear(struct event *ev);

/* Set text f unless it is empty or "-", which mean absent. */
static inline void
parse_clf_text(struct event *ev, enum event_text f, struct span text)
{
	if (text.len == 0 || (text.len == 1 && text.ptr[0] == '-'))
		return;
	ev->text[f] = text;
	ev->has_text |= UINT32_C(1) << f;
}

/* Blanks, quotes or brackets in a user name? */
bool parse_clf_user_odd(struct span user);

/* "name:port" without the port. */
struct span parse_clf_host(struct span vhost);

/*
 * Split a request line (without its quotes) into method, target, protocol,
 * each unescaped to *scratch; what is no HTTP becomes EVENT_REQUEST, garbage.
 */
void parse_clf_request(struct event *ev, struct span raw, char **scratch);

/*
 * The fields behind the format's own, from byte at of line, as extra
 * "field<first>" and up.  False if one is unterminated or they do not fit.
 */
bool parse_clf_extra(struct event *ev, struct span rest, unsigned first, char **scratch);

/*
 * Read a quoted field; text starts behind its opening quote.  Only an
 * unescaped quote before a blank or the end ends it.  True with *value and
 * *len, the bytes read with the closing quote; false if it does not end:
 * then *value is all that is left.
 */
bool parse_clf_quoted(struct span text, struct span *value, size_t *len);

/* Number of the first field behind the format's own, as people count: 8, 10 or 11. */
static inline unsigned
parse_clf_first_extra(const struct parse_clf *shape)
{
	return (8 + 2 * (unsigned)shape->combined + (unsigned)shape->vhost);
}

#endif
