/*
 * config: the paths and query parameters of an OpenAPI description.
 *
 * JSON is read as YAML, event by event: nothing is built but the list of what
 * is looked for.  Aliases are not followed.
 */
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/words.h"

#define DEPTH_MAX 64
#define KEY_BYTES 128
#define SERVERS_MAX 16

struct frame {
	bool is_map, wants_value;
	bool is_query;      /* in: query */
	size_t name_at, name_len; /* name: ..., in names */
	char key[KEY_BYTES]; /* whose value comes next; "" if it is longer */
};

struct reader {
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	struct buf paths, names; /* LF behind each */
	struct buf prefixes;
	unsigned path_count, server_count;
	bool has_version, has_paths;
};

static struct frame *
top(struct reader *r)
{
	return (r->depth == 0 ? NULL : &r->frames[r->depth - 1]);
}

/* Is what comes now the value of the key of the map at that level (from 1)? */
static bool
below(const struct reader *r, unsigned level, const char *key)
{
	return (r->depth >= level && r->frames[level - 1].is_map &&
	    strcmp(r->frames[level - 1].key, key) == 0);
}

static void
add_line(struct buf *list, struct span text)
{
	if (memchr(text.ptr, '\n', text.len) != NULL)
		return;
	buf_span(list, text);
	buf_char(list, '\n');
}

/* "https://api.example.com/v1/" -> "/v1" */
static void
add_server(struct reader *r, struct span url)
{
	const char *colon = memmem(url.ptr, url.len, "://", 3);

	if (colon != NULL) {
		url = span_from(url, (size_t)(colon + 3 - url.ptr));
		url = span_from(url, span_find(url, '/'));
	}
	while (url.len > 0 && url.ptr[url.len - 1] == '/')
		url.len--;
	if ((url.len > 0 && url.ptr[0] != '/') || r->server_count == SERVERS_MAX)
		return;
	r->server_count++;
	add_line(&r->prefixes, url);
}

/* A value that is a text. */
static void
see_value(struct reader *r, struct frame *f, struct span text)
{
	if (strcmp(f->key, "in") == 0)
		f->is_query = span_is(text, "query");
	if (strcmp(f->key, "name") == 0) {
		f->name_at = r->names.len;
		f->name_len = text.len;
		buf_span(&r->names, text);
	}
	if (r->depth == 1 && (below(r, 1, "openapi") || below(r, 1, "swagger")))
		r->has_version = true;
	if ((r->depth == 1 && below(r, 1, "basePath")) ||
	    (r->depth == 3 && below(r, 1, "servers") && below(r, 3, "url")))
		add_server(r, text);
}

static void
see_key(struct reader *r, struct frame *f, struct span text)
{
	f->key[0] = '\0';
	if (text.len < KEY_BYTES) {
		memcpy(f->key, text.ptr, text.len);
		f->key[text.len] = '\0';
	}
	if (r->depth == 2 && below(r, 1, "paths") && text.len > 0 && text.ptr[0] == '/' &&
	    r->path_count < CONFIG_OPENAPI_PATHS_MAX) {
		r->path_count++;
		add_line(&r->paths, text);
	}
}

/* A node begins: in a map keys and values take turns. */
static bool
take_turn(struct reader *r)
{
	struct frame *f = top(r);
	bool is_key;

	if (f == NULL || !f->is_map)
		return (false);
	is_key = !f->wants_value;
	f->wants_value = is_key;
	return (is_key);
}

static void
see_scalar(struct reader *r, const yaml_event_t *event)
{
	struct span text =
	    span_of((const char *)event->data.scalar.value, event->data.scalar.length);
	struct frame *f = top(r);
	bool is_key = take_turn(r);

	if (f != NULL && is_key)
		see_key(r, f, text);
	else if (f != NULL && f->is_map)
		see_value(r, f, text);
}

static int
push(struct reader *r, bool is_map, struct err *e)
{
	(void)take_turn(r);
	if (r->depth == DEPTH_MAX)
		return (err_set(e, ERR_CONFIG, "more than %d levels", DEPTH_MAX));
	if (is_map && r->depth == 1 && below(r, 1, "paths"))
		r->has_paths = true;
	r->frames[r->depth++] = (struct frame){ .is_map = is_map };
	return (0);
}

/* The name of a parameter stays in the list if the map says "in: query", too. */
static void
pop(struct reader *r)
{
	const struct frame *f = &r->frames[--r->depth];

	if (!f->is_map || f->name_len == 0)
		return;
	if (f->is_query && f->name_at + f->name_len == r->names.len &&
	    memchr(r->names.data + f->name_at, '\n', f->name_len) == NULL)
		buf_char(&r->names, '\n');
	else
		r->names.len = f->name_at;
}

static int
see(struct reader *r, const yaml_event_t *event, struct err *e)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT: see_scalar(r, event); return (0);
	case YAML_ALIAS_EVENT: (void)take_turn(r); return (0);
	case YAML_MAPPING_START_EVENT: return (push(r, true, e));
	case YAML_SEQUENCE_START_EVENT: return (push(r, false, e));
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT: pop(r); return (0);
	default: return (0);
	}
}

static int
read_events(struct reader *r, struct span text, struct err *e)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool done = false;
	int rc = 0;

	if (yaml_parser_initialize(&parser) == 0)
		return (err_set(e, ERR_CONFIG, "no memory"));
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)(text.len == 0 ? "" : text.ptr), text.len);
	while (rc == 0 && !done) {
		if (yaml_parser_parse(&parser, &event) == 0) {
			rc = err_set(e, ERR_CONFIG, "line %zu: %s", parser.problem_mark.line + 1,
			    parser.problem != NULL ? parser.problem : "no YAML");
			break;
		}
		done = event.type == YAML_STREAM_END_EVENT || event.type == YAML_DOCUMENT_END_EVENT;
		rc = see(r, &event, e);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return (rc);
}

/*
 * JSON writes what is beyond 16 bits as two escapes, which YAML does not have,
 * and may escape a slash, which it has not always had.  Neither is in a word.
 */
static int
tame(struct span text, struct buf *out, struct err *e)
{
	size_t first = 0, at;

	buf_span(out, text);
	if (!buf_ok(out))
		return (err_set(e, ERR_CONFIG, "no memory"));
	while (first < text.len && memchr(" \t\r\n", text.ptr[first], 4) != NULL)
		first++;
	if (first == text.len || text.ptr[first] != '{')
		return (0);
	at = first;
	for (size_t i = first; i < text.len; i++) {
		out->data[at++] = text.ptr[i];
		if (text.ptr[i] != '\\' || i + 1 == text.len)
			continue;
		i++;
		if (text.ptr[i] == '/')
			at--;
		out->data[at++] = text.ptr[i];
		if (text.ptr[i] == 'u' && i + 4 < text.len && (text.ptr[i + 1] | 0x20) == 'd' &&
		    text.ptr[i + 2] >= '8') {
			memcpy(out->data + at, "003f", 4);
			at += 4;
			i += 4;
		}
	}
	out->len = at;
	return (0);
}

static struct span
next_line(struct span *rest)
{
	size_t len = span_find(*rest, '\n');
	struct span line = span_of(rest->ptr, len);

	*rest = span_from(*rest, len + 1);
	return (line);
}

/* Each path below each server; below none there is one, the root. */
static int
tell(const struct reader *r, mask_words_fn fn, void *arg, struct err *e)
{
	struct span servers = r->server_count > 0 ? buf_view(&r->prefixes) : span_of("\n", 1);
	struct span names = buf_view(&r->names);
	struct buf route = { 0 };
	int rc = 0;

	while (rc == 0 && servers.len > 0) {
		struct span prefix = next_line(&servers), paths = buf_view(&r->paths);

		while (rc == 0 && paths.len > 0) {
			buf_clear(&route);
			buf_span(&route, prefix);
			buf_span(&route, next_line(&paths));
			rc = buf_ok(&route) ? mask_words_route(buf_view(&route), fn, arg, e) :
					      err_set(e, ERR_CONFIG, "no memory");
		}
	}
	while (rc == 0 && names.len > 0) {
		struct span name = next_line(&names);

		if (name.len <= MASK_WORDS_WORD_BYTES)
			rc = fn(arg, MASK_WORD_PARAM, span_of("?", 1), name, e);
	}
	buf_free(&route);
	return (rc);
}

int
config_openapi(struct span text, const char *name, mask_words_fn fn, void *arg, struct err *e)
{
	struct reader r = { .depth = 0 };
	struct buf tamed = { 0 };
	int rc = -1;

	if (tame(text, &tamed, e) == -1 || read_events(&r, buf_view(&tamed), e) == -1)
		goto out;
	if (!buf_ok(&r.paths) || !buf_ok(&r.names) || !buf_ok(&r.prefixes))
		err_set(e, ERR_CONFIG, "no memory");
	else if (!r.has_version || !r.has_paths)
		err_set(e, ERR_CONFIG,
		    "no OpenAPI description: `openapi` and `paths` are not there");
	else
		rc = tell(&r, fn, arg, e);
out:
	buf_free(&tamed);
	buf_free(&r.paths);
	buf_free(&r.names);
	buf_free(&r.prefixes);
	return (rc == -1 ? err_in(e, "%s", name) : 0);
}
