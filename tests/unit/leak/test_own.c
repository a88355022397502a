#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "find.h"

#include <cmocka.h>

static void
rules_of_ones_own_are_tried_first(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: good; else within the error */
	} rows[] = {
		{ "customer C-[0-9]{6}\n+ see C-123456\n- see C-12\n", NULL },
		{ "# nothing\n\n", NULL },
		{ "a x\r\nb y\r\n", NULL },
		{ "customer C-[0-9]{6\n+ see C-12345\n", "line 2: rule customer does not find" },
		{ "customer C-[0-9]{2}\n- see C-12\n", "line 2: rule customer finds this example" },
		{ "bad (\n", "line 1: at character" },
		{ "ok x\n\nbad [a\n", "line 3: at character" },
		{ "nopattern\n", "line 1: NAME PATTERN is wanted" },
		{ "b@d x\n", "line 1: NAME PATTERN is wanted" },
		{ "email x\n", "line 1: there is a rule of that name" },
		{ "a x\na y\n", "line 2: there is a rule of that name" },
		{ "empty x*\n", "line 1: it finds the empty text" },
		{ "runaway (a+)+$\n", "line 1: it runs into the match limit" },
		{ "runaway (a+a+)+[yz]\n", "line 1: it runs into the match limit" },
		{ "utf (*UTF)x\n", "line 1: at character" },
		{ "+ example\n", "line 1: an example, but no rule above it" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct leak_rules *rules = NULL;
		struct err e = { ERR_NONE, "" };
		int rc;

		assert_int_equal(leak_rules_open(LEAK_PLAIN, &rules, &e), 0);
		rc = leak_rules_add(rules, span_str(rows[i].text), &e);
		if (rc != (rows[i].want == NULL ? 0 : -1) ||
		    (rc == -1 && (e.code != ERR_CONFIG || strstr(e.text, rows[i].want) == NULL)))
			fail_msg("'%s': %d '%s'", rows[i].text, rc, e.text);
		leak_rules_close(rules);
	}
}

static void
they_are_run_over_every_view(void **state)
{
	static const char rule[] = "customer \\bC-[0-9]{6}\\b\n";
	struct leak_rules *rules = NULL;
	struct find find;
	struct err e;

	assert_int_equal(leak_rules_open(LEAK_VALUES_ONLY, &rules, &e), 0);
	assert_int_equal(leak_rules_add(rules, span_str(rule), &e), 0);
	find_open(&find, rules);
	assert_string_equal(
	    find_in(&find, "see C-123456 and C-654321", 25, 7), "customer@4 customer@17");
	assert_string_equal(find_in(&find, "see C%2D123456", 14, 7), "customer@4(percent)");
	assert_string_equal(find_in(&find, "bob.k@example.org C-12", 22, 7), "");
	leak_scanner_close(find.scanner);
	leak_rules_close(rules);
}

/* A pattern that behaved at first and then does not is stopped, and said. */
static void
who_runs_away_later_is_given_up(void **state)
{
	static const char rule[] = "later q(b+)+[xy]\n";
	static char text[30000];
	struct leak_rules *rules = NULL;
	struct find find;
	struct err e;

	assert_int_equal(leak_rules_open(LEAK_PLAIN, &rules, &e), 0);
	assert_int_equal(leak_rules_add(rules, span_str(rule), &e), 0);
	find_open(&find, rules);
	memset(text, 'b', sizeof(text));
	text[0] = 'q';
	memcpy(text + 20000, " 203.0.113.7 ", 13);
	text[19000] = 'd';
	(void)find_in(&find, text, sizeof(text), 4096);
	assert_string_equal(find.text, "ipv4@20001");
	assert_string_equal(leak_scanner_gap(find.scanner), "rule later ran into the match limit");
	(void)find_in(&find, "nothing", 7, 7);
	assert_null(leak_scanner_gap(find.scanner));
	leak_scanner_close(find.scanner);
	leak_rules_close(rules);
}

static void
a_rule_can_be_left_out(void **state)
{
	struct leak_rules *rules = NULL;
	struct find find;
	struct err e;

	assert_int_equal(leak_rules_open(LEAK_PLAIN, &rules, &e), 0);
	assert_int_equal(leak_rules_skip(rules, "ipv4", &e), 0);
	assert_int_equal(leak_rules_skip(rules, "ipv5", &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(leak_rules_skip(rules, "value", &e), -1);
	find_open(&find, rules);
	assert_string_equal(find_in(&find, "203.0.113.7 a@b.de", 18, 18), "email@12");
	leak_scanner_close(find.scanner);
	leak_rules_close(rules);
}

/* Names sorted, each with its help. */
static void
the_table_is_in_order(void **state)
{
	struct leak_rules *rules = NULL;
	struct err e;

	assert_int_equal(leak_rules_open(LEAK_STRICT, &rules, &e), 0);
	for (size_t i = 0; i < leak_rules_count(rules); i++) {
		assert_true(strlen(leak_rules_help(rules, i)) > 3);
		if (i > 0 && i + 1 < leak_rules_count(rules))
			assert_true(
			    strcmp(leak_rules_name(rules, i - 1), leak_rules_name(rules, i)) < 0);
	}
	leak_rules_close(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_ones_own_are_tried_first),
		cmocka_unit_test(they_are_run_over_every_view),
		cmocka_unit_test(who_runs_away_later_is_given_up),
		cmocka_unit_test(a_rule_can_be_left_out),
		cmocka_unit_test(the_table_is_in_order),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
