/*
 * k8s: events of a Kubernetes API server's audit log, audit.k8s.io/v1.
 *
 * What the request and the response carried is not read: secrets stand there.
 */
#include "parse/field.h"
#include "parse/json/format/servers.h"
#include "parse/piece.h"
#include "parse/timestamp.h"

#define TEXT PARSE_JSON_TEXT
#define NUMBER PARSE_JSON_NUMBER
#define COUNT PARSE_JSON_COUNT
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA
#define TREE PARSE_JSON_TREE
#define PART(path, option) \
	{ \
		SPAN(path), PARSE_JSON_AS_OPTION, option, 0, NULL \
	}

enum { RESOURCE = PARSE_JSON_FIRST, NAMESPACE, NAME, SUBRESOURCE, STAGE_TIME, STAGE, ADDRESSES };

static const struct parse_json_name names[] = {
	TIME("requestReceivedTimestamp"),
	PART("stageTimestamp", STAGE_TIME),
	TIME("timestamp"),
	TIME("metadata.creationTimestamp"),
	PARSE_JSON_KNOWN("kind", "Event"),
	PARSE_JSON_KNOWN("apiVersion", "audit.k8s.io/v1"),
	TEXT("level", LEVEL),
	TEXT("auditID", JOIN),
	PART("stage", STAGE),
	TEXT("requestURI", TARGET),
	TEXT("verb", ACTION),
	TEXT("user.username", USER),
	EXTRA("user.uid", USER, NULL),
	EXTRA("user.groups[]", NAMES, "groups"),
	TREE("user.extra", UNKNOWN),
	EXTRA("impersonatedUser.username", USER, "impersonated"),
	EXTRA("impersonatedUser.uid", USER, "impersonated_uid"),
	EXTRA("impersonatedUser.groups[]", NAMES, "impersonated_groups"),
	TREE("impersonatedUser.extra", UNKNOWN),
	{ SPAN("sourceIPs[]"), PARSE_JSON_AS_OPTION, ADDRESSES, PARSE_JSON_ALL, NULL },
	TEXT("userAgent", AGENT),
	PART("objectRef.resource", RESOURCE),
	PART("objectRef.namespace", NAMESPACE),
	PART("objectRef.name", NAME),
	PART("objectRef.subresource", SUBRESOURCE),
	EXTRA("objectRef.apiGroup", WORD, "api_group"),
	EXTRA("objectRef.apiVersion", WORD, "api_version"),
	EXTRA("objectRef.uid", JOIN, "object_uid"),
	EXTRA("objectRef.resourceVersion", UNKNOWN, "resource_version"),
	NUMBER("responseStatus.code", STATUS, ONE),
	PARSE_JSON_REST("responseStatus.status"),
	EXTRA("responseStatus.reason", WORD, "status_reason"),
	TEXT("responseStatus.message", MESSAGE),
	TREE("responseStatus.details", UNKNOWN),
	TREE("responseStatus.metadata", UNKNOWN),
	EXTRA("annotations.authorization.k8s.io/decision", WORD, "decision"),
	EXTRA("annotations.authorization.k8s.io/reason", UNKNOWN, "decision_reason"),
	EXTRA("annotations.authentication.k8s.io/legacy-token", USER, "legacy_token"),
	EXTRA("annotations.k8s.io/deprecated", WORD, "deprecated"),
	EXTRA("annotations.k8s.io/removed-release", UNKNOWN, "removed_release"),
	EXTRA("annotations.pod-security.kubernetes.io/enforce-policy", WORD, "pod_security"),
	EXTRA("annotations.pod-security.kubernetes.io/exempt", WORD, "pod_security_exempt"),
	EXTRA("annotations.pod-security.kubernetes.io/audit-violations", UNKNOWN,
	    "pod_security_violations"),
	COUNT("annotations.apiserver.latency.k8s.io/total", S, "latency_total_us"),
	COUNT("annotations.apiserver.latency.k8s.io/etcd", S, "latency_etcd_us"),
	COUNT("annotations.apiserver.latency.k8s.io/response-write", S, "latency_write_us"),
	COUNT("annotations.apiserver.latency.k8s.io/serialize-response-object", S,
	    "latency_serialize_us"),
	TREE("requestObject", UNKNOWN),
	TREE("responseObject", UNKNOWN),
};

/* "/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE", of what is there. */
static void
set_object(struct parse_json_line *line)
{
	static const struct span namespaces = SPAN("namespaces");
	const struct span *o = line->option;
	const struct span parts[] = { o[NAMESPACE].len > 0 ? namespaces : o[NAMESPACE],
		o[NAMESPACE], o[RESOURCE], o[NAME], o[SUBRESOURCE] };
	char *start = line->scratch, *at = start;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		len += parts[i].len + 1;
	if (o[RESOURCE].len == 0 || !parse_json_room(line, len))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].len == 0)
			continue;
		*at++ = '/';
		memcpy(at, parts[i].ptr, parts[i].len);
		at += parts[i].len;
	}
	line->scratch = at;
	parse_field_text(line->ev, EVENT_OBJECT, span_of(start, (size_t)(at - start)));
}

/* The last one is the peer; those before it are what headers say. */
static void
set_client(struct parse_json_line *line)
{
	struct span list = line->option[ADDRESSES];
	size_t at = list.len;

	while (at > 0 && list.ptr[at - 1] != ' ')
		at--;
	parse_field_text(line->ev, EVENT_CLIENT, span_from(list, at));
	if (at >= 2)
		parse_field_text(line->ev, EVENT_FORWARDED, span_of(list.ptr, at - 2));
}

static void
set_times(struct parse_json_line *line)
{
	struct event *ev = line->ev;
	int64_t stage_us;

	if (parse_time_any(line->option[STAGE_TIME], &stage_us) == -1)
		return;
	if (!ev->time_ok) {
		ev->time_us = stage_us;
		ev->time_ok = true;
	} else if (span_is(line->option[STAGE], "ResponseComplete") && stage_us >= ev->time_us)
		parse_field_set_number(ev, EVENT_DURATION_US, stage_us - ev->time_us);
}

static void
finish(struct parse_json_line *line)
{
	struct event *ev = line->ev;

	ev->type = EVENT_K8S;
	set_client(line);
	set_times(line);
	set_object(line);
	if (line->option[STAGE].len > 0)
		parse_json_extra(line,
		    (struct event_extra){ .key = span_of("stage", 5),
			.value = line->option[STAGE],
			.kind = EVENT_EXTRA_WORD,
			.known = true });
	if ((ev->has_number >> EVENT_STATUS & 1) != 0)
		parse_field_text(ev, EVENT_OUTCOME,
		    ev->number[EVENT_STATUS] < 400 ? span_of("success", 7) : span_of("failure", 7));
}

enum parse_result
parse_json_k8s(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.own = "auditID stage verb requestURI user.username sourceIPs[] objectRef.resource "
		       "responseStatus.code apiVersion",
		.own_min = 3,
		.requests = "",
		.responses = "",
		.finish = finish };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}

void
parse_piece_k8s(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const char *const arrays[] = { "items", NULL };

	(void)parser;
	parse_piece_json(arrays, rest, piece);
}
