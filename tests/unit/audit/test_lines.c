/* audit: the entries of a chain, read again from its file. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/check.h"
#include "base/err.h"

#define LINES 3000

static char folder[64];
static int dir;

static int
begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/cretula-lines-XXXXXX");
	if (mkdtemp(folder) == NULL || (dir = open(folder, O_RDONLY | O_DIRECTORY)) == -1)
		return (-1);
	return (0);
}

static int
end(void **state)
{
	(void)state;
	(void)unlinkat(dir, "chain.jsonl", 0);
	(void)close(dir);
	return (rmdir(folder));
}

static void
write_chain(struct span bytes)
{
	int fd = openat(dir, "chain.jsonl", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
	(void)close(fd);
}

/* Of many lengths, some of a type that is kept; the longest fill a window nearly. */
static void
print_line(size_t i, struct buf *out)
{
	size_t len = i % 97 == 0 ? SEAL_ENTRY_BYTES_MAX - 60 : i * 7 % 600;

	buf_fmt(out, "{\"v\":1,\"i\":%zu,\"type\":\"%s\",", i, i % 3 == 0 ? "rekey" : "segment");
	for (size_t k = 0; k < len; k++)
		buf_char(out, (char)('a' + (i + k) % 26));
}

static void
print_chain(struct buf *out)
{
	for (size_t i = 0; i < LINES; i++) {
		print_line(i, out);
		buf_char(out, '\n');
	}
}

static void
open_lines(struct store_chain *lines, struct audit_window *window)
{
	enum audit_code code;
	struct err e;

	assert_int_equal(audit_window_open(window, &e), 0);
	if (audit_lines_open(lines, dir, &code, &e) == -1)
		fail_msg("%s", e.text);
}

static void
each_line_is_found_in_any_order(void **state)
{
	static const size_t steps[] = { 1, 7, LINES - 1 };
	struct store_chain lines;
	struct audit_window window;
	struct buf chain = { 0 }, line = { 0 };

	(void)state;
	print_chain(&chain);
	buf_str(&chain, "torn");
	write_chain(buf_view(&chain));
	open_lines(&lines, &window);
	assert_int_equal(lines.count, LINES);
	assert_int_equal(lines.bytes, chain.len);
	assert_int_equal(lines.items[LINES].start, chain.len - 4);
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
		for (size_t k = 0, i = 0; k < LINES; k++, i = (i + steps[s]) % LINES) {
			buf_clear(&line);
			print_line(i, &line);
			assert_true(span_equal(
			    audit_line_in(&lines, &window, i), buf_view(&line)));
		}
	assert_true(window.lost == AUDIT_NONE);
	store_chain_free(&lines);
	audit_window_close(&window);
	buf_free(&chain);
	buf_free(&line);
}

/* Changed, cut, or gone meanwhile: an entry is what it was, or lost. */
static void
another_line_is_lost(void **state)
{
	struct store_chain lines;
	struct audit_window window;
	struct audit_list list;
	struct buf chain = { 0 }, line = { 0 };

	(void)state;
	print_chain(&chain);
	write_chain(buf_view(&chain));
	open_lines(&lines, &window);
	audit_list_init(&list, "shop", 10);
	assert_false(audit_window_settle(&window, &list));
	chain.data[lines.items[1000].start + 40] ^= 1;
	write_chain(span_of(chain.data, lines.items[2000].start));
	print_line(1001, &line);
	assert_int_equal(audit_line_in(&lines, &window, 1000).len, 0);
	assert_int_equal(window.lost, 1000);
	assert_true(audit_window_settle(&window, &list));
	assert_false(audit_window_settle(&window, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].code, AUDIT_E_CHAIN_ROOT);
	assert_int_equal(list.items[0].entry, 1000);
	assert_true(span_equal(audit_line_in(&lines, &window, 1001), buf_view(&line)));
	assert_int_equal(audit_line_in(&lines, &window, 2000).len, 0);
	assert_int_equal(window.lost, 2000);
	/* One that was kept stays. */
	buf_clear(&line);
	print_line(2001, &line);
	assert_true(span_equal(audit_line_in(&lines, &window, 2001), buf_view(&line)));
	audit_list_free(&list);
	store_chain_free(&lines);
	audit_window_close(&window);
	buf_free(&chain);
	buf_free(&line);
}

static void
what_is_no_chain_is_told(void **state)
{
	struct store_chain lines;
	struct audit_window window;
	enum audit_code code = AUDIT_E_CHAIN_TRUNCATED;
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(audit_window_open(&window, &e), 0);
	(void)unlinkat(dir, "chain.jsonl", 0);
	assert_int_equal(audit_lines_open(&lines, dir, &code, &e), -1);
	assert_int_equal(code, AUDIT_E_CHAIN_TRUNCATED);
	assert_int_equal(mkdirat(dir, "chain.jsonl", 0700), 0);
	assert_int_equal(audit_lines_open(&lines, dir, &code, &e), -1);
	assert_int_equal(code, AUDIT_E_FILE_TYPE);
	assert_int_equal(unlinkat(dir, "chain.jsonl", AT_REMOVEDIR), 0);
	write_chain(span_str(""));
	assert_int_equal(audit_lines_open(&lines, dir, &code, &e), 0);
	assert_int_equal(lines.count, 0);
	store_chain_free(&lines);
	/* Larger than any chain, and sparse. */
	fd = openat(dir, "chain.jsonl", O_WRONLY);
	assert_int_equal(ftruncate(fd, (off_t)SEAL_CHAIN_BYTES_MAX + 1), 0);
	(void)close(fd);
	assert_int_equal(audit_lines_open(&lines, dir, &code, &e), -1);
	assert_int_equal(code, AUDIT_E_LIMIT);
	audit_window_close(&window);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_line_is_found_in_any_order, begin, end),
		cmocka_unit_test_setup_teardown(another_line_is_lost, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_chain_is_told, begin, end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
