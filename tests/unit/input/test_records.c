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

#define ONE_LINE sizeof(text)

/* Items: digits in brackets, which no others are in; bytes between them are records. */
static size_t
whole_items(const void *arg, struct span bytes, bool last)
{
	size_t end = 0, count = 0;
	bool inside = false;

	for (size_t i = 0; i < bytes.len && count < INPUT_BATCH_LINES; i++) {
		inside = bytes.ptr[i] == '[' || (inside && bytes.ptr[i] != ']');
		if (!inside || (last && i + 1 == bytes.len)) {
			end = i + 1;
			count++;
		}
	}
	return (end);
}

static bool
item_begins(void *arg, struct span bytes, size_t *first, size_t *look)
{
	assert_ptr_equal(arg, text);
	*first = 0;
	*look = 1;
	return (bytes.ptr[0] == '[');
}

static bool
item_ends(void *arg, struct span bytes, size_t *len)
{
	size_t at = span_find(bytes, ']');

	*len = at < bytes.len ? at + 1 : at;
	return (at < bytes.len);
}

/* An item of size bytes, a line end at every step of them, and some behind it. */
static size_t
make_items(size_t size, size_t step, const char *behind)
{
	memset(text, '1', size);
	text[0] = '[';
	for (size_t i = step; i + 1 < size; i += step)
		text[i] = '\n';
	text[size - 1] = ']';
	memcpy(text + size, behind, strlen(behind));
	return (size + strlen(behind));
}

struct items {
	uint64_t read, dropped, dropped_lines;
	size_t lines, cut; /* line ends given; items that were cut */
	struct input_batch last;
	size_t tail_len;
	int rc;
};

static struct items
drain_items(bool leave)
{
	struct input_batch b = { .bytes = batch_bytes };
	struct input_items how = { item_begins, item_ends, text };
	struct items all = { 0 };
	struct input *in = NULL;
	struct err e = { 0 };

	assert_int_equal(input_open(path, NULL, &in, &e), 0);
	input_by_records(in, whole_items, text);
	input_by_items(in, &how);
	if (leave)
		assert_true(input_leave_unfinished(in));
	do {
		assert_int_equal(input_read(in, 1000, &b, &e), 0);
		assert_int_equal(b.at, all.read);
		assert_memory_equal(b.bytes, text + b.at, b.item ? b.len - 1 : b.len);
		if (b.item)
			assert_int_equal(b.len, 1002);
		all.cut += b.item;
		all.read += b.read;
		all.dropped += b.dropped;
		all.dropped_lines += b.dropped_lines;
		for (size_t i = 0; i + b.item < b.len; i++)
			all.lines += b.bytes[i] == '\n';
		if (b.dropped == 0)
			assert_int_equal(b.len, b.read);
	} while (!b.end);
	all.last = b;
	all.tail_len = input_tail(in).len;
	input_close(in);
	return (all);
}

/* What is behind it is read, on its line too, and no line end is lost. */
static void
a_long_item_ends_where_it_does(void **state)
{
	static const struct {
		size_t size, step;
		const char *behind;
		size_t cut;
	} rows[] = {
		{ INPUT_BATCH_BYTES - 1, ONE_LINE, ",[2]\n", 0 },
		{ INPUT_BATCH_BYTES, ONE_LINE, ",[2]\n", 0 },
		{ INPUT_BATCH_BYTES + 1, ONE_LINE, ",[2]\n", 1 },
		{ 2 * INPUT_BATCH_BYTES + 77, ONE_LINE, ",[2],[3]\n\n[4]\n", 1 },
		{ 2 * INPUT_BATCH_BYTES, 100, ",[2]\n", 1 },
		{ 2 * INPUT_BATCH_BYTES, 999, "\n", 1 },
		{ 100000, 10, ",[2]\n", 1 }, /* more lines than a batch has */
		{ 2 * INPUT_BATCH_BYTES, 10, ",[2]\n", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = make_items(rows[i].size, rows[i].step, rows[i].behind), lines = 0;

		for (size_t k = 0; k < len; k++)
			lines += text[k] == '\n';
		put(len);
		for (int leave = 0; leave < 2; leave++) {
			struct items all = drain_items(leave);

			assert_int_equal(all.read, len);
			assert_int_equal(all.cut, rows[i].cut);
			assert_int_equal(all.dropped, rows[i].cut * (rows[i].size - 1001));
			assert_int_equal(all.lines + all.dropped_lines, lines);
			assert_false(all.last.unfinished);
		}
	}
}

/* Without its end an item is as long as the input, or left. */
static void
an_item_without_end(void **state)
{
	size_t len = make_items(3 << 20, ONE_LINE, "");
	struct items all;

	text[len - 1] = '1';
	put(len);
	all = drain_items(false);
	assert_int_equal(all.read, len);
	assert_int_equal(all.cut, 1);
	all = drain_items(true);
	assert_int_equal(all.read, 0);
	assert_int_equal(all.cut, 0);
	assert_int_equal(all.tail_len, 0);
	assert_true(all.last.unfinished);
	text[len - 1] = '\n'; /* a whole line does not grow */
	put(len);
	all = drain_items(true);
	assert_int_equal(all.read, len);
	assert_int_equal(all.cut, 1);
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
		cmocka_unit_test(a_long_item_ends_where_it_does),
		cmocka_unit_test(an_item_without_end),
	};

	return (cmocka_run_group_tests(tests, start, stop));
}
