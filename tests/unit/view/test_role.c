#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "filter/filter.h"
#include "view/view.h"

static void
only_developers_see_records(void **state)
{
	static const struct {
		const char *name;
		enum view_role role;
		const char *refusal;
	} rows[] = {
		{ "developer", VIEW_DEVELOPER, NULL },
		{ "analyst", VIEW_ANALYST,
		    "role analyst sees no single records: use cretula stats" },
		{ "public", VIEW_PUBLIC,
		    "role public sees no single records: use cretula publish" },
		{ "auditor", VIEW_AUDITOR,
		    "role auditor sees no single records: use cretula verify and cretula "
		    "evidence" },
	};

	assert_int_equal(sizeof(rows) / sizeof(rows[0]), VIEW_ROLE_COUNT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum view_role role = VIEW_ROLE_COUNT;
		struct view_grant grant;
		struct err e = { 0 };

		assert_int_equal(view_role_find(rows[i].name, &role, &e), 0);
		assert_int_equal(role, rows[i].role);
		grant = view_grant_of(role);
		assert_int_equal(view_grant_records(&grant, &e), rows[i].refusal == NULL ? 0 : -1);
		if (rows[i].refusal != NULL) {
			assert_int_equal(e.code, ERR_USAGE);
			assert_string_equal(e.text, rows[i].refusal);
		}
	}
}

/* What entries count is of every field (ADR 45). */
static void
entries_are_for_auditors_and_who_sees_all(void **state)
{
	static const bool may[VIEW_ROLE_COUNT] = { [VIEW_DEVELOPER] = true, [VIEW_AUDITOR] = true };

	for (int role = 0; role < VIEW_ROLE_COUNT; role++) {
		struct view_grant grant = view_grant_of((enum view_role)role);

		assert_int_equal(view_grant_entries(&grant), may[role]);
		grant.fields = view_role_fields((enum view_role)role);
		assert_int_equal(view_grant_entries(&grant), may[role]);
		grant.fields = UINT64_MAX >> 1; /* more than there are */
		assert_int_equal(view_grant_entries(&grant), may[role]);
		for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
			grant.fields = view_role_fields((enum view_role)role) & ~(UINT64_C(1) << f);
			assert_int_equal(view_grant_entries(&grant), role == VIEW_AUDITOR);
		}
		grant.fields = 0;
		assert_int_equal(view_grant_entries(&grant), role == VIEW_AUDITOR);
	}
}

static void
other_roles_are_unknown(void **state)
{
	static const char *const names[] = { "", "Developer", "developers", "dev", "root" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum view_role role = VIEW_PUBLIC;
		struct err e = { 0 };

		assert_int_equal(view_role_find(names[i], &role, &e), -1);
		assert_int_equal(role, VIEW_PUBLIC);
		assert_int_equal(e.code, ERR_USAGE);
		assert_non_null(strstr(e.text, "developer, analyst, public and auditor"));
	}
}

/* A record of every field, so that a test sees what is not taken away. */
#define LINE \
	"{\"time\":\"2026-11-25T03:00:00.123Z\",\"event\":\"http.request\",\"client\":\"ip.abc\"," \
	"\"forwarded\":[\"if.a\"],\"user\":\"us.x\",\"path\":\"/a\",\"status\":404," \
	"\"agent\":\"Firefox\",\"bot\":1,\"extra\":{\"a\":7},\"state\":\"partial\"," \
	"\"flags\":[\"peer_unix\"]}"

static uint64_t
bit(enum record_field field)
{
	return (UINT64_C(1) << field);
}

static void
no_renderer_shows_what_is_not_granted(void **state)
{
	static const char *const hidden[] = { "ip.abc", "if.a", "us.x", "/a", "Firefox",
		"peer_unix", "partial", "http.request" };
	struct view_grant grant = view_grant_of(VIEW_AUDITOR);
	static struct record_decoder decoder;
	static char room[RECORD_BYTES_MAX];

	grant.fields = bit(RECORD_FIELD_STATUS);
	for (size_t i = 0; i < view_renderer_count; i++) {
		struct span line = span_str(LINE);
		struct buf out = { 0 };
		struct record r;
		struct err e;

		assert_int_equal(record_decode(&decoder, line, &r, &e), 0);
		view_grant_narrow(&grant, &r, &line, room);
		view_renderers[i].record(&out, &r, line);
		assert_true(buf_ok(&out));
		assert_non_null(strstr(out.data, "404"));
		for (size_t h = 0; h < sizeof(hidden) / sizeof(hidden[0]); h++)
			if (strstr(out.data, hidden[h]) != NULL)
				fail_msg("%s: %s", view_renderers[i].name, out.data);
		buf_free(&out);
	}
}

static void
each_field_is_taken_away_alone(void **state)
{
	static struct record_decoder decoder, again;
	static char room[RECORD_BYTES_MAX];

	for (int f = 1; f < RECORD_FIELD_COUNT; f++) {
		struct view_grant grant = view_grant_of(VIEW_DEVELOPER);
		struct span line = span_str(LINE);
		struct record r, back;
		uint64_t present;
		struct err e;

		assert_int_equal(record_decode(&decoder, line, &r, &e), 0);
		present = r.present;
		grant.fields &= ~bit((enum record_field)f);
		view_grant_narrow(&grant, &r, &line, room);
		assert_int_equal(record_decode(&again, line, &back, &e), 0);
		assert_int_equal(back.present, present & ~bit((enum record_field)f));
		assert_int_equal(r.present, back.present);
		/* Nothing to take away: the stored bytes themselves. */
		assert_int_equal(line.ptr == room, (present >> f & 1) != 0);
	}
}

static void
a_filter_asks_for_granted_fields_only(void **state)
{
	static const struct {
		const char *filter, *refusal;
	} rows[] = {
		{ "status >= 400", NULL },
		{ "time > 2026-11-25T03:00:00Z && status == 404", NULL },
		{ "user == us.x", "role r does not see user, which the filter asks for" },
		{ "status == 404 || !(path ^= /a)",
		    "role r does not see path, which the filter asks for" },
	};
	struct view_grant grant = { "r", VIEW_DEVELOPER, 1, bit(RECORD_FIELD_STATUS) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter = NULL;
		struct err e = { 0 };

		assert_int_equal(filter_compile(rows[i].filter, &filter, &e), 0);
		assert_int_equal(
		    view_grant_filter(&grant, filter, &e), rows[i].refusal == NULL ? 0 : -1);
		if (rows[i].refusal != NULL)
			assert_string_equal(e.text, rows[i].refusal);
		filter_free(filter);
	}
}

/* Of two fields that say each other one is shown at most (ADR 30). */
static void
counts_are_by_fields_that_say_nothing_of_each_other(void **state)
{
	static const enum record_field families[][4] = {
		{ RECORD_FIELD_AGENT, RECORD_FIELD_OS, RECORD_FIELD_DEVICE, RECORD_FIELD_BOT },
		{ RECORD_FIELD_COUNTRY, RECORD_FIELD_ASN, RECORD_FIELD_CLIENT, RECORD_FIELD_USER },
		{ RECORD_FIELD_PATH, RECORD_FIELD_HOST, RECORD_FIELD_OBJECT, RECORD_FIELD_QUERY },
	};

	assert_int_equal(view_role_fields(VIEW_ANALYST), view_role_fields(VIEW_PUBLIC));
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		unsigned shown = 0;

		for (size_t f = 0; f < 4; f++)
			shown += (view_role_fields(VIEW_ANALYST) >> families[i][f] & 1) != 0;
		assert_int_equal(shown, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_developers_see_records),
		cmocka_unit_test(entries_are_for_auditors_and_who_sees_all),
		cmocka_unit_test(other_roles_are_unknown),
		cmocka_unit_test(no_renderer_shows_what_is_not_granted),
		cmocka_unit_test(each_field_is_taken_away_alone),
		cmocka_unit_test(a_filter_asks_for_granted_fields_only),
		cmocka_unit_test(counts_are_by_fields_that_say_nothing_of_each_other),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
