/* parse: the parts of a CLF line that both parsers read alike. */
#include "parse/clf.h"
#include "parse/unescape.h"

void
parse_clf_clear(struct event *ev)
{
	ev->type = EVENT_HTTP;
	ev->time_us = 0;
	ev->time_ok = false;
	ev->garbage = false;
	ev->user_odd = false;
	ev->has_text = 0;
	ev->has_number = 0;
	ev->bad_text = 0;
	ev->extra_count = 0;
}

bool
parse_clf_user_odd(struct span user)
{
	for (size_t i = 0; i < user.len; i++) {
		char c = user.ptr[i];

		if (c == ' ' || c == '\t' || c == '"' || c == '[' || c == ']')
			return (true);
	}
	return (false);
}

struct span
parse_clf_host(struct span vhost)
{
	size_t at = vhost.len;

	while (at > 0 && vhost.len - at < 6 && (unsigned char)(vhost.ptr[at - 1] - '0') <= 9)
		at--;
	if (at < vhost.len && at > 1 && vhost.ptr[at - 1] == ':')
		vhost.len = at - 1;
	return (vhost);
}

/* Length of a method and the blank behind it; 0 if there is none. */
static size_t
request_method(struct span raw, bool *upper)
{
	size_t i;

	*upper = true;
	for (i = 0; i < raw.len && i < 33; i++) {
		char c = raw.ptr[i];

		if (c >= 'A' && c <= 'Z')
			continue;
		if (c == ' ')
			return (i == 0 ? 0 : i + 1);
		if ((c >= 'a' && c <= 'z') || c == '-' || c == '_')
			*upper = false;
		else
			return (0);
	}
	return (0);
}

static bool
request_is_digit(char c)
{
	return ((unsigned char)(c - '0') <= 9);
}

/* HTTP/1, HTTP/1.1, HTTP/2.0 ... */
static bool
request_is_protocol(struct span token)
{
	if (token.len < 6 || token.len > 8 || memcmp(token.ptr, "HTTP/", 5) != 0)
		return (false);
	if (!request_is_digit(token.ptr[5]))
		return (false);
	return (token.len == 6 ||
	    (token.len == 8 && token.ptr[6] == '.' && request_is_digit(token.ptr[7])));
}

/* RTSP/1.0, SIP/2.0: another protocol's request line. */
static bool
request_is_foreign(struct span token)
{
	size_t slash = span_find(token, '/');

	if (slash < 2 || slash > 8 || slash + 1 >= token.len)
		return (false);
	for (size_t i = 0; i < slash; i++)
		if (token.ptr[i] < 'A' || token.ptr[i] > 'Z')
			return (false);
	return (request_is_digit(token.ptr[slash + 1]));
}

/* Where the last token starts. */
static size_t
request_last(struct span raw)
{
	const char *blank;

	if (raw.len > 9 && raw.ptr[raw.len - 9] == ' ' &&
	    request_is_protocol(span_of(raw.ptr + raw.len - 8, 8)))
		return (raw.len - 8);
	blank = raw.len == 0 ? NULL : memrchr(raw.ptr, ' ', raw.len);
	return (blank == NULL ? 0 : (size_t)(blank - raw.ptr) + 1);
}

void
parse_clf_request(struct event *ev, struct span raw, char **scratch)
{
	bool upper;
	size_t method, last;
	struct span target, protocol;

	if (raw.len == 0 || (raw.len == 1 && raw.ptr[0] == '-'))
		return;
	method = request_method(raw, &upper);
	last = request_last(raw);
	protocol = span_from(raw, last);
	if (method == 0)
		goto garbage;
	if (request_is_protocol(protocol)) {
		if (last <= method + 1) /* no target */
			goto garbage;
		target = span_of(raw.ptr + method, last - 1 - method);
	} else {
		/* HTTP/0.9, or cut before the protocol. */
		target = span_from(raw, method);
		if (!upper || target.len == 0 || target.ptr[0] != '/' ||
		    (last > method && request_is_foreign(protocol)))
			goto garbage;
		protocol.len = 0;
	}
	parse_clf_text(ev, EVENT_METHOD, span_of(raw.ptr, method - 1));
	parse_clf_text(ev, EVENT_TARGET, parse_unescape(target, scratch));
	parse_clf_text(ev, EVENT_PROTOCOL, protocol);
	return;
garbage:
	ev->garbage = true;
	parse_clf_text(ev, EVENT_REQUEST, parse_unescape(raw, scratch));
}

bool
parse_clf_quoted(struct span text, struct span *value, size_t *len)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\') {
			i++;
		} else if (text.ptr[i] == '"' && (i + 1 == text.len || text.ptr[i + 1] == ' ')) {
			*value = span_of(text.ptr, i);
			*len = i + 1;
			return (true);
		}
	}
	*value = text;
	*len = text.len;
	return (false);
}

bool
parse_clf_extra(struct event *ev, struct span rest, unsigned first, char **scratch)
{
	static const char names[][8] = { "field8", "field9", "field10", "field11", "field12",
		"field13", "field14", "field15", "field16", "field17", "field18", "field19",
		"field20", "field21", "field22", "field23", "field24", "field25", "field26",
		"field27", "field28", "field29", "field30", "field31", "field32", "field33",
		"field34", "field35", "field36", "field37", "field38", "field39", "field40",
		"field41", "field42" };
	struct span value;
	size_t at = 0, len;
	bool whole = true;

	for (unsigned n = first - 8; at < rest.len; n++) {
		while (at < rest.len && rest.ptr[at] == ' ')
			at++;
		if (at == rest.len)
			break;
		if (n >= sizeof(names) / sizeof(names[0]) || ev->extra_count == EVENT_EXTRA_MAX)
			return (false);
		if (rest.ptr[at] == '"') {
			at++;
			whole = parse_clf_quoted(span_from(rest, at), &value, &len);
		} else {
			len = span_find(span_from(rest, at), ' ');
			value = span_of(rest.ptr + at, len);
		}
		at += len;
		if (value.len == 0 || (value.len == 1 && value.ptr[0] == '-'))
			continue;
		ev->extra[ev->extra_count++] =
		    (struct event_extra){ span_str(names[n]), parse_unescape(value, scratch) };
	}
	return (whole);
}
