#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "find.h"

#include <cmocka.h>

#define TEXT(literal) literal, sizeof(literal) - 1

static const char planted[] = "erika-m\n203.0.113.7\nGar\xc3\xa7on-Zw\xc3\xb6lf\n2001:db8::17\n";

static void
every_form_of_a_value_is_found(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want; /* begins */
	} rows[] = {
		{ TEXT("x erika-m y"), "value@2" },
		{ TEXT("x ERIKA-M y"), "value@2" },
		{ TEXT("xerika-my"), "" },
		{ TEXT("erika%2dm"), "value@0(percent)" },
		{ TEXT("\"erika\\u002dm\""), "value@1(escape)" },
		{ TEXT("6572696b612d6d"), "value@0(hex)" },
		{ TEXT("6572696B612D6D"), "value@0(hex)" },
		{ TEXT("ZXJpa2EtbQ=="), "value@0(base64)" },
		{ TEXT("eGVyaWthLW14"), "value@" },
		{ TEXT("eHhlcmlrYS1teHg="), "value@" },
		{ TEXT("mVzemlrYS1t"), "" },
		{ TEXT("MVZGS23BFVWQ===="), "value@0(base32)" },
		{ TEXT("mvzgs23bfvwq"), "value@0(base32)" },
		{ TEXT("m-akire"), "value@0(reversed)" },
		{ TEXT("M-AKIRE"), "value@0(reversed)" },
		{ TEXT("e\0r\0i\0k\0a\0-\0m\0"), "value@0(utf-16)" },
		{ TEXT("\0e\0r\0i\0k\0a\0-\0m"), "value@1(utf-16)" },
		{ TEXT("61fc5a83a4d5cd7c62f5f0fba11e1bb1"), "" },
		{ TEXT("ip cb007107 x"), "value@3(packed)" },
		{ TEXT("ip 3405803783 x"), "value@3(packed)" },
		{ TEXT("13405803783"), "" },
		{ TEXT("20010db8000000000000000000000017"), "value@0(packed)" },
		{ TEXT("gar\xc3\xa7on-zw\xc3\xb6lf"), "value@0" },
		{ TEXT("Gar\\u00e7on-Zw\\u00f6lf"), "value@0(escape)" },
		{ TEXT("Gar%C3%A7on-Zw%C3%B6lf"), "value@0(percent)" },
		{ TEXT("R2Fyw6dvbi1ad8O2bGY="), "value@0(base64)" },
		{ TEXT("\x01\x02\x03"
		       "erika-m\x04\x05"),
		    "value@3" },
	};
	struct leak_rules *rules = NULL;
	struct find find;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(leak_rules_open(LEAK_VALUES_ONLY, &rules, &e), 0);
	assert_int_equal(leak_rules_plant(rules, span_str(planted), &e), 0);
	find_open(&find, rules);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = find_in(&find, rows[i].text, rows[i].len, 1000);

		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0 ||
		    (rows[i].want[0] == '\0' && got[0] != '\0'))
			fail_msg("row %zu '%s': got '%s', want '%s'", i, rows[i].text, got,
			    rows[i].want);
	}
	leak_scanner_close(find.scanner);
	leak_rules_close(rules);
}

static void
a_bad_list_is_refused_without_its_values(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = { { "good-one\nabc\n", "value 2 has 3 bytes, not 4 to 256" },
		{ "hidden-x\r\nxy\r\n", "value 2 has 2 bytes, not 4 to 256" } };
	struct leak_rules *rules = NULL;
	struct err e = { ERR_NONE, "" };
	char text[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(leak_rules_open(LEAK_VALUES_ONLY, &rules, &e), 0);
		assert_int_equal(leak_rules_plant(rules, span_str(rows[i].text), &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_string_equal(e.text, rows[i].want);
		leak_rules_close(rules);
	}
	memset(text, 'a', sizeof(text));
	assert_int_equal(leak_rules_open(LEAK_VALUES_ONLY, &rules, &e), 0);
	assert_int_equal(leak_rules_plant(rules, span_of(text, 257), &e), -1);
	assert_int_equal(leak_rules_plant(rules, span_of(text, 256), &e), 0);
	assert_int_equal(leak_rules_plant(rules, span_of("\n\n", 2), &e), 0);
	leak_rules_close(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_value_is_found),
		cmocka_unit_test(a_bad_list_is_refused_without_its_values),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
