/* What texts of entries may look like. */
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "seal/entry/field.h"
#include "seal/note.h"

#define ESCAPED_BYTES_MAX 2048
#define PLAIN_BYTES_MAX 1024
#define WORD_BYTES_MAX 32

/* Bytewise. */
static bool
span_less(struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return (order < 0 || (order == 0 && a.len < b.len));
}

/* Does text look like form, where 0 stands for a digit? */
static bool
looks_like(struct span text, const char *form)
{
	if (text.len != strlen(form))
		return (false);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (form[i] == '0' ? c < '0' || c > '9' : c != form[i])
			return (false);
	}
	return (true);
}

/* ---- epochs ---- */

enum epoch_kind { NO_EPOCH, DAY, WEEK, MONTH };

/* A name as that of its time, and the number of the key: 2026-W48 is 1, 2026-W48.2 is 2. */
static bool
read_epoch(struct span name, struct span *time, uint64_t *number)
{
	size_t dot = span_find(name, '.');
	struct span digits = dot < name.len ? span_from(name, dot + 1) : span_of(NULL, 0);

	*time = span_of(name.ptr, dot);
	*number = 1;
	return (dot == name.len ||
	    (digits.len > 0 && digits.len <= 3 && digits.ptr[0] != '0' &&
		num_u64(digits, number) == 0 && *number > 1));
}

/* What the calendar does not have, a week 60 or a 30th of February, is no name. */
static enum epoch_kind
time_kind(struct span name)
{
	int64_t first, last;

	if (clock_named_days(name, &first, &last) == -1)
		return (NO_EPOCH);
	if (looks_like(name, "0000-00-00"))
		return (DAY);
	if (looks_like(name, "0000-W00"))
		return (WEEK);
	return (looks_like(name, "0000-00") ? MONTH : NO_EPOCH);
}

static enum epoch_kind
epoch_kind(struct span name)
{
	struct span time;
	uint64_t number;

	return (read_epoch(name, &time, &number) ? time_kind(time) : NO_EPOCH);
}

/* NAME or FIRST..LAST, as a pair; numbers have no ranges. */
static bool
read_range(struct span text, struct span *first, struct span *last)
{
	static const struct span dots = SPAN("..");
	size_t at = span_find(text, '.');

	*first = *last = text;
	if (at == text.len || !span_starts(span_from(text, at), dots))
		return (true);
	*first = span_of(text.ptr, at);
	*last = span_from(text, at + dots.len);
	return (span_find(*last, '.') == last->len && span_less(*first, *last));
}

/* Names sort as their times, those with numbers behind, by number. */
static bool
epoch_less(struct span a, struct span b)
{
	uint64_t number_a, number_b;

	return (read_epoch(a, &a, &number_a) && read_epoch(b, &b, &number_b) &&
	    (number_a < number_b || (number_a == number_b && span_less(a, b))));
}

/* Epochs and ranges of one kind, ascending. */
static bool
is_epoch_list(const struct json_value *list)
{
	struct json_cursor c;
	struct json_value item;
	struct span first, last, before = { NULL, 0 };
	enum epoch_kind kind = NO_EPOCH;

	if (list->type != JSON_ARRAY)
		return (false);
	json_open(&c, list);
	while (json_next(&c, NULL, &item)) {
		if (item.type != JSON_STRING || !read_range(item.text, &first, &last))
			return (false);
		if (before.ptr == NULL)
			kind = epoch_kind(first);
		else if (!epoch_less(before, first))
			return (false);
		if (kind == NO_EPOCH || epoch_kind(first) != kind || epoch_kind(last) != kind)
			return (false);
		before = last;
	}
	return (kind != NO_EPOCH);
}

/* Token prefix, ascending, to a list of epochs. */
bool
seal_epochs_ok(const struct json_value *map)
{
	struct json_value list;
	struct span key, before = { NULL, 0 };
	struct json_cursor c;

	json_open(&c, map);
	while (json_next(&c, &key, &list)) {
		if (!is_epoch_list(&list) || (before.ptr != NULL && !span_less(before, key)))
			return (false);
		before = key;
	}
	return (true);
}

/* Of two items of a list; those that do not differ so are the same item, or overlap. */
static bool
item_less(struct span a, struct span b)
{
	struct span first_a, first_b, last;

	return (read_range(a, &first_a, &last) && read_range(b, &first_b, &last) &&
	    epoch_less(first_a, first_b));
}

/*
 * The smallest of items (of a list, or keys of a map) beyond before; NULL at
 * the end.  false: two of them have no order, and none may be left out.
 */
static bool
next_in_order(const struct json_value *of, struct span before, struct span *next)
{
	bool keys = of->type == JSON_OBJECT;
	bool (*less)(struct span, struct span) = keys ? span_less : item_less;
	struct json_cursor c;
	struct json_value item;
	struct span key;

	*next = span_of(NULL, 0);
	json_open(&c, of);
	while (json_next(&c, &key, &item)) {
		struct span text = keys ? key : item.text;

		if (!keys && item.type != JSON_STRING)
			return (false);
		if (before.ptr != NULL && !less(before, text)) {
			if (!less(text, before) && !span_equal(text, before))
				return (false);
			continue;
		}
		if (next->ptr == NULL || less(text, *next))
			*next = text;
	}
	return (true);
}

static bool
add_list(const struct json_value *list, struct buf *out)
{
	struct span before = { NULL, 0 }, next;

	if (list->type != JSON_ARRAY)
		return (false);
	buf_char(out, '[');
	for (;;) {
		if (!next_in_order(list, before, &next))
			return (false);
		if (next.ptr == NULL)
			break;
		buf_str(out, before.ptr == NULL ? "\"" : ",\"");
		buf_span(out, next);
		buf_char(out, '"');
		before = next;
	}
	buf_char(out, ']');
	return (true);
}

/* The members of that key: one, or their order would be lost. */
static bool
add_member(const struct json_value *map, struct span key, struct buf *out)
{
	struct json_cursor c;
	struct json_value list;
	struct span other;
	unsigned count = 0;

	buf_char(out, '"');
	buf_span(out, key);
	buf_str(out, "\":");
	json_open(&c, map);
	while (json_next(&c, &other, &list))
		if (span_equal(other, key) && (++count > 1 || !add_list(&list, out)))
			return (false);
	return (true);
}

bool
seal_epochs_add(struct span map, struct buf *out)
{
	struct json_value v;
	struct span before = { NULL, 0 }, next;
	size_t start = out->len;

	if (json_parse(map, &v, NULL) == -1 || v.type != JSON_OBJECT)
		return (false);
	if (seal_epochs_ok(&v)) {
		buf_span(out, map);
		return (true);
	}
	buf_char(out, '{');
	for (;;) {
		if (!next_in_order(&v, before, &next))
			return (false);
		if (next.ptr == NULL)
			break;
		if (before.ptr != NULL)
			buf_char(out, ',');
		if (!add_member(&v, next, out))
			return (false);
		before = next;
	}
	buf_char(out, '}');
	return (buf_ok(out) && json_parse(span_from(buf_view(out), start), &v, NULL) == 0 &&
	    seal_epochs_ok(&v));
}

/* ---- names ---- */

static bool
is_word(struct span text)
{
	if (text.len == 0 || text.len > WORD_BYTES_MAX || text.ptr[0] < 'a' || text.ptr[0] > 'z')
		return (false);
	for (size_t i = 1; i < text.len; i++) {
		char c = text.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return (false);
	}
	return (true);
}

/* A name of a stream, the reserved ones included. */
static bool
is_stream(struct span name)
{
	return (span_is(name, "cretula.store") || span_is(name, "cretula.access") || is_word(name));
}

/* "cretula/" 16 hex digits "/" stream. */
static bool
is_origin(struct span text)
{
	static const struct span start = SPAN("cretula/");
	unsigned char id[8];
	size_t len;

	if (text.len < start.len + 18 || !span_starts(text, start) ||
	    text_unhex(span_of(text.ptr + start.len, 16), id, sizeof(id), &len) == -1)
		return (false);
	return (text.ptr[start.len + 16] == '/' && is_stream(span_from(text, start.len + 17)));
}

/* Whoever opens it under the stream's directory stays there. */
static bool
is_path(struct span text)
{
	char before = '/';

	if (text.len == 0 || text.len > 255 || text.ptr[text.len - 1] == '/')
		return (false);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool inner = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_';

		if (!inner && (before == '/' || (c != '.' && c != '-' && c != '/')))
			return (false);
		before = c;
	}
	return (true);
}

static bool
is_period(struct span text)
{
	if (time_kind(text) != NO_EPOCH)
		return (true);
	if (text.len == 0 || text.len > 15 || text.ptr[0] == '0')
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return (false);
	return (true);
}

static bool
is_plain(struct span text)
{
	return (text.len <= PLAIN_BYTES_MAX && text_is_ascii(text) &&
	    span_find(text, '\\') == text.len && span_find(text, '"') == text.len);
}

static bool
is_escaped(struct span text)
{
	struct buf plain = { 0 }, again = { 0 };
	bool ok;

	if (text.len > ESCAPED_BYTES_MAX || json_unescape(text, &plain) == -1) {
		buf_free(&plain);
		return (false);
	}
	json_quote(&again, buf_view(&plain));
	ok = buf_ok(&plain) && buf_ok(&again) && again.len == text.len + 2 &&
	    (text.len == 0 || memcmp(again.data + 1, text.ptr, text.len) == 0);
	buf_free(&plain);
	buf_free(&again);
	return (ok);
}

static bool
is_policy(struct span text)
{
	unsigned char digest[32];
	size_t len;

	return (text.len == 64 && text_unhex(text, digest, sizeof(digest), &len) == 0);
}

static bool
is_vkey(struct span text)
{
	struct seal_vkey vkey;

	return (seal_vkey_read(text, &vkey, NULL) == 0);
}

static bool
is_what(struct span text)
{
	return (span_is(text, "import") || epoch_kind(text) != NO_EPOCH);
}

/* A key of which nobody knows what it signs replaces none. */
static bool
is_which(struct span text)
{
	return (span_is(text, "log") || span_is(text, "recovery"));
}

bool
seal_form_ok(enum seal_form form, struct span text)
{
	static bool (*const forms[])(struct span) = {
		[SEAL_FORM_ESCAPED] = is_escaped,
		[SEAL_FORM_NEXT] = is_vkey,
		[SEAL_FORM_ORIGIN] = is_origin,
		[SEAL_FORM_PATH] = is_path,
		[SEAL_FORM_PERIOD] = is_period,
		[SEAL_FORM_PLAIN] = is_plain,
		[SEAL_FORM_POLICY] = is_policy,
		[SEAL_FORM_STREAM] = is_stream,
		[SEAL_FORM_VKEY] = is_vkey,
		[SEAL_FORM_WHAT] = is_what,
		[SEAL_FORM_WHICH] = is_which,
		[SEAL_FORM_WORD] = is_word,
	};

	return (forms[form] == NULL || forms[form](text));
}
