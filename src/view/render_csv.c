/*
 * Comma-separated values (RFC 4180, but lines end with LF) for spreadsheets:
 * a column a field, in the order of fields.def; a value that is not there is
 * an empty cell, lists are joined by commas, extra is a JSON object.
 */
#include <inttypes.h>

#include "view/render.h"

/* Inside of quotes.  No control character is shown: a cell is one line. */
static void
add_inside(struct buf *out, struct span text)
{
	while (text.len > 0) {
		size_t len = 1;

		if (text.ptr[0] == '"')
			buf_str(out, "\"\"");
		else if (text.ptr[0] == '\\')
			buf_char(out, '\\');
		else
			len = view_escape_next(out, text);
		text = span_from(text, len);
	}
}

/* A spreadsheet takes a cell that begins so for a formula, in quotes too. */
static bool
is_formula(struct span text)
{
	return (text.len > 0 && strchr("=+-@", text.ptr[0]) != NULL);
}

void
view_cell(struct buf *out, struct span text)
{
	buf_char(out, '"');
	if (is_formula(text))
		buf_char(out, '\'');
	add_inside(out, text);
	buf_char(out, '"');
}

static void
add_hops(struct buf *out, const struct record *r)
{
	buf_char(out, '"');
	if (r->forwarded_count > 0 && is_formula(r->forwarded[0]))
		buf_char(out, '\'');
	for (size_t i = 0; i < r->forwarded_count; i++) {
		if (i > 0)
			buf_char(out, ',');
		add_inside(out, r->forwarded[i]);
	}
	buf_char(out, '"');
}

static void
add_extra(struct buf *out, const struct record *r)
{
	struct buf object = { 0 };

	for (size_t i = 0; i < r->extra_count; i++) {
		buf_char(&object, i == 0 ? '{' : ',');
		view_quote(&object, r->extra[i].key);
		buf_char(&object, ':');
		if (r->extra[i].is_number)
			buf_fmt(&object, "%" PRId64, r->extra[i].number);
		else
			view_quote(&object, r->extra[i].text);
	}
	buf_char(&object, '}');
	view_cell(out, buf_view(&object));
	buf_free(&object);
}

static void
add_flags(struct buf *out, uint64_t flags)
{
	buf_char(out, '"');
	for (const char *before = ""; flags != 0; flags &= flags - 1, before = ",")
		buf_fmt(out, "%s%s", before, record_flags[__builtin_ctzll(flags)].name);
	buf_char(out, '"');
}

static void
add_cell(struct buf *out, const struct record *r, int field)
{
	switch (record_fields[field].type) {
	case RECORD_INT: buf_fmt(out, "%" PRId64, r->number[field]); break;
	case RECORD_LIST: add_hops(out, r); break;
	case RECORD_EXTRA: add_extra(out, r); break;
	case RECORD_FLAGS: add_flags(out, r->flags); break;
	default: view_cell(out, r->text[field]); break;
	}
}

void
view_render_csv_begin(struct buf *out)
{
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		buf_fmt(out, "%s%s", f == 0 ? "" : ",", record_fields[f].name);
	buf_char(out, '\n');
}

void
view_render_csv(struct buf *out, const struct record *r, struct span line)
{
	(void)line;
	view_add_time(out, r->time_us);
	for (int f = RECORD_FIELD_TIME + 1; f < RECORD_FIELD_COUNT; f++) {
		buf_char(out, ',');
		if (record_has(r, (enum record_field)f))
			add_cell(out, r, f);
	}
	buf_char(out, '\n');
}
