#include "seal/entry/canonical.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"

static int
compare_keys(const void *a, const void *b)
{
	return (span_order(*(const struct span *)a, *(const struct span *)b));
}

/* keys holds struct span; is one there twice? */
static bool
repeats(struct buf *keys)
{
	struct span *all = (struct span *)(void *)keys->data;
	size_t count = keys->len / sizeof(*all);

	if (count < 2)
		return (false);
	qsort(all, count, sizeof(*all), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (span_equal(all[i - 1], all[i]))
			return (true);
	return (false);
}

static void
print_text(struct span escaped, struct buf *out, struct buf *plain)
{
	buf_clear(plain);
	if (json_unescape(escaped, plain) == -1)
		plain->broken = true;
	json_quote(out, buf_view(plain));
}

/*
 * Print v again as our writer would.  NULL, or what it would never print.
 * Recursion is bounded by json_parse's depth.
 */
static const char *
reprint(const struct json_value *v, struct buf *out, struct buf *plain)
{
	struct json_cursor c;
	struct json_value item;
	struct buf keys = { 0 };
	struct span key;
	const char *why = NULL;
	bool first = true;

	if (v->type == JSON_STRING)
		print_text(v->text, out, plain);
	else if (v->type == JSON_INT && v->number < 0)
		why = "a negative number";
	else if (v->type == JSON_INT)
		buf_u64(out, (uint64_t)v->number);
	else if (v->type != JSON_OBJECT && v->type != JSON_ARRAY)
		buf_span(out, v->raw);
	if (v->type != JSON_OBJECT && v->type != JSON_ARRAY)
		return (why);
	json_open(&c, v);
	buf_char(out, v->type == JSON_OBJECT ? '{' : '[');
	while (why == NULL && json_next(&c, &key, &item)) {
		if (!first)
			buf_char(out, ',');
		first = false;
		if (v->type == JSON_OBJECT) {
			buf_add(&keys, &key, sizeof(key));
			print_text(key, out, plain);
			buf_char(out, ':');
		}
		why = reprint(&item, out, plain);
	}
	buf_char(out, v->type == JSON_OBJECT ? '}' : ']');
	if (why == NULL && repeats(&keys))
		why = "a key twice";
	if (!buf_ok(&keys))
		out->broken = true;
	buf_free(&keys);
	return (why);
}

int
seal_canonical(struct span line, const struct json_value *v, struct err *e)
{
	struct buf again = { 0 }, plain = { 0 };
	const char *why = reprint(v, &again, &plain);
	bool broken = !buf_ok(&again) || !buf_ok(&plain);

	if (why == NULL && !broken && !span_equal(line, buf_view(&again)))
		why = "not as this program writes it";
	buf_free(&again);
	buf_free(&plain);
	if (why != NULL)
		return (err_set(e, ERR_FINDING, "entry: %s", why));
	if (broken)
		return (err_set(e, ERR_IO, "entry: out of memory"));
	return (0);
}
