/* parse: Envoy, ingress-nginx, Squid, Traefik. */
#include "parse/named/named.h"
#include "parse/named/places.h"
#include "parse/server/server.h"
#include "parse/unescape.h"

#define TEXT PARSE_PLACE_TEXT_OF
#define EXTRA PARSE_PLACE_EXTRA_OF
#define COUNT PARSE_PLACE_COUNT_OF
#define ROWS(table) ((unsigned)(sizeof(table) / sizeof((table)[0])))
#define MS 1000
#define SECOND 1000000

/* [time] "request" status flags in out ms upstream-ms "forwarded" "agent" "id" "host" "peer" */
static const struct parse_place envoy_places[] = {
	PARSE_PLACE(ISO),
	PARSE_PLACE(REQUEST),
	PARSE_PLACE_STATUS_OF(STATUS),
	EXTRA(WORD, "response_flags"),
	PARSE_PLACE_DIGITS_OF(REQUEST_BYTES),
	PARSE_PLACE_DIGITS_OF(BYTES),
	PARSE_PLACE_TIME_OF(DURATION_US, MS),
	PARSE_PLACE_TIME_OF(UPSTREAM_US, MS),
	TEXT(FORWARDED),
	TEXT(AGENT),
	TEXT(JOIN),
	TEXT(HOST),
	TEXT(UPSTREAM),
};

static const struct parse_place istio_places[] = {
	PARSE_PLACE(ISO),
	PARSE_PLACE(REQUEST),
	PARSE_PLACE_STATUS_OF(STATUS),
	EXTRA(WORD, "response_flags"),
	EXTRA(WORD, "response_details"),
	EXTRA(UNKNOWN, "termination_details"),
	EXTRA(UNKNOWN, "transport_failure"),
	PARSE_PLACE_DIGITS_OF(REQUEST_BYTES),
	PARSE_PLACE_DIGITS_OF(BYTES),
	PARSE_PLACE_TIME_OF(DURATION_US, MS),
	PARSE_PLACE_TIME_OF(UPSTREAM_US, MS),
	TEXT(FORWARDED),
	TEXT(AGENT),
	TEXT(JOIN),
	TEXT(HOST),
	TEXT(UPSTREAM),
	EXTRA(NAME, "cluster"),
	EXTRA(ADDRESS, "upstream_local"),
	EXTRA(ADDRESS, "local"),
	PARSE_PLACE_PEER_OF(CLIENT),
	EXTRA(NAME, "server_name"),
	EXTRA(NAME, "route"),
};

static const struct parse_place ingress_places[] = {
	TEXT(CLIENT),
	TEXT(IDENT),
	TEXT(USER),
	PARSE_PLACE(CLF),
	PARSE_PLACE(REQUEST),
	PARSE_PLACE_STATUS_OF(STATUS),
	PARSE_PLACE_DIGITS_OF(BYTES),
	TEXT(REFERER),
	TEXT(AGENT),
	PARSE_PLACE_DIGITS_OF(REQUEST_BYTES),
	PARSE_PLACE_TIME_OF(DURATION_US, SECOND),
	EXTRA(NAME, "upstream_name"),
	EXTRA(NAME, "alternative_name"),
	TEXT(UPSTREAM),
	COUNT("upstream_bytes"),
	PARSE_PLACE_TIME_OF(UPSTREAM_US, SECOND),
	PARSE_PLACE_STATUS_OF(UPSTREAM_STATUS),
	TEXT(JOIN),
};

static const struct parse_place squid_places[] = {
	PARSE_PLACE(EPOCH),
	PARSE_PLACE_TIME_OF(DURATION_US, MS),
	TEXT(CLIENT),
	PARSE_PLACE(SKIP), /* result/status */
	PARSE_PLACE_DIGITS_OF(BYTES),
	TEXT(METHOD),
	TEXT(TARGET),
	TEXT(USER),
	PARSE_PLACE(SKIP), /* hierarchy/peer */
	EXTRA(WORD, "content_type"),
};

static const struct parse_place traefik_places[] = {
	TEXT(CLIENT),
	TEXT(IDENT),
	TEXT(USER),
	PARSE_PLACE(CLF),
	PARSE_PLACE(REQUEST),
	PARSE_PLACE_STATUS_OF(STATUS),
	PARSE_PLACE_DIGITS_OF(BYTES),
	TEXT(REFERER),
	TEXT(AGENT),
	COUNT("requests"),
	EXTRA(NAME, "router"),
	TEXT(UPSTREAM),
	PARSE_PLACE(SKIP), /* "12ms" */
};

static const struct parse_places envoy = { .place = envoy_places, .count = ROWS(envoy_places),
	.count_min = 13, .raw = true };
static const struct parse_places istio = { .place = istio_places, .count = ROWS(istio_places),
	.count_min = 22, .raw = true, .ends = true };
static const struct parse_places ingress = { .place = ingress_places, .count = ROWS(ingress_places),
	.count_min = 18, .lists = true };
static const struct parse_places squid = { .place = squid_places, .count = ROWS(squid_places),
	.count_min = 10, .pads = true };
static const struct parse_places traefik = { .place = traefik_places, .count = ROWS(traefik_places),
	.count_min = 13, .raw = true };

static enum parse_result
refuse(enum parse_reason *reason)
{
	*reason = PARSE_REASON_GRAMMAR;
	return (PARSE_UNPARSED);
}

/* Do the values stand in quotes and brackets as in pattern, which is cut at its end? */
static bool
looks(const struct parse_values *v, const char *pattern)
{
	size_t len = strlen(pattern);

	return (v->count >= len && memcmp(v->how, pattern, len) == 0);
}

enum parse_result
parse_server_envoy(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_values v;

	(void)state;
	parse_places_split(&istio, line, &v);
	if (looks(&v, "[\"    \"    \"\"\"\"\""))
		return (parse_places_fill(&istio, line, &v, scratch, ev, reason));
	parse_places_split(&envoy, line, &v);
	if (!looks(&v, "[\"      \"\"\"\"\""))
		return (refuse(reason));
	return (parse_places_fill(&envoy, line, &v, scratch, ev, reason));
}

/* "a:80, b:80": one value, of which the last upstream answered. */
static void
last_upstream(struct event *ev)
{
	struct span *text = &ev->text[EVENT_UPSTREAM];
	const char *blank;

	if (!event_has(ev, EVENT_UPSTREAM) ||
	    (blank = memrchr(text->ptr, ' ', text->len)) == NULL)
		return;
	parse_named_extra(ev, "upstreams_before", EVENT_EXTRA_UNKNOWN,
	    span_of(text->ptr, (size_t)(blank - text->ptr)));
	*text = span_from(*text, (size_t)(blank - text->ptr) + 1);
}

enum parse_result
parse_server_ingress(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_values v;
	enum parse_result result;

	(void)state;
	parse_places_split(&ingress, line, &v);
	if (!looks(&v, "   [\"  \"\"  [["))
		return (refuse(reason));
	result = parse_places_fill(&ingress, line, &v, scratch, ev, reason);
	if (result != PARSE_UNPARSED)
		last_upstream(ev);
	return (result);
}

/* "TCP_MISS/200", "HIER_DIRECT/192.0.2.1". */
static bool
put_squid(struct event *ev, const struct parse_values *v)
{
	size_t result = span_find(v->text[3], '/'), peer = span_find(v->text[8], '/');

	parse_field_text(ev, EVENT_CACHE, span_of(v->text[3].ptr, result));
	parse_named_extra(ev, "hierarchy", EVENT_EXTRA_WORD, span_of(v->text[8].ptr, peer));
	parse_field_text(ev, EVENT_UPSTREAM, span_from(v->text[8], peer + 1));
	return (parse_named_status(ev, EVENT_STATUS, span_from(v->text[3], result + 1)));
}

/*
 * "HIER_DIRECT/192.0.2.80" among the words that stand behind a whole line: a
 * target with blanks wrote those before it.
 */
static bool
names_peer(struct span rest)
{
	while (rest.len > 0) {
		size_t len = span_find(rest, ' '), at = 0;

		while (at < len &&
		    ((rest.ptr[at] >= 'A' && rest.ptr[at] <= 'Z') || rest.ptr[at] == '_'))
			at++;
		if (at > 0 && at < len && rest.ptr[at] == '/')
			return (true);
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
	return (false);
}

enum parse_result
parse_server_squid(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_values v;
	enum parse_result result;

	(void)state;
	parse_places_split(&squid, line, &v);
	if (v.count < squid.count_min || !parse_field_is_digit(line.ptr[0]) ||
	    span_find(v.text[3], '/') == v.text[3].len ||
	    span_find(v.text[8], '/') == v.text[8].len)
		return (refuse(reason));
	if (names_peer(span_from(line, v.rest))) {
		*reason = PARSE_REASON_AMBIGUOUS;
		return (PARSE_UNPARSED);
	}
	result = parse_places_fill(&squid, line, &v, scratch, ev, reason);
	if (result == PARSE_EVENT && !put_squid(ev, &v))
		result = PARSE_PARTIAL;
	return (result);
}

enum parse_result
parse_server_traefik(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_values v;
	enum parse_result result;
	struct span took;

	(void)state;
	parse_places_split(&traefik, line, &v);
	if (v.count < traefik.count_min || !looks(&v, "   [\"  ") || v.how[8] != '"' ||
	    v.how[10] != '"' || v.how[11] != '"')
		return (refuse(reason));
	took = v.text[12];
	if (took.len < 3 || memcmp(took.ptr + took.len - 2, "ms", 2) != 0)
		return (refuse(reason));
	result = parse_places_fill(&traefik, line, &v, scratch, ev, reason);
	took.len -= 2;
	if (result == PARSE_EVENT && !parse_named_time(ev, EVENT_DURATION_US, took, MS))
		result = PARSE_PARTIAL;
	return (result);
}
