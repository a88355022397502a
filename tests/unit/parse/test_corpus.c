/*
 * parse: real logs, and what other programs read in them.
 *
 * Without the shared folder each test says so and is skipped.
 */
#include "shared.h"

#include <time.h>

#include "parse/clf/clf.h"
#include "parse/unescape.h"
#include "expected.h"
#include "show.h"
#include "one.h"

static char scratch[PARSE_SCRATCH_BYTES], scratch_other[PARSE_LINE_MAX];

/* ---- counts ---- */

static void
test_counts(void **state)
{
	static const struct {
		const char *file, *format;
		unsigned event, partial, unparsed;
	} rows[] = {
		{ "corpora/elastic-examples/apache_logs", "apache-combined", 9999, 1, 0 },
		{ "corpora/elastic-examples/apache_logs", "nginx-combined", 9999, 1, 0 },
		{ "corpora/elastic-examples/apache_logs", "apache-common", 9999, 1, 0 },
		{ "corpora/willthefarmer/apache_combined.farmwork.access.log", "combined", 747, 0,
		    0 },
		{ "corpora/willthefarmer/apache_common.farmwork.access.log", "common", 840, 0, 0 },
		{ "corpora/willthefarmer/apache_vhost.farmwork.access.log", "vhost_combined", 600,
		    0, 0 },
		{ "corpora/willthefarmer/apache_vhost.farmwork.access.log", "combined", 600, 0, 0 },
		{ "corpora/willthefarmer/apache_common.farmwork.access.log", "combined", 0, 840,
		    0 },
		{ "corpora/willthefarmer/meatlabel.app.access.log-20251219", "nginx", 1870, 0, 0 },
		{ "corpora/alp/combined_access.log", "combined", 14, 0, 0 },
		{ "corpora/epsos-tomcat/localhost_access_log_1_900.txt", "common", 900, 0, 0 },
		{ "corpora/telegraf/nginx_logs", "nginx", 500, 0, 0 },
		{ "corpora/beats/apache_access_ubuntu-2.2.22.log", "combined", 9, 0, 0 },
		{ "corpora/beats/apache_access_darwin-2.4.23.log", "common", 6, 0, 0 },
		{ "corpora/beats/nginx_access_access.log", "nginx", 14, 0, 0 },
		{ "corpora/lnav/logfile_bad_access_log.0", "combined", 2, 0, 1 },
		{ "corpora/crowdsec/nginx-http-malformed.log", "nginx", 12, 0, 0 },
		{ "corpora/alp/json_access.log", "nginx-json", 14, 0, 0 },
		{ "corpora/lnav/logfile_cloudflare.1", "json-lines", 15, 0, 0 },
		{ "corpora/lnav/logfile_nextcloud.0", "json-lines", 5, 0, 0 },
		{ "corpora/falco/k8s_audit_a.jsonl", "k8s-audit", 23, 0, 0 },
		{ "corpora/audit2rbac/demo.log", "k8s-audit", 37, 0, 0 },
		{ "corpora/crowdsec/k8s-audit-pod-exec-file.log", "k8s-audit", 1, 0, 0 },
		{ "corpora/crowdsec/caddy-logs.log", "caddy-json", 11, 0, 0 },
		/* The other line is no JSON: what a plug-in prints. */
		{ "corpora/crowdsec/traefik_json.log", "traefik-json", 6, 0, 1 },
		{ "corpora/crowdsec/aws-cloudtrail.log", "aws-cloudtrail", 2, 0, 0 },
		/* 17 of them are as GKE and AKS hand them on. */
		{ "corpora/panther/k8s_audit_tests_a.jsonl", "k8s-audit", 119, 0, 0 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span text = shared_load(rows[i].file), line;
		const struct parse_format *f = parse_format_find(span_str(rows[i].format));
		unsigned count[4] = { 0 };

		while (shared_line(&text, &line)) {
			struct event ev;
			enum parse_reason reason;

			count[parse_one(f, line, scratch, &ev, &reason)]++;
		}
		if (count[PARSE_EVENT] != rows[i].event ||
		    count[PARSE_PARTIAL] != rows[i].partial ||
		    count[PARSE_UNPARSED] != rows[i].unparsed) {
			print_error("%s %s: %u events, %u partial, %u unparsed\n", rows[i].format,
			    rows[i].file, count[0], count[1], count[2]);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* ---- quick and careful ---- */

static bool
inside(struct span s, struct span line, const char *room)
{
	return (s.len == 0 || (s.ptr >= line.ptr && s.ptr + s.len <= line.ptr + line.len) ||
	    (s.ptr >= room && s.ptr + s.len <= room + line.len));
}

/* Where the quick one answers, both say the same; every span lies in line or scratch. */
static bool
agree(struct span line)
{
	static const struct parse_clf shapes[] = { { false, false }, { false, true },
		{ true, true } };
	bool answered = false;

	for (size_t i = 0; i < 3; i++) {
		struct event quick, careful;
		enum parse_reason reason = PARSE_REASON_COUNT;
		enum parse_result result =
		    parse_clf_careful(&shapes[i], line, scratch, &careful, &reason);
		char text[8192];

		if (result == PARSE_UNPARSED)
			assert_true(reason < PARSE_REASON_COUNT);
		for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
			if (event_has(&careful, (enum event_text)f))
				assert_true(inside(careful.text[f], line, scratch));
		if (!parse_clf_quick(&shapes[i], line, &quick))
			continue;
		answered = true;
		if (result != PARSE_EVENT || !show_same(&quick, &careful)) {
			print_error("%.*s\n", (int)line.len, line.ptr);
			print_error("careful: %s\n",
			    show_event(result, reason, &careful, text, sizeof(text)));
			print_error("quick:   %s\n",
			    show_event(PARSE_EVENT, reason, &quick, text, sizeof(text)));
			fail();
		}
	}
	return (answered);
}

/* Change some bytes of line, most to what the grammar cares for. */
static struct span
mutate(struct span line, char *out, size_t size, uint64_t *seed)
{
	static const char cares[] = "\"\" []\\-,:0/\x01\x80";
	size_t len = line.len < size - 64 ? line.len : size - 64;

	memcpy(out, line.ptr, len);
	for (unsigned n = 0; n < 3 && len > 0; n++) {
		uint64_t r = *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		size_t at = (r >> 20) % len;
		char c = cares[(r >> 40) % (sizeof(cares) - 1)];

		if (r >> 62 == 0) {
			memmove(out + at, out + at + 1, len - at - 1);
			len--;
		} else if (r >> 62 == 1) {
			memmove(out + at + 1, out + at, len - at);
			out[at] = c;
			len++;
		} else if (r >> 62 == 2) {
			out[at] = c;
		} else if (len + 35 < size && r >> 58 == 48) { /* a second time */
			memmove(out + at + 31, out + at, len - at);
			memcpy(out + at, " [24/Nov/2025:10:11:12 +0000] \"", 31);
			len += 31;
		}
	}
	return (span_of(out, len));
}

static void
test_quick_agrees(void **state)
{
	static const char *const files[] = {
		"corpora/elastic-examples/apache_logs",
		"corpora/willthefarmer/apache_common.farmwork.access.log",
		"corpora/willthefarmer/apache_vhost.farmwork.access.log",
		"corpora/willthefarmer/meatlabel.app.access.log-20251220",
		"corpora/beats/nginx_access_test.log",
		"corpora/beats/nginx_access_test-with-host.log",
		"corpora/alp/combined_access.log",
		"corpora/vrl/parse_nginx_log.log",
	};
	static char changed[70000];
	uint64_t seed = 1;
	unsigned lines = 0, quick = 0, quick_changed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct span text = shared_load(files[i]), line;

		while (shared_line(&text, &line)) {
			lines++;
			quick += agree(line);
			for (unsigned n = 0; n < 10; n++)
				quick_changed +=
				    agree(mutate(line, changed, sizeof(changed), &seed));
		}
	}
	print_message("# %u lines, %u of them quick; changed: %u, %u quick\n", lines, quick,
	    lines * 10, quick_changed);
	assert_true(quick > lines * 9 / 10);
}

/* ---- what other programs read ---- */

static unsigned
differs(const char *file, struct span json, const char *what, const char *want, const char *got)
{
	if (strcmp(want, got) == 0)
		return (0);
	print_error("%s: %.*s\n  %s: %s, want %s\n", file, 120, json.ptr, what, got, want);
	return (1);
}

static unsigned
compare_text(
    const char *file, struct span json, const struct event *ev, const char *key, enum event_text f)
{
	char want[4096], got[4096] = "-";

	if (!json_value(json, key, want, sizeof(want)) || want[0] == '\0')
		(void)snprintf(want, sizeof(want), "-");
	if (event_has(ev, f))
		(void)snprintf(got, sizeof(got), "%.*s", (int)ev->text[f].len, ev->text[f].ptr);
	if (f == EVENT_PROTOCOL && strncmp(got, "HTTP/", 5) == 0)
		memmove(got, got + 5, strlen(got) - 4);
	return (differs(file, json, key, want, got));
}

static unsigned
compare_number(const char *file, struct span json, const struct event *ev, const char *key,
    enum event_number n)
{
	char want[64], got[64] = "-";

	if (!json_value(json, key, want, sizeof(want)))
		(void)snprintf(want, sizeof(want), "-");
	if ((ev->has_number >> n & 1) != 0)
		(void)snprintf(got, sizeof(got), "%lld", (long long)ev->number[n]);
	return (differs(file, json, key, want, got));
}

static unsigned
compare_time(const char *file, struct span json, const struct event *ev, const char *key)
{
	char want[64], got[64] = "-";
	time_t t = (time_t)(ev->time_us / 1000000);
	struct tm tm;

	assert_true(json_value(json, key, want, sizeof(want)));
	want[19] = '\0';
	if (ev->time_ok && gmtime_r(&t, &tm) != NULL)
		(void)strftime(got, sizeof(got), "%Y-%m-%dT%H:%M:%S", &tm);
	return (differs(file, json, key, want, got));
}

static void
test_beats(void **state)
{
	static const struct {
		const char *file, *format;
	} rows[] = {
		{ "corpora/beats/nginx_access_access.log.expected.jsonl", "nginx-combined" },
		{ "corpora/beats/nginx_access_test.log.expected.jsonl", "nginx-combined" },
		{ "corpora/beats/nginx_access_test-with-host.log.expected.jsonl",
		    "vhost_combined" },
		{ "corpora/beats/apache_access_darwin-2.4.23.log.expected.jsonl", "common" },
		{ "corpora/beats/apache_access_test-vhost.log.expected.jsonl", "vhost_combined" },
		{ "corpora/beats/apache_access_test.log.expected.jsonl", "combined" },
		{ "corpora/beats/apache_access_ubuntu-2.2.22.log.expected.jsonl", "combined" },
	};
	unsigned bad = 0, lines = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *file = rows[i].file;
		struct span text = shared_load(file), json;
		const struct parse_format *f = parse_format_find(span_str(rows[i].format));

		while (shared_line(&text, &json)) {
			char raw[8192];
			struct event ev;
			enum parse_reason reason;
			enum parse_result result;

			assert_true(json_value(json, "raw", raw, sizeof(raw)));
			result = parse_one(f, span_str(raw), scratch, &ev, &reason);
			if (result != PARSE_EVENT && result != PARSE_PARTIAL)
				fail_msg("%s: %s", file, raw);
			lines++;
			bad += compare_time(file, json, &ev, "@timestamp");
			bad += compare_number(
			    file, json, &ev, "http.response.status_code", EVENT_STATUS);
			bad += compare_number(
			    file, json, &ev, "http.response.body.bytes", EVENT_BYTES);
			bad += compare_text(file, json, &ev, "user_agent.original", EVENT_AGENT);
			bad +=
			    compare_text(file, json, &ev, "http.request.referrer", EVENT_REFERER);
			if (!ev.garbage) {
				bad += compare_text(
				    file, json, &ev, "http.request.method", EVENT_METHOD);
				bad += compare_text(file, json, &ev, "url.original", EVENT_TARGET);
				bad +=
				    compare_text(file, json, &ev, "http.version", EVENT_PROTOCOL);
			}
			if (result == PARSE_EVENT && strstr(file, "nginx") == NULL) {
				char want[256];

				bad += compare_text(file, json, &ev, "user.name", EVENT_USER);
				if (json_value(json, "source.address", want, sizeof(want)))
					bad += compare_text(
					    file, json, &ev, "source.address", EVENT_CLIENT);
			}
		}
	}
	assert_int_equal(lines, 14 + 10 + 10 + 6 + 1 + 7 + 9);
	assert_int_equal(bad, 0);
}

static void
test_vrl(void **state)
{
	static const char file[] = "corpora/vrl/parse_nginx_log.log.expected.jsonl";
	const struct parse_format *f = parse_format_find(span_str("nginx"));
	struct span text = shared_load(file), json;
	unsigned bad = 0;

	(void)state;
	for (unsigned n = 1; n <= 14 && shared_line(&text, &json); n++) {
		char raw[8192], key[16], want[4096], got[4096] = "-";
		char *room = scratch_other;
		struct event ev;
		struct span request;
		enum parse_reason reason;
		bool upstream =
		    json_value(json, "format", key, sizeof(key)) && strncmp(key, "ingress", 7) == 0;

		if (!json_value(json, "raw", raw, sizeof(raw)))
			fail_msg("%s: row %u", file, n);
		assert_int_equal(parse_one(f, span_str(raw), scratch, &ev, &reason), PARSE_EVENT);
		bad += compare_time(file, json, &ev, "timestamp");
		bad += compare_number(file, json, &ev, "status", EVENT_STATUS);
		if (json_value(json, "client", want, sizeof(want))) {
			bad += compare_text(file, json, &ev, "client", EVENT_CLIENT);
			bad += compare_text(file, json, &ev, "agent", EVENT_AGENT);
			bad += compare_text(file, json, &ev, "referer", EVENT_REFERER);
			bad += compare_text(file, json, &ev, "user", EVENT_USER);
			bad += compare_number(file, json, &ev, "size", EVENT_BYTES);
		} else {
			bad += compare_text(file, json, &ev, "remote_addr", EVENT_CLIENT);
			bad += compare_text(file, json, &ev, "http_user_agent", EVENT_AGENT);
			bad += compare_text(file, json, &ev, "http_referer", EVENT_REFERER);
			bad += compare_number(file, json, &ev, "body_bytes_size", EVENT_BYTES);
		}
		if (json_value(json, "request", want, sizeof(want)) && want[0] != '\0') {
			request = parse_unescape(span_str(want), &room);
			if (event_has(&ev, EVENT_REQUEST))
				assert_true(span_equal(request, ev.text[EVENT_REQUEST]));
			else
				(void)snprintf(got, sizeof(got), "%.*s %.*s %.*s",
				    (int)ev.text[EVENT_METHOD].len, ev.text[EVENT_METHOD].ptr,
				    (int)ev.text[EVENT_TARGET].len, ev.text[EVENT_TARGET].ptr,
				    (int)ev.text[EVENT_PROTOCOL].len, ev.text[EVENT_PROTOCOL].ptr);
			if (!event_has(&ev, EVENT_REQUEST))
				bad += differs(file, json, "request", want, got);
		}
		assert_true(!upstream || ev.extra_count >= 4);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_quick_agrees),
		cmocka_unit_test(test_beats),
		cmocka_unit_test(test_vrl),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
