/* parse: fields with names or places of their own. */
#include "parse/named/named.h"

#define SCALED_MAX (INT64_C(1) << 53)

static bool
is_absent(struct span text)
{
	return (text.len == 0 || (text.len == 1 && text.ptr[0] == '-'));
}

static struct event_extra *
take_extra(struct event *ev, const char *key)
{
	struct event_extra *extra = &ev->extra[ev->extra_count];

	if (ev->extra_count == EVENT_EXTRA_MAX) {
		ev->extra_more++;
		return (NULL);
	}
	ev->extra_count++;
	*extra = (struct event_extra){ .key = span_str(key), .known = true };
	return (extra);
}

void
parse_named_extra(
    struct event *ev, const char *key, enum event_extra_kind kind, struct span value)
{
	struct event_extra *extra;

	if (is_absent(value) || (extra = take_extra(ev, key)) == NULL)
		return;
	extra->kind = kind;
	extra->value = value;
}

void
parse_named_set(struct event *ev, const char *key, int64_t number)
{
	struct event_extra *extra = take_extra(ev, key);

	if (extra == NULL)
		return;
	extra->kind = EVENT_EXTRA_NUMBER;
	extra->number = number;
}

void
parse_named_number(struct event *ev, const char *key, struct span value)
{
	bool minus = value.len > 1 && value.ptr[0] == '-';
	int64_t number;

	if (is_absent(value))
		return;
	if (parse_field_digits(span_from(value, minus), &number))
		parse_named_set(ev, key, minus ? -number : number);
	else
		parse_named_extra(ev, key, EVENT_EXTRA_UNKNOWN, value);
}

bool
parse_named_scaled(struct span text, int64_t scale, int64_t *value)
{
	size_t dot = span_find(text, '.');
	struct span rest = span_from(text, dot + 1);
	int64_t whole, part = 0;

	if (dot == 0 || dot > 12 || rest.len > 12 || (dot < text.len && rest.len == 0) ||
	    !parse_field_digits(span_of(text.ptr, dot), &whole) || whole > SCALED_MAX / scale)
		return (false);
	for (size_t i = rest.len; i-- > 0;) {
		if (!parse_field_is_digit(rest.ptr[i]))
			return (false);
	}
	*value = whole * scale;
	for (size_t i = 0; i < rest.len && scale > 1; i++) {
		scale /= 10;
		part += (rest.ptr[i] - '0') * scale;
	}
	*value += part;
	return (true);
}

bool
parse_named_digits(struct event *ev, enum event_number n, struct span text)
{
	int64_t value;

	if (is_absent(text))
		return (true);
	if (!parse_field_digits(text, &value))
		return (false);
	parse_field_set_number(ev, n, value);
	return (true);
}

bool
parse_named_time(struct event *ev, enum event_number n, struct span text, int64_t scale)
{
	int64_t value;

	if (text.len > 1 && text.ptr[0] == '-')
		return (parse_named_scaled(span_from(text, 1), scale, &value));
	if (is_absent(text))
		return (true);
	if (!parse_named_scaled(text, scale, &value))
		return (false);
	parse_field_set_number(ev, n, value);
	return (true);
}

bool
parse_named_status(struct event *ev, enum event_number n, struct span text)
{
	return ((is_absent(text) || text.len == 3) && parse_named_digits(ev, n, text));
}

void
parse_named_peer(struct event *ev, enum event_text f, struct span text)
{
	struct span address = parse_field_host(text);
	int64_t port;

	if (address.len < text.len && f == EVENT_CLIENT &&
	    parse_field_digits(span_from(text, address.len + 1), &port))
		parse_field_set_number(ev, EVENT_PORT, port);
	if (address.len > 1 && address.ptr[0] == '[' && address.ptr[address.len - 1] == ']')
		address = span_of(address.ptr + 1, address.len - 2);
	parse_field_text(ev, f, address);
}
