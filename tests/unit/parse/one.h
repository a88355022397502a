/* One line by itself, in a format without options. */
#ifndef CRETULA_TESTS_PARSE_ONE_H
#define CRETULA_TESTS_PARSE_ONE_H

#include "parse/event.h"
#include "parse/parse.h"

static inline enum parse_result
parse_one(const struct parse_format *format, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parser parser = { .format = format };
	struct parse_state state;

	parse_begin(&state, &parser, 0);
	return (parse_line(&state, line, scratch, ev, reason));
}

#endif
