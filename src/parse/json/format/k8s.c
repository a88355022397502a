/*
 * k8s: events of a Kubernetes API server's audit log, audit.k8s.io/v1.
 *
 * What the request and the response carried is not read: secrets stand there.
 * GKE tells the same in words of its own; AKS and EKS hand events on as texts
 * in others (cluster.c).
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

enum {
	RESOURCE = PARSE_JSON_FIRST, NAMESPACE, NAME, SUBRESOURCE, STAGE_TIME, STAGE, ADDRESSES,
	SERVICE, CALL, PATH, FAILED
};

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
	/* GKE: entries of Cloud Logging */
	PARSE_JSON_KNOWN("protoPayload.@type", "type.googleapis.com/google.cloud.audit.AuditLog"),
	PART("protoPayload.serviceName", SERVICE),
	PART("protoPayload.methodName", CALL),
	PART("protoPayload.resourceName", PATH),
	TEXT("protoPayload.authenticationInfo.principalEmail", USER),
	EXTRA("protoPayload.authenticationInfo.principalSubject", USER, "subject"),
	EXTRA("protoPayload.authenticationInfo.authoritySelector", USER, "authority"),
	TREE("protoPayload.authenticationInfo.serviceAccountDelegationInfo", UNKNOWN),
	TREE("protoPayload.authorizationInfo", UNKNOWN),
	TEXT("protoPayload.requestMetadata.callerIp", CLIENT),
	TEXT("protoPayload.requestMetadata.callerIP", CLIENT),
	TEXT("protoPayload.requestMetadata.callerSuppliedUserAgent", AGENT),
	PART("protoPayload.status.code", FAILED),
	TEXT("protoPayload.status.message", MESSAGE),
	TREE("protoPayload.status.details", UNKNOWN),
	TREE("protoPayload.request", UNKNOWN),
	TREE("protoPayload.response", UNKNOWN),
	TREE("protoPayload.metadata", UNKNOWN),
	EXTRA("labels.authorization.k8s.io/decision", WORD, "decision"),
	EXTRA("labels.authorization.k8s.io/reason", UNKNOWN, "decision_reason"),
	EXTRA("resource.labels.cluster_name", NAME, "cluster"),
	EXTRA("resource.labels.project_id", NAME, "project"),
	EXTRA("resource.labels.location", NAME, "location"),
	EXTRA("resource.type", WORD, "resource_type"),
	EXTRA("operation.id", JOIN, "operation"),
	EXTRA("operation.producer", WORD, NULL),
	PARSE_JSON_KNOWN("operation.first", "true"),
	PARSE_JSON_KNOWN("operation.last", "true"),
	EXTRA("insertId", JOIN, "insert_id"),
	EXTRA("logName", NAME, "log_name"),
	EXTRA("receiveTimestamp", UNKNOWN, NULL),
	TEXT("severity", LEVEL),
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

/* The next part of text, up to c; text goes behind it. */
static struct span
take_part(struct span *text, char c)
{
	size_t len = span_find(*text, c);
	struct span part = span_of(text->ptr, len);

	*text = span_from(*text, len < text->len ? len + 1 : len);
	return (part);
}

/* "core/v1/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE" and "io.k8s.core.v1.pods.get". */
static void
split_gke(struct parse_json_line *line)
{
	struct span *o = line->option, path = o[PATH], verb = o[CALL];

	(void)take_part(&path, '/');
	(void)take_part(&path, '/');
	o[RESOURCE] = take_part(&path, '/');
	o[NAME] = take_part(&path, '/');
	if (span_is(o[RESOURCE], "namespaces") && path.len > 0) {
		o[NAMESPACE] = o[NAME];
		o[RESOURCE] = take_part(&path, '/');
		o[NAME] = take_part(&path, '/');
	}
	o[SUBRESOURCE] = path;
	while (span_find(verb, '.') < verb.len)
		(void)take_part(&verb, '.');
	parse_field_text(line->ev, EVENT_ACTION, verb);
	parse_field_text(line->ev, EVENT_OUTCOME,
	    o[FAILED].len == 0 || span_is(o[FAILED], "0") ? span_of("success", 7) :
							    span_of("failure", 7));
}

static void
finish(struct parse_json_line *line)
{
	struct event *ev = line->ev;

	ev->type = EVENT_K8S;
	if (line->option[SERVICE].len > 0) {
		/* Other services of Google write such entries, too. */
		if (!span_is(line->option[SERVICE], "k8s.io"))
			ev->type = EVENT_CLOUD;
		split_gke(line);
	} else
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
		       "responseStatus.code apiVersion protoPayload.serviceName "
		       "protoPayload.methodName protoPayload.resourceName "
		       "protoPayload.authenticationInfo.principalEmail "
		       "protoPayload.requestMetadata.callerIp",
		.own_min = 3,
		.requests = "",
		.responses = "",
		.finish = finish };
	enum parse_result result;

	if (!parse_json_unwrap(&line, scratch + PARSE_LINE_MAX)) {
		*reason = PARSE_REASON_TOO_LONG;
		return (PARSE_UNPARSED);
	}
	result = parse_json_read(&format, state, line, scratch, ev, reason);
	if (result == PARSE_UNPARSED || ev->type != EVENT_CLOUD)
		return (result);
	parse_field_clear(ev);
	*reason = PARSE_REASON_GRAMMAR;
	return (PARSE_UNPARSED);
}

void
parse_piece_k8s(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const char *const arrays[] = { "items", "records", "logEvents", "events", NULL };

	(void)parser;
	parse_piece_json(arrays, rest, piece);
}
