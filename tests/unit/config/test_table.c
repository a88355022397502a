/* One table: what it explains, prints and gives as a schema is what it reads. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "load_text.h"

static void
test_rows_are_sorted_and_whole(void **state)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];

		if (i > 0 && strcmp(config_options[i - 1].path, o->path) >= 0)
			fail_msg("%s is not in its place", o->path);
		if (o->help == NULL || strlen(o->help) < 10 || o->fallback == NULL)
			fail_msg("%s: no help or default", o->path);
		assert_true(o->max == 0 || o->min <= o->max || o->type == CONFIG_NETWORKS);
		assert_int_equal(
		    o->choices != NULL, o->type == CONFIG_CHOICE || o->type == CONFIG_EPOCH ||
			o->type == CONFIG_SWITCH);
		assert_ptr_equal(config_option_find(o->path), o);
		assert_false(config_option_group(o->path));
	}
}

static void
test_explain_lists_every_option(void **state)
{
	struct buf out = { 0 };

	config_explain(&out);
	assert_true(buf_ok(&out));
	for (size_t i = 0; i < config_option_count; i++) {
		struct buf want = { 0 };

		config_option_shown(config_options[i].path, &want);
		buf_str(&want, "\n    ");
		if (strstr(out.data, want.data) == NULL)
			fail_msg("%s is missing", config_options[i].path);
		assert_non_null(strstr(out.data, config_options[i].help));
		buf_free(&want);
	}
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		assert_non_null(strstr(out.data, record_classes[i].name));
	buf_free(&out);
}

/* A map with only this option in it: "{streams: {s: {words: {k: 10}}}}". */
static void
wrap(const struct config_option *o, const char *value, struct buf *out)
{
	const char *path = o->path;
	unsigned depth = 0;

	buf_clear(out);
	for (; *path != '\0'; depth++) {
		size_t len = strcspn(path, ".");

		buf_fmt(out, "{%.*s: ", *path == '*' ? 1 : (int)len, *path == '*' ? "s" : path);
		path += len + (path[len] == '.');
	}
	buf_str(out, value);
	while (depth-- > 0)
		buf_char(out, '}');
}

static void
test_the_table_says_the_defaults(void **state)
{
	struct config_stream want;
	struct buf text = { 0 };

	config_stream_default(&want, "s", "default");
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		struct config_stream fallback;
		const struct config_stream *s;
		struct loaded l;

		if (o->fallback[0] == '\0')
			continue;
		wrap(o, o->fallback, &text);
		if (load_text(&l, text.data) != 0)
			fail_msg("%s: %s", text.data, report_of(&l));
		assert_string_equal(l.config->tenant, "default");
		s = config_stream_find(l.config, "s", &fallback);
		want.line = s->line;
		if (memcmp(s, &want, sizeof(want)) != 0)
			fail_msg("%s is not the default", text.data);
		loaded_free(&l);
	}
	buf_free(&text);
}

static void
check_same(const struct config *a, const struct config *b)
{
	assert_string_equal(a->store, b->store);
	assert_string_equal(a->keys, b->keys);
	assert_string_equal(a->tenant, b->tenant);
	assert_int_equal(a->stream_count, b->stream_count);
	assert_int_equal(a->role_count, b->role_count);
	for (unsigned i = 0; i < a->role_count; i++) {
		struct config_role left = a->roles[i], right = b->roles[i];

		left.line = right.line = 0;
		assert_memory_equal(&left, &right, sizeof(left));
	}
	for (unsigned i = 0; i < a->stream_count; i++) {
		struct config_stream left = a->streams[i], right = b->streams[i];
		unsigned char left_hash[32], right_hash[32];

		mask_policy_hash(&left.policy, left_hash);
		mask_policy_hash(&right.policy, right_hash);
		assert_memory_equal(left_hash, right_hash, sizeof(left_hash));
		left.line = right.line = 0;
		assert_memory_equal(&left, &right, sizeof(left));
	}
}

static void
test_what_is_printed_reads_back(void **state)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{ "c.yaml", "" },
		{ "c.yaml", "streams: {a: {}, b: {}}" },
		{ "c.yaml", "roles: {a: {}, public: {k: 20}, b: {tier: analyst, k: 12, fields: [path, status], "
			    "users: [x], streams: [s, cretula.access], token_hash: 'sha256:"
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}, "
			    "c: {tier: auditor, fields: [time, reason]}}" },
		{ "c.yaml", "store: '/a \"b\\ $${c} #d: e'\nkeys: \"\xc3\xa4\"\ntenant: \"1\"\n" },
		{ "dir/c.yaml", "streams: {a: {routes: [r, dir/r, ../r, /r, \"q'\\\"\"]}}" },
		{ "/c.yaml", "streams: {a: {routes: [r, /r, /a/r]}}" },
		{ "c.yaml", "streams: {a: {detail: [{when: 'path == \"/a b\" && status >= 500', keep: full}, "
			    "{when: \"path == \\\"$${x}\\\"\", keep: count}]}}" },
		{ "c.yaml",
		    "streams: {s: {format: nginx-json, fields: {referer: drop, user: redact}, map: {user: actor, client: [\"a.b[].c\", 'd \"e']}, mask: {ip.peer: drop, agent: {full: "
		    "token}, path: redact}, epochs: {ip: month, "
		    "text: day, user.auth: day, grace: {day: 500ms, week: 1h, month: 90s}}, "
		    "trusted_proxies: [\"::1\", 10.1.2.3/9], own_networks: {keep: [\"fc00::/7\"]}, "
		    "hosts: "
		    "[a], agents: [A-b_1], servers: ['b\"\\', '${HOME}x'], machine_accounts: [\"abc*\"], words: {k: "
		    "15, mode: "
		    "keep}, path_token: shared, limits: {line: 1025, rate: 7/s}}}" },
	};

	setenv("HOME", "home", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *first = NULL, *second = NULL;
		struct buf report = { 0 }, printed = { 0 }, again = { 0 };
		struct err e;

		if (config_load_text(span_str(rows[i].text), rows[i].name, &first, &report, &e) !=
		    0)
			fail_msg("%s%s", rows[i].text, report.data);
		config_print(first, &printed);
		assert_true(buf_ok(&printed));
		if (config_load_text(buf_view(&printed), rows[i].name, &second, &report, &e) != 0)
			fail_msg("%s%s", printed.data, report.data);
		check_same(first, second);
		config_print(second, &again);
		assert_string_equal(printed.data, again.data);
		config_free(first);
		config_free(second);
		buf_free(&report);
		buf_free(&printed);
		buf_free(&again);
	}
}

/* Each name that the schema allows, as a path of the table, blanks between. */
static void
collect(const struct json_value *schema, const char *path, struct buf *names)
{
	struct json_value inner, child;
	struct json_cursor cursor;
	struct span key;

	if (!json_get(schema, "properties", &inner) &&
	    !json_get(schema, "patternProperties", &inner)) {
		buf_fmt(names, "%s ", path);
		return;
	}
	assert_non_null(
	    memmem(schema->raw.ptr, schema->raw.len, "\"additionalProperties\":false", 28));
	json_open(&cursor, &inner);
	while (json_next(&cursor, &key, &child)) {
		char below[CONFIG_OPTION_PATH_BYTES];

		snprintf(below, sizeof(below), "%s%s%.*s", path, path[0] == '\0' ? "" : ".",
		    key.ptr[0] == '^' ? 1 : (int)key.len, key.ptr[0] == '^' ? "*" : key.ptr);
		collect(&child, below, names);
	}
}

static void
test_the_schema_has_exactly_the_options(void **state)
{
	struct buf out = { 0 }, names = { 0 }, want = { 0 };
	struct json_value v;
	struct err e;

	config_schema(&out);
	if (json_parse(buf_view(&out), &v, &e) == -1)
		fail_msg("%s", e.text);
	collect(&v, "", &names);
	for (size_t i = 0; i < config_option_count; i++) {
		if (config_options[i].type == CONFIG_EPOCH) {
			buf_str(&want, "streams.*.epochs.ip streams.*.epochs.user ");
			for (int c = RECORD_CLASS_NONE + 1; c < RECORD_CLASS_COUNT; c++)
				if (record_classes[c].prefix[0] != '\0')
					buf_fmt(&want, "streams.*.epochs.%s ",
					    record_classes[c].name);
			continue;
		}
		if (config_options[i].type == CONFIG_FIELDS) {
			for (int f = 0; f < RECORD_FIELD_COUNT; f++)
				if (mask_field_check((enum record_field)f, MASK_DROP, NULL) == 0)
					buf_fmt(&want, "streams.*.fields.%s ",
					    record_fields[f].name);
			continue;
		}
		if (config_options[i].type == CONFIG_MEMBERS) {
			for (size_t what = 0; parse_json_map_whats[what] != NULL; what++)
				buf_fmt(
				    &want, "streams.*.map.%s ", parse_json_map_whats[what]);
			continue;
		}
		if (config_options[i].type != CONFIG_METHOD) {
			buf_fmt(&want, "%s ", config_options[i].path);
			continue;
		}
		for (int c = RECORD_CLASS_NONE + 1; c < RECORD_CLASS_COUNT; c++)
			if (c != RECORD_CLASS_AGENT)
				buf_fmt(&want, "streams.*.mask.%s ", record_classes[c].name);
	}
	assert_string_equal(names.data, want.data);
	buf_free(&out);
	buf_free(&names);
	buf_free(&want);
}

static void
test_suggestions(void **state)
{
	static const struct {
		const char *word, *words, *near;
	} rows[] = {
		{ "fromat", "format hosts", "format" },
		{ "Format", "format hosts", "format" },
		{ "nginx_combined", "auto nginx-combined", "nginx-combined" },
		{ "host", "format hosts", "hosts" },
		{ "own_network", "own_networks words", "own_networks" },
		{ "zebra", "format hosts", "" },
		{ "", "a", "" },
		{ "x", "k mode", "" },
		{ "format", "", "" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span near = config_suggest(span_str(rows[i].word), rows[i].words);

		if (!span_is(near, rows[i].near))
			fail_msg("%s: %.*s", rows[i].word, (int)near.len, near.ptr);
	}
}

static void
test_what_looks_secret(void **state)
{
	static const struct {
		const char *name;
		bool secret;
	} rows[] = {
		{ "password", true },
		{ "DB_PASSWORD", true },
		{ "api-key", true },
		{ "token_hash", true },
		{ "quarantine_key", true },
		{ "Secret", true },
		{ "credentials", true },
		{ "keys", false },
		{ "store", false },
		{ "tenant", false },
		{ "routes", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (config_looks_secret(span_str(rows[i].name)) != rows[i].secret)
			fail_msg("%s", rows[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain_lists_every_option),
		cmocka_unit_test(test_rows_are_sorted_and_whole),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_the_schema_has_exactly_the_options),
		cmocka_unit_test(test_the_table_says_the_defaults),
		cmocka_unit_test(test_what_is_printed_reads_back),
		cmocka_unit_test(test_what_looks_secret),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
