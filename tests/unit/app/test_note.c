/* What the writer of access records takes: every field by its table, a filter by its grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#include "app/serve/access.h"

static struct app_access_note
good(void)
{
	return ((struct app_access_note){ .operator = "erika@example",
		.role = "dev",
		.tier = "developer",
		.via = "proxy",
		.action = "records",
		.stream = "shop",
		.since = "2025-11-24T01:00:00.000Z",
		.until = "-7d",
		.window = "day",
		.filter = "status >= ?",
		.has_rows = true,
		.rows = 7 });
}

#define FIELD(name) #name, offsetof(struct app_access_note, name)

static void
test_each_field(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		const char *value;
		bool good;
	} rows[] = {
		{ FIELD(operator), "", false },
		{ FIELD(operator), "Max Mustermann", false },
		{ FIELD(operator), "203.0.113.9/x", false },
		{ FIELD(role), "", false },
		{ FIELD(role), "A", false },
		{ FIELD(role), "203.0.113.9", false },
		{ FIELD(tier), "", false },
		{ FIELD(tier), "root", false },
		{ FIELD(tier), "public", true },
		{ FIELD(via), "", false },
		{ FIELD(via), "bearers", false },
		{ FIELD(via), "peer", true },
		{ FIELD(action), "", false },
		{ FIELD(action), "session", false },
		{ FIELD(action), "top", false },
		{ FIELD(action), "top/paths", true },
		{ FIELD(action), "top/max", false },
		{ FIELD(action), "records/paths", false },
		{ FIELD(action), "trust", true },
		{ FIELD(stream), "", true },
		{ FIELD(stream), "cretula.access", true },
		{ FIELD(stream), "cretula.max", false },
		{ FIELD(stream), "max@example.org", false },
		{ FIELD(reason), "tier", true },
		{ FIELD(reason), "maxwell", false },
		{ FIELD(since), "", true },
		{ FIELD(since), "?", true },
		{ FIELD(since), "2025-11-24T01:00:00Z", false },
		{ FIELD(since), "-", false },
		{ FIELD(since), "-4711", false },
		{ FIELD(since), "4111111111111111", false },
		{ FIELD(until), "yesterday", false },
		{ FIELD(window), "", true },
		{ FIELD(window), "free", true },
		{ FIELD(window), "year", false },
		{ FIELD(filter), "user == \"max\"", false },
	};
	struct app_access_note n = good();

	(void)state;
	assert_true(app_access_note_ok(&n));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = good();
		strcpy((char *)&n + rows[i].at, rows[i].value); /* all of them are short */
		if (app_access_note_ok(&n) != rows[i].good)
			fail_msg("%s \"%s\"", rows[i].name, rows[i].value);
	}
	n = good();
	n.rows = UINT64_MAX;
	assert_false(app_access_note_ok(&n));
	n = good();
	memset(n.operator, 'a', sizeof(n.operator));
	assert_false(app_access_note_ok(&n));
	n = good();
	memset(n.filter, ' ', sizeof(n.filter));
	assert_false(app_access_note_ok(&n));
}

static void
test_filters(void **state)
{
	static const struct {
		const char *filter;
		bool good;
	} rows[] = {
		{ "", true },
		{ "?", true },
		{ "status >= ?", true },
		{ "status>=?", true },
		{ "status >= ? && path ^= ?", true },
		{ "!(status == ? || (path ~= ? && ! method != ?))", true },
		{ "user == us.abcdefghijklmn27", true },
		{ "user == us.abcdefghijklmn27||status<?", true },
		{ "user == qq.abcdefghijklmn27", false },
		{ "user == us.abcdefghijklmn21", false },
		{ "user == us.abcdefghijklmn", false },
		{ "user == us.abcdefghijklmn27max", false },
		{ "user == ?max", false },
		{ "user == ??", false },
		{ "max == ?", false },
		{ "max", false },
		{ "user", false },
		{ "user ==", false },
		{ "user = ?", false },
		{ "user == max", false },
		{ "status >= 500", false },
		{ "status >= ? &&", false },
		{ "status >= ? status", false },
		{ "status >= ? & path ^= ?", false },
		{ "(status >= ?", false },
		{ "status >= ?)", false },
		{ "() status >= ?", false },
		{ "status >= ?\n", false },
		{ " ", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (app_access_filter_ok(span_str(rows[i].filter)) != rows[i].good)
			fail_msg("\"%s\"", rows[i].filter);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_field),
		cmocka_unit_test(test_filters),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
