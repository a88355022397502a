/* app: how lines are read, as the command line or the configuration says. */
#ifndef CRETULA_APP_SOURCE_PARSER_H
#define CRETULA_APP_SOURCE_PARSER_H

#include "app/setup.h"
#include "parse/parse.h"

struct err;

/* Rows of a command that reads lines. */
#define APP_OPTION_DIALECT \
	{ "dialect", "NAME", "whose format string it is: nginx, apache or log4j" }
#define APP_OPTION_FORMAT_STRING \
	{ "format-string", "TEXT", "log_format, LogFormat or PatternLayout; or @FILE with it" }

#define APP_OPTION_TIMEZONE \
	{ "timezone", "ZONE", "of times that name none: Europe/Berlin, +02:00 (default: UTC)" }

/*
 * Of --timezone, --format, --format-string and --dialect, else of the stream.  format is
 * NULL for auto.  A format string belongs to s.  args NULL: of the stream alone.
 */
int app_parser_find(const struct app_args *args, struct app_setup *s, struct parser *parser,
    struct err *e);

/* Once the format is known: does the stream say anything that is not for it? */
int app_parser_check(const struct parser *parser, struct err *e);

#endif
