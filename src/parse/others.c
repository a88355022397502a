/* parse: what lines are that their own format does not read. */
#include "parse/event.h"
#include "parse/others.h"

/* Rows beyond the table's end would not fit the counts. */
static size_t
formats(void)
{
	return (parse_format_count < PARSE_DETECT_FITS_MAX ? parse_format_count :
							     PARSE_DETECT_FITS_MAX);
}

/* Show line to all formats but that of parser; false: nobody reads it. */
static bool
try_all(const struct parser *parser, const struct parse_line_at *at, struct parse_others *others)
{
	struct parser other = *parser;
	struct parse_state state;
	enum parse_reason reason;
	struct event ev;
	bool found = false;

	other.string = NULL;
	for (size_t i = 0; i < formats(); i++) {
		const struct parse_format *format = &parse_formats[i];
		enum parse_result result;

		if (format == parser->format || format->fit == PARSE_FIT_NAMED)
			continue;
		other.format = format;
		parse_begin(&state, &other, at->now_us);
		result = parse_line(&state, at->line, at->scratch, &ev, &reason);
		if (result != PARSE_EVENT ||
		    (format->fit == PARSE_FIT_TYPED && ev.type == EVENT_LOG))
			continue;
		others->read[i]++;
		others->points[i] += parse_detect_points(format, result, &ev);
		found = true;
	}
	return (found);
}

void
parse_others_try(const struct parser *parser, const struct parse_line_at *at,
    struct parse_others *others)
{
	struct parser wrapped = *parser;

	others->tried++;
	if (try_all(parser, at, others) || parser->envelope[0] != PARSE_ENVELOPE_NONE)
		return;
	wrapped.envelope[0] = PARSE_ENVELOPE_SYSLOG; /* which servers write beside files */
	(void)try_all(&wrapped, at, others);
}

void
parse_others_add(struct parse_others *to, const struct parse_others *more)
{
	to->tried += more->tried;
	for (size_t i = 0; i < formats(); i++) {
		to->read[i] += more->read[i];
		to->points[i] += more->points[i];
	}
}

const struct parse_format *
parse_others_best(const struct parse_others *others, uint32_t *read)
{
	size_t best = 0;

	for (size_t i = 1; i < formats(); i++)
		if (others->points[i] > others->points[best])
			best = i;
	*read = others->read[best];
	return (*read > 0 && *read * 4 >= others->tried ? &parse_formats[best] : NULL);
}
