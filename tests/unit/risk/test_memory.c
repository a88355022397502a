/* Whichever allocation fails: an error that says so, and nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "crypto/random.h"
#include "risk/risk.h"
#include "../each.h"

static unsigned calls, failing; /* the call that fails, from 1; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *
__wrap_malloc(size_t size)
{
	return (++calls == failing ? NULL : __real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return (++calls == failing ? NULL : __real_calloc(count, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	return (++calls == failing ? NULL : __real_realloc(old, size));
}

#define RECORDS 9000

/* Enough subjects, systems and points that every table grows. */
static struct record
record_of(int i, char client[static 16], char os[static 16], char path[static 16])
{
	struct record r;

	record_clear(&r);
	r.time_us = (int64_t)(i % 50) * 3600 * 1000000;
	snprintf(client, 16, "ip.%d", i % 1500);
	snprintf(os, 16, "O%d", i % 100);
	snprintf(path, 16, "/%d", i % 7);
	record_set_text(&r, RECORD_FIELD_CLIENT, span_str(client));
	record_set_text(&r, RECORD_FIELD_OS, span_str(os));
	record_set_text(&r, RECORD_FIELD_PATH, span_str(path));
	return (r);
}

static int
pass(struct risk *r, int (*one)(struct risk *r, const struct record *record, struct err *e),
    struct err *e)
{
	char client[16], os[16], path[16];
	int rc = 0;

	for (int i = 0; i < RECORDS && rc == 0; i++) {
		struct record record = record_of(i, client, os, path);

		rc = one(r, &record, e);
	}
	return (rc);
}

static int
measure(struct risk_result *result, struct err *e)
{
	struct risk_setup setup = { .columns = 1u << RISK_OS | 1u << RISK_HOUR, .since_us = 0,
		.until_us = INT64_MAX };
	struct risk *r = NULL;
	int rc = risk_open(&setup, &r, e);

	if (rc == 0 && (rc = pass(r, risk_first, e)) == 0 && (rc = risk_between(r, e)) == 0 &&
	    (rc = pass(r, risk_second, e)) == 0)
		risk_result(r, result);
	risk_close(r);
	return (rc);
}

static void
each_allocation_may_fail(void **state)
{
	struct risk_result whole, result;
	struct err e = { ERR_NONE, "" };
	unsigned all;

	assert_int_equal(crypto_start(&e), 0);
	calls = failing = 0;
	assert_int_equal(measure(&whole, &e), 0);
	all = calls;
	assert_true(all > 20);
	for (unsigned n = 1; n <= all; n += EACH) {
		int rc;

		calls = 0;
		failing = n;
		rc = measure(&result, &e);
		failing = 0;
		/* Chance decides which points are looked for, so a run may take fewer calls. */
		if (rc == 0 && calls >= n)
			fail_msg("call %u of %u failed, and nobody noticed", n, all);
		if (rc != 0)
			assert_int_equal(e.code, ERR_IO);
	}
	calls = 0;
	assert_int_equal(measure(&result, &e), 0);
	assert_int_equal(result.all.classes, whole.all.classes);
	assert_int_equal(result.all.pairs, whole.all.pairs);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
