/* Whichever allocation fails: an error or a file that says so, never a leak that is not seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "leak/tree.h"

static unsigned calls, failing; /* the call that fails, from 1; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

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
__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return (++calls == failing ? NULL : __real_reallocarray(old, count, size));
}

static char path[] = "/tmp/cretula-leak-XXXXXX";

/* Enough hits that their list grows; one of them is a value of ours. */
static int
start(void **state)
{
	int fd = mkstemp(path);
	FILE *file = fd == -1 ? NULL : fdopen(fd, "w");

	if (file == NULL)
		return (-1);
	for (int i = 0; i < 300; i++)
		(void)fprintf(file, "mail erika%d@example.org from 198.51.100.%d\n", i, i % 250);
	(void)fputs("zebra-crossing-77 C-12345678\n", file);
	return (fclose(file));
}

static int
stop(void **state)
{
	return (unlink(path));
}

static int
scan(struct leak_tree *tree, struct err *e)
{
	const char *const paths[] = { path };
	struct leak_rules *rules = NULL;
	int rc = leak_rules_open(0, &rules, e);

	memset(tree, 0, sizeof(*tree));
	if (rc == 0 &&
	    (rc = leak_rules_add(rules, span_str("customer \\bC-\\d{8}\\b\n+ C-12345678\n"), e)) ==
		0 &&
	    (rc = leak_rules_plant(rules, span_str("zebra-crossing-77\n"), e)) == 0) {
		tree->rules = rules;
		tree->jobs = 1;
		tree->keep = 1000;
		rc = leak_tree_scan(tree, paths, 1, e);
	}
	leak_rules_close(rules);
	return (rc);
}

static void
each_allocation_may_fail(void **state)
{
	struct leak_tree tree;
	struct err e = { ERR_NONE, "" };
	uint64_t whole;
	unsigned all;

	calls = failing = 0;
	if (scan(&tree, &e) != 0)
		fail_msg("%s", e.text);
	whole = tree.total;
	all = calls;
	leak_tree_free(&tree);
	assert_true(whole > 300 && all > 10);
	for (unsigned n = 1; n <= all; n++) {
		int rc;

		calls = 0;
		failing = n;
		rc = scan(&tree, &e);
		failing = 0;
		if (rc == 0 && tree.total != whole &&
		    (tree.file_count == 0 || tree.files[0].problem[0] == '\0'))
			fail_msg("call %u of %u failed: %ju hits, and nobody noticed", n, all,
			    (uintmax_t)tree.total);
		if (rc != 0)
			assert_true(e.code == ERR_IO || e.code == ERR_CONFIG);
		leak_tree_free(&tree);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
	};

	return (cmocka_run_group_tests(tests, start, stop));
}
