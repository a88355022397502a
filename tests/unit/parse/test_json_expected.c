/*
 * JSON logs as CrowdSec's parsers read them.
 *
 * Different on purpose: their source of a Caddy line is client_ip, which Caddy
 * takes from headers; ours is the peer, and client_ip stands in extra if it is
 * another one.  Where Traefik's ClientHost is a list, theirs is the last of it;
 * ours is the peer again.  Their addresses have no ports, their paths no query.
 */
#include "shared.h"

#include "expected.h"
#include "parse/event.h"
#include "parse/parse.h"

static char scratch[PARSE_SCRATCH_BYTES];

static struct span
without_query(struct span target)
{
	return (span_of(target.ptr, span_find(target, '?')));
}

/* "192.0.2.7:80", "[2001:db8::1]:80" without what is around the address. */
static struct span
without_port(struct span client)
{
	struct span rest = client;
	size_t colon = span_find(client, ':');

	if (client.len > 0 && client.ptr[0] == '[')
		return (span_of(client.ptr + 1, span_find(client, ']') - 1));
	rest = span_from(client, colon + 1);
	return (span_find(rest, ':') == rest.len ? span_of(client.ptr, colon) : client);
}

static struct span
source(const struct event *ev)
{
	struct span hops;

	for (unsigned i = 0; i < ev->extra_count; i++)
		if (span_is(ev->extra[i].key, "request.client_ip"))
			return (ev->extra[i].value);
	hops = event_has(ev, EVENT_FORWARDED) ? ev->text[EVENT_FORWARDED] : span_of("", 0);
	if (hops.len > 0 && span_find(hops, ',') < hops.len && span_find(hops, ' ') == hops.len)
		return (span_from(hops, span_find(hops, ',') + 1));
	return (without_port(ev->text[EVENT_CLIENT]));
}

static unsigned
compare(struct span json, const char *key, struct span got)
{
	char want[4096];

	if (!json_value(json, key, want, sizeof(want)) || want[0] == '\0' || span_is(got, want))
		return (0);
	print_error("%.*s\n", 100, json.ptr);
	print_error("  %s: %.*s, want %.300s\n", key, (int)(got.len < 300 ? got.len : 300),
	    got.ptr, want);
	return (1);
}

static unsigned
compare_number(struct span json, const char *key, const struct event *ev, enum event_number n)
{
	char got[32];

	(void)snprintf(got, sizeof(got), "%lld",
	    (ev->has_number >> n & 1) != 0 ? (long long)ev->number[n] : -1LL);
	return (compare(json, key, span_str(got)));
}

static unsigned
compare_event(struct span json, const struct event *ev)
{
	struct span host = ev->text[EVENT_HOST], none = { "", 0 };

	return (compare(json, "http_verb", ev->text[EVENT_METHOD]) +
	    compare(json, "http_path",
		event_has(ev, EVENT_TARGET) ? without_query(ev->text[EVENT_TARGET]) : none) +
	    compare(json, "http_user_agent",
		event_has(ev, EVENT_AGENT) ? ev->text[EVENT_AGENT] : none) +
	    compare(json, "target_fqdn", event_has(ev, EVENT_HOST) ? host : none) +
	    compare(json, "source_ip", source(ev)) +
	    compare_number(json, "http_status", ev, EVENT_STATUS) +
	    compare_number(json, "body_bytes_sent", ev, EVENT_BYTES));
}

static void
crowdsec_reads_the_same(void **state)
{
	static const struct {
		const char *file, *format;
		enum parse_envelope envelope;
		unsigned lines;
	} rows[] = {
		{ "caddy-logs", "caddy-json", PARSE_ENVELOPE_NONE, 10 },
		{ "traefik_json", "traefik-json", PARSE_ENVELOPE_NONE, 6 },
		{ "aws-cloudtrail", "aws-cloudtrail", PARSE_ENVELOPE_NONE, 2 },
		{ "envoy-logs", "envoy-json", PARSE_ENVELOPE_CRI, 6 },
		{ "fastly-logs", "json-lines", PARSE_ENVELOPE_SYSLOG, 4 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parser parser = { .format = parse_format_find(span_str(rows[i].format)),
			.envelope = { rows[i].envelope } };
		struct parse_state reader;
		struct span text, json;
		unsigned lines = 0;
		char file[128];

		(void)snprintf(
		    file, sizeof(file), "corpora/crowdsec/%s.log.expected.jsonl", rows[i].file);
		text = shared_load(file);
		parse_begin(&reader, &parser, 0);
		while (shared_line(&text, &json)) {
			char raw[8192];
			struct event ev;
			enum parse_reason reason;

			assert_true(json_value(json, "raw", raw, sizeof(raw)));
			if (strchr(raw, '{') == NULL)
				continue; /* Envoy's text format */
			assert_int_equal(
			    parse_line(&reader, span_str(raw), scratch, &ev, &reason), PARSE_EVENT);
			assert_true(ev.time_ok);
			bad += compare_event(json, &ev);
			lines++;
		}
		assert_int_equal(lines, rows[i].lines);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(crowdsec_reads_the_same) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
