/*
 * Every format on any bytes: no span outside of the line and the scratch,
 * and where the quick CLF parser answers, the careful one agrees.
 */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "parse/clf/clf.h"
#include "parse/detect.h"
#include "../unit/parse/one.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_span(struct span s, struct span line, const char *scratch)
{
	check(s.len == 0 || (s.ptr >= line.ptr && s.ptr + s.len <= line.ptr + line.len) ||
	    (s.ptr >= scratch && s.ptr + s.len <= scratch + PARSE_SCRATCH_BYTES));
}

/* Words of a closed list may be ours; a sanitizer looks at them. */
static void
check_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		check(((const volatile char *)s.ptr)[i] >= CHAR_MIN);
}

static bool
may_be_ours(enum event_text f)
{
	return (f == EVENT_ACTION || f == EVENT_OUTCOME || f == EVENT_PROTOCOL ||
	    f == EVENT_CACHE || f == EVENT_LEVEL || f == EVENT_TLS || f == EVENT_SCHEME ||
	    f == EVENT_METHOD);
}

static void
check_event(const struct event *ev, struct span line, const char *scratch)
{
	check(ev->has_text >> EVENT_TEXT_COUNT == 0);
	check(ev->has_number >> EVENT_NUMBER_COUNT == 0);
	check(ev->extra_count <= EVENT_EXTRA_MAX);
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		if (event_has(ev, (enum event_text)f) && may_be_ours((enum event_text)f))
			check_word(ev->text[f]);
		else if (event_has(ev, (enum event_text)f))
			check_span(ev->text[f], line, scratch);
	for (unsigned i = 0; i < ev->extra_count; i++) {
		/* Of a key of CEF that came twice neither value stays. */
		if (ev->extra[i].kind == EVENT_EXTRA_WORD || span_is(ev->extra[i].value, "twice"))
			check_word(ev->extra[i].value);
		else
			check_span(ev->extra[i].value, line, scratch);
		check_word(ev->extra[i].key);
		check(ev->extra[i].key.len > 0);
	}
}

static void
check_same(const struct event *a, const struct event *b)
{
	check(a->time_us == b->time_us && a->time_ok == b->time_ok);
	check(a->garbage == b->garbage && a->user_odd == b->user_odd);
	check(a->user_claimed == b->user_claimed);
	check(a->has_text == b->has_text && a->has_number == b->has_number);
	check(a->bad_text == b->bad_text && a->extra_count == b->extra_count);
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		check(!event_has(a, (enum event_text)f) || span_equal(a->text[f], b->text[f]));
	for (unsigned n = 0; n < EVENT_NUMBER_COUNT; n++)
		check((a->has_number >> n & 1) == 0 || a->number[n] == b->number[n]);
	for (unsigned i = 0; i < a->extra_count; i++)
		check(span_equal(a->extra[i].key, b->extra[i].key) &&
		    span_equal(a->extra[i].value, b->extra[i].value));
}

static void
check_quick(struct span line, char *scratch)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct parse_clf shape = { .vhost = (i & 1) != 0, .combined = (i & 2) != 0 };
		struct event quick, careful;
		enum parse_reason reason;

		if (!parse_clf_quick(&shape, line, &quick))
			continue;
		check(parse_clf_careful(&shape, line, scratch, &careful, &reason) == PARSE_EVENT);
		check_same(&quick, &careful);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char scratch[PARSE_SCRATCH_BYTES];
	struct parse_evidence evidence;
	struct span line = span_of((const char *)data, size);

	for (size_t i = 0; i < parse_format_count; i++) {
		struct event ev;
		enum parse_reason reason = PARSE_REASON_COUNT;
		enum parse_result result =
		    parse_one(&parse_formats[i], line, scratch, &ev, &reason);

		if (result == PARSE_UNPARSED)
			check(reason < PARSE_REASON_COUNT);
		else if (result != PARSE_META)
			check_event(&ev, line, scratch);
	}
	if (size <= PARSE_LINE_MAX)
		check_quick(line, scratch);
	parse_detect(line, scratch, &evidence);
	check(evidence.fit_count <= parse_format_count);
	(void)parse_detect_wide(line);
	return (0);
}
