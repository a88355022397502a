/* KEYS/NAME/pending: what a crash leaves of it, and no bit of it turned unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "crypto/random.h"
#include "store/inside.h"
#include "work.h"

#define HASH_BYTES 74
#define ALL_BYTES (HASH_BYTES + 30)

static const char *const classes[] = { "none", "ip.peer" };
static const char *const reasons[] = { "grammar" };
static const struct seal_names names = { classes, 2, reasons, 1 };
static char good[ALL_BYTES];

static int
open_all(struct store **s, struct store_stream **st, struct err *e)
{
	bool created;

	*s = NULL;
	*st = NULL;
	if (store_open(work_store, NULL, s, &created, e) == -1)
		return (-1);
	return (store_stream_open(*s, "shop", POLICY, &names, st, e));
}

static void
put(const char *bytes, size_t len)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/shop/pending", work_keys);
	fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
	assert_true(fd != -1 && write(fd, bytes, len) == (ssize_t)len);
	(void)close(fd);
}

static int
prepare(void **state)
{
	struct store_stream *st;
	struct store *s;
	struct buf text = { 0 };
	struct err e = { 0 };
	char path[PATH_MAX];

	work_begin();
	if (open_all(&s, &st, &e) == -1 || seal_segment(st, 5, 1, true, &e) == -1)
		fail_msg("%s", e.text);
	store_stream_close(st);
	store_close(s);
	(void)snprintf(path, sizeof(path), "%s/shop/pending", work_keys);
	assert_int_equal(io_read_file(AT_FDCWD, path, 1000, &text, &e), 0);
	assert_int_equal(text.len, ALL_BYTES);
	memcpy(good, text.data, ALL_BYTES);
	buf_free(&text);
	return (0);
}

static enum err_code
judge(void)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	int rc = open_all(&s, &st, &e);

	store_stream_close(st);
	store_close(s);
	if (rc == 0)
		return (ERR_NONE);
	if (e.code == ERR_CONFIG)
		assert_non_null(strstr(e.text, "stream shop: pending of the keys is damaged"));
	return (e.code);
}

static void
test_each_bit(void **state)
{
	for (size_t i = 0; i < 8 * ALL_BYTES; i++) {
		char bytes[ALL_BYTES];

		memcpy(bytes, good, sizeof(bytes));
		bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
		put(bytes, sizeof(bytes));
		if (judge() != ERR_CONFIG)
			fail_msg("bit %zu of byte %zu", i % 8, i / 8);
	}
	put(good, ALL_BYTES);
	assert_int_equal(judge(), ERR_NONE);
}

/* The first line was synced; of the second a part may be there. */
static void
test_each_length(void **state)
{
	char bytes[ALL_BYTES + 1] = { 0 };

	for (size_t len = 0; len <= ALL_BYTES; len++) {
		put(good, len);
		if (judge() != (len < HASH_BYTES ? ERR_CONFIG : ERR_NONE))
			fail_msg("%zu bytes", len);
	}
	for (size_t len = HASH_BYTES; len < ALL_BYTES; len++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, good, len);
		put(bytes, ALL_BYTES);
		if (judge() != ERR_NONE)
			fail_msg("zeros from byte %zu on", len);
	}
	memcpy(bytes, good, ALL_BYTES);
	bytes[ALL_BYTES] = '\n';
	put(bytes, ALL_BYTES + 1);
	assert_int_equal(judge(), ERR_CONFIG);
}

static void
test_none(void **state)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/shop/pending", work_keys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(judge(), ERR_NONE);
}

static int
end(void **state)
{
	work_end();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_each_length),
		cmocka_unit_test(test_none),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, prepare, end));
}
