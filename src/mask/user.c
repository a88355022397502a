/*
 * mask: users, sessions and the one form of an e-mail address.
 */
#include "detect/canon.h"
#include "detect/detect.h"
#include "mask/extra/extra.h"
#include "mask/inside.h"
#include "base/text.h"

#define MACHINE_BYTES_MAX 128

static bool
is_absent(struct span text)
{
	return (text.len == 0 || (text.len == 1 && text.ptr[0] == '-'));
}

/* '*' stands for any run of bytes. */
static bool
glob(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else
			return (false);
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return (p == pattern.len);
}

/* Kubernetes keeps such names for its own parts: nobody can call himself so. */
static bool
is_kubernetes(const struct mask *m, struct span user)
{
	return (m->at->event.type == EVENT_K8S && span_starts(user, span_of("system:", 7)));
}

/* Does the policy say that this is the name of a program? */
static bool
is_configured(const struct mask_policy *p, struct span user)
{
	for (unsigned i = 0; i < p->machine_count; i++)
		if (glob(span_str(p->machines[i]), user))
			return (true);
	return (false);
}

/* Whether it may be written; the detectors are asked last, for they take longest. */
static bool
is_machine(const struct mask *m, struct span user)
{
	return (user.len <= MACHINE_BYTES_MAX &&
	    (is_kubernetes(m, user) || is_configured(m->policy, user)) && text_is_ascii(user) &&
	    detect_class(user) == RECORD_CLASS_NONE);
}

struct span
mask_email_form(struct detect_hosts *hosts, struct span text, char *out, size_t size)
{
	struct detect_host host;
	size_t at;
	struct span form;

	if (text.len >= 7 &&
	    (memcmp(text.ptr, "mailto:", 7) == 0 || memcmp(text.ptr, "MAILTO:", 7) == 0))
		text = span_from(text, 7);
	if (text.len >= 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>')
		text = span_of(text.ptr + 1, text.len - 2);
	if (text.len > size)
		return (text);
	form = span_of(out, detect_canon_fold(text, out));
	for (at = form.len; at > 0 && form.ptr[at - 1] != '@';)
		at--;
	if (at == 0 || text_is_ascii(span_from(form, at)))
		return (form);
	detect_host_read(hosts, span_from(form, at), &host);
	if (!host.valid || at + host.len > size)
		return (form);
	memcpy(out + at, host.text, host.len);
	return (span_of(out, at + host.len));
}

/* A token of value, or what the method says; "" is: leave it out. */
static void
put_global(struct mask *m, enum record_field f, enum mask_slot slot, struct span value)
{
	enum record_class c = mask_slot_class(slot);
	char token[MASK_TOKEN_BYTES];
	struct span text;

	mask_count(m, c);
	if (m->policy->method[c] == MASK_DROP)
		return;
	if (m->policy->method[c] == MASK_SEAL && (text = mask_sealed_text(m, value)).len > 0) {
		record_set_text(&m->record, f, text);
		return;
	}
	if (m->policy->method[c] != MASK_TOKEN || !mask_token(m, slot, value, token)) {
		mask_set_redacted(m, f, c);
		return;
	}
	mask_set_text(m, f, span_of(token, sizeof(token)));
}

static void
flag_bytes(struct mask *m, struct span text)
{
	unsigned bytes = mask_bytes_of(text);

	if ((bytes & MASK_BYTES_CONTROL) != 0)
		record_set_flag(&m->record, RECORD_FLAG_CTL_IN_FIELD);
	if ((bytes & MASK_BYTES_HIGH) != 0 && !text_is_utf8(text))
		record_set_flag(&m->record, RECORD_FLAG_BAD_UTF8);
}

/*
 * Is the name only what somebody says of himself?  Whom Kubernetes forbids
 * something it knows; who is not logged in may be anybody.
 */
static bool
is_claimed(const struct event *ev)
{
	int64_t status = (ev->has_number >> EVENT_STATUS & 1) != 0 ? ev->number[EVENT_STATUS] : 0;

	if (ev->user_claimed || status == 401 || status == 407 ||
	    (status == 403 && ev->type != EVENT_K8S))
		return (true);
	return (ev->type == EVENT_LOGIN && event_has(ev, EVENT_OUTCOME) &&
	    (span_is(ev->text[EVENT_OUTCOME], "failure") ||
		span_is(ev->text[EVENT_OUTCOME], "unknown")));
}

void
mask_user(struct mask *m, const struct event *ev)
{
	struct span user = ev->text[EVENT_USER];
	bool claimed;
	char form[512];

	if (!event_has(ev, EVENT_USER) || is_absent(user))
		return;
	claimed = is_claimed(ev);
	if (ev->user_odd)
		record_set_flag(&m->record, RECORD_FLAG_USER_NONSTANDARD);
	flag_bytes(m, user);
	if (!claimed && is_machine(m, user)) {
		mask_set_text(m, RECORD_FIELD_USER, user);
		return;
	}
	if (detect_shape(user) == DETECT_SHAPE_EMAIL)
		user = mask_email_form(m->hosts, user, form, sizeof(form));
	put_global(
	    m, RECORD_FIELD_USER, claimed ? MASK_SLOT_USER_CLAIM : MASK_SLOT_USER_AUTH, user);
}

struct span
mask_user_text(struct mask *m, struct span user)
{
	bool claimed = is_claimed(&m->at->event);
	char form[512];

	if (!claimed && is_machine(m, user))
		return (user);
	if (detect_shape(user) == DETECT_SHAPE_EMAIL)
		user = mask_email_form(m->hosts, user, form, sizeof(form));
	return (
	    mask_extra_token(m, claimed ? MASK_SLOT_USER_CLAIM : MASK_SLOT_USER_AUTH, NULL, user));
}

/* The value of the first cookie that is a session by its name. */
static struct span
session_cookie(struct span cookie)
{
	for (struct span rest = cookie; rest.len > 0;) {
		size_t len = span_find(rest, ';');
		struct span pair = span_of(rest.ptr, len);
		size_t equals;

		rest = span_from(rest, len + 1);
		while (pair.len > 0 && pair.ptr[0] == ' ')
			pair = span_from(pair, 1);
		equals = span_find(pair, '=');
		if (equals < pair.len && detect_name_is_session(span_of(pair.ptr, equals)))
			return (span_from(pair, equals + 1));
	}
	return (span_of("", 0));
}

void
mask_session(struct mask *m, const struct event *ev)
{
	struct span session = { "", 0 };

	if (event_has(ev, EVENT_COOKIE) && !is_absent(ev->text[EVENT_COOKIE])) {
		session = session_cookie(ev->text[EVENT_COOKIE]);
		if (session.len == 0)
			mask_count(m, RECORD_CLASS_SESSION); /* other cookies go, too */
	}
	if (event_has(ev, EVENT_SESSION) && !is_absent(ev->text[EVENT_SESSION]))
		session = ev->text[EVENT_SESSION];
	if (session.len > 0)
		mask_session_value(m, session);
}

void
mask_session_value(struct mask *m, struct span session)
{
	put_global(m, RECORD_FIELD_SESSION, MASK_SLOT_SESSION, session);
}
