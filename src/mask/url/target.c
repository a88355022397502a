/*
 * mask: request targets in all their forms (RFC 9112 3.2): origin, absolute,
 * authority, asterisk, and what is none of these.
 */
#include "base/scan.h"
#include "base/text.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "mask/inside.h"
#include "mask/method/count.h"

void
mask_host_field(struct mask *m, struct span host)
{
	struct span text = mask_render(m, MASK_RENDER_HOST, mask_render_host, host);

	mask_set_rendered(m, RECORD_FIELD_HOST, text);
}

static bool
is_letter(char c)
{
	return ((unsigned char)((c | 0x20) - 'a') < 26);
}

#define SCHEME_BYTES_MAX 32

/* Length of "scheme://" in front of target (RFC 3986 3.1); 0 if there is none. */
static size_t
scheme_len(struct span target)
{
	size_t i = 0;

	for (; i < target.len && i < SCHEME_BYTES_MAX; i++) {
		char c = target.ptr[i];

		if (!is_letter(c) &&
		    (i == 0 || ((c < '0' || c > '9') && c != '+' && c != '-' && c != '.')))
			break;
	}
	if (i == 0 || target.len - i < 3 || memcmp(target.ptr + i, "://", 3) != 0)
		return (0);
	return (i + 3);
}

/* The first of "/?#" in target; its length if there is none. */
static size_t
authority_end(struct span target)
{
	size_t i = 0;

	while (
	    i < target.len && target.ptr[i] != '/' && target.ptr[i] != '?' && target.ptr[i] != '#')
		i++;
	return (i);
}

/* The first matrix parameter of text that is a session by its name; empty if none is. */
static struct span
session_of(struct span text)
{
	struct span rest = span_from(text, span_find(text, ';') + 1);

	while (rest.len > 0) {
		struct span param = rest;
		size_t equals;

		param.len = scan_either(param, ';', '/');
		rest = param.len < rest.len && rest.ptr[param.len] == '/' ?
		    span_from(rest, span_find(rest, ';') + 1) :
		    span_from(rest, param.len + 1);
		equals = span_find(param, '=');
		if (equals < param.len && detect_name_is_session(span_of(param.ptr, equals)))
			return (span_from(param, equals + 1));
	}
	return (span_of("", 0));
}

/* "/cart;jsessionid=...": the path does not keep it, but it is a session all the same. */
__attribute__((cold, noinline)) static void
put_session(struct mask *m, struct span path)
{
	struct span text, session;
	enum detect_canon_result canon =
	    detect_canon(path, false, m->canon_value, 2 * (size_t)PARSE_LINE_MAX, &text);

	if (canon != DETECT_CANON_SAME && canon != DETECT_CANON_DECODED)
		return;
	session = session_of(text);
	if (session.len > 0 && text_is_utf8(session))
		mask_session_value(m, session);
}

static inline void
put_path(struct mask *m, struct span path)
{
	struct span text = mask_render(m, MASK_RENDER_PATH, mask_render_path, path);

	mask_count_text(m, &m->given.path, text);
	mask_set_rendered(m, RECORD_FIELD_PATH, text);
	if ((m->record.flags >> RECORD_FLAG_PATH_PARAM & 1) != 0)
		put_session(m, path);
}

static void
put_query(struct mask *m, struct span query)
{
	if (m->learn_only)
		mask_learn_query(m, query);
	else if (query.len > 0)
		mask_set_rendered(m, RECORD_FIELD_QUERY,
		    mask_render(m, MASK_RENDER_QUERY, mask_render_query, query));
}

/* What follows '#' never belongs into a request. */
static void
split(struct span target, struct span *path, struct span *query)
{
	*path = span_of(target.ptr, scan_either(target, '?', '#'));
	*query = span_from(target, path->len);
	if (query->len > 0 && query->ptr[0] == '#')
		query->len = 0;
	*query = span_from(*query, 1);
	query->len = span_find(*query, '#');
}

static void
put_path_and_query(struct mask *m, struct span target)
{
	struct span path, query;

	split(target, &path, &query);
	put_path(m, path);
	put_query(m, query);
}

void
mask_target_ahead(struct mask *m, const struct event *ev)
{
	struct span target = ev->text[EVENT_TARGET], path, query;

	m->at->ahead[MASK_RENDER_PATH].raw.ptr = NULL;
	m->at->ahead[MASK_RENDER_QUERY].raw.ptr = NULL;
	if (!event_has(ev, EVENT_TARGET) || target.len == 0 || target.ptr[0] != '/')
		return;
	split(target, &path, &query);
	mask_render_path_ahead(m, MASK_RENDER_PATH, path, 0);
	if (m->learn_only)
		m->at->ahead[MASK_RENDER_QUERY].raw = query; /* only words are read */
	else if (query.len > 0)
		mask_render_ahead(m, MASK_RENDER_QUERY, query);
}

void
mask_target(struct mask *m, const struct event *ev)
{
	struct span target = ev->text[EVENT_TARGET];
	size_t scheme;

	if (m->at->ahead[MASK_RENDER_PATH].raw.ptr != NULL) {
		put_path(m, m->at->ahead[MASK_RENDER_PATH].raw);
		if (m->at->ahead[MASK_RENDER_QUERY].raw.ptr != NULL)
			put_query(m, m->at->ahead[MASK_RENDER_QUERY].raw);
		return;
	}
	if (span_is(target, "*")) {
		if (!m->learn_only)
			mask_set_text(m, RECORD_FIELD_PATH, target);
		return;
	}
	if ((scheme = scheme_len(target)) > 0) {
		struct span rest = span_from(target, scheme);
		size_t end = authority_end(rest);

		if (!event_has(ev, EVENT_HOST))
			mask_host_field(m, span_of(rest.ptr, end));
		put_path_and_query(m, span_from(rest, end));
		return;
	}
	if (event_has(ev, EVENT_METHOD) && span_is(ev->text[EVENT_METHOD], "CONNECT")) {
		if (!event_has(ev, EVENT_HOST))
			mask_host_field(m, target);
		return;
	}
	put_path_and_query(m, target);
}
