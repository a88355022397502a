/* input: the line that says how to read those behind it is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "input/input.h"

static char path[] = "/tmp/cretula-context-XXXXXX";
static char batch_bytes[INPUT_BATCH_BYTES + 1], want[INPUT_CONTEXT_BYTES + 1];

/* A line of context in each of many, at changing places; the 7th is too long. */
static void
put(void)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	for (unsigned i = 0; i < 60000; i++) {
		if (i % 997 == 500)
			(void)fprintf(f, "#F: %u\n", i);
		else if (i == 30007)
			for (unsigned n = 0; n < 300000; n++)
				(void)fputs("#F: long ", f);
		(void)fprintf(f, "%*s #F: %u\n", (int)(i % 211), "", i);
	}
	assert_int_equal(fclose(f), 0);
}

/* The last line of context in the first len bytes of the file. */
static size_t
find_last(FILE *f, uint64_t len)
{
	static char *line;
	static size_t size;
	size_t found = 0;
	uint64_t at = 0;
	ssize_t got;

	rewind(f);
	while (at < len && (got = getline(&line, &size, f)) > 0) {
		at += (uint64_t)got;
		if (at > len || strncmp(line, "#F:", 3) != 0)
			continue;
		found = (size_t)got - 1 < INPUT_CONTEXT_BYTES ? (size_t)got - 1
							      : INPUT_CONTEXT_BYTES;
		memcpy(want, line, found);
	}
	return (found);
}

static void
check(const struct input *in, FILE *f, uint64_t at)
{
	struct span got = input_context(in);
	size_t len = find_last(f, at);

	assert_int_equal(got.len, len);
	assert_memory_equal(got.ptr, want, len);
}

/* Read on from at, and compare at each batch. */
static void
read_from(uint64_t at)
{
	struct input_batch b = { .bytes = batch_bytes };
	struct input *in = NULL;
	struct err e = { 0 };
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(input_open(path, NULL, &in, &e), 0);
	input_remember(in, "#F:");
	if (at > 0)
		assert_int_equal(input_skip(in, at, &e), 0);
	do {
		input_remember(in, "#F:");
		check(in, f, at);
		assert_int_equal(input_read(in, 65536, &b, &e), 0);
		assert_int_equal(b.at, at);
		at += b.read;
	} while (!b.end);
	input_close(in);
	(void)fclose(f);
}

static void
test_batches(void **state)
{
	(void)state;
	put();
	read_from(0);
}

static void
test_skips(void **state)
{
	FILE *f;
	long size;

	(void)state;
	put();
	f = fopen(path, "rb");
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	(void)fclose(f);
	for (long i = 1; i < 8; i++)
		read_from((uint64_t)(size * i / 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_skips),
	};
	int fd = mkstemp(path), failed;

	if (fd == -1)
		return (1);
	(void)close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return (failed);
}
