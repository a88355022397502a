#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/record.h"

static void
every_field_is_found_by_its_name(void **state)
{
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		assert_int_equal(record_field_by_name(span_str(record_fields[f].name)), f);
	assert_int_equal(record_field_by_name(span_str("tim")), -1);
	assert_int_equal(record_field_by_name(span_str("timex")), -1);
	assert_int_equal(record_field_by_name(span_str("")), -1);
}

static void
names_need_no_escape_and_are_short(void **state)
{
	for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
		const char *name = record_fields[f].name;

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_true(strlen(name) <= 20);
		assert_true(strlen(record_fields[f].help) > 0);
	}
	for (int i = 0; i < RECORD_FLAG_COUNT; i++) {
		const char *name = record_flags[i].name;

		assert_int_equal(
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
		assert_true(strlen(name) <= 20);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(name, record_flags[k].name);
	}
}

static void
token_prefixes_have_two_letters(void **state)
{
	for (int c = 0; c < RECORD_CLASS_COUNT; c++) {
		size_t len = strlen(record_classes[c].prefix);

		assert_true(len == 0 || len == 2);
		for (int k = 0; k < c; k++)
			assert_string_not_equal(record_classes[c].name, record_classes[k].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_found_by_its_name),
		cmocka_unit_test(names_need_no_escape_and_are_short),
		cmocka_unit_test(token_prefixes_have_two_letters),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
