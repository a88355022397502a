/* parse: the request line. */
#include "parse/request.h"
#include "parse/field.h"
#include "parse/unescape.h"

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

/* HTTP/1, HTTP/1.1, HTTP/2.0 ... */
static bool
request_is_protocol(struct span token)
{
	if (token.len < 6 || token.len > 8 || memcmp(token.ptr, "HTTP/", 5) != 0)
		return (false);
	if (!parse_field_is_digit(token.ptr[5]))
		return (false);
	return (token.len == 6 ||
	    (token.len == 8 && token.ptr[6] == '.' && parse_field_is_digit(token.ptr[7])));
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
	return (parse_field_is_digit(token.ptr[slash + 1]));
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
parse_request(struct event *ev, struct span raw, char **scratch)
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
	parse_field_text(ev, EVENT_METHOD, span_of(raw.ptr, method - 1));
	parse_field_text(ev, EVENT_TARGET, parse_unescape(target, scratch));
	parse_field_text(ev, EVENT_PROTOCOL, protocol);
	return;
garbage:
	ev->garbage = true;
	parse_field_text(ev, EVENT_REQUEST, parse_unescape(raw, scratch));
}
