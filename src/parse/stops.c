/* parse: where the lines stop that a format string does not read. */
#include "base/clock.h"
#include "parse/detect.h"
#include "parse/envelope/envelope.h"
#include "parse/stops.h"

#define PLACES_MAX 65 /* fields, and what stands in front of them */

/* Add the line that stops there to those that do so, too. */
static void
count(struct parse_stops *places, unsigned line, const struct parse_string_stop *stop)
{
	unsigned i = 0;

	while (i < PLACES_MAX - 1 && places[i].here > 0 && places[i].stop.column != stop->column)
		i++;
	if (places[i].here++ > 0)
		return;
	places[i].line = line;
	places[i].stop = *stop;
}

void
parse_stops_find(
    const struct parser *parser, struct span head, char *scratch, struct parse_stops *stops)
{
	struct parse_stops places[PLACES_MAX] = { { .lines = 0 } };
	struct parse_peel p;
	unsigned best = 0, lines = 0;

	for (unsigned line = 1; head.len > 0 && line <= PARSE_DETECT_LINES; line++) {
		size_t len = span_find(head, '\n');
		struct parse_string_stop stop;

		p = (struct parse_peel){ .text = span_of(head.ptr, len), .now_us = clock_now_us(),
			.scratch = scratch, .room = PARSE_LINE_MAX };
		if (len == head.len && line > 1)
			break; /* it may be cut */
		head = span_from(head, len + 1);
		if (p.text.len == 0 || p.text.len > PARSE_LINE_MAX)
			continue;
		(void)parse_envelope_peel(parser, &p);
		if (!parse_string_stops(parser->string, p.text, &stop))
			continue;
		lines++;
		count(places, line, &stop);
	}
	for (unsigned i = 1; i < PLACES_MAX; i++)
		if (places[i].here > places[best].here)
			best = i;
	*stops = places[best];
	stops->lines = lines;
}
