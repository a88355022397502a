/* Rules of the user: what is refused at start, what is found, what is given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/err.h"
#include "detect/rules.h"

static struct detect_rules *
open_one(const char *pattern, const char *test, const char *not_in, struct err *e)
{
	struct detect_rule rule = { .name = "one", .class_id = RECORD_CLASS_UNKNOWN };
	struct detect_rules *rules = NULL;
	unsigned at;
	size_t column;

	(void)snprintf(rule.pattern, sizeof(rule.pattern), "%s", pattern);
	(void)snprintf(rule.test, sizeof(rule.test), "%s", test);
	(void)snprintf(rule.not_in, sizeof(rule.not_in), "%s", not_in);
	if (detect_rules_open(&rule, 1, &rules, &at, &column, e) == 0)
		return (rules);
	assert_int_equal(e->code, ERR_CONFIG);
	return (NULL);
}

static void
bad_rules_are_refused(void **state)
{
	static const struct {
		const char *pattern, *test, *not_in, *why;
	} rows[] = {
		{ "C-[0-9", "C-1", "", "missing terminating" },
		{ "C-[0-9]*", "D-1", "", "finds nothing in its test" },
		{ "[0-9]*", "1", "", "finds empty text" },
		{ "C-[0-9]+", "C-1", "AC-2", "finds something in its not" },
		{ "(a+)+$", "aaaa", "", "too slow" },
		{ "(\\w+\\s?)+:$", "ab cd:", "", "too slow" },
		{ "(*UTF)C-1", "C-1", "", "UTF" },
		{ "\\Cx", "ax", "", "\\C" },
		{ "C-1", "", "", "finds nothing in its test" },
	};
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct detect_rules *rules = open_one(rows[i].pattern, rows[i].test, rows[i].not_in, &e);

		if (rules != NULL || strstr(e.text, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].pattern, rules != NULL ? "taken" : e.text);
	}
}

static void
finds_have_places(void **state)
{
	struct err e;
	struct detect_hit hit;
	struct detect_rules *rules = open_one("\\bC-\\d{8}\\b", "C-12345678", "C-1", &e);
	struct span text = span_str("of C-12345678 and C-87654321");

	assert_non_null(rules);
	assert_int_equal(detect_rules_find(rules, text, 0, &hit), DETECT_RULES_FOUND);
	assert_true(hit.at == 3 && hit.len == 10 && hit.class_id == RECORD_CLASS_UNKNOWN);
	assert_int_equal(detect_rules_find(rules, text, 13, &hit), DETECT_RULES_FOUND);
	assert_int_equal(hit.at, 18);
	assert_int_equal(detect_rules_find(rules, text, 28, &hit), DETECT_RULES_NONE);
	assert_int_equal(
	    detect_rules_find(rules, span_str("c-12345678"), 0, &hit), DETECT_RULES_NONE);
	assert_int_equal(detect_rules_find(rules, span_of("", 0), 0, &hit), DETECT_RULES_NONE);
	detect_rules_close(rules);
	rules = open_one("(?i)kunde-\\d+", "Kunde-1", "", &e);
	assert_non_null(rules);
	assert_int_equal(
	    detect_rules_find(rules, span_str("x KUNDE-77"), 0, &hit), DETECT_RULES_FOUND);
	detect_rules_close(rules);
}

/* Slow on what its test does not show: given up, and soon. */
static void
backtracking_is_given_up(void **state)
{
	static char text[65536];
	struct detect_hit hit;
	struct err e;
	struct detect_rules *rules = open_one("(Q|(a|aa)+X)", "Q", "", &e);
	struct timespec from, to;
	double took;

	assert_non_null(rules);
	memset(text, 'a', sizeof(text));
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	memcpy(text + sizeof(text) - 2, "XY", 2);
	text[0] = 'X';
	(void)detect_rules_find(rules, span_of(text, sizeof(text)), 0, &hit);
	text[sizeof(text) - 2] = 'b';
	(void)detect_rules_find(rules, span_of(text, 64), 0, &hit);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	took = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	if (took > 0.05)
		fail_msg("%.3f s", took);
	memset(text, 'a', 64);
	assert_int_equal(
	    detect_rules_find(rules, span_of(text, 64), 0, &hit), DETECT_RULES_LIMIT);
	assert_true(hit.at == 0 && hit.len == 64);
	detect_rules_close(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_rules_are_refused),
		cmocka_unit_test(finds_have_places),
		cmocka_unit_test(backtracking_is_given_up),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
