#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
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
		struct err e = { 0 };

		assert_int_equal(view_role_find(rows[i].name, &role, &e), 0);
		assert_int_equal(role, rows[i].role);
		assert_int_equal(view_role_records(role, &e), rows[i].refusal == NULL ? 0 : -1);
		if (rows[i].refusal != NULL) {
			assert_int_equal(e.code, ERR_USAGE);
			assert_string_equal(e.text, rows[i].refusal);
		}
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_developers_see_records),
		cmocka_unit_test(other_roles_are_unknown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
