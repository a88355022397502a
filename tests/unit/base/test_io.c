/* io: whole or not at all, whichever step fails. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/io.h"

#define STEPS_MAX 20 /* more than any call under test takes */

static const struct span old_bytes = SPAN("old bytes");
static const struct span new_bytes = SPAN("new bytes, more of them");

static char dir_path[] = "/tmp/test_io.XXXXXX";
static int dir = -1;

static int
set_up(void **unused)
{
	if (mkdtemp(dir_path) == NULL)
		return (-1);
	dir = io_open_dir(AT_FDCWD, dir_path, NULL);
	return (dir == -1 ? -1 : 0);
}

/* Remove every file; how many there were. */
static size_t
empty_dir(void)
{
	DIR *d = opendir(dir_path);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (unlinkat(dir, entry->d_name, 0) == -1)
			assert_int_equal(unlinkat(dir, entry->d_name, AT_REMOVEDIR), 0);
	}
	closedir(d);
	return (count);
}

static int
tear_down(void **unused)
{
	(void)empty_dir();
	(void)close(dir);
	return (rmdir(dir_path));
}

static void
put(const char *path, struct span bytes)
{
	assert_int_equal(io_replace(dir, path, bytes, 0600, false, NULL), 0);
}

static bool
holds(const char *path, struct span bytes)
{
	struct buf b = { 0 };
	bool same =
	    io_read_file(dir, path, 1 << 20, &b, NULL) == 0 && span_equal(buf_view(&b), bytes);

	buf_free(&b);
	return (same);
}

static void
replace_writes_all_of_it(void **unused)
{
	struct err e = { ERR_NONE, "" };
	struct stat st;

	assert_int_equal(io_replace(dir, "f", old_bytes, 0640, false, &e), 0);
	assert_true(holds("f", old_bytes));
	assert_int_equal(fstatat(dir, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777 & ~0640u, 0);
	assert_int_equal(io_replace(dir, "f", new_bytes, 0600, false, &e), 0);
	assert_true(holds("f", new_bytes));
	assert_int_equal(io_replace(dir, "f", old_bytes, 0600, true, &e), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(e.code, ERR_IO);
	assert_true(holds("f", new_bytes));
	assert_int_equal(io_replace(dir, "g", span_of(NULL, 0), 0600, true, &e), 0);
	assert_true(holds("g", span_of(NULL, 0)));
	assert_int_equal(empty_dir(), 2);
}

static void
replace_finds_the_directory_of_a_path(void **unused)
{
	struct err e = { ERR_NONE, "" };
	char path[64], long_name[240];

	(void)snprintf(path, sizeof(path), "%s/sub", dir_path);
	assert_int_equal(io_mkdir(AT_FDCWD, path, 0700, &e), 0);
	assert_int_equal(io_mkdir(AT_FDCWD, path, 0700, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/sub/f", dir_path);
	assert_int_equal(io_replace(AT_FDCWD, path, new_bytes, 0600, true, &e), 0);
	assert_true(holds("sub/f", new_bytes));
	assert_int_equal(io_replace(dir, "none/f", new_bytes, 0600, false, &e), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(io_unlink(AT_FDCWD, path, &e), 0);
	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(io_replace(dir, long_name, new_bytes, 0600, false, &e), 0);
	assert_true(holds(long_name, new_bytes));
	assert_int_equal(empty_dir(), 2);
}

/* The four tests every format owes: fail the n-th step until none is left. */
static void
replace_survives_each_failing_step(void **unused)
{
	for (int exclusive = 0; exclusive < 2; exclusive++) {
		uint64_t n;

		for (n = 1; n < STEPS_MAX; n++) {
			struct err e = { ERR_NONE, "" };
			int rc;

			if (!exclusive)
				put("f", old_bytes);
			io_fault_set(n, ENOSPC, false);
			rc = io_replace(dir, "f", new_bytes, 0600, exclusive, &e);
			io_fault_set(0, 0, false);
			if (rc == 0)
				break;
			assert_int_equal(e.code, ERR_IO);
			assert_int_equal(errno, ENOSPC);
			assert_non_null(strstr(e.text, ": No space left on device"));
			if (!holds("f", new_bytes))
				assert_int_equal(exclusive ? faccessat(dir, "f", F_OK, 0)
							   : !holds("f", old_bytes),
				    exclusive ? -1 : 0);
			assert_true(empty_dir() <= 1); /* no temporary file stays */
		}
		assert_int_equal(n, exclusive ? 7 : 6);
		assert_true(holds("f", new_bytes));
		(void)empty_dir();
	}
}

/* Run replace in a child that dies at its n-th step; whether it did. */
static bool
dies_at(uint64_t n)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		io_fault_set(n, 0, false);
		_exit(io_replace(dir, "f", new_bytes, 0600, false, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	return (WEXITSTATUS(status) == 77);
}

static void
replace_survives_a_crash_at_each_step(void **unused)
{
	uint64_t n;

	for (n = 1; n < STEPS_MAX; n++) {
		put("f", old_bytes);
		if (!dies_at(n))
			break;
		assert_true(holds("f", old_bytes) || holds("f", new_bytes));
		put("f", new_bytes); /* what stayed behind is in nobody's way */
		(void)empty_dir();
	}
	assert_int_equal(n, 6);
	(void)empty_dir();
}

static void
faults_can_be_sticky_and_are_counted(void **unused)
{
	uint64_t before = io_fault_steps();
	struct err e = { ERR_NONE, "" };

	io_fault_set(2, EIO, true);
	assert_int_equal(io_mkdir(dir, "d", 0700, &e), 0);
	assert_int_equal(io_unlink(dir, "none", &e), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(io_sync_dir(dir, &e), -1);
	io_fault_set(0, 0, false);
	assert_int_equal(io_unlink(dir, "none", &e), 0);
	assert_int_equal(io_sync_dir(dir, &e), 0);
	assert_int_equal(io_fault_steps() - before, 5);
	assert_true(holds("/dev/null", old_bytes) == false);
	assert_int_equal(io_fault_steps() - before, 5); /* reading is no step */
	(void)empty_dir();
}

static void
each_call_is_one_step(void **unused)
{
	for (uint64_t n = 1; n <= 11; n++) {
		struct err e = { ERR_NONE, "" };
		int fd = -1;
		bool ok;

		put("a", old_bytes);
		io_fault_set(n, EDQUOT, false);
		ok = (fd = io_open(dir, "f", O_RDWR | O_CREAT, 0600, &e)) != -1 &&
		    io_write(fd, "0123456789", 10, &e) == 0 && io_pwrite(fd, "ab", 2, 4, &e) == 0 &&
		    io_fsync(fd, &e) == 0 && io_fdatasync(fd, &e) == 0 &&
		    io_truncate(fd, 6, &e) == 0 && io_link(dir, "f", "l", &e) == 0 &&
		    io_rename(dir, "f", "a", &e) == 0 && io_unlink(dir, "l", &e) == 0 &&
		    io_sync_dir(dir, &e) == 0;
		assert_int_equal(ok, n == 11);
		if (!ok)
			assert_non_null(strstr(e.text, "quota exceeded"));
		else
			assert_true(holds("a", (struct span)SPAN("0123ab")));
		io_fault_set(0, 0, false);
		if (fd != -1)
			assert_int_equal(io_close(fd, &e), 0);
		(void)empty_dir();
	}
}

static void
a_failed_write_leaves_half(void **unused)
{
	int fd = io_open(dir, "f", O_RDWR | O_CREAT, 0600, NULL);

	assert_true(fd != -1);
	io_fault_set(1, ENOSPC, false);
	assert_int_equal(io_write(fd, "abcdef", 6, NULL), -1);
	io_fault_set(0, 0, false);
	assert_true(holds("f", (struct span)SPAN("abc")));
	assert_int_equal(io_pwrite(fd, "x", 1, -1, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(io_close(fd, NULL), 0);
	assert_int_equal(io_close(fd, NULL), -1);
	(void)empty_dir();
}

static void
link_never_replaces(void **unused)
{
	struct err e = { ERR_NONE, "" };

	put("a", old_bytes);
	put("b", new_bytes);
	assert_int_equal(io_link(dir, "a", "b", &e), -1);
	assert_int_equal(errno, EEXIST);
	assert_true(holds("b", new_bytes));
	assert_int_equal(io_rename(dir, "a", "b", &e), 0);
	assert_true(holds("b", old_bytes));
	assert_int_equal(io_mkdir(dir, "b", 0700, &e), -1);
	assert_int_equal(errno, ENOTDIR);
	(void)empty_dir();
}

static void
read_file_takes_regular_files_only(void **unused)
{
	static const struct {
		const char *path;
		size_t max;
		int rc, errnum;
	} rows[] = {
		{ "f", 23, 0, 0 },
		{ "f", SIZE_MAX, 0, 0 },
		{ "f", 22, -1, EFBIG },
		{ "f", 0, -1, EFBIG },
		{ "empty", 0, 0, 0 },
		{ "none", 9, -1, ENOENT },
		{ "link", 99, -1, ELOOP },
		{ "dangling", 99, -1, ELOOP },
		{ "fifo", 99, -1, EINVAL },
		{ "d", 99, -1, EISDIR },
		{ "/dev/zero", 99, -1, EINVAL },
	};
	struct buf b = { 0 };

	put("f", new_bytes);
	put("empty", span_of(NULL, 0));
	assert_int_equal(symlinkat("f", dir, "link"), 0);
	assert_int_equal(symlinkat("none", dir, "dangling"), 0);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(io_mkdir(dir, "d", 0700, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { ERR_NONE, "" };

		buf_str(&b, "what was there");
		errno = 0;
		assert_int_equal(io_read_file(dir, rows[i].path, rows[i].max, &b, &e), rows[i].rc);
		if (rows[i].rc == 0) {
			assert_int_equal(b.len, strcmp(rows[i].path, "f") == 0 ? 23 : 0);
			continue;
		}
		assert_int_equal(errno, rows[i].errnum);
		assert_int_equal(e.code, ERR_INPUT);
		assert_memory_equal(e.text, rows[i].path, strlen(rows[i].path));
	}
	assert_int_equal(io_read_file(AT_FDCWD, "/proc/self/maps", 1 << 20, &b, NULL), 0);
	assert_true(b.len > 1000);
	assert_int_equal(io_open_dir(dir, "link", NULL), -1);
	assert_int_equal(io_open_dir(dir, "f", NULL), -1);
	buf_free(&b);
	(void)empty_dir();
}

static void
fill(unsigned char slot[static IO_SLOT_BYTES], char c)
{
	memset(slot, c, IO_SLOT_BYTES);
}

static void
slots_are_overwritten_in_place(void **unused)
{
	unsigned char slot[IO_SLOT_BYTES], back[IO_SLOT_BYTES];
	struct err e = { ERR_NONE, "" };
	struct stat before, after;

	fill(slot, 'a');
	assert_int_equal(io_slot_read(dir, "s", back, &e), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(io_slot_write(dir, "s", slot, &e), 0);
	assert_int_equal(fstatat(dir, "s", &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	fill(slot, 'b');
	assert_int_equal(io_slot_write(dir, "s", slot, &e), 0);
	assert_int_equal(fstatat(dir, "s", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_size, IO_SLOT_BYTES);
	assert_int_equal(io_slot_read(dir, "s", back, &e), 0);
	assert_memory_equal(slot, back, sizeof(slot));
	assert_int_equal(empty_dir(), 1);
}

static void
what_is_no_slot_stays_untouched(void **unused)
{
	unsigned char slot[IO_SLOT_BYTES];
	struct err e = { ERR_NONE, "" };

	fill(slot, 'a');
	put("f", old_bytes);
	assert_int_equal(io_slot_write(dir, "f", slot, &e), -1);
	assert_string_equal(e.text, "f: a slot has 512 bytes, this has 9");
	assert_true(holds("f", old_bytes));
	assert_int_equal(io_slot_read(dir, "f", slot, &e), -1);
	assert_int_equal(slot[0], 'a');
	assert_int_equal(symlinkat("f", dir, "link"), 0);
	assert_int_equal(io_slot_write(dir, "link", slot, &e), -1);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(io_slot_write(dir, "fifo", slot, &e), -1);
	put("empty", span_of(NULL, 0));
	assert_int_equal(io_slot_read(dir, "empty", slot, &e), -1);
	assert_int_equal(io_slot_write(dir, "empty", slot, &e), 0);
	(void)empty_dir();
}

static void
a_slot_is_old_or_new_whichever_step_fails(void **unused)
{
	unsigned char old_slot[IO_SLOT_BYTES], new_slot[IO_SLOT_BYTES], back[IO_SLOT_BYTES];
	uint64_t n;

	fill(old_slot, 'a');
	fill(new_slot, 'b');
	for (n = 1; n < STEPS_MAX; n++) {
		int rc;

		assert_int_equal(io_slot_write(dir, "s", old_slot, NULL), 0);
		io_fault_set(n, EIO, false);
		rc = io_slot_write(dir, "s", new_slot, NULL);
		io_fault_set(0, 0, false);
		assert_int_equal(io_slot_read(dir, "s", back, NULL), 0);
		if (rc == 0)
			break;
		assert_true(memcmp(back, old_slot, sizeof(back)) == 0 ||
		    memcmp(back, new_slot, sizeof(back)) == 0);
	}
	assert_memory_equal(back, new_slot, sizeof(back));
	assert_int_equal(n, 4);
	(void)empty_dir();
}

/* A descriptor shows what became of the bytes. */
static void
shred_overwrites_before_it_unlinks(void **unused)
{
	static char bytes[200000], zeros[sizeof(bytes)], got[sizeof(bytes) + 1];
	struct err e = { ERR_NONE, "" };
	uint64_t n;
	int fd;

	memset(bytes, 'x', sizeof(bytes));
	put("f", span_of(bytes, sizeof(bytes)));
	assert_true((fd = openat(dir, "f", O_RDONLY)) != -1);
	assert_int_equal(io_shred(dir, "f", &e), 0);
	assert_int_equal(faccessat(dir, "f", F_OK, 0), -1);
	assert_int_equal(read(fd, got, sizeof(got)), sizeof(bytes));
	assert_memory_equal(got, zeros, sizeof(zeros));
	(void)close(fd);
	assert_int_equal(io_shred(dir, "f", &e), -1);
	assert_int_equal(errno, ENOENT);
	for (n = 1; n < STEPS_MAX; n++) {
		put("f", span_of(bytes, sizeof(bytes)));
		io_fault_set(n, EIO, false);
		if (io_shred(dir, "f", &e) == 0)
			break;
		io_fault_set(0, 0, false);
	}
	io_fault_set(0, 0, false);
	assert_int_equal(n, 9); /* open, 4 writes, sync, unlink, sync */
	(void)empty_dir();
}

/* It may be anybody's: whoever can write the directory linked it there. */
static void
what_has_another_name_is_never_overwritten(void **unused)
{
	unsigned char slot[IO_SLOT_BYTES] = { 'n' }, bytes[IO_SLOT_BYTES];
	const struct span all = span_of((const char *)bytes, sizeof(bytes));
	struct err e = { ERR_NONE, "" };
	uint64_t spared = io_shred_spared();

	memset(bytes, 'x', sizeof(bytes));
	put("theirs", all);
	assert_int_equal(io_link(dir, "theirs", "f", &e), 0);
	assert_int_equal(io_shred(dir, "f", &e), 0);
	assert_int_equal(faccessat(dir, "f", F_OK, 0), -1);
	assert_true(holds("theirs", all));
	assert_int_equal(io_shred_spared() - spared, 1);
	assert_int_equal(io_link(dir, "theirs", "slot", &e), 0);
	assert_int_equal(io_slot_write(dir, "slot", slot, &e), -1);
	assert_int_equal(errno, EMLINK);
	assert_non_null(strstr(e.text, "slot: it has another name"));
	assert_true(holds("theirs", all));
	assert_int_equal(io_unlink(dir, "theirs", &e), 0);
	assert_int_equal(io_slot_write(dir, "slot", slot, &e), 0);
	assert_int_equal(io_shred(dir, "slot", &e), 0);
	assert_int_equal(io_shred_spared() - spared, 1);
	(void)empty_dir();
}

static void
a_lock_keeps_others_out(void **unused)
{
	struct err e = { ERR_NONE, "" };
	int first = io_lock(dir, "lock", &e), second;

	assert_true(first != -1);
	assert_int_equal(io_lock(dir, "lock", &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(io_close(first, NULL), 0);
	second = io_lock(dir, "lock", &e);
	assert_true(second != -1);
	assert_int_equal(io_close(second, NULL), 0);
	assert_int_equal(io_lock(dir, "none/lock", &e), -1);
	assert_int_equal(e.code, ERR_IO);
	(void)empty_dir();
}

/* What is opened next is no standard stream; reading and writing those fails. */
static void
closed_standard_streams_are_kept(void **unused)
{
	char byte = 'x';
	int status;
	pid_t child = fork();

	assert_true(child != -1);
	if (child == 0) {
		for (int fd = 0; fd < 3; fd++)
			(void)close(fd);
		_exit(io_keep_standard() == 0 && open(dir_path, O_RDONLY) > 2 &&
				read(0, &byte, 1) == -1 && write(1, &byte, 1) == -1 &&
				write(2, &byte, 1) == -1 ?
			0 :
			1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(io_keep_standard(), 0);
	assert_int_equal(fcntl(1, F_GETFD) == -1, 0);
}

/* Whoever reads a store takes ERR_INPUT for a file that somebody has spoilt. */
static void
a_lack_of_descriptors_tells_nothing_of_a_file(void **state)
{
	struct err e = { ERR_NONE, "" };
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(io_open(AT_FDCWD, "/dev/null", O_RDONLY, 0, &e), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(io_open(AT_FDCWD, "/dev/null/x", O_RDONLY, 0, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
}

/* From an offset on, up to the end; where the file is stays. */
static void
pread_reads_to_the_end(void **state)
{
	char path[] = "/tmp/cretula-pread-XXXXXX", bytes[8];
	struct err e = { ERR_NONE, "" };
	int fd = mkstemp(path);

	assert_true(fd != -1 && unlink(path) == 0 && write(fd, "0123456789", 10) == 10);
	assert_int_equal(io_pread(fd, bytes, 8, 1, &e), 8);
	assert_memory_equal(bytes, "12345678", 8);
	assert_int_equal(io_pread(fd, bytes, 8, 7, &e), 3);
	assert_memory_equal(bytes, "789", 3);
	assert_int_equal(io_pread(fd, bytes, 8, 10, &e), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 10);
	(void)close(fd);
	assert_int_equal(io_pread(fd, bytes, 8, 0, &e), -1);
	assert_int_equal(e.code, ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pread_reads_to_the_end),
		cmocka_unit_test(replace_writes_all_of_it),
		cmocka_unit_test(replace_finds_the_directory_of_a_path),
		cmocka_unit_test(replace_survives_each_failing_step),
		cmocka_unit_test(replace_survives_a_crash_at_each_step),
		cmocka_unit_test(faults_can_be_sticky_and_are_counted),
		cmocka_unit_test(each_call_is_one_step),
		cmocka_unit_test(a_failed_write_leaves_half),
		cmocka_unit_test(link_never_replaces),
		cmocka_unit_test(read_file_takes_regular_files_only),
		cmocka_unit_test(slots_are_overwritten_in_place),
		cmocka_unit_test(what_is_no_slot_stays_untouched),
		cmocka_unit_test(a_slot_is_old_or_new_whichever_step_fails),
		cmocka_unit_test(shred_overwrites_before_it_unlinks),
		cmocka_unit_test(what_has_another_name_is_never_overwritten),
		cmocka_unit_test(a_lock_keeps_others_out),
		cmocka_unit_test(a_lack_of_descriptors_tells_nothing_of_a_file),
		cmocka_unit_test(closed_standard_streams_are_kept),
	};

	return (cmocka_run_group_tests(tests, set_up, tear_down));
}
