/* KEYS/NAME/epochs: read as it was written, and no bit of it turned unseen. */
#include <sys/stat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/key/epochs.h"
#include "base/err.h"
#include "base/io.h"

static char folder[] = "/tmp/cretula-used-XXXXXX";
static int fd = -1;
static struct buf good;
static const struct store_gone gone[] = { { .what = "2026-W48", .commitment = { 1, 2 } },
	{ .what = "2026-11-25.2", .commitment = { 3 } } };

static void
put(const char *bytes, size_t len)
{
	int file = openat(fd, "epochs", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file != -1 && write(file, bytes, len) == (ssize_t)len);
	(void)close(file);
}

static enum err_code
judge(size_t want)
{
	struct app_epochs found = { NULL, 0 };
	struct err e = { 0 };
	int rc = app_epochs_read(fd, &found, &e);

	if (rc == 0)
		assert_int_equal(found.count, want);
	for (size_t i = 0; rc == 0 && i < want; i++)
		assert_true(app_epochs_have(&found, &gone[i]));
	free(found.list);
	return (rc == 0 ? ERR_NONE : e.code);
}

static void
test_read_as_written(void **state)
{
	struct app_epochs all = { NULL, 0 };
	struct err e = { 0 };

	assert_int_equal(judge(0), ERR_NONE); /* no list */
	for (size_t count = 0; count <= 2; count++) {
		all.list = malloc(sizeof(gone));
		memcpy(all.list, gone, sizeof(gone));
		all.count = count;
		assert_int_equal(app_epochs_write(fd, &all, &e), 0);
		assert_int_equal(judge(count), ERR_NONE);
		free(all.list);
	}
	assert_int_equal(io_read_file(fd, "epochs", 10000, &good, &e), 0);
}

static void
test_each_bit(void **state)
{
	char *bytes = malloc(good.len);

	for (size_t i = 0; i < 8 * good.len; i++) {
		memcpy(bytes, good.data, good.len);
		bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
		put(bytes, good.len);
		if (judge(2) != ERR_CONFIG)
			fail_msg("bit %zu of byte %zu", i % 8, i / 8);
	}
	free(bytes);
}

static void
test_each_length(void **state)
{
	for (size_t len = 0; len < good.len; len++) {
		put(good.data, len);
		if (judge(2) != ERR_CONFIG)
			fail_msg("%zu bytes", len);
	}
	put(good.data, good.len);
	assert_int_equal(judge(2), ERR_NONE);
}

static int
begin(void **state)
{
	if (mkdtemp(folder) == NULL)
		return (-1);
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	return (fd == -1 ? -1 : 0);
}

static int
end(void **state)
{
	(void)unlinkat(fd, "epochs", 0);
	(void)close(fd);
	(void)rmdir(folder);
	buf_free(&good);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_as_written),
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_each_length),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
