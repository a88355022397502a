/* app: a live input is told what an item of a document is. */
#include "app/pipe/items.h"
#include "base/scan.h"
#include "input/input.h"
#include "input/items.h"
#include "input/live.h"
#include "parse/piece.h"

_Static_assert(sizeof(struct parse_beyond) <= INPUT_STATE_BYTES, "an input has room for it");
_Static_assert(PARSE_ITEM_MAX + 8192 <= INPUT_ITEM_MAX, "so it has for what stands before one");

static size_t
whole(const void *arg, struct span bytes)
{
	return (parse_whole_items(arg, bytes));
}

static bool
begins(const void *arg, void *state, struct span bytes, size_t *start, size_t *look)
{
	return (parse_beyond_begin(arg, bytes, state, start, look));
}

static bool
ends(const void *arg, void *state, struct span bytes, size_t *len)
{
	const struct parser *parser = arg;

	/* Nobody may have to remember a gap before it is known what the lines are. */
	if (parser->format == NULL)
		return (*len = 0, true);
	return (parse_beyond(state, bytes, len));
}

void
app_pipe_items(struct input_live *in, const struct parser *parser)
{
	struct input_live_items items = { .arg = parser, .max = INPUT_ITEM_MAX };

	if (parse_has_items(parser)) {
		items.whole = whole;
		items.begins = begins;
		items.ends = ends;
	}
	input_live_by_items(in, &items);
}

/* Does the item at at stand first, or behind nothing but what is around it? */
static bool
is_first(const struct parser *parser, struct span bytes, size_t at)
{
	struct parse_beyond beyond;
	size_t start, value;

	return (at == 0 ||
	    (parse_beyond_begin(parser, bytes, &beyond, &start, &value) && start >= at));
}

size_t
app_pipe_batch(const struct parser *parser, const struct app_pipe_raw *raw)
{
	const struct input_more *more = raw->more;
	struct span bytes = span_of(raw->bytes.ptr, more->cut > 0 ? more->cut : raw->bytes.len);
	size_t at;

	if (parser->format != NULL && parse_pieces(parser) != NULL) {
		if (more->item) { /* it lacks its rest: a batch of its own */
			struct span before = span_of(bytes.ptr, more->item_at);

			if ((at = parse_whole(parser, before, INPUT_BATCH_LINES, false)) > 0)
				return (at);
			if (is_first(parser, bytes, more->item_at))
				return (bytes.len);
			bytes = before;
		}
		at = parse_whole(parser, bytes, INPUT_BATCH_LINES, raw->silent);
		if (at > 0 || !raw->full)
			return (at);
	}
	(void)scan_count_lines(bytes, INPUT_BATCH_LINES, &at);
	return (at > 0 || !(raw->last || raw->full) ? at : bytes.len);
}
