/*
 * A process that closes a file gives up all locks that it has on it (fcntl(2)), those of SQLite as
 * well, by which other processes know that somebody uses it.  So nothing but SQLite opens it.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "tally/book.h"
#include "tally/query.h"

#define SHARED_FIRST 0x40000002 /* bytes of SQLite's file format that who uses it has locked */
#define SHARED_SIZE 510

static struct err e;
static char path[64];

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-locks.%d.db", (int)getpid());
	assert_int_equal(tally_book_discard(path, &e), 0);
	return (0);
}

static int
tear_down(void **state)
{
	return (tally_book_discard(path, NULL));
}

/* Does another process see that it is used? */
static bool
is_locked(void)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = SHARED_FIRST,
		.l_len = SHARED_SIZE };
	int fd, status;
	pid_t child = fork();

	if (child == 0) {
		fd = open(path, O_RDWR);
		_exit(fd == -1 || fcntl(fd, F_GETLK, &lock) == -1 ? 2 : lock.l_type != F_UNLCK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return (WEXITSTATUS(status) == 1);
}

static void
who_opens_it_too_leaves_the_locks(void **state)
{
	struct tally_book *first, *second;
	struct tally_reader *reader;

	assert_int_equal(tally_book_open(path, "a", NULL, &first, &e), 0);
	assert_true(is_locked());
	assert_int_equal(tally_book_open(path, "b", NULL, &second, &e), 0);
	assert_true(is_locked());
	tally_book_close(second);
	assert_true(is_locked());
	assert_int_equal(tally_reader_open(path, &reader, &e), 0);
	tally_reader_close(reader);
	assert_true(is_locked());
	tally_book_close(first);
	assert_false(is_locked());
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    who_opens_it_too_leaves_the_locks, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
