/* parse: lines that say how to read those behind them, for who begins in the middle. */
#ifndef CRETULA_PARSE_CONTEXT_H
#define CRETULA_PARSE_CONTEXT_H

#include "parse/parse.h"

/*
 * Of a format with context: the next line stands somewhere behind context,
 * the last line before it that says how to read it; empty if there is none.
 */
void parse_resume(struct parse_state *state, struct span context);

/* Does line say how to read the next? */
bool parse_is_context(const struct parse_format *format, struct span line);

#endif
