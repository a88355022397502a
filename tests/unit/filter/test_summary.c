/* Nothing that matches is passed over; what is not there mostly is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../record/random_record.h"
#include "base/err.h"
#include "filter/summary.h"

#define RECORDS 24

/* A term about a field of r that holds for it, or its contrary. */
static bool
term_of(struct random_record *x, const struct record *r, char out[static 256])
{
	static const char *const numbers[] = { "==", "<=", ">=", "!=", "<", ">" };
	static const char *const texts[] = { "==", "^=", "~=", "!=", "<=", ">=" };
	enum record_field f = (enum record_field)random_below(x, RECORD_FIELD_COUNT);
	char value[128];
	size_t len = 0;

	if (!record_has(r, f))
		return (false);
	if (record_fields[f].type == RECORD_INT) {
		(void)snprintf(out, 256, "%s %s %jd", record_fields[f].name,
		    numbers[random_below(x, 6)], (intmax_t)r->number[f]);
		return (true);
	}
	if (record_fields[f].type != RECORD_TEXT || r->text[f].len > 30)
		return (false);
	for (size_t i = 0; i < r->text[f].len; i++) {
		char c = r->text[f].ptr[i];

		if (c == '\0')
			return (false);
		if (c == '"' || c == '\\')
			value[len++] = '\\';
		value[len++] = c;
	}
	(void)snprintf(out, 256, "%s%s %s \"%.*s\"", random_below(x, 8) == 0 ? "!" : "",
	    record_fields[f].name, texts[random_below(x, 6)], (int)len, value);
	return (true);
}

static void
what_matches_is_not_passed_over(void **state)
{
	static struct random_record all[RECORDS];
	static struct filter_summary s, again;
	unsigned char bytes[FILTER_SUMMARY_BYTES];
	unsigned asked = 0;

	for (int round = 0; round < 200; round++) {
		filter_summary_clear(&s);
		for (int i = 0; i < RECORDS; i++) {
			all[i].state = (uint64_t)(round * RECORDS + i + 1) * 0x9e3779b97f4a7c15u;
			filter_summary_add(&s, random_record(&all[i], 40));
		}
		filter_summary_print(&s, bytes);
		filter_summary_read(&again, bytes);
		assert_memory_equal(&s, &again, sizeof(s));
		for (int t = 0; t < 200; t++) {
			struct random_record *x = &all[t % RECORDS];
			struct filter *filter = NULL;
			char one[256], two[256], text[600];
			bool matches = false, may;
			struct err e;

			if (!term_of(x, &x->record, one) || !term_of(x, &x->record, two))
				continue;
			(void)snprintf(text, sizeof(text),
			    t % 3 == 0     ? "%s" :
				t % 3 == 1 ? "%s && %s" :
					     "!(%s || %s)",
			    one, two);
			if (filter_compile(text, &filter, &e) == -1)
				continue;
			may = filter_may(filter, &again);
			for (int i = 0; i < RECORDS; i++)
				matches = matches || filter_match(filter, &all[i].record);
			if (matches && !may)
				fail_msg("%s", text);
			asked++;

			filter_free(filter);
		}
	}
	assert_true(asked > 1000);
}

static void
what_is_not_there_is_passed_over(void **state)
{
	static const struct {
		const char *filter;
		bool may;
	} rows[] = {
		{ "status == 404", true },
		{ "status == 500", false },
		{ "status >= 500", false },
		{ "status < 200", false },
		{ "status > 199", true },
		{ "bytes == 1", false },
		{ "client == ip.a0", true },
		{ "client == ip.nobody", false },
		{ "client != ip.a0", true },
		{ "client ^= ip.n", true },
		{ "!client == ip.nobody", true },
		{ "forwarded == if.x", true },
		{ "forwarded == if.z", false },
		{ "flags == overlong", true },
		{ "flags == bad_utf8", false },
		{ "state == parsed", true },
		{ "time < 2026-11-25T00:00:00Z", false },
		{ "time >= 2026-11-25T00:00:00Z", true },
		{ "status == 500 || client == ip.nobody", false },
		{ "status == 404 && client == ip.nobody", false },
		{ "status == 404 || client == ip.nobody", true },
		{ "!(status == 500 && client == ip.a0)", true },
		{ "extra == eu", false },
	};
	static struct filter_summary s;
	static struct record_decoder decoder;
	struct record r;
	struct err e;

	filter_summary_clear(&s);
	for (int i = 0; i < 300; i++) {
		char line[256];

		(void)snprintf(line, sizeof(line),
		    "{\"time\":\"2026-11-25T03:00:00.000Z\",\"client\":\"ip.a%d\",\"forwarded\":"
		    "[\"if.w\",\"if.x\"],\"status\":%d,\"flags\":[\"overlong\"]}",
		    i, 200 + i % 250);
		assert_int_equal(record_decode(&decoder, span_str(line), &r, &e), 0);
		filter_summary_add(&s, &r);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter = NULL;

		assert_int_equal(filter_compile(rows[i].filter, &filter, &e), 0);
		if (filter_may(filter, &s) != rows[i].may)
			fail_msg("%s", rows[i].filter);
		filter_free(filter);
	}
}

/* As many values as a frame may have: few wrong "perhaps". */
static void
a_full_frame_still_tells(void **state)
{
	static struct filter_summary s;
	char text[32];
	unsigned wrong = 0;

	filter_summary_clear(&s);
	for (int i = 0; i < 10000; i++) {
		struct record r;

		record_clear(&r);
		r.time_us = 0;
		(void)snprintf(text, sizeof(text), "ip.%d", i);
		record_set_text(&r, RECORD_FIELD_CLIENT, span_str(text));
		filter_summary_add(&s, &r);
	}
	for (int i = 0; i < 1000; i++) {
		struct filter *filter = NULL;
		struct err e;

		(void)snprintf(text, sizeof(text), "client == ip.x%d", i);
		assert_int_equal(filter_compile(text, &filter, &e), 0);
		wrong += filter_may(filter, &s);
		filter_free(filter);
	}
	assert_true(wrong < 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches_is_not_passed_over),
		cmocka_unit_test(what_is_not_there_is_passed_over),
		cmocka_unit_test(a_full_frame_still_tells),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
