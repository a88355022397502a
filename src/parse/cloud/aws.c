/* parse: load balancers and S3 of AWS. */
#include "parse/cloud/aws.h"
#include "parse/named/named.h"
#include "parse/named/places.h"

#define TEXT PARSE_PLACE_TEXT_OF
#define EXTRA PARSE_PLACE_EXTRA_OF
#define COUNT PARSE_PLACE_COUNT_OF
#define ROWS(table) ((unsigned)(sizeof(table) / sizeof((table)[0])))
#define SECOND 1000000

static const struct parse_place alb_places[] = {
	EXTRA(WORD, "type"),
	PARSE_PLACE(ISO),
	TEXT(SERVER),
	PARSE_PLACE_PEER_OF(CLIENT),
	PARSE_PLACE_PEER_OF(UPSTREAM),
	PARSE_PLACE_SUM_OF(DURATION_US, SECOND),
	PARSE_PLACE_TIME_OF(UPSTREAM_US, SECOND),
	PARSE_PLACE_SUM_OF(DURATION_US, SECOND),
	PARSE_PLACE_STATUS_OF(STATUS),
	PARSE_PLACE_STATUS_OF(UPSTREAM_STATUS),
	PARSE_PLACE_DIGITS_OF(REQUEST_BYTES),
	PARSE_PLACE_DIGITS_OF(BYTES),
	PARSE_PLACE(REQUEST),
	TEXT(AGENT),
	EXTRA(WORD, "tls_cipher"),
	TEXT(TLS),
	EXTRA(NAME, "target_group"),
	TEXT(JOIN),
	TEXT(HOST),
	EXTRA(NAME, "certificate"),
	COUNT("rule"),
	PARSE_PLACE(SKIP), /* when the request was made: before the time by its duration */
	EXTRA(WORD, "actions"),
	EXTRA(UNKNOWN, "redirect"),
	EXTRA(WORD, "error_reason"),
	PARSE_PLACE(SKIP), /* targets and their statuses, which the upstream's say */
	PARSE_PLACE(SKIP),
	EXTRA(WORD, "classification"),
	EXTRA(WORD, "classification_reason"),
	EXTRA(JOIN, "connection"),
};

static const struct parse_place clb_places[] = {
	PARSE_PLACE(ISO),
	TEXT(SERVER),
	PARSE_PLACE_PEER_OF(CLIENT),
	PARSE_PLACE_PEER_OF(UPSTREAM),
	PARSE_PLACE_SUM_OF(DURATION_US, SECOND),
	PARSE_PLACE_TIME_OF(UPSTREAM_US, SECOND),
	PARSE_PLACE_SUM_OF(DURATION_US, SECOND),
	PARSE_PLACE_STATUS_OF(STATUS),
	PARSE_PLACE_STATUS_OF(UPSTREAM_STATUS),
	PARSE_PLACE_DIGITS_OF(REQUEST_BYTES),
	PARSE_PLACE_DIGITS_OF(BYTES),
	PARSE_PLACE(REQUEST),
	TEXT(AGENT),
	EXTRA(WORD, "tls_cipher"),
	TEXT(TLS),
};

static const struct parse_place nlb_places[] = {
	PARSE_PLACE(SKIP), /* "tls" */
	PARSE_PLACE(SKIP), /* version of the format */
	PARSE_PLACE(ISO),
	TEXT(SERVER),
	EXTRA(NAME, "listener"),
	PARSE_PLACE_PEER_OF(CLIENT),
	PARSE_PLACE_PEER_OF(UPSTREAM),
	PARSE_PLACE_TIME_OF(DURATION_US, 1000),
	COUNT("handshake_ms"),
	PARSE_PLACE_DIGITS_OF(REQUEST_BYTES),
	PARSE_PLACE_DIGITS_OF(BYTES),
	COUNT("tls_alert"),
	EXTRA(NAME, "certificate"),
	PARSE_PLACE(SKIP), /* its serial, reserved */
	EXTRA(WORD, "tls_cipher"),
	TEXT(TLS),
	EXTRA(WORD, "tls_group"),
	TEXT(HOST),
	EXTRA(WORD, "alpn_client"),
	EXTRA(WORD, "alpn_target"),
	EXTRA(UNKNOWN, "alpn_offered"),
	PARSE_PLACE(SKIP), /* when the connection was made */
};

static const struct parse_place s3_places[] = {
	EXTRA(NAME, "owner"),
	EXTRA(NAME, "bucket"),
	PARSE_PLACE(CLF),
	TEXT(CLIENT),
	TEXT(USER),
	TEXT(JOIN),
	EXTRA(WORD, "operation"),
	TEXT(OBJECT),
	PARSE_PLACE(REQUEST),
	PARSE_PLACE_STATUS_OF(STATUS),
	EXTRA(WORD, "error_code"),
	PARSE_PLACE_DIGITS_OF(BYTES),
	COUNT("object_bytes"),
	PARSE_PLACE_TIME_OF(DURATION_US, 1000),
	PARSE_PLACE_TIME_OF(UPSTREAM_US, 1000),
	TEXT(REFERER),
	TEXT(AGENT),
	EXTRA(UNKNOWN, "version_id"),
	EXTRA(JOIN, "host_id"),
	EXTRA(WORD, "signature"),
	EXTRA(WORD, "tls_cipher"),
	EXTRA(WORD, "auth_type"),
	TEXT(HOST),
	TEXT(TLS),
	EXTRA(NAME, "access_point"),
	EXTRA(WORD, "acl_required"),
};

static const struct parse_places alb = { .place = alb_places, .count = ROWS(alb_places),
	.count_min = 22 };
static const struct parse_places clb = { .place = clb_places, .count = ROWS(clb_places),
	.count_min = 12 };
static const struct parse_places nlb = { .place = nlb_places, .count = ROWS(nlb_places),
	.count_min = 18 };
static const struct parse_places s3 = { .place = s3_places, .count = ROWS(s3_places),
	.count_min = 17 };

/* What an ALB calls the type of a request, and the scheme that it has. */
static const struct {
	const char *type, *scheme;
} types[] = { { "http", "http" }, { "https", "https" }, { "h2", "https" }, { "grpcs", "https" },
	{ "ws", "ws" }, { "wss", "wss" } };

static bool
is_aws_id(struct span text, const char *kind)
{
	return (span_starts(text, span_str(kind)));
}

static enum parse_result
refuse(enum parse_reason *reason)
{
	*reason = PARSE_REASON_GRAMMAR;
	return (PARSE_UNPARSED);
}

/* Is value number i of these shapes?  The request stands in quotes in each of them. */
static bool
is_quoted(const struct parse_values *v, unsigned i)
{
	return (v->count > i && v->how[i] == '"');
}

#define PLACE(i) (UINT64_C(1) << (i))

/*
 * Nothing here escapes a quote.  Who sends some may end the request early and
 * write what seems to stand behind it: then the server's own quotes stand where
 * none should.
 */
static bool
is_forged(const struct parse_values *v, struct span rest, uint64_t quoted)
{
	for (unsigned i = 0; i < v->count; i++)
		if (v->how[i] == '"' ? (quoted >> i & 1) == 0 :
				       span_find(v->text[i], '"') < v->text[i].len)
			return (true);
	return (span_find(rest, '"') < rest.len);
}

static enum parse_result
doubt(enum parse_reason *reason)
{
	*reason = PARSE_REASON_AMBIGUOUS;
	return (PARSE_UNPARSED);
}

enum parse_result
parse_aws_alb(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const uint64_t quoted = PLACE(12) | PLACE(13) | PLACE(17) | PLACE(18) | PLACE(19) |
	    PLACE(22) | PLACE(23) | PLACE(24) | PLACE(25) | PLACE(26) | PLACE(27) | PLACE(28);
	struct parse_values v;
	enum parse_result result;

	(void)state;
	parse_places_split(&alb, line, &v);
	if (!is_quoted(&v, 12) || !is_aws_id(v.text[2], "app/"))
		return (refuse(reason));
	if (is_forged(&v, span_of("", 0), quoted))
		return (doubt(reason));
	result = parse_places_fill(&alb, line, &v, scratch, ev, reason);
	for (unsigned i = 0; i < ROWS(types) && result != PARSE_UNPARSED; i++)
		if (span_is(v.text[0], types[i].type))
			parse_field_text(ev, EVENT_SCHEME, span_str(types[i].scheme));
	return (result);
}

enum parse_result
parse_aws_clb(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_values v;

	(void)state;
	parse_places_split(&clb, line, &v);
	if (!is_quoted(&v, 11) || (v.count > 12 && !is_quoted(&v, 12)))
		return (refuse(reason));
	if (is_forged(&v, span_from(line, v.rest), PLACE(11) | PLACE(12)))
		return (doubt(reason));
	return (parse_places_fill(&clb, line, &v, scratch, ev, reason));
}

enum parse_result
parse_aws_nlb(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const char *const versions[][2] = { { "tlsv13", "TLSv1.3" }, { "tlsv12", "TLSv1.2" },
		{ "tlsv11", "TLSv1.1" }, { "tlsv1", "TLSv1" } };
	struct parse_values v;
	enum parse_result result;

	(void)state;
	parse_places_split(&nlb, line, &v);
	if (v.count < 5 || !span_is(v.text[0], "tls") || !is_aws_id(v.text[3], "net/"))
		return (refuse(reason));
	result = parse_places_fill(&nlb, line, &v, scratch, ev, reason);
	for (unsigned i = 0; i < ROWS(versions) && result != PARSE_UNPARSED; i++)
		if (span_is(v.text[15], versions[i][0]))
			ev->text[EVENT_TLS] = span_str(versions[i][1]);
	if (result != PARSE_UNPARSED)
		ev->type = EVENT_LOG; /* of a connection, not of a request */
	return (result);
}

enum parse_result
parse_aws_s3(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_values v;

	(void)state;
	parse_places_split(&s3, line, &v);
	if (v.count < 9 || v.how[2] != '[' || (v.how[8] != '"' && !span_is(v.text[8], "-")))
		return (refuse(reason));
	if (is_forged(&v, span_from(line, v.rest), PLACE(8) | PLACE(15) | PLACE(16)))
		return (doubt(reason));
	return (parse_places_fill(&s3, line, &v, scratch, ev, reason));
}
