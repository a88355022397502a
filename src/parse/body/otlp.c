/*
 * parse: a record of OTLP becomes a line of JSON with the names of its
 * attributes (opentelemetry-proto, logs/v1, in JSON).
 */
#include <string.h>

#include "parse/body/inside.h"

#define DEPTH_MAX 8 /* of values in values */
#define HOST_MAX 256

static void
put(struct parse_body_out *out, const char *text)
{
	parse_body_put(out, span_str(text));
}

/* Behind the members so far. */
static void
put_name(struct parse_body_out *out, struct span name)
{
	if (out->len + out->dropped > 1)
		put(out, ",");
	put(out, "\"");
	parse_body_put(out, name);
	put(out, "\":");
}

static void put_any(struct parse_body_out *out, struct span any, unsigned depth);

/* [{"key":K,"value":V}] as members. */
static bool
put_pairs(struct parse_body_out *out, struct span pairs, unsigned depth, const char *watched)
{
	struct parse_body_list list = parse_body_list(pairs, '[');
	bool seen = false;
	struct span pair;

	while (parse_body_item(&list, &pair)) {
		struct span key = parse_body_find(pair, "key");

		if (key.len < 2 || key.ptr[0] != '"')
			continue;
		key = span_of(key.ptr + 1, key.len - 2);
		seen = seen || (watched != NULL && span_is(key, watched));
		put_name(out, key);
		put_any(out, parse_body_find(pair, "value"), depth);
	}
	return (seen);
}

static void
put_object(struct parse_body_out *out, struct span pairs, unsigned depth)
{
	/* What stands in it is counted from its own start. */
	struct parse_body_out inner = { .at = out->at + out->len, .room = out->room - out->len };

	put(&inner, "{");
	(void)put_pairs(&inner, pairs, depth, NULL);
	put(&inner, "}");
	out->len += inner.len;
	out->dropped += inner.dropped;
}

static void
put_array(struct parse_body_out *out, struct span values, unsigned depth)
{
	struct parse_body_list list = parse_body_list(values, '[');
	const char *sign = "[";
	struct span value;

	while (parse_body_item(&list, &value)) {
		put(out, sign);
		put_any(out, value, depth);
		sign = ",";
	}
	put(out, sign[0] == '[' ? "[]" : "]");
}

/* An AnyValue: a map of one member, whose name is its type. */
static void
put_any(struct parse_body_out *out, struct span any, unsigned depth)
{
	struct parse_body_list list = parse_body_list(any, '{');
	struct span type, value;

	if (depth == DEPTH_MAX || !parse_body_member(&list, &type, &value))
		put(out, "null");
	else if (span_is(type, "kvlistValue"))
		put_object(out, parse_body_find(value, "values"), depth + 1);
	else if (span_is(type, "arrayValue"))
		put_array(out, parse_body_find(value, "values"), depth + 1);
	else if (value.ptr[0] == '{' || value.ptr[0] == '[')
		put(out, "null");
	else
		parse_body_put(out, value);
}

static bool
is_zero(struct span number)
{
	return (number.len == 0 || span_is(number, "0") || span_is(number, "\"0\"") ||
	    span_is(number, "null"));
}

/* When it happened; if nobody knows, when it was seen. */
static void
put_time(struct parse_body_out *out, struct span record)
{
	struct span time = parse_body_find(record, "timeUnixNano");

	if (is_zero(time))
		time = parse_body_find(record, "observedTimeUnixNano");
	if (is_zero(time) || time.ptr[0] == '{' || time.ptr[0] == '[')
		return;
	put_name(out, span_str("timeUnixNano"));
	parse_body_put(out, time);
}

static void
put_text(struct parse_body_out *out, struct span record, const char *name, const char *as)
{
	struct span value = parse_body_find(record, name);

	if (value.len <= 2 || value.ptr[0] != '"')
		return;
	put_name(out, span_str(as));
	parse_body_put(out, value);
}

static void
put_body(struct parse_body_out *out, struct span body)
{
	struct parse_body_list list = parse_body_list(body, '{');
	struct span type, value;

	if (!parse_body_member(&list, &type, &value))
		return;
	if (span_is(type, "kvlistValue")) {
		(void)put_pairs(out, parse_body_find(value, "values"), 1, NULL);
		return;
	}
	put_name(out, span_str("body"));
	put_any(out, body, 0);
}

void
parse_body_record(struct span record, struct span host, struct parse_body_out *out)
{
	put(out, "{");
	put_time(out, record);
	put_text(out, record, "severityText", "severityText");
	put_body(out, parse_body_find(record, "body"));
	if (!put_pairs(out, parse_body_find(record, "attributes"), 0, "host.name") &&
	    host.len > 2) {
		put_name(out, span_str("host.name"));
		parse_body_put(out, host);
	}
	put_text(out, record, "traceId", "TraceId");
	put_text(out, record, "spanId", "SpanId");
	put(out, "}");
}

struct span
parse_body_host(struct span resource)
{
	struct parse_body_list list = parse_body_list(parse_body_find(resource, "attributes"), '[');
	struct span found = span_of("", 0), pair;

	while (parse_body_item(&list, &pair)) {
		struct span key = parse_body_find(pair, "key");
		struct span value = parse_body_find(parse_body_find(pair, "value"), "stringValue");
		bool host = span_is(key, "\"host.name\"");

		if ((host || span_is(key, "\"k8s.pod.name\"")) && value.len > 2 &&
		    value.len <= HOST_MAX && value.ptr[0] == '"' && (host || found.len == 0))
			found = value;
	}
	return (found);
}
