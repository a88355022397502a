/* What a file says is what is in force. */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "key/key.h"
#include "load_text.h"
#include "parse/parse.h"

#define DAY_US (INT64_C(86400) * 1000000)

static void
check_defaults(const struct config_stream *s, const char *name)
{
	struct mask_policy policy;

	mask_policy_default(&policy);
	assert_string_equal(s->name, name);
	assert_string_equal(s->format, "auto");
	assert_memory_equal(&s->policy, &policy, sizeof(policy));
	assert_int_equal(s->route_count, 0);
	assert_int_equal(s->grace_us[KEY_DAY], DAY_US);
	assert_int_equal(s->grace_us[KEY_WEEK], 7 * DAY_US);
	assert_int_equal(s->grace_us[KEY_MONTH], 7 * DAY_US);
	assert_int_equal(s->line_max, PARSE_LINE_MAX);
}

static void
test_nothing_read_is_the_defaults(void **state)
{
	struct config_stream fallback;
	struct config *c = NULL;
	struct err e;

	assert_int_equal(config_default(&c, &e), 0);
	assert_string_equal(c->path, "");
	assert_string_equal(c->store, "");
	assert_string_equal(c->keys, "");
	assert_string_equal(c->tenant, "default");
	assert_int_equal(c->stream_count, 0);
	assert_ptr_equal(config_stream_find(c, "shop", &fallback), &fallback);
	check_defaults(&fallback, "shop");
	config_free(c);
	config_free(NULL);
}

static void
test_nothing_said_is_the_defaults(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "---\n", "{}", "---\n...\n",
		"streams:\n", "streams: {}\n", "\xef\xbb\xbf# with a mark\n" };
	struct config_stream fallback;
	struct loaded l;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (load_text(&l, texts[i]) != 0)
			fail_msg("%s: %s", texts[i], report_of(&l));
		assert_int_equal(l.config->stream_count, 0);
		check_defaults(config_stream_find(l.config, "x", &fallback), "x");
		loaded_free(&l);
	}
	assert_int_equal(load_text(&l,
			     "streams:\n  a:\n  b: {}\n  c:\n    words:\n    hosts:\n    mask:\n"
			     "    epochs: {grace: }\n"),
	    0);
	assert_int_equal(l.config->stream_count, 3);
	check_defaults(&l.config->streams[0], "a");
	check_defaults(&l.config->streams[1], "b");
	check_defaults(&l.config->streams[2], "c");
	assert_int_equal(l.config->streams[2].line, 4);
	loaded_free(&l);
}

static const char whole[] = "store: /s\n"
			    "keys: 'k e'\n"
			    "tenant: acme-1\n"
			    "streams:\n"
			    "  shop:\n"
			    "    format: apache-combined\n"
			    "    mask:\n"
			    "      ip.peer: address\n"
			    "      ip.fwd: truncate\n"
			    "      campaign: drop\n"
			    "      credential: drop\n"
			    "      agent: {full: token}\n"
			    "    epochs: {ip: day, user.auth: month, text: day, server: day,\n"
			    "      grace: {day: 36h, week: 0s, month: 365d}}\n"
			    "    trusted_proxies: [10.0.0.0/8, '2001:db8::/32', 192.0.2.1]\n"
			    "    own_networks: {keep: [192.0.2.0/24]}\n"
			    "    agents: [MyApp, shop-worker]\n"
			    "    hosts: [Shop.Example, www.shop.example]\n"
			    "    servers:\n"
			    "    - web-1\n"
			    "    - 'web-2:8080'\n"
			    "    machine_accounts: ['system:*', root]\n"
			    "    routes: [routes.txt, /etc/routes]\n"
			    "    words: {k: 1000, mode: fixed}\n"
			    "    path_token: shared\n"
			    "    limits: {line: 8K}\n";

static void
test_every_option_arrives(void **state)
{
	const struct config_stream *s;
	const struct mask_policy *p;
	struct loaded l;

	assert_int_equal(load_text(&l, whole), 0);
	assert_string_equal(l.config->path, "c.yaml");
	assert_string_equal(l.config->store, "/s");
	assert_string_equal(l.config->keys, "k e");
	assert_string_equal(l.config->tenant, "acme-1");
	assert_int_equal(l.config->stream_count, 1);
	s = config_stream_find(l.config, "shop", NULL);
	p = &s->policy;
	assert_string_equal(s->name, "shop");
	assert_int_equal(s->line, 5);
	assert_string_equal(s->format, "apache-combined");
	assert_int_equal(p->method[RECORD_CLASS_IP_PEER], MASK_ADDRESS);
	assert_int_equal(p->method[RECORD_CLASS_IP_FWD], MASK_TRUNCATE);
	assert_int_equal(p->method[RECORD_CLASS_CAMPAIGN], MASK_DROP);
	assert_int_equal(p->method[RECORD_CLASS_CREDENTIAL], MASK_DROP);
	assert_int_equal(p->method[RECORD_CLASS_AGENT], MASK_TOKEN);
	assert_true(p->agent_full);
	assert_int_equal(p->epoch[RECORD_CLASS_IP_PEER], KEY_DAY);
	assert_int_equal(p->epoch[RECORD_CLASS_IP_FWD], KEY_DAY);
	assert_int_equal(p->epoch[RECORD_CLASS_USER_AUTH], KEY_MONTH);
	assert_int_equal(p->epoch[RECORD_CLASS_USER_CLAIM], KEY_DAY);
	assert_int_equal(p->epoch[RECORD_CLASS_SERVER], KEY_DAY);
	assert_int_equal(p->epoch[RECORD_CLASS_TLS], KEY_DAY); /* of the prefix of server */
	assert_int_equal(p->epoch[RECORD_CLASS_PATH], KEY_WEEK);
	assert_int_equal(s->grace_us[KEY_DAY], 36 * DAY_US / 24);
	assert_int_equal(s->grace_us[KEY_WEEK], 0);
	assert_int_equal(s->grace_us[KEY_MONTH], 365 * DAY_US);
	assert_int_equal(p->trusted_proxy_count, 3);
	assert_int_equal(p->trusted_proxies[1].len, 16);
	assert_int_equal(p->trusted_proxies[1].bits, 32);
	assert_int_equal(p->trusted_proxies[2].bits, 32);
	assert_int_equal(p->own_network_count, 1);
	assert_int_equal(p->own_networks[0].bits, 24);
	assert_int_equal(p->agent_count, 2);
	assert_string_equal(p->agents[1], "shop-worker");
	assert_int_equal(p->host_count, 2);
	assert_string_equal(p->hosts[0], "shop.example");
	assert_int_equal(p->server_count, 2);
	assert_string_equal(p->servers[1], "web-2:8080");
	assert_int_equal(p->machine_count, 2);
	assert_string_equal(p->machines[0], "system:*");
	assert_int_equal(s->route_count, 2);
	assert_string_equal(s->routes[0], "routes.txt");
	assert_string_equal(s->routes[1], "/etc/routes");
	assert_int_equal(p->words_k, 1000);
	assert_int_equal(p->words_mode, MASK_WORDS_FIXED);
	assert_true(p->path_token_shared);
	assert_int_equal(s->line_max, 8192);
	loaded_free(&l);
}

static void
test_a_tenant_is_everybodys(void **state)
{
	struct config_stream fallback;
	struct loaded l;

	/* Also of streams that stand before it, or nowhere. */
	assert_int_equal(load_text(&l, "streams: {a: {}}\ntenant: t\n"), 0);
	assert_string_equal(config_stream_find(l.config, "a", &fallback)->policy.tenant, "t");
	assert_string_equal(config_stream_find(l.config, "b", &fallback)->policy.tenant, "t");
	loaded_free(&l);
}

static void
test_the_environment_is_a_text(void **state)
{
	static const struct {
		const char *claim, *in, *store;
	} rows[] = {
		{ "a variable", "store: ${CRETULA_T}\n", "/v: {a}" },
		{ "within a text", "store: a${CRETULA_T}b\n", "a/v: {a}b" },
		{ "in quotes", "store: '${CRETULA_T}'\n", "/v: {a}" },
		{ "twice", "store: ${CRETULA_T}${CRETULA_T}\n", "/v: {a}/v: {a}" },
		{ "not a second time", "store: ${CRETULA_U}\n", "${CRETULA_T}" },
		{ "a dollar is a dollar", "store: a$b$\n", "a$b$" },
		{ "escaped", "store: '$${CRETULA_T}'\n", "${CRETULA_T}" },
		{ "a dollar before an escape", "store: '$$${x}'\n", "$${x}" },
	};

	setenv("CRETULA_T", "/v: {a}", 1);
	setenv("CRETULA_U", "${CRETULA_T}", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l;

		if (load_text(&l, rows[i].in) != 0)
			fail_msg("%s: %s", rows[i].claim, report_of(&l));
		assert_string_equal(l.config->store, rows[i].store);
		loaded_free(&l);
	}
}

static void
test_a_variable_is_never_printed(void **state)
{
	struct loaded l;

	setenv("CRETULA_T", "hunter2", 1);
	assert_int_equal(load_text(&l,
			     "streams: {s: {words: {k: \"${CRETULA_T}\", mode: "
			     "\"${CRETULA_T}\"}, format: \"${CRETULA_T}\"}}\n"),
	    -1);
	assert_int_equal(l.report.len > 0, 1);
	assert_null(strstr(report_of(&l), "hunter"));
	loaded_free(&l);
	setenv("CRETULA_T", "a\nb", 1);
	assert_int_equal(load_text(&l, "store: ${CRETULA_T}\n"), -1);
	assert_string_equal(report_of(&l),
	    "c.yaml:1:8: store has a control character in it\n"
	    "  store: ${CRETULA_T}\n         ^\n");
	loaded_free(&l);
	setenv("CRETULA_T", "\xff", 1);
	assert_int_equal(load_text(&l, "store: ${CRETULA_T}\n"), -1);
	assert_non_null(strstr(report_of(&l), "store is not UTF-8"));
	loaded_free(&l);
	setenv("CRETULA_T", "", 1);
	assert_int_equal(load_text(&l, "store: ${CRETULA_T}\n"), -1);
	assert_non_null(strstr(report_of(&l), "store has no value"));
	loaded_free(&l);
}

/* ---- files ---- */

static char dir[] = "/tmp/cretula-config-XXXXXX";

static void
put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

static int
load_file(struct loaded *l, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	memset(l, 0, sizeof(*l));
	return (config_load(path, &l->config, &l->report, &l->e));
}

/* Compare a report with "@" for the directory. */
static void
check_report(struct loaded *l, const char *want)
{
	struct buf plain = { 0 };
	const char *at = report_of(l), *found;

	while ((found = strstr(at, dir)) != NULL) {
		buf_add(&plain, at, (size_t)(found - at));
		buf_char(&plain, '@');
		at = found + strlen(dir);
	}
	buf_str(&plain, at);
	assert_string_equal(plain.data, want);
	buf_free(&plain);
}

static int
make_files(void **state)
{
	char path[256];

	if (mkdtemp(dir) == NULL)
		return (-1);
	snprintf(path, sizeof(path), "%s/sub", dir);
	if (mkdir(path, 0700) == -1)
		return (-1);
	put("main.yaml", "store: /s\ninclude: sub/more.yaml\nstreams: {a: {routes: [r]}}\n");
	put("sub/more.yaml", "tenant: t\nstreams: {b: {routes: [r, /r]}}\n");
	put("twice.yaml", "include: sub/twice.yaml\nstore: /a\nzebra: 1\nstreams: {a: {}}\n");
	put("sub/twice.yaml", "store: /b\nstreams: {a: {}}\n");
	put("self.yaml", "include: sub/../self.yaml\n");
	put("loop.yaml", "include: sub/loop.yaml\n");
	put("sub/loop.yaml", "include: ../loop.yaml\n");
	put("1.yaml", "include: 2.yaml\n");
	put("2.yaml", "include: 3.yaml\n");
	put("3.yaml", "include: 4.yaml\n");
	put("4.yaml", "include: 5.yaml\n");
	put("5.yaml", "store: /deep\n");
	put("0.yaml", "include: 1.yaml\n");
	put("none.yaml", "include: nothing.yaml\n");
	snprintf(path, sizeof(path), "%s/link.yaml", dir);
	return (symlink("main.yaml", path));
}

static int
remove_files(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return (system(command));
}

static void
test_an_included_file_adds(void **state)
{
	static const char *const names[] = { "main.yaml", "link.yaml" };
	char route[256];
	struct loaded l;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(load_file(&l, names[i]), 0);
		assert_string_equal(l.config->store, "/s");
		assert_string_equal(l.config->tenant, "t");
		assert_int_equal(l.config->stream_count, 2);
		assert_string_equal(l.config->streams[0].policy.tenant, "t");
		snprintf(route, sizeof(route), "%s/r", dir);
		assert_string_equal(l.config->streams[0].routes[0], route);
		snprintf(route, sizeof(route), "%s/sub/r", dir);
		assert_string_equal(l.config->streams[1].routes[0], route);
		assert_string_equal(l.config->streams[1].routes[1], "/r");
		loaded_free(&l);
	}
	assert_int_equal(load_file(&l, "1.yaml"), 0);
	assert_string_equal(l.config->store, "/deep");
	loaded_free(&l);
}

static void
test_an_included_file_may_not_contradict(void **state)
{
	static const struct {
		const char *name, *report;
	} rows[] = {
		{ "twice.yaml",
		    "@/twice.yaml:3:1: unknown key \"zebra\"\n  zebra: 1\n  ^\n"
		    "@/sub/twice.yaml:1:1: \"store\" is already given in @/twice.yaml on line 2\n"
		    "  store: /b\n  ^\n"
		    "@/sub/twice.yaml:2:11: stream \"a\" is already given in @/twice.yaml on line "
		    "4\n"
		    "  streams: {a: {}}\n            ^\n" },
		{ "self.yaml",
		    "@/self.yaml:1:10: include: the file includes itself\n"
		    "  include: sub/../self.yaml\n           ^\n" },
		{ "loop.yaml",
		    "@/sub/loop.yaml:1:10: include: the file includes itself\n"
		    "  include: ../loop.yaml\n           ^\n" },
		{ "0.yaml",
		    "@/4.yaml:1:10: include: more than 4 deep\n  include: 5.yaml\n"
		    "           ^\n" },
		{ "none.yaml",
		    "@/none.yaml:1:10: include: @/nothing.yaml: No such file or directory\n"
		    "  include: nothing.yaml\n           ^\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l;

		assert_int_equal(load_file(&l, rows[i].name), -1);
		assert_int_equal(l.e.code, ERR_CONFIG);
		check_report(&l, rows[i].report);
		loaded_free(&l);
	}
}

static void
test_a_file_that_cannot_be_read(void **state)
{
	struct loaded l;
	struct buf big = { 0 };

	assert_int_equal(load_file(&l, "nothing.yaml"), -1);
	assert_int_equal(l.e.code, ERR_INPUT);
	assert_int_equal(l.report.len, 0);
	loaded_free(&l);
	assert_int_equal(load_file(&l, "sub"), -1);
	assert_int_equal(l.e.code, ERR_INPUT);
	loaded_free(&l);
	assert_int_equal(buf_reserve(&big, CONFIG_FILE_BYTES + 2), 0);
	memset(big.data, '#', CONFIG_FILE_BYTES + 1);
	big.data[CONFIG_FILE_BYTES + 1] = '\0';
	put("big.yaml", big.data);
	assert_int_equal(load_file(&l, "big.yaml"), -1);
	assert_int_equal(l.e.code, ERR_CONFIG);
	assert_non_null(strstr(l.e.text, "larger than 1 MiB"));
	loaded_free(&l);
	buf_free(&big);
}

static void
test_the_sample_loads(void **state)
{
	const char *source = getenv("CRETULA_SOURCE");
	struct config_stream fallback;
	struct loaded l = { 0 };
	char path[512];

	if (source == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/share/cretula.yaml", source);
	if (config_load(path, &l.config, &l.report, &l.e) != 0)
		fail_msg("%s", report_of(&l));
	assert_string_equal(l.config->store, "/var/lib/cretula/store");
	assert_int_equal(l.config->stream_count, 2);
	check_defaults(config_stream_find(l.config, "blog", &fallback), "blog");
	loaded_free(&l);
}

/* Each kind of input, in both ways to write it; what is printed reads as it was. */
static void
test_inputs(void **state)
{
	static const struct {
		const char *said, *place;
	} rows[] = {
		{ "pipe", "pipe" },
		{ "{ fifo: /run/a }", "fifo:/run/a" },
		{ "{ file: /var/log/a.log }", "file:/var/log/a.log" },
		{ "{ tcp: '[::1]:601' }", "tcp:[::1]:601" },
		{ "{ udp: ':514' }", "udp:*:514" },
		{ "{ unix: /run/a }", "unix:/run/a" },
		{ "{ unix-stream: /run/a }", "unix-stream:/run/a" },
		{ "{ syslog: 'unix-stream:/run/a' }", "unix-stream:/run/a" },
		{ "{ syslog: 'udp:127.0.0.1:514' }", "udp:127.0.0.1:514" },
	};
	struct loaded first, l, again;

	assert_int_equal(load_text(&first, "streams: {a: }\n"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128], place[INPUT_TEXT_BYTES];
		struct buf printed = { 0 };

		snprintf(text, sizeof(text), "streams: {a: {input: %s}}\n", rows[i].said);
		if (load_text(&l, text) != 0)
			fail_msg("%s: %s", text, report_of(&l));
		input_place_print(&l.config->streams[0].input, place);
		assert_string_equal(place, rows[i].place);
		config_print(l.config, &printed);
		assert_true(buf_ok(&printed));
		if (load_text(&again, printed.data) != 0)
			fail_msg("%s: %s", printed.data, report_of(&again));
		assert_true(config_stream_same(
		    l.config, l.config->streams, again.config, again.config->streams));
		assert_int_equal(config_stream_same(first.config, first.config->streams,
				     l.config, l.config->streams),
		    i == 0);
		loaded_free(&again);
		loaded_free(&l);
		buf_free(&printed);
	}
	loaded_free(&first);
	assert_int_equal(load_text(&first, "tenant: x\nstreams: {a: }\n"), 0);
	assert_int_equal(load_text(&l, "tenant: y\nstreams: {a: }\n"), 0);
	assert_false(
	    config_stream_same(first.config, first.config->streams, l.config, l.config->streams));
	loaded_free(&first);
	loaded_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_that_cannot_be_read),
		cmocka_unit_test(test_a_tenant_is_everybodys),
		cmocka_unit_test(test_a_variable_is_never_printed),
		cmocka_unit_test(test_an_included_file_adds),
		cmocka_unit_test(test_an_included_file_may_not_contradict),
		cmocka_unit_test(test_every_option_arrives),
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_nothing_read_is_the_defaults),
		cmocka_unit_test(test_nothing_said_is_the_defaults),
		cmocka_unit_test(test_the_environment_is_a_text),
		cmocka_unit_test(test_the_sample_loads),
	};

	return (cmocka_run_group_tests(tests, make_files, remove_files));
}
