/* input: batches end where records do. */
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

static char path[] = "/tmp/cretula-records-XXXXXX";
static char text[5 << 20], got[sizeof(text) + 1], batch_bytes[INPUT_BATCH_BYTES + 1];

/* A record begins with a letter; lines that begin with a blank belong to it.  At most 100. */
static size_t
whole(const void *arg, struct span bytes, bool last)
{
	size_t end = 0;
	unsigned count = 0;

	assert_ptr_equal(arg, text);
	for (size_t i = 1; i <= bytes.len && count < 100; i++) {
		bool border = i == bytes.len ? last
					     : bytes.ptr[i - 1] == '\n' && bytes.ptr[i] != ' ';

		if (border) {
			end = i;
			count++;
		}
	}
	return (end);
}

static void
put(size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Records of up to four lines, of up to longest bytes. */
static size_t
make(size_t size, unsigned longest)
{
	unsigned seed = 7;
	size_t len = 0;

	while (len + longest + 2 < size) {
		unsigned n = ((seed = seed * 1103515245u + 12345u) >> 8) % longest;

		memset(text + len, seed % 4 == 0 || len == 0 ? 'a' : 'b', n + 1);
		if (seed % 4 != 0 && len > 0)
			text[len] = ' ';
		len += n + 1;
		text[len++] = '\n';
	}
	return (len);
}

/* All batches one behind the other, in got; how many bytes. */
static size_t
drain(bool leave, bool endless, bool *unfinished)
{
	struct input_batch b = { .bytes = batch_bytes };
	struct input *in = NULL;
	struct err e = { 0 };
	size_t len = 0;

	assert_int_equal(input_open(path, NULL, &in, &e), 0);
	input_by_records(in, whole, text);
	if (leave)
		assert_true(input_leave_unfinished(in));
	do {
		assert_int_equal(input_read(in, 65536, &b, &e), 0);
		assert_true(b.len == 0 || b.bytes[b.len - 1] == '\n');
		assert_true(b.len == 0 || b.bytes[0] != ' ' || endless);
		assert_true(b.read <= b.len);
		memcpy(got + len, b.bytes, b.read);
		len += b.read;
	} while (!b.end);
	*unfinished = b.unfinished;
	input_close(in);
	return (len);
}

static void
no_record_is_cut(void **state)
{
	static const unsigned longest[] = { 3, 40, 500, 60000 };

	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		size_t len = make(sizeof(text), longest[i]);
		bool unfinished;

		put(len);
		assert_int_equal(drain(false, false, &unfinished), len);
		assert_memory_equal(got, text, len);
		assert_int_equal(drain(true, false, &unfinished), len);
		assert_false(unfinished);
	}
}

/* Without its line end the last line is taken, or left. */
static void
the_last_line_is_as_it_is(void **state)
{
	size_t len = make(100000, 40) - 1, before = len;
	bool unfinished;

	put(len);
	assert_int_equal(drain(false, false, &unfinished), len);
	assert_memory_equal(got, text, len);
	while (text[before - 1] != '\n')
		before--;
	assert_int_equal(drain(true, false, &unfinished), before);
	assert_true(unfinished);
}

/* One that no batch holds is cut at a line; nothing is lost. */
static void
an_endless_record_is_cut(void **state)
{
	size_t len = (size_t)3 << 20;
	bool unfinished;

	memset(text, ' ', len);
	text[0] = 'a';
	for (size_t i = 99; i < len; i += 100)
		text[i] = '\n';
	text[len - 1] = '\n';
	put(len);
	assert_int_equal(drain(false, true, &unfinished), len);
	assert_memory_equal(got, text, len);
}

static int
start(void **state)
{
	int fd = mkstemp(path);

	return (fd == -1 ? -1 : close(fd));
}

static int
stop(void **state)
{
	return (unlink(path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_record_is_cut),
		cmocka_unit_test(the_last_line_is_as_it_is),
		cmocka_unit_test(an_endless_record_is_cut),
	};

	return (cmocka_run_group_tests(tests, start, stop));
}
