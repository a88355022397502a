/* What a store takes: what it writes itself, once each; or it is not known. */
#include <sys/stat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/watch/disk.h"
#include "base/err.h"

#define BYTES 10000

int __real_fstatat64(int fd, const char *name, struct stat *st, int flags);
int __wrap_fstatat64(int fd, const char *name, struct stat *st, int flags);
static int looks_left = -1, looks, why;

int
__wrap_fstatat64(int fd, const char *name, struct stat *st, int flags)
{
	looks++;
	if (looks_left >= 0 && looks_left-- == 0) {
		errno = why;
		return (-1);
	}
	return (__real_fstatat64(fd, name, st, flags));
}

static char folder[] = "/tmp/cretula-disk-XXXXXX";
static const char *const folders[] = { "streams", "streams/s", "streams/s/seg", "streams/s/open",
	"streams/s/cp", "streams/s/anchor", "streams/cretula.store", "words", "skip", "skip/s" };
static const char *const foreign[] = { "lost+found", "streams/Big", "streams/s/seg/deep" };
static uint64_t want; /* of what is made */

static void
make_folder(const char *name, bool counts)
{
	struct stat st;

	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(stat(name, &st), 0);
	want += counts ? (uint64_t)st.st_blocks * 512 : 0;
}

static uint64_t
measure(void)
{
	uint64_t used = 0;

	assert_int_equal(app_disk_store(".", &used, NULL), 0);
	return (used);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		bool ours;
	} files[] = { { "streams/s/chain.jsonl", true }, { "streams/s/checkpoint", true },
		{ "streams/s/checkpoint.tmp", true }, { "streams/s/seg/00000001.salt", true },
		{ "streams/s/seg/00000001.r12.salt", true },
		{ "streams/s/seg/123456789.idx", true }, { "streams/s/seg/00000001.tags", true },
		{ "streams/s/seg/00000001.jsonl.zst.tmp", true },
		{ "streams/s/open/00000002.data", true }, { "streams/s/open/reserve", true },
		{ "streams/s/cp/00000009.note", true }, { "streams/s/anchor/00000009.tsr", true },
		{ "streams/s/anchor/00000009-2.cosig", true },
		{ "streams/cretula.store/chain.jsonl", true }, { "words/s", true },
		{ "skip/s/00000001", true }, { "stats.db", true }, { "stats.db-wal", true },
		{ "core", false }, { "stats.db-old", false }, { "streams/file", false },
		{ "streams/s/notes", false }, { "streams/s/seg/1.salt", false },
		{ "streams/s/seg/00000001", false }, { "streams/s/seg/00000001.r.salt", false },
		{ "streams/s/seg/00000001.salt.bak", false }, { "streams/s/seg/.tmp", false },
		{ "streams/s/seg/reserve", false }, { "streams/s/seg/deep/00000001.salt", false },
		{ "words/S", false }, { "lost+found/stats.db", false } };
	static char bytes[BYTES];
	struct stat st;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].name, O_WRONLY | O_CREAT | O_EXCL, 0600);

		assert_true(fd != -1 && write(fd, bytes, BYTES) == BYTES);
		assert_int_equal(fstat(fd, &st), 0);
		(void)close(fd);
		assert_true(st.st_blocks > 0);
		want += files[i].ours ? (uint64_t)st.st_blocks * 512 : 0;
		if (measure() != want)
			fail_msg("%s", files[i].name);
	}
}

/* Of three names two are ours; a link and a fifo are nobody's. */
static void
test_once(void **state)
{
	assert_int_equal(link("stats.db", "streams/s/seg/00000007.salt"), 0);
	assert_int_equal(link("stats.db", "streams/s/seg/other"), 0);
	assert_int_equal(measure(), want);
	assert_int_equal(link("words/s", "streams/s/seg/00000007.idx"), 0);
	assert_int_equal(measure(), want);
	assert_int_equal(symlink("/usr", "streams/t"), 0);
	assert_int_equal(symlink("core", "streams/s/seg/00000008.salt"), 0);
	assert_int_equal(mkfifo("streams/s/seg/00000009.salt", 0600), 0);
	assert_int_equal(measure(), want);
}

/* `status` has each stream by the same rule: ours, each file once. */
static void
test_streams(void **state)
{
	int fd = open("streams", O_RDONLY | O_DIRECTORY);
	static const char *const rest[] = { "streams", "words", "skip", "skip/s", "words/s",
		"skip/s/00000001", "stats.db-wal", "streams/s", "streams/cretula.store" };
	uint64_t others = 0;
	struct stat st;

	assert_true(fd != -1);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		assert_int_equal(stat(rest[i], &st), 0);
		others += st.st_nlink > 1 && S_ISREG(st.st_mode) ? 0 : (uint64_t)st.st_blocks * 512;
	}
	assert_int_equal(
	    app_disk_stream(fd, "s") + app_disk_stream(fd, "cretula.store") + others, want);
	assert_int_equal(app_disk_stream(fd, "t"), 0); /* a link */
	assert_int_equal(app_disk_stream(fd, "nowhere"), 0);
	(void)close(fd);
}

/* Whatever cannot be looked at, but what went meanwhile. */
static void
test_not_known(void **state)
{
	struct err e = { ERR_NONE, "" };
	uint64_t used = 7;
	int all;

	looks = 0;
	assert_int_equal(measure(), want);
	all = looks;
	assert_true(all > 20);
	for (int i = 0; i < all; i++) {
		looks_left = i;
		why = EACCES;
		assert_int_equal(app_disk_store(".", &used, &e), -1);
		assert_int_equal(e.code, ERR_IO);
		assert_int_equal(used, 7);
		looks_left = i;
		why = ENOENT;
		assert_true(measure() <= want);
	}
	looks_left = -1;
	assert_int_equal(app_disk_store("nowhere", &used, &e), -1);
	assert_int_equal(app_disk_store("stats.db", &used, &e), -1);
	assert_int_equal(used, 7);
}

static int
begin(void **state)
{
	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		return (-1);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		make_folder(folders[i], true);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		make_folder(foreign[i], false);
	return (0);
}

static int
end(void **state)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return (chdir("/") == -1 ? -1 : system(command));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_not_known),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
