/*
 * mask: one event, field by field.
 *
 * Every text of the event has a rule here, or is not written at all: there
 * is no way for a field that nobody thought of.
 */
#include "detect/detect.h"
#include "mask/extra/extra.h"
#include "mask/inside.h"
#include "mask/method/count.h"

/* A text of ours, padded so that the encoder may copy it in one size. */
struct name {
	char text[24 + RECORD_PLAIN_SLACK];
	size_t len;
};
#define NAME(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

static const struct name type_names[EVENT_TYPE_COUNT] = {
	[EVENT_HTTP] = NAME("http.request"),
	[EVENT_K8S] = NAME("k8s.audit"),
	[EVENT_LOGIN] = NAME("auth.login"),
	[EVENT_DB] = NAME("db.query"),
	[EVENT_CLOUD] = NAME("cloud.api"),
	[EVENT_LOG] = NAME("log"),
};

/* Closed lists: what stands in them is written, anything else is "[unknown]". */
static const struct name methods[] = { NAME("GET"), NAME("POST"), NAME("HEAD"), NAME("PUT"),
	NAME("OPTIONS"), NAME("DELETE"), NAME("PATCH"), NAME("CONNECT"), NAME("TRACE"),
	NAME("QUERY"), NAME("PROPFIND"), NAME("PROPPATCH"), NAME("MKCOL"), NAME("COPY"),
	NAME("MOVE"), NAME("LOCK"), NAME("UNLOCK"), NAME("REPORT"), NAME("SEARCH"), NAME("PURGE"),
	NAME("PRI"), { "", 0 } };
static const struct name protocols[] = { NAME("HTTP/1.1"), NAME("HTTP/2.0"), NAME("HTTP/1.0"),
	NAME("HTTP/2"), NAME("HTTP/3"), NAME("HTTP/3.0"), NAME("HTTP/0.9"), { "", 0 } };
static const struct name schemes[] = { NAME("https"), NAME("http"), NAME("wss"), NAME("ws"),
	{ "", 0 } };
static const struct name levels[] = { NAME("trace"), NAME("debug"), NAME("info"), NAME("notice"),
	NAME("warn"), NAME("warning"), NAME("error"), NAME("err"), NAME("crit"), NAME("critical"),
	NAME("alert"), NAME("emerg"), NAME("fatal"), NAME("TRACE"), NAME("DEBUG"), NAME("INFO"),
	NAME("NOTICE"), NAME("WARN"), NAME("WARNING"), NAME("ERROR"), NAME("CRITICAL"),
	NAME("ALERT"), NAME("FATAL"), NAME("Metadata"), NAME("Request"), NAME("RequestResponse"),
	NAME("LOG"), NAME("PANIC"), NAME("DETAIL"), NAME("HINT"), NAME("STATEMENT"),
	NAME("CONTEXT"), NAME("QUERY"), NAME("LOCATION"), NAME("DEBUG1"), NAME("DEBUG2"),
	NAME("DEBUG3"), NAME("DEBUG4"), NAME("DEBUG5"), { "", 0 } };
static const struct name caches[] = { NAME("HIT"), NAME("MISS"), NAME("BYPASS"), NAME("EXPIRED"),
	NAME("STALE"), NAME("UPDATING"), NAME("REVALIDATED"), NAME("DYNAMIC"), NAME("PASS"),
	NAME("Hit"), NAME("Miss"), NAME("RefreshHit"), NAME("Error"), NAME("TCP_HIT"),
	NAME("TCP_MISS"), NAME("TCP_MEM_HIT"), NAME("OriginShieldHit"), NAME("Redirect"),
	NAME("LimitExceeded"), NAME("CapacityExceeded"), NAME("TCP_TUNNEL"), NAME("NONE"),
	NAME("NONE_NONE"), NAME("TCP_MISS_ABORTED"), NAME("TCP_HIT_ABORTED"),
	NAME("TCP_REFRESH_HIT"), NAME("TCP_REFRESH_MISS"), NAME("TCP_REFRESH_UNMODIFIED"),
	NAME("TCP_REFRESH_MODIFIED"), NAME("TCP_CLIENT_REFRESH_MISS"), NAME("TCP_IMS_HIT"),
	NAME("TCP_NEGATIVE_HIT"), NAME("TCP_OFFLINE_HIT"), NAME("TCP_DENIED"),
	NAME("TCP_SWAPFAIL_MISS"), NAME("TCP_INM_HIT"), NAME("TAG_NONE"), { "", 0 } };
static const struct name tls_versions[] = { NAME("TLSv1.3"), NAME("TLSv1.2"), NAME("TLSv1.1"),
	NAME("TLSv1"), NAME("SSLv3"), NAME("tls1.3"), NAME("tls1.2"), { "", 0 } };
static const struct name outcomes[] = { NAME("success"), NAME("failure"), NAME("unknown"),
	{ "", 0 } };
static const struct name actions[] = { NAME("get"), NAME("list"), NAME("watch"), NAME("create"),
	NAME("update"), NAME("patch"), NAME("delete"), NAME("deletecollection"), NAME("login"),
	NAME("logout"), NAME("connect"), NAME("disconnect"), NAME("select"), NAME("insert"),
	NAME("read"), NAME("write"), NAME("post"), NAME("put"), NAME("head"), NAME("options"),
	NAME("proxy"), { "", 0 } };

#define BIT(f) (UINT32_C(1) << (f))

static const struct listed {
	enum record_field to;
	const struct name *list;
} listed[EVENT_TEXT_COUNT] = {
	[EVENT_METHOD] = { RECORD_FIELD_METHOD, methods },
	[EVENT_PROTOCOL] = { RECORD_FIELD_PROTOCOL, protocols },
	[EVENT_SCHEME] = { RECORD_FIELD_SCHEME, schemes },
	[EVENT_LEVEL] = { RECORD_FIELD_LEVEL, levels },
	[EVENT_CACHE] = { RECORD_FIELD_CACHE, caches },
	[EVENT_TLS] = { RECORD_FIELD_TLS, tls_versions },
	[EVENT_OUTCOME] = { RECORD_FIELD_OUTCOME, outcomes },
	[EVENT_ACTION] = { RECORD_FIELD_ACTION, actions },
};
#define LISTED \
	(BIT(EVENT_METHOD) | BIT(EVENT_PROTOCOL) | BIT(EVENT_SCHEME) | BIT(EVENT_LEVEL) | \
	    BIT(EVENT_CACHE) | BIT(EVENT_TLS) | BIT(EVENT_OUTCOME) | BIT(EVENT_ACTION))

static const enum record_field numbers[EVENT_NUMBER_COUNT] = {
	[EVENT_STATUS] = RECORD_FIELD_STATUS,
	[EVENT_BYTES] = RECORD_FIELD_BYTES,
	[EVENT_REQUEST_BYTES] = RECORD_FIELD_REQUEST_BYTES,
	[EVENT_DURATION_US] = RECORD_FIELD_DURATION,
	[EVENT_UPSTREAM_US] = RECORD_FIELD_UPSTREAM_US,
	[EVENT_UPSTREAM_STATUS] = RECORD_FIELD_UPSTREAM_STATUS,
};

/* Fields that nothing is written of; only counted. */
static const struct {
	enum event_text from;
	enum record_class class_id;
} dropped[] = {
	{ EVENT_IDENT, RECORD_CLASS_IDENT },
	{ EVENT_AUTH, RECORD_CLASS_CREDENTIAL },
	{ EVENT_LANGUAGE, RECORD_CLASS_LANGUAGE },
	{ EVENT_REQUEST, RECORD_CLASS_UNKNOWN },
};
#define DROPPED \
	(BIT(EVENT_IDENT) | BIT(EVENT_AUTH) | BIT(EVENT_LANGUAGE) | BIT(EVENT_REQUEST))

/* What a field is written as when the grammar could not read it. */
static const struct {
	enum event_text from;
	enum record_field to;
	enum record_class class_id;
} redacted[] = {
	{ EVENT_CLIENT, RECORD_FIELD_CLIENT, RECORD_CLASS_IP_PEER },
	{ EVENT_USER, RECORD_FIELD_USER, RECORD_CLASS_USER_AUTH },
	{ EVENT_HOST, RECORD_FIELD_HOST, RECORD_CLASS_HOST },
	{ EVENT_TARGET, RECORD_FIELD_PATH, RECORD_CLASS_PATH },
	{ EVENT_REFERER, RECORD_FIELD_REFERER, RECORD_CLASS_PATH },
	{ EVENT_SERVER, RECORD_FIELD_SERVER, RECORD_CLASS_SERVER },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
/* Texts that combined lines do not have; one test skips them all. */
#define RARE \
	(BIT(EVENT_SESSION) | BIT(EVENT_COOKIE) | BIT(EVENT_SERVER) | BIT(EVENT_UPSTREAM) | \
	    BIT(EVENT_JOIN) | BIT(EVENT_TLS_ID) | BIT(EVENT_OBJECT) | BIT(EVENT_MESSAGE))

static bool
is_name(struct span text, const struct name *name)
{
	return (text.len == name->len && text.ptr[0] == name->text[0] &&
	    memcmp(text.ptr, name->text, text.len) == 0);
}

static void
set_name(struct mask *m, enum record_field f, const struct name *name)
{
	record_set_plain(&m->record, f, span_of(name->text, name->len));
}

/*
 * "DescribeInstances": what AWS calls its own calls.  No one can make it log
 * another word there than one that begins like this.
 */
static bool
is_call(struct span text)
{
	static const struct span verbs[] = { SPAN("Describe"), SPAN("Get"), SPAN("List"),
		SPAN("Create"), SPAN("Delete"), SPAN("Put"), SPAN("Update"), SPAN("Modify"),
		SPAN("Attach"), SPAN("Detach"), SPAN("Add"), SPAN("Remove"), SPAN("Start"),
		SPAN("Stop"), SPAN("Run"), SPAN("Terminate"), SPAN("Reboot"), SPAN("Assume"),
		SPAN("Associate"), SPAN("Disassociate"), SPAN("Authorize"), SPAN("Revoke"),
		SPAN("Enable"), SPAN("Disable"), SPAN("Register"), SPAN("Deregister"), SPAN("Tag"),
		SPAN("Untag"), SPAN("Lookup"), SPAN("Batch"), SPAN("Invoke"), SPAN("Restore"),
		SPAN("Copy"), SPAN("Head"), SPAN("Send"), SPAN("Receive"), SPAN("Publish"),
		SPAN("Subscribe"), SPAN("Decrypt"), SPAN("Encrypt"), SPAN("Generate"), SPAN("Set"),
		SPAN("Allocate"), SPAN("Release"), SPAN("Import"), SPAN("Export"), SPAN("Search"),
		SPAN("Test"), SPAN("Upload"), SPAN("Initiate"), SPAN("Complete"), SPAN("Abort"),
		SPAN("Cancel"), SPAN("Check"), SPAN("Replace"), SPAN("Reset"), SPAN("Accept"),
		SPAN("Reject"), SPAN("Sign"), SPAN("Verify"), SPAN("Change"), SPAN("Switch") };

	if (text.len > 64)
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)((text.ptr[i] | 0x20) - 'a') > 25 &&
		    (unsigned char)(text.ptr[i] - '0') > 9)
			return (false);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_starts(text, verbs[i]))
			return (detect_class(text) == RECORD_CLASS_NONE);
	return (false);
}

static void
put_listed(struct mask *m, const struct event *ev)
{
	static const struct name unknown = NAME("[unknown]");

	for (uint32_t left = ev->has_text & LISTED; left != 0; left &= left - 1) {
		enum event_text f = (enum event_text)__builtin_ctz(left);
		const struct name *name = listed[f].list;

		if (!mask_has(ev, f))
			continue;
		if (f == EVENT_ACTION && ev->type == EVENT_CLOUD && is_call(ev->text[f])) {
			record_set_text(&m->record, RECORD_FIELD_ACTION, ev->text[f]);
			continue;
		}
		while (name->len > 0 && !is_name(ev->text[f], name))
			name++;
		if (name->len == 0) {
			mask_count(m, RECORD_CLASS_UNKNOWN);
			name = &unknown;
		}
		set_name(m, listed[f].to, name);
	}
}

/*
 * No size in bytes and no time in microseconds is as large as that: a card
 * number with three zeros behind it, because its source counts milliseconds.
 */
#define NUMBER_MAX INT64_C(1000000000000000)

static void
put_numbers(struct mask *m, const struct event *ev)
{
	for (uint32_t left = ev->has_number & ~BIT(EVENT_PORT); left != 0; left &= left - 1) {
		enum event_number n = (enum event_number)__builtin_ctz(left);

		if (ev->number[n] < 0 || mask_extra_is_card(m, ev->number[n]))
			continue;
		if (ev->number[n] < NUMBER_MAX)
			record_set_int(&m->record, numbers[n], ev->number[n]);
		else
			mask_count(m, RECORD_CLASS_UNKNOWN);
	}
	if ((ev->has_number >> EVENT_PORT & 1) != 0)
		mask_count(m, RECORD_CLASS_PORT);
}

static void
count_dropped(struct mask *m, const struct event *ev)
{
	for (size_t i = 0; i < ROWS(dropped); i++)
		if (mask_has(ev, dropped[i].from))
			mask_count(m, dropped[i].class_id);
}

/* What the agent of an event is looked up by; an absent one is empty. */
static struct span
agent_of(const struct event *ev)
{
	struct span text = event_has(ev, EVENT_AGENT) ? ev->text[EVENT_AGENT] : span_of("", 0);

	if (text.len == 1 && text.ptr[0] == '-')
		text.len = 0;
	return (text);
}

static void
put_agent(struct mask *m, const struct event *ev)
{
	struct span text = agent_of(ev);
	const struct detect_agent_entry *entry;
	char token[MASK_TOKEN_BYTES];

	if ((ev->bad_text & BIT(EVENT_AGENT)) != 0 || (ev->type != EVENT_HTTP && text.len == 0))
		return;
	entry = detect_agent_cached(m->agents, text, m->at->agent_ahead);
	detect_agent_put(&entry->agent, &m->record);
	m->record.agent = span_of(entry->line, entry->line_len);
	if (text.len == 0)
		return;
	mask_count(m, RECORD_CLASS_AGENT);
	if (entry->control)
		record_set_flag(&m->record, RECORD_FLAG_CTL_IN_FIELD);
	if ((m->policy->agent_full || m->policy->method[RECORD_CLASS_AGENT] == MASK_TOKEN) &&
	    mask_token(m, MASK_SLOT_AGENT, text, token))
		mask_set_text(m, RECORD_FIELD_AGENT_FULL, span_of(token, sizeof(token)));
}

/* ---- what few formats have ---- */

static void
put_server(struct mask *m, enum record_field f, const char *position, struct span text)
{
	struct span out;

	for (unsigned i = 0; i < m->policy->server_count; i++) {
		if (!span_is(text, m->policy->servers[i]))
			continue;
		record_set_text(&m->record, f, span_str(m->policy->servers[i]));
		return;
	}
	/* A token, a box or a class: plain, and in memory that may be read further. */
	out = mask_extra_token_later(m, MASK_SLOT_SERVER, position, text);
	if (out.len > 0)
		record_set_plain(&m->record, f, out);
}

static void
put_object(struct mask *m, struct span text)
{
	struct span out;

	if (text.ptr[0] == '/')
		mask_set_rendered(m, RECORD_FIELD_OBJECT,
		    mask_render(m, MASK_RENDER_PATH, mask_render_path, text));
	else if ((out = mask_extra_token(m, MASK_SLOT_TEXT, "object", text)).len > 0)
		record_set_text(&m->record, RECORD_FIELD_OBJECT, out);
}

static void
put_rare(struct mask *m, const struct event *ev)
{
	if ((ev->has_text & (BIT(EVENT_SESSION) | BIT(EVENT_COOKIE))) != 0)
		mask_session(m, ev);
	if (mask_has(ev, EVENT_SERVER))
		put_server(m, RECORD_FIELD_SERVER, "server", ev->text[EVENT_SERVER]);
	if (mask_has(ev, EVENT_UPSTREAM))
		put_server(m, RECORD_FIELD_UPSTREAM, "upstream", ev->text[EVENT_UPSTREAM]);
	if (mask_has(ev, EVENT_OBJECT))
		put_object(m, ev->text[EVENT_OBJECT]);
	if (mask_has(ev, EVENT_JOIN))
		mask_extra_add(m, span_of("join", 4),
		    mask_extra_token_later(m, MASK_SLOT_JOIN, NULL, ev->text[EVENT_JOIN]));
	if (mask_has(ev, EVENT_TLS_ID))
		mask_extra_add(m, span_of("tls_id", 6),
		    mask_extra_token_later(m, MASK_SLOT_TLS, "tls", ev->text[EVENT_TLS_ID]));
	if (mask_has(ev, EVENT_MESSAGE))
		mask_extra_message(m, ev->text[EVENT_MESSAGE]);
}

static void
put_bad(struct mask *m, const struct event *ev)
{
	for (size_t i = 0; i < ROWS(redacted); i++) {
		if ((ev->bad_text >> redacted[i].from & 1) == 0)
			continue;
		mask_set_redacted(m, redacted[i].to, redacted[i].class_id);
		mask_count(m, redacted[i].class_id);
	}
}

void
mask_event_ahead(struct mask *m, struct event *ev)
{
	/* What the grammar could not read is not there, except to be redacted. */
	ev->has_text &= ~ev->bad_text;
	if (!m->learn_only) {
		detect_agent_name(m->agents, agent_of(ev), m->at->agent_ahead);
		mask_client_ahead(m, ev);
	}
	mask_target_ahead(m, ev);
	mask_referer_ahead(m, ev);
}

void
mask_event(struct mask *m, const struct event *ev, bool partial)
{
	m->given.path.mark = m->given.referer.mark = NULL;
	mask_count_ahead(m);
	set_name(m, RECORD_FIELD_EVENT, &type_names[ev->type]);
	if (ev->bad_text != 0)
		put_bad(m, ev);
	put_listed(m, ev);
	put_numbers(m, ev);
	put_agent(m, ev);
	mask_client(m, ev);
	if (partial)
		record_set_text(&m->record, RECORD_FIELD_STATE, span_of("partial", 7));
	if (ev->garbage)
		record_set_flag(&m->record, RECORD_FLAG_REQUEST_GARBAGE);
	if (ev->duplicate_key)
		record_set_flag(&m->record, RECORD_FLAG_DUPLICATE_KEY);
	if (ev->bad_unicode)
		record_set_flag(&m->record, RECORD_FLAG_BAD_UTF8);
	mask_user(m, ev);
	if (mask_has(ev, EVENT_HOST))
		mask_host_field(m, ev->text[EVENT_HOST]);
	if (mask_has(ev, EVENT_TARGET))
		mask_target(m, ev);
	if (mask_has(ev, EVENT_REFERER))
		mask_referer(m, ev);
	if ((ev->has_text & DROPPED) != 0)
		count_dropped(m, ev);
	if ((ev->has_text & RARE) != 0)
		put_rare(m, ev);
	if ((ev->extra_count | ev->extra_more | ev->headers[0] | ev->headers[1]) != 0)
		mask_extra(m, ev);
}
