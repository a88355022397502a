/*
 * The walk against jansson: both take the same texts, and where no name comes
 * twice they see the same leaves with the same values in the same order.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "parse/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A leaf as one line of text. */
static void
tell(struct buf *out, struct span path, char type, struct span value)
{
	buf_fmt(out, "%zu:", path.len);
	buf_span(out, path);
	buf_fmt(out, "%c%zu:", type, value.len);
	buf_span(out, value);
	buf_char(out, '\n');
}

struct ours {
	struct buf text;
	bool odd; /* what jansson cannot say the same way */
};

static bool
note(void *arg, const struct parse_json_leaf *leaf)
{
	static const char types[] = "snTFNE";
	struct ours *ours = arg;
	char *room = malloc(leaf->text.len + 1), *at = room;
	bool whole = true;

	if (leaf->type == PARSE_JSON_STRING && leaf->escaped) {
		struct span meant = parse_json_unescape(leaf->text, &at, &whole);

		if (at > room + leaf->text.len)
			abort();
		tell(&ours->text, leaf->path, 's', meant);
	} else
		tell(&ours->text, leaf->path, types[leaf->type],
		    leaf->type == PARSE_JSON_STRING ? leaf->text : span_of("", 0));
	ours->odd = ours->odd || leaf->path_cut || !whole;
	free(room);
	return (true);
}

static void descend(const json_t *v, struct buf *path, struct buf *out);

static void
descend_object(const json_t *v, struct buf *path, struct buf *out)
{
	size_t len = path->len;
	const char *key;
	json_t *child;

	json_object_foreach((json_t *)(uintptr_t)v, key, child) {
		if (len > 0)
			buf_char(path, '.');
		buf_str(path, key);
		descend(child, path, out);
		path->len = len;
	}
}

static void
descend(const json_t *v, struct buf *path, struct buf *out)
{
	static const char types[] = { [JSON_STRING] = 's', [JSON_INTEGER] = 'n', [JSON_REAL] = 'n',
		[JSON_TRUE] = 'T', [JSON_FALSE] = 'F', [JSON_NULL] = 'N' };
	struct span name = span_of(path->len == 0 ? "" : path->data, path->len);
	size_t len = path->len;

	if ((json_is_object(v) && json_object_size(v) == 0) ||
	    (json_is_array(v) && json_array_size(v) == 0)) {
		tell(out, name, 'E', span_of("", 0));
	} else if (json_is_object(v))
		descend_object(v, path, out);
	else if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++) {
			buf_str(path, "[]");
			descend(json_array_get(v, i), path, out);
			path->len = len;
		}
	} else
		tell(out, name, types[json_typeof(v)],
		    json_is_string(v) ? span_of(json_string_value(v), json_string_length(v))
				      : span_of("", 0));
}

/* What we take on purpose: numbers beyond its types, halves of surrogate pairs, NUL in names. */
static bool
on_purpose(const json_error_t *e)
{
	return (strstr(e->text, "big") != NULL || strstr(e->text, "overflow") != NULL ||
	    strstr(e->text, "Unicode") != NULL || json_error_code(e) == json_error_null_byte_in_key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ours ours = { .odd = false };
	struct buf path = { 0 }, theirs = { 0 };
	enum parse_json_result result;
	json_error_t e;
	json_t *v, *unique;

	result = parse_json_walk(span_of((const char *)data, size), note, &ours);
	/* jansson takes no byte order mark, and reads over NULs. */
	if ((size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) || memchr(data, 0, size) != NULL) {
		buf_free(&ours.text);
		return (0);
	}
	v = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	if (v == NULL && result == PARSE_JSON_OK && !ours.odd && !on_purpose(&e)) {
		fprintf(stderr, "jansson: %s\n", e.text);
		abort();
	}
	if (v != NULL && result != PARSE_JSON_OK && result != PARSE_JSON_DEEP)
		abort();
	unique = json_loadb((const char *)data, size,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
	if (unique != NULL && result == PARSE_JSON_OK && !ours.odd) {
		descend(unique, &path, &theirs);
		if (theirs.len != ours.text.len || memcmp(theirs.data, ours.text.data, theirs.len) != 0)
			abort();
	}
	json_decref(v);
	json_decref(unique);
	buf_free(&path);
	buf_free(&theirs);
	buf_free(&ours.text);
	return (0);
}
