/*
 * parse: which format a text is in.
 *
 * Each format reads each line and earns points: most for a line that is
 * wholly its own, fewer where fields are left over or land in odd places.
 * So combined beats common on combined lines, and common beats combined
 * where referer and agent are missing.
 */
#include "base/clock.h"
#include "parse/detect.h"
#include "parse/envelope/envelope.h"

#define DETECT_FORMATS_MAX PARSE_DETECT_FITS_MAX

enum { POINTS_TEXT = 1, POINTS_GENERIC = 2, POINTS_PARTIAL = 3, POINTS_ODD = 4, POINTS_OWN = 8 };

struct score {
	const struct parse_format *format;
	unsigned records; /* lines or pieces that are not meta */
	unsigned lines;   /* of them all */
	unsigned parsed, partial, points, extras;
};

/* The lines of head that are looked at, or the pieces of a format that has them. */
struct sample {
	struct span line[PARSE_DETECT_LINES];
	unsigned line_ends[PARSE_DETECT_LINES]; /* in a piece, but at least 1 */
	bool item[PARSE_DETECT_LINES]; /* of a container */
	unsigned count;
};

/* What is looked at, and as what. */
struct look {
	struct span head;
	char *scratch;
	int64_t now_us;
	enum parse_envelope envelope[PARSE_ENVELOPES_MAX];
	const struct parse_string *string; /* of a named format */
	bool named; /* the format is, and whatever it reads is its own */
	struct sample sample; /* lines, or the pieces of the envelope */
};

/* A last line without its end may be cut: it counts only if it is alone. */
static void
detect_sample(struct span head, struct sample *sample)
{
	size_t at = 0;

	sample->count = 0;
	while (at < head.len && sample->count < PARSE_DETECT_LINES) {
		struct span rest = span_from(head, at);
		size_t len = span_find(rest, '\n');

		if (len == rest.len && sample->count > 0)
			break;
		sample->item[sample->count] = false;
		sample->line_ends[sample->count] = 1;
		sample->line[sample->count++] = span_of(rest.ptr, len);
		at += len + 1;
	}
}

/* What a format reads of head: lines, or pieces of its own. */
static void
detect_sample_as(const struct parser *parser, struct span head, struct sample *sample)
{
	parse_piece_function *next = parse_pieces(parser);
	struct parse_piece piece;

	if (next == NULL) {
		detect_sample(head, sample);
		return;
	}
	sample->count = 0;
	for (size_t at = 0; at < head.len && sample->count < PARSE_DETECT_LINES; at += piece.len) {
		next(parser, span_from(head, at), &piece);
		if (piece.open && sample->count > 0)
			break;
		if (piece.kind == PARSE_PIECE_FRAME)
			continue;
		sample->item[sample->count] = piece.kind == PARSE_PIECE_ITEM;
		sample->line_ends[sample->count] = piece.line_ends > 0 ? piece.line_ends : 1;
		sample->line[sample->count++] = piece.text;
	}
}

/* Fields that the format has no name for. */
static unsigned
detect_extras(const struct event *ev)
{
	unsigned count = ev->extra_more;

	for (unsigned i = 0; i < ev->extra_count; i++)
		count += !ev->extra[i].known;
	return (count);
}

unsigned
parse_detect_points(
    const struct parse_format *format, enum parse_result result, const struct event *ev)
{
	if (format->fit == PARSE_FIT_NAMED)
		return (POINTS_TEXT);
	if (format->fit == PARSE_FIT_GENERIC ||
	    (format->fit == PARSE_FIT_TYPED && ev->type == EVENT_LOG))
		return (POINTS_GENERIC);
	if (format->fit == PARSE_FIT_TYPED)
		return (POINTS_OWN);
	if (result == PARSE_PARTIAL)
		return (POINTS_PARTIAL);
	if (!event_has(ev, EVENT_CLIENT))
		return (POINTS_PARTIAL);
	return (ev->user_odd || detect_extras(ev) > 0 ? POINTS_ODD : POINTS_OWN);
}

/* Read as format says, without options. */
struct reader {
	struct parser parser;
	struct parse_state state;
	enum parse_reason reason; /* of the last line */
};

static void
reader_begin(struct reader *reader, const struct look *look, const struct parse_format *format)
{
	reader->parser = (struct parser){ .format = format, .string = look->string };
	memcpy(reader->parser.envelope, look->envelope, sizeof(look->envelope));
	parse_begin(&reader->state, &reader->parser, look->now_us);
}

static enum parse_result
reader_line(struct reader *reader, const struct sample *sample, unsigned i, char *scratch,
    struct event *ev)
{
	if (sample->item[i])
		return (
		    parse_item(&reader->state, sample->line[i], scratch, ev, &reader->reason));
	return (parse_line(&reader->state, sample->line[i], scratch, ev, &reader->reason));
}

static void
detect_score(const struct look *look, struct score *score)
{
	struct sample sample;
	struct reader reader;
	struct event ev;
	bool typed = false;

	reader_begin(&reader, look, score->format);
	detect_sample_as(&reader.parser, look->head, &sample);
	for (unsigned i = 0; i < sample.count; i++) {
		enum parse_result result =
		    reader_line(&reader, &sample, i, look->scratch, &ev);

		score->records += result != PARSE_META;
		score->lines += sample.line_ends[i];
		if (result != PARSE_EVENT && result != PARSE_PARTIAL)
			continue;
		score->parsed += result == PARSE_EVENT;
		score->partial += result == PARSE_PARTIAL;
		score->points +=
		    parse_detect_points(score->format, result, &ev) * sample.line_ends[i];
		score->extras += detect_extras(&ev);
		typed = typed || ev.type != EVENT_LOG;
	}
	/* Nothing but what any program may say. */
	if (score->format->fit == PARSE_FIT_TYPED && !typed && !look->named)
		score->parsed = score->partial = score->points = 0;
}

/* Does a fit better?  Equal ones keep the order of the table. */
static bool
detect_better(const struct score *a, const struct score *b)
{
	if (a->points != b->points)
		return (a->points > b->points);
	return (a->extras < b->extras);
}

static void
detect_sort(struct score *scores, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct score s = scores[i];
		size_t at = i;

		for (; at > 0 && detect_better(&s, &scores[at - 1]); at--)
			scores[at] = scores[at - 1];
		scores[at] = s;
	}
}

static bool
detect_event_equal(const struct event *a, const struct event *b)
{
	if (a->has_text != b->has_text || a->has_number != b->has_number ||
	    a->time_us != b->time_us || a->extra_count != b->extra_count)
		return (false);
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		if (event_has(a, (enum event_text)f) && !span_equal(a->text[f], b->text[f]))
			return (false);
	for (unsigned n = 0; n < EVENT_NUMBER_COUNT; n++)
		if ((a->has_number >> n & 1) != 0 && a->number[n] != b->number[n])
			return (false);
	return (true);
}

/* Two that fit equally: do they read some line differently? */
static bool
detect_disagree(const struct look *look, const struct parse_format *a,
    const struct parse_format *b)
{
	struct reader as_a, as_b;
	struct event of_a, of_b;

	if (a->line == b->line)
		return (false);
	reader_begin(&as_a, look, a);
	reader_begin(&as_b, look, b);
	for (unsigned i = 0; i < look->sample.count; i++) {
		/* Escapes share the scratch: such a line tells nothing here. */
		if (span_find(look->sample.line[i], '\\') < look->sample.line[i].len)
			continue;
		if (reader_line(&as_a, &look->sample, i, look->scratch, &of_a) == PARSE_EVENT &&
		    reader_line(&as_b, &look->sample, i, look->scratch, &of_b) == PARSE_EVENT &&
		    !detect_event_equal(&of_a, &of_b))
			return (true);
	}
	return (false);
}

/*
 * Who escapes like this?  nginx writes a quote as \x22 and hex in capitals;
 * Apache writes \" and small letters.  Positive: nginx; negative: Apache.
 */
static int
detect_escapes(struct span line)
{
	int votes = 0;

	for (size_t i = span_find(line, '\\'); i + 1 < line.len;
	     i += 1 + span_find(span_from(line, i + 1), '\\')) {
		const char *p = line.ptr + i;

		if (p[1] != 'x' || i + 3 >= line.len) {
			votes--;
			i++; /* what a backslash escapes is no escape */
		} else if ((p[2] == '2' && p[3] == '2') || (p[2] >= 'A' && p[2] <= 'F') ||
		    (p[3] >= 'A' && p[3] <= 'F')) {
			votes++;
		} else if (p[2] >= 'a' || p[3] >= 'a') {
			votes--;
		}
	}
	return (votes);
}

/* Apache writes "-" for no bytes, nginx 0; only nginx has status 499. */
static int
detect_habits(const struct event *ev)
{
	if ((ev->has_number >> EVENT_BYTES & 1) == 0)
		return (-1);
	return ((ev->number[EVENT_BYTES] == 0) +
	    ((ev->has_number >> EVENT_STATUS & 1) != 0 && ev->number[EVENT_STATUS] == 499));
}

/*
 * nginx-combined and apache-combined are one grammar and give the same
 * events: never a tie.  The name goes to nginx on evidence, else to Apache.
 */
static const struct parse_format *
detect_server(const struct look *look, const struct parse_format *format)
{
	const struct parse_format *nginx = parse_format_find(span_str("nginx-combined"));
	struct reader reader;
	struct event ev;
	int votes = 0;

	if (nginx == NULL || format->line != nginx->line)
		return (format);
	reader_begin(&reader, look, nginx);
	for (unsigned i = 0; i < look->sample.count; i++) {
		votes += detect_escapes(look->sample.line[i]);
		if (reader_line(&reader, &look->sample, i, look->scratch, &ev) == PARSE_EVENT)
			votes += detect_habits(&ev);
	}
	return (votes > 0 ? nginx : parse_format_find(span_str("apache-combined")));
}

static void
detect_time(const struct look *look, struct parse_evidence *evidence)
{
	struct sample sample;
	struct reader reader;
	struct event ev;

	reader_begin(&reader, look, evidence->format);
	detect_sample_as(&reader.parser, look->head, &sample);
	for (unsigned i = 0; i < sample.count && !evidence->has_time; i++) {
		enum parse_result result =
		    reader_line(&reader, &sample, i, look->scratch, &ev);

		if ((result == PARSE_EVENT || result == PARSE_PARTIAL) && ev.time_ok) {
			evidence->first_time_us = ev.time_us;
			evidence->has_time = true;
		}
	}
}

static unsigned
detect_lines(const struct look *look)
{
	struct reader reader;
	struct event ev;
	unsigned lines = 0;

	reader_begin(&reader, look, &parse_formats[0]);
	for (unsigned i = 0; i < look->sample.count; i++)
		lines += reader_line(&reader, &look->sample, i, look->scratch, &ev) !=
		    PARSE_META;
	return (lines);
}

/*
 * Is what is wrapped no worse than what is bare?  A line counts, however many
 * each saw: the last one may be left out of one of them.
 */
static bool
detect_wraps(const struct score *wrapped, const struct score *bare)
{
	return (wrapped->points > 0 && (uint64_t)wrapped->points * bare->lines >=
	    (uint64_t)bare->points * wrapped->lines);
}

/* The best of count scores, if it is good enough and nobody disagrees. */
static const struct parse_format *
detect_choose(const struct look *look, const struct score *scores, size_t count)
{
	const struct score *best = &scores[0];

	if (count == 0 || best->parsed == 0 || (best->parsed + best->partial) * 2 < best->records)
		return (NULL);
	for (size_t i = 1; i < count && !detect_better(best, &scores[i]); i++)
		if (detect_disagree(look, best->format, scores[i].format))
			return (NULL);
	return (detect_server(look, best->format));
}

/* Best first; of twins the chosen one. */
static void
detect_show(const struct score *scores, size_t count, struct parse_evidence *evidence)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = i;

		if (scores[i].format == evidence->format) {
			for (; at > 0; at--)
				evidence->fits[at] = evidence->fits[at - 1];
		}
		evidence->fits[at].format = scores[i].format;
		evidence->fits[at].parsed = scores[i].parsed;
		evidence->fits[at].partial = scores[i].partial;
		evidence->fits[at].records = scores[i].records;
	}
	evidence->fit_count = (unsigned)count;
}

/* Wrap what is looked at in as many envelopes as most of its lines have. */
static void
detect_envelopes(struct look *look)
{
	for (unsigned depth = 0; depth < PARSE_ENVELOPES_MAX; depth++) {
		unsigned e;

		for (e = PARSE_ENVELOPE_NONE + 1; e < PARSE_ENVELOPE_COUNT; e++) {
			struct reader reader;
			unsigned peeled = 0;

			look->envelope[depth] = (enum parse_envelope)e;
			reader_begin(&reader, look, &parse_formats[0]);
			detect_sample_as(&reader.parser, look->head, &look->sample);
			for (unsigned i = 0; i < look->sample.count; i++) {
				struct parse_peel p = { .text = look->sample.line[i],
					.now_us = look->now_us, .scratch = look->scratch,
					.room = PARSE_LINE_MAX };

				peeled += p.text.len <= PARSE_LINE_MAX &&
				    parse_envelope_peel(&reader.parser, &p) > depth;
			}
			if (peeled * 2 > look->sample.count)
				break;
		}
		if (e == PARSE_ENVELOPE_COUNT) {
			look->envelope[depth] = PARSE_ENVELOPE_NONE;
			break;
		}
	}
}

/* All formats that read something of it, best first; how many. */
static size_t
detect_fits(const struct look *look, struct score *scores)
{
	size_t count = 0;

	for (size_t i = 0; i < parse_format_count && count < DETECT_FORMATS_MAX; i++) {
		struct score *s = &scores[count];

		/* In an envelope, which has a time, anything may be text. */
		if (parse_formats[i].fit == PARSE_FIT_NAMED &&
		    look->envelope[0] == PARSE_ENVELOPE_NONE)
			continue;
		*s = (struct score){ .format = &parse_formats[i] };
		detect_score(look, s);
		count += s->parsed + s->partial > 0;
	}
	detect_sort(scores, count);
	return (count);
}

void
parse_detect(struct span head, char *scratch, struct parse_evidence *evidence)
{
	struct score bare_scores[DETECT_FORMATS_MAX] = { 0 };
	struct score wrapped_scores[DETECT_FORMATS_MAX] = { 0 };
	struct look bare = { .head = head, .scratch = scratch, .now_us = clock_now_us() };
	struct look wrapped = bare;
	const struct look *look = &bare;
	const struct score *scores = bare_scores;
	size_t count;

	memset(evidence, 0, sizeof(*evidence));
	detect_sample(head, &bare.sample);
	evidence->lines = detect_lines(&bare);
	count = detect_fits(&bare, bare_scores);
	detect_envelopes(&wrapped);
	if (wrapped.envelope[0] != PARSE_ENVELOPE_NONE) {
		size_t more = detect_fits(&wrapped, wrapped_scores);

		if (more > 0 &&
		    (detect_wraps(&wrapped_scores[0], &bare_scores[0]) ||
			bare_scores[0].points <= POINTS_GENERIC * bare_scores[0].records)) {
			look = &wrapped;
			scores = wrapped_scores;
			count = more;
		}
	}
	memcpy(evidence->envelope, look->envelope, sizeof(look->envelope));
	evidence->format = detect_choose(look, scores, count);
	detect_show(scores, count, evidence);
	if (evidence->format != NULL)
		detect_time(look, evidence);
}

bool
parse_detect_envelope(struct span head, char *scratch, struct parser *parser)
{
	struct look bare = { .head = head, .scratch = scratch, .now_us = clock_now_us(),
		.string = parser->string, .named = true };
	struct look wrapped = bare;
	struct score as_is = { .format = parser->format }, inside = as_is;

	memcpy(parser->envelope, bare.envelope, sizeof(bare.envelope));
	detect_envelopes(&wrapped);
	detect_score(&bare, &as_is);
	if (wrapped.envelope[0] == PARSE_ENVELOPE_NONE)
		return (as_is.points > 0);
	detect_score(&wrapped, &inside);
	if (detect_wraps(&inside, &as_is))
		memcpy(parser->envelope, wrapped.envelope, sizeof(wrapped.envelope));
	return (as_is.points > 0 || inside.points > 0);
}

void
parse_detect_named(struct span head, char *scratch, const struct parser *parser,
    struct parse_evidence *evidence)
{
	struct look look = { .head = head, .scratch = scratch, .now_us = clock_now_us(),
		.string = parser->string, .named = true };
	struct score score = { .format = parser->format };

	memset(evidence, 0, sizeof(*evidence));
	memcpy(look.envelope, parser->envelope, sizeof(look.envelope));
	memcpy(evidence->envelope, parser->envelope, sizeof(look.envelope));
	detect_sample(head, &look.sample);
	detect_score(&look, &score);
	evidence->lines = score.records;
	detect_show(&score, score.parsed + score.partial > 0, evidence);
	if (2 * (score.parsed + score.partial) < score.records)
		return;
	evidence->format = parser->format;
	detect_time(&look, evidence);
}
