/*
 * cloudtrail: one event of AWS CloudTrail.
 *
 * What a call was given and what it gave back is not read, but for what a
 * login came to.
 */
#include "parse/field.h"
#include "parse/json/format/servers.h"
#include "parse/piece.h"

#define TEXT PARSE_JSON_TEXT
#define NUMBER PARSE_JSON_NUMBER
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA
#define TREE PARSE_JSON_TREE
#define OPEN_TREE(path) \
	{ \
		SPAN(path), PARSE_JSON_AS_TREE, EVENT_EXTRA_UNKNOWN, PARSE_JSON_ALL, NULL \
	}
#define PART(path, option) \
	{ \
		SPAN(path), PARSE_JSON_AS_OPTION, option, 0, NULL \
	}

enum { CALL = PARSE_JSON_FIRST, ERROR, LOGIN };

static const struct parse_json_name names[] = {
	TIME("eventTime"),
	EXTRA("eventVersion", WORD, NULL),
	EXTRA("userIdentity.type", WORD, "identity"),
	TEXT("userIdentity.userName", USER),
	TEXT("userIdentity.arn", USER),
	TEXT("userIdentity.principalId", USER),
	EXTRA("userIdentity.accountId", NAME, "account"),
	EXTRA("userIdentity.accessKeyId", SECRET, "access_key"),
	EXTRA("userIdentity.invokedBy", NAME, "invoked_by"),
	EXTRA("userIdentity.identityProvider", NAME, "identity_provider"),
	EXTRA("userIdentity.sessionContext.sessionIssuer.userName", NAME, "role"),
	EXTRA("userIdentity.sessionContext.attributes.mfaAuthenticated", WORD, "mfa"),
	OPEN_TREE("userIdentity.sessionContext"),
	EXTRA("eventSource", WORD, "service"),
	PART("eventName", CALL),
	EXTRA("awsRegion", WORD, "region"),
	TEXT("sourceIPAddress", CLIENT),
	TEXT("userAgent", AGENT),
	PART("errorCode", ERROR),
	TEXT("errorMessage", MESSAGE),
	TREE("requestParameters", UNKNOWN),
	PART("responseElements.ConsoleLogin", LOGIN),
	OPEN_TREE("responseElements"),
	EXTRA("additionalEventData.MFAUsed", WORD, "mfa_used"),
	NUMBER("additionalEventData.bytesTransferredOut", BYTES, ONE),
	NUMBER("additionalEventData.bytesTransferredIn", REQUEST_BYTES, ONE),
	OPEN_TREE("additionalEventData"),
	TREE("serviceEventDetails", UNKNOWN),
	TREE("addendum", UNKNOWN),
	TEXT("requestID", JOIN),
	EXTRA("eventID", JOIN, NULL),
	EXTRA("sharedEventID", JOIN, NULL),
	EXTRA("readOnly", WORD, NULL),
	EXTRA("eventType", WORD, NULL),
	EXTRA("managementEvent", WORD, NULL),
	EXTRA("eventCategory", WORD, NULL),
	EXTRA("recipientAccountId", NAME, "recipient_account"),
	EXTRA("sessionCredentialFromConsole", WORD, NULL),
	TEXT("resources[].ARN", OBJECT),
	EXTRA("resources[].type", UNKNOWN, "resource_type"),
	EXTRA("resources[].accountId", NAME, "resource_account"),
	EXTRA("vpcEndpointId", NAME, "vpc_endpoint"),
	EXTRA("vpcEndpointAccountId", NAME, "vpc_endpoint_account"),
	TEXT("tlsDetails.tlsVersion", TLS),
	EXTRA("tlsDetails.cipherSuite", UNKNOWN, "tls.cipher_suite"),
	TEXT("tlsDetails.clientProvidedHostHeader", HOST),
};

static void
finish(struct parse_json_line *line)
{
	struct event *ev = line->ev;
	struct span error = line->option[ERROR], login = line->option[LOGIN];
	bool failed = error.len > 0 || event_has(ev, EVENT_MESSAGE) || span_is(login, "Failure");

	ev->type = EVENT_CLOUD;
	if (span_is(line->option[CALL], "ConsoleLogin")) {
		ev->type = EVENT_LOGIN;
		line->option[CALL] = span_of("login", 5);
	}
	parse_field_text(ev, EVENT_ACTION, line->option[CALL]);
	parse_field_text(ev, EVENT_OUTCOME, failed ? span_of("failure", 7) : span_of("success", 7));
	if (error.len > 0)
		parse_json_extra(line,
		    (struct event_extra){ .key = span_of("error", 5),
			.value = error,
			.kind = EVENT_EXTRA_WORD,
			.known = true });
}

enum parse_result
parse_json_cloudtrail(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.own = "eventVersion userIdentity.type eventSource eventName awsRegion eventID",
		.own_min = 3,
		.requests = "",
		.responses = "",
		.finish = finish };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}

void
parse_piece_cloudtrail(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const char *const arrays[] = { "Records", NULL };

	(void)parser;
	parse_piece_json(arrays, rest, piece);
}
