/* app: how lines are read. */
#include <fcntl.h>
#include <string.h>

#include "app/source/parser.h"
#include "base/err.h"
#include "base/io.h"
#include "parse/string/string.h"

static int
compile(struct app_setup *s, struct span text, enum parse_string_dialect dialect,
    struct parser *parser, struct err *e)
{
	if (parse_string_compile(text, dialect, &s->string, e) == -1)
		return (-1);
	parser->string = s->string;
	parser->format = parse_string_format(s->string);
	return (0);
}

/* TEXT, or @FILE that holds it. */
static int
compile_given(struct app_setup *s, const char *given, enum parse_string_dialect dialect,
    struct parser *parser, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	if (given[0] != '@')
		return (compile(s, span_str(given), dialect, parser, e));
	if ((rc = io_read_file(AT_FDCWD, given + 1, PARSE_STRING_BYTES, &text, e)) == 0)
		rc = compile(s, buf_view(&text), dialect, parser, e);
	buf_free(&text);
	return (rc);
}

/* Of the command line, if there is one. */
static const char *
option(const struct app_args *args, const char *name)
{
	return (args == NULL ? NULL : app_arg(args, name));
}

/* --timezone, else the stream's. */
static int
find_zone(const struct app_args *args, struct app_setup *s, struct parser *parser, struct err *e)
{
	const char *given = option(args, "timezone");
	const char *name = given != NULL ? given : s->stream->timezone;

	if (name[0] == '\0' && given == NULL)
		return (0);
	if (parse_zone_load(span_str(name), &s->zone) == -1)
		return (err_set(e, given != NULL ? ERR_USAGE : ERR_CONFIG,
		    "%s: there is no such time zone here", name));
	parser->zone = &s->zone;
	return (0);
}

int
app_parser_check(const struct parser *parser, struct err *e)
{
	if (parser->map == NULL || parser->map->count == 0 || parser->format == NULL ||
	    parser->format->members)
		return (0);
	return (err_set(e, ERR_CONFIG,
	    "map: of the stream is of members that have names, and %s has none",
	    parser->string != NULL ? "a format string" : parser->format->name));
}

static int
find_format(
    const struct app_args *args, struct app_setup *s, struct parser *parser, struct err *e)
{
	const char *name = option(args, "format"), *given = option(args, "format-string"),
		   *said = option(args, "dialect");
	enum parse_string_dialect dialect = (enum parse_string_dialect)s->stream->format_dialect;

	if (name != NULL && given != NULL)
		return (err_set(e, ERR_USAGE, "--format and --format-string: one of them"));
	if (said != NULL && !parse_string_dialect(span_str(said), &dialect))
		return (err_set(
		    e, ERR_USAGE, "--dialect %s: it is nginx, apache, log4j or auto", said));
	if (given != NULL)
		return (compile_given(s, given, dialect, parser, e));
	if (name == NULL && s->stream->format_string[0] != '\0') {
		if (compile(s, span_str(s->stream->format_string), dialect, parser, e) == -1)
			return (err_in(e, "stream %s", s->stream->name));
		return (0);
	}
	return (app_format_find(name != NULL ? name : s->stream->format, &parser->format, e));
}

int
app_parser_find(
    const struct app_args *args, struct app_setup *s, struct parser *parser, struct err *e)
{
	*parser = (struct parser){ .map = &s->stream->map };
	if (find_zone(args, s, parser, e) == -1 || find_format(args, s, parser, e) == -1)
		return (-1);
	return (app_parser_check(parser, e));
}
