/* read: leaves of a line to the rows that know their names. */
#include "parse/json/read.h"
#include "parse/field.h"

#define KEY_BYTES_MAX 128 /* of a name that no row knows */
#define LIST_BYTES_MAX 2048

static inline bool
bit_get(const uint64_t *words, unsigned at)
{
	return ((words[at / 64] >> at % 64 & 1) != 0);
}

static inline void
bit_set(uint64_t *words, unsigned at)
{
	words[at / 64] |= UINT64_C(1) << at % 64;
}

void
parse_json_extra(struct parse_json_line *line, struct event_extra extra)
{
	struct event *ev = line->ev;

	if (ev->extra_count == EVENT_EXTRA_MAX)
		ev->extra_more++;
	else
		ev->extra[ev->extra_count++] = extra;
}

static bool
is_in(struct span outer, const char *at)
{
	return (at >= outer.ptr && at < outer.ptr + outer.len);
}

/* ---- names that no row knows ---- */

static bool
came_before(const struct parse_json_line *line, struct span path)
{
	for (unsigned i = 0; i < line->ev->extra_count; i++)
		if (span_equal(line->ev->extra[i].key, path))
			return (true);
	return (false);
}

/* Items of an array have one name. */
static bool
is_item(struct span path)
{
	return (memmem(path.ptr, path.len, "[]", 2) != NULL);
}

static bool
was_empty(const struct parse_json_line *line, struct span path)
{
	for (unsigned i = 0; i < line->empties; i++)
		if (span_equal(line->empty_name[i], path))
			return (true);
	return (false);
}

static void
note_unknown(struct parse_json_line *line, const struct parse_json_leaf *leaf)
{
	struct span key = leaf->path;

	if (key.len == 0 || leaf->path_cut || key.len > KEY_BYTES_MAX) {
		line->ev->extra_more++;
		return;
	}
	if (came_before(line, key)) {
		if (!is_item(key))
			line->ev->duplicate_key = true;
		return;
	}
	if (line->empties > 0 && was_empty(line, key))
		line->ev->duplicate_key = true;
	if (line->ev->extra_count == EVENT_EXTRA_MAX) {
		line->ev->extra_more++;
		return;
	}
	if (!is_in(line->line, key.ptr)) {
		if ((size_t)(line->keys_end - line->keys) < key.len) {
			line->ev->extra_more++;
			return;
		}
		memcpy(line->keys, key.ptr, key.len);
		key.ptr = line->keys;
		line->keys += key.len;
	}
	parse_json_extra(line, (struct event_extra){ .key = key });
}

/* ---- headers ---- */

/* What stands behind one of the blank-separated prefixes, in small letters; len 0: none does. */
static struct span
header_name(const char *prefixes, struct span path, char out[static 64])
{
	struct span rest = span_str(prefixes), name = { out, 0 };

	for (size_t len; rest.len > 0; rest = span_from(rest, len + 1)) {
		len = span_find(rest, ' ');
		if (!span_starts(path, span_of(rest.ptr, len)))
			continue;
		path = span_from(path, len);
		if (path.len > 2 && path.ptr[path.len - 1] == ']')
			path.len -= 2;
		if (path.len > 63)
			return (name);
		for (name.len = 0; name.len < path.len; name.len++) {
			char c = path.ptr[name.len];

			out[name.len] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) :
			    c == '_'                         ? '-' :
							       c;
		}
		return (name);
	}
	return (name);
}

/* The row of a header that has a name, of the request or the response; else -1. */
static int
find_header(const struct parse_json_line *line, struct span path, bool *response)
{
	char memory[64];
	struct span name = header_name(line->format->requests, path, memory);

	*response = name.len == 0;
	if (*response)
		name = header_name(line->format->responses, path, memory);
	return (name.len == 0 ? -1 : parse_json_table_header(line->table, name));
}

/* Only that it was there is kept of it? */
static bool
note_header(struct parse_json_line *line, unsigned row, bool response)
{
	line->ev->headers[response] |= UINT64_C(1) << (row - line->table->count);
	return (response || line->table->row[row]->as == PARSE_JSON_AS_REST);
}

/* ---- values ---- */

static struct span
value_text(struct parse_json_line *line, const struct parse_json_leaf *leaf)
{
	bool whole = true;
	struct span text;

	if (!leaf->escaped)
		return (leaf->text);
	text = parse_json_unescape(leaf->text, &line->scratch, &whole);
	if (!whole)
		line->ev->bad_unicode = true;
	return (text);
}

/* Of an event that is longer than any line: no field is, and all of them are not. */
static bool
has_room(const struct parse_json_line *line, const struct parse_json_leaf *leaf)
{
	return (leaf->text.len <= PARSE_LINE_MAX &&
	    (!leaf->escaped || parse_json_room(line, leaf->text.len)));
}

/* One more item behind value, with ", " between; counted if there is no room. */
static void
append_item(struct parse_json_line *line, struct parse_json_value *value,
    const struct parse_json_leaf *leaf)
{
	struct span *list = &value->text;

	if (list->len + leaf->text.len > LIST_BYTES_MAX ||
	    !parse_json_room(line, list->len + 2 + leaf->text.len)) {
		line->ev->extra_more++;
		return;
	}
	if (list->ptr + list->len != line->scratch) {
		/* What was in scratch and is not at its end came from elsewhere. */
		if (!is_in(line->line, list->ptr)) {
			line->ev->extra_more++;
			return;
		}
		memcpy(line->scratch, list->ptr, list->len);
		list->ptr = line->scratch;
		line->scratch += list->len;
	}
	memcpy(line->scratch, ", ", 2);
	line->scratch += 2;
	if (leaf->escaped)
		(void)value_text(line, leaf);
	else {
		memcpy(line->scratch, leaf->text.ptr, leaf->text.len);
		line->scratch += leaf->text.len;
	}
	list->len = (size_t)(line->scratch - list->ptr);
}

static bool
is_list(const struct parse_json_name *name)
{
	return (name->as == PARSE_JSON_AS_LIST ||
	    (name->as == PARSE_JSON_AS_OPTION && name->unit == PARSE_JSON_ALL) ||
	    (name->as == PARSE_JSON_AS_EXTRA && name->to == EVENT_EXTRA_NAMES));
}

/* No item that is left out holds a bracket, so that one ends an array: another one has its name. */
static bool
is_other_array(const struct parse_json_value *value, const struct parse_json_leaf *leaf)
{
	return (leaf->text.ptr > value->end &&
	    memchr(value->end, ']', (size_t)(leaf->text.ptr - value->end)) != NULL);
}

/* A name that would pass for two, once it stands between commas. */
static bool
is_two_names(const struct parse_json_name *name, const struct parse_json_leaf *leaf)
{
	struct span text = leaf->text;

	return (name->as == PARSE_JSON_AS_EXTRA && name->to == EVENT_EXTRA_NAMES &&
	    (span_find(text, ',') < text.len ||
		(leaf->escaped &&
		    (memmem(text.ptr, text.len, "u002c", 5) != NULL ||
			memmem(text.ptr, text.len, "u002C", 5) != NULL))));
}

/* One more of a list that has some. */
static void
note_item(struct parse_json_line *line, unsigned row, const struct parse_json_leaf *leaf)
{
	struct parse_json_value *value = &line->values[row];

	if (is_other_array(value, leaf))
		bit_set(line->twice, row);
	else if (is_two_names(line->table->row[row], leaf))
		line->ev->extra_more++;
	else
		append_item(line, value, leaf);
	value->end = leaf->text.ptr + leaf->text.len;
}

static void
note_known(struct parse_json_line *line, unsigned row, const struct parse_json_leaf *leaf)
{
	const struct parse_json_name *name = line->table->row[row];
	struct parse_json_value *value = &line->values[row];

	if (bit_get(line->seen, row)) {
		if (is_list(name) && is_item(leaf->path))
			note_item(line, row, leaf);
		else if (is_item(leaf->path))
			line->ev->extra_more++;
		else if (name->as != PARSE_JSON_AS_TREE)
			bit_set(line->twice, row);
		return;
	}
	if (!has_room(line, leaf)) {
		line->partial = true;
		line->ev->extra_more++;
		bit_set(line->empty, row); /* beside another one it came twice */
		return;
	}
	if (is_two_names(name, leaf)) {
		line->ev->extra_more++;
		return;
	}
	bit_set(line->seen, row);
	if (bit_get(line->empty, row) && name->as != PARSE_JSON_AS_TREE)
		bit_set(line->twice, row);
	value->number = leaf->type == PARSE_JSON_NUMBER;
	value->end = leaf->text.ptr + leaf->text.len;
	value->text = value_text(line, leaf);
}

/* Of a tree with rows in it: what no row knows is the tree's. */
static bool
is_in_tree(const struct parse_json_line *line, struct span path)
{
	const struct span *tree = &line->table->row[line->tree]->path;

	return (line->tree_len > 0 && path.len > tree->len && span_starts(path, *tree));
}

/*
 * null, "", "-", {} and [] are no values.  Beside a value of the same name they
 * make it one that came twice: readers differ in which of both they believe.
 */
static void
note_empty(struct parse_json_line *line, int row, const struct parse_json_leaf *leaf)
{
	if (leaf->path_cut || is_item(leaf->path))
		return;
	if (row != -1) {
		bit_set(line->empty, (unsigned)row);
		if (bit_get(line->seen, (unsigned)row) &&
		    line->table->row[row]->as != PARSE_JSON_AS_TREE)
			bit_set(line->twice, (unsigned)row);
	} else if (came_before(line, leaf->path))
		line->ev->duplicate_key = true;
	else if (line->empties < PARSE_JSON_EMPTIES && is_in(line->line, leaf->path.ptr))
		line->empty_name[line->empties++] = leaf->path;
}

static bool
is_empty(const struct parse_json_leaf *leaf)
{
	return (leaf->type == PARSE_JSON_NULL || leaf->type == PARSE_JSON_EMPTY ||
	    (leaf->type == PARSE_JSON_STRING &&
		(leaf->text.len == 0 || (leaf->text.len == 1 && leaf->text.ptr[0] == '-'))));
}

static bool
each(void *arg, const struct parse_json_leaf *leaf)
{
	struct parse_json_line *line = arg;
	int row = leaf->path_cut ? -1 : parse_json_table_find(line->table, leaf->path);
	bool response = false, header = false;

	if (row != -1 && line->table->own[row])
		line->own++;
	else if (row == -1 && line->format->requests[0] != '\0')
		header = (row = find_header(line, leaf->path, &response)) != -1;
	if (is_empty(leaf)) {
		if (!header || !response)
			note_empty(line, row, leaf);
		return (true);
	}
	if (header && note_header(line, (unsigned)row, response))
		return (true);
	if (row == -1 && is_in_tree(line, leaf->path))
		return (true);
	if (row == -1)
		note_unknown(line, leaf);
	else
		note_known(line, (unsigned)row, leaf);
	return (true);
}

static bool
enter(void *arg, struct span path)
{
	struct parse_json_line *line = arg;
	int row = parse_json_table_find(line->table, path);

	if (row == -1 || line->table->row[row]->as != PARSE_JSON_AS_TREE)
		return (true);
	bit_set(line->seen, (unsigned)row);
	line->values[row].text = span_of("", 0);
	if (line->table->row[row]->unit != PARSE_JSON_ALL)
		return (false);
	line->tree = (unsigned)row;
	line->tree_len = path.len;
	return (true);
}

/* ---- the line ---- */

static enum parse_reason
reason_of(struct span text, enum parse_json_result result, bool cut)
{
	if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
		return (PARSE_REASON_BINARY);
	return (result == PARSE_JSON_SYNTAX && cut ? PARSE_REASON_CUT : PARSE_REASON_GRAMMAR);
}

enum parse_result
parse_json_read(const struct parse_json_format *format, struct parse_state *state, struct span text,
    char *scratch, struct event *ev, enum parse_reason *reason)
{
	struct parse_json_line line;
	struct parse_json_door door = { .each = each, .arg = &line, .sloppy = format->sloppy };
	enum parse_json_result result;

	if (state->json.format != format)
		parse_json_table_build(&state->json, format, state->parser->map);
	parse_field_clear(ev);
	line.format = format;
	line.table = &state->json;
	line.ev = ev;
	line.line = text;
	line.scratch = scratch;
	line.keys = line.scratch_end =
	    scratch + (text.len < PARSE_LINE_MAX ? text.len : PARSE_LINE_MAX);
	line.keys_end = scratch + PARSE_LINE_MAX;
	line.partial = false;
	line.own = 0;
	line.tree = 0;
	line.tree_len = 0;
	memset(line.seen, 0, sizeof(line.seen));
	memset(line.twice, 0, sizeof(line.twice));
	memset(line.empty, 0, sizeof(line.empty));
	line.empties = 0;
	memset(line.option, 0, sizeof(line.option));
	if (line.table->trees)
		door.enter = enter;
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
		text = span_from(text, 1);
	if (format->walk != NULL)
		result = format->walk(text, &door);
	else
		result = text.len > 0 && text.ptr[0] == '{' ? parse_json_walk_line(text, &door)
							    : PARSE_JSON_SYNTAX;
	if (result != PARSE_JSON_OK || line.own < format->own_min) {
		*reason = reason_of(text, result, door.cut);
		parse_field_clear(ev);
		return (PARSE_UNPARSED);
	}
	parse_json_fill(&line);
	return (line.partial ? PARSE_PARTIAL : PARSE_EVENT);
}
