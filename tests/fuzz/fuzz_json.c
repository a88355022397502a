/* Fuzz target: the strict JSON reader on any bytes, then its cursor. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
check_inside(struct span part, struct span whole)
{
	demand(part.len <= whole.len);
	demand(part.len == 0 ||
	    (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

/* What is unescaped and quoted again unescapes to the same. */
static void
check_text(struct span text)
{
	struct buf plain = { 0 }, quoted = { 0 }, again = { 0 };
	struct json_value v;

	demand(json_unescape(text, &plain) == 0);
	demand(text_is_utf8(buf_view(&plain)));
	json_quote(&quoted, buf_view(&plain));
	demand(text_is_ascii(buf_view(&quoted)));
	demand(json_parse(buf_view(&quoted), &v, NULL) == 0 && v.type == JSON_STRING);
	demand(json_unescape(v.text, &again) == 0);
	demand(span_equal(buf_view(&plain), buf_view(&again)));
	buf_free(&plain);
	buf_free(&quoted);
	buf_free(&again);
}

static void
walk(const struct json_value *v, unsigned depth)
{
	struct json_cursor c;
	struct json_value item, again;
	struct span key;

	demand(depth <= 16);
	demand(json_parse(v->raw, &again, NULL) == 0 && again.type == v->type);
	if (v->type == JSON_STRING)
		check_text(v->text);
	json_open(&c, v);
	while (json_next(&c, &key, &item)) {
		check_inside(item.raw, v->raw);
		check_inside(key, v->raw);
		if (v->type == JSON_OBJECT)
			check_text(key);
		walk(&item, depth + 1);
	}
	demand(!json_next(&c, &key, &item));
}

/* A cursor stays inside whatever it is given, checked or not. */
static void
walk_unchecked(struct span in)
{
	for (int type = JSON_OBJECT; type <= JSON_ARRAY; type++) {
		struct json_value v = { .type = (enum json_type)type, .raw = in }, item;
		struct json_cursor c;
		struct span key, text;
		uint64_t n;

		json_open(&c, &v);
		while (json_next(&c, &key, &item))
			check_inside(item.raw, in);
		(void)json_get_str(&v, "a", &text);
		(void)json_get_u64(&v, "b", &n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of((const char *)data, size);
	struct buf b = { 0 };
	struct err e = { 0 };
	struct json_value v;

	if (json_parse(in, &v, &e) == 0)
		walk(&v, 0);
	else
		demand(e.code == ERR_INCOMPLETE && text_is_ascii(span_str(e.text)));
	walk_unchecked(in);
	(void)json_unescape(in, &b);
	buf_clear(&b);
	json_quote(&b, in);
	demand(json_parse(buf_view(&b), &v, NULL) == 0);
	buf_free(&b);
	return (0);
}
