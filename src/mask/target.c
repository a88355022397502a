/*
 * mask: request targets in all their forms (RFC 9112 3.2): origin, absolute,
 * authority, asterisk, and what is none of these.
 */
#include "mask/inside.h"

void
mask_host_field(struct mask *m, struct span host)
{
	struct span text = mask_render(m, MASK_RENDER_HOST, mask_render_host, host);

	if (text.len > 0)
		record_set_text(&m->record, RECORD_FIELD_HOST, text);
}

/* Length of "scheme://" in front of target; 0 if there is none. */
static size_t
scheme_len(struct span target)
{
	size_t i = 0;

	while (i < target.len && i < 16 && ((target.ptr[i] | 0x20) >= 'a') &&
	    ((target.ptr[i] | 0x20) <= 'z'))
		i++;
	if (i == 0 || target.len - i < 3 || memcmp(target.ptr + i, "://", 3) != 0)
		return (0);
	return (i + 3);
}

/* The first of "/?#" in target; its length if there is none. */
static size_t
authority_end(struct span target)
{
	size_t i = 0;

	while (i < target.len && target.ptr[i] != '/' && target.ptr[i] != '?' &&
	    target.ptr[i] != '#')
		i++;
	return (i);
}

static void
put_path_and_query(struct mask *m, struct span target)
{
	struct span path, query, text;

	/* What follows '#' never belongs into a request. */
	target.len = span_find(target, '#');
	path = span_of(target.ptr, span_find(target, '?'));
	query = span_from(target, path.len + 1);
	text = mask_render(m, MASK_RENDER_PATH, mask_render_path, path);
	if (text.len > 0)
		record_set_text(&m->record, RECORD_FIELD_PATH, text);
	if (query.len == 0)
		return;
	text = mask_render(m, MASK_RENDER_QUERY, mask_render_query, query);
	if (text.len > 0)
		record_set_text(&m->record, RECORD_FIELD_QUERY, text);
}

void
mask_target(struct mask *m, const struct event *ev)
{
	struct span target = ev->text[EVENT_TARGET];
	size_t scheme;

	if (target.len > 0 && target.ptr[0] == '/') {
		put_path_and_query(m, target);
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
