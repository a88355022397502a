/*
 * Every durable step of key fails once, by an error and by a crash.  After
 * it the keys are the old ones or the new ones.
 */
#include <sys/wait.h>

#include "scratch.h"

#define DAY_US ((int64_t)86400 * 1000000)
#define OLD_US (20782 * DAY_US)
#define NEW_US (OLD_US + 2 * DAY_US + 1) /* the day is over, with its grace */
#define ADD_US (OLD_US + DAY_US)         /* another day begins, none dies */
#define CRASHED 77
#define STEPS_MAX 64

static const int64_t grace[KEY_PERIOD_COUNT] = { DAY_US, 7 * DAY_US, 7 * DAY_US };

static unsigned char old_day[32], week[32]; /* PRKs after start */

static void
live(struct key_ring *ring, int64_t now_us)
{
	unsigned destroyed;

	if (key_ring_live(ring, now_us, grace, &destroyed, &e) != 0)
		fail_msg("%s", e.text);
}

/* KEYS with the epochs of OLD_US. */
static int
start_old(void)
{
	int fd = make_keys();
	struct key_ring *ring = open_ring(fd);

	live(ring, OLD_US);
	assert_int_equal(key_ring_prk(ring, KEY_DAY, 20782, old_day), 0);
	assert_int_equal(key_ring_prk(ring, KEY_WEEK, 2969, week), 0);
	key_ring_free(ring);
	return (fd);
}

/* Run live in a process that crashes at the nth step.  Did it crash? */
static bool
crash_live(int fd, int64_t now_us, uint64_t nth)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct key_ring *ring = NULL;
		unsigned destroyed;

		io_fault_set(nth, 0, false);
		if (key_ring_open(fd, &ring, NULL) != 0)
			_exit(1);
		_exit(key_ring_live(ring, now_us, grace, &destroyed, NULL) == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CRASHED);
	return (WEXITSTATUS(status) == CRASHED);
}

/*
 * Open: the week is what it was; the old day is as it was or gone, and the
 * new day is there only if the change was made.  Returns whether it was.
 */
static bool
is_new(int fd, int64_t new_day, bool old_dies)
{
	struct key_ring *ring = open_ring(fd);
	unsigned char prk[32];
	bool made = key_ring_prk(ring, KEY_DAY, new_day, prk) == 0;
	bool kept = key_ring_prk(ring, KEY_DAY, 20782, prk) == 0;

	if (kept)
		assert_memory_equal(prk, old_day, 32);
	assert_true(kept == !(made && old_dies));
	assert_int_equal(key_ring_prk(ring, KEY_WEEK, 2969, prk), 0);
	assert_memory_equal(prk, week, 32);
	key_ring_free(ring);
	return (made);
}

static const struct {
	const char *claim;
	int64_t now_us, new_day;
	bool old_dies;
} changes[] = {
	{ "a day is added", ADD_US, 20783, false },
	{ "a day is added and one destroyed", NEW_US, 20784, true },
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void
after_a_crash_the_ring_is_old_or_new(void **state)
{
	for (size_t c = 0; c < CHANGES; c++) {
		unsigned old = 0, new = 0;
		bool crashed = true;

		for (uint64_t nth = 1; crashed; nth++) {
			int fd = start_old();

			assert_true(nth < STEPS_MAX);
			crashed = crash_live(fd, changes[c].now_us, nth);
			if (is_new(fd, changes[c].new_day, changes[c].old_dies))
				new++;
			else
				old++;
			assert_false(crash_live(fd, changes[c].now_us, 0));
			assert_true(is_new(fd, changes[c].new_day, changes[c].old_dies));
			(void)close(fd);
		}
		assert_true(old > 3 && new > 1);
	}
}

/* The second process starts from what the first left, and crashes too. */
static void
after_two_crashes_as_well(void **state)
{
	bool crashed = true;

	for (uint64_t first = 1; crashed; first++) {
		bool again = true;

		for (uint64_t second = 1; again; second++) {
			int fd = start_old();

			crashed = crash_live(fd, NEW_US, first);
			again = crash_live(fd, NEW_US, second);
			(void)is_new(fd, 20784, true);
			(void)close(fd);
		}
	}
}

/* The process survives the error and tries again, with an error or a crash. */
static void
after_an_error_a_retry_is_safe(void **state)
{
	static const int errnums[] = { ENOSPC, EIO };
	int failed = -1;

	for (uint64_t nth = 1; failed != 0; nth++) {
		for (uint64_t then = 0; then < 16; then++) {
			int fd = start_old();
			struct key_ring *ring = open_ring(fd);
			unsigned char prk[32];
			unsigned destroyed = 9;

			io_fault_set(nth, errnums[nth % 2], false);
			failed = key_ring_live(ring, NEW_US, grace, &destroyed, &e);
			io_fault_set(0, 0, false);
			if (failed != 0) {
				assert_int_equal(e.code, ERR_IO);
				assert_int_equal(destroyed, 9);
				assert_int_equal(key_ring_prk(ring, KEY_DAY, 20784, prk), -1);
			}
			if (then > 0) {
				io_fault_set(then, EIO, false);
				(void)key_ring_live(ring, NEW_US, grace, &destroyed, &e);
				io_fault_set(0, 0, false);
				(void)is_new(fd, 20784, true); /* as after a crash here */
			}
			destroyed = 9;
			assert_int_equal(key_ring_live(ring, NEW_US, grace, &destroyed, &e), 0);
			if (then == 0) /* told even if the first try had done it */
				assert_int_equal(destroyed, failed != 0 ? 1 : 0);
			assert_true(is_new(fd, 20784, true));
			key_ring_free(ring);
			(void)close(fd);
		}
		assert_true(nth < STEPS_MAX);
	}
}

/* A disk that fails from some step on: the ring in memory stays usable. */
static void
a_dead_disk_changes_nothing_in_memory(void **state)
{
	int failed = -1;

	for (uint64_t nth = 1; failed != 0; nth++) {
		int fd = start_old();
		struct key_ring *ring = open_ring(fd);
		unsigned char prk[32];
		unsigned destroyed;

		io_fault_set(nth, EIO, true);
		failed = key_ring_live(ring, NEW_US, grace, &destroyed, &e);
		if (failed != 0) {
			assert_int_equal(key_ring_prk(ring, KEY_DAY, 20782, prk), 0);
			assert_memory_equal(prk, old_day, 32);
		}
		io_fault_set(0, 0, false);
		(void)is_new(fd, 20784, true);
		key_ring_free(ring);
		(void)close(fd);
	}
}

/* Run key_create, failing at the nth step.  Returns 0, -1 or CRASHED. */
static int
failing_create(uint64_t nth, int errnum)
{
	int status, rc;
	pid_t pid;

	if (errnum != 0) {
		io_fault_set(nth, errnum, false);
		rc = key_create(keys, NULL, &e);
		io_fault_set(0, 0, false);
		return (rc);
	}
	if ((pid = fork()) == 0) {
		io_fault_set(nth, 0, false);
		_exit(key_create(keys, NULL, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (WEXITSTATUS(status));
}

static void
keys_appear_whole_or_not_at_all(void **state)
{
	char unfinished[160];

	(void)snprintf(unfinished, sizeof(unfinished), "%s.new", keys);
	for (int errnum = 0; errnum <= EIO; errnum += EIO) {
		int rc = -1;

		for (uint64_t nth = 1; rc != 0; nth++) {
			int fd;

			assert_true(nth < STEPS_MAX);
			remove_tree(keys);
			remove_tree(unfinished);
			rc = failing_create(nth, errnum);
			if (rc == -1) { /* an error leaves nothing, or whole keys */
				assert_int_equal(e.code, ERR_IO);
				assert_int_equal(access(unfinished, F_OK), -1);
			}
			if (access(keys, F_OK) != 0)
				assert_int_equal(key_create(keys, NULL, &e), 0);
			fd = key_open_dir(keys, &e);
			key_ring_free(open_ring(fd));
			(void)close(fd);
		}
	}
}

/* The secret of an import is the old one, a new one or none: never a block. */
static void
an_import_begins_or_does_not(void **state)
{
	unsigned char before[32], commitment[32], after[32];
	int failed = -1;

	for (uint64_t nth = 1; failed != 0; nth++) {
		int fd = make_keys();
		struct key_ring *ring = open_ring(fd);

		assert_int_equal(key_ring_import(ring, false, before, &e), 0);
		key_ring_free(ring);
		ring = open_ring(fd);
		io_fault_set(nth, EIO, false);
		failed = key_ring_import(ring, false, commitment, &e);
		io_fault_set(0, 0, false);
		key_ring_free(ring);
		ring = open_ring(fd);
		assert_int_equal(key_ring_import(ring, true, after, &e), 0);
		if (failed == 0)
			assert_memory_equal(after, commitment, 32);
		key_ring_free(ring);
		(void)close(fd);
	}
}

static void
an_import_ends_or_says_it_did_not(void **state)
{
	unsigned char commitment[32];
	struct key_slot slot;
	int failed = -1;

	for (uint64_t nth = 1; failed != 0; nth++) {
		int fd = make_keys();
		struct key_ring *ring = open_ring(fd);

		assert_int_equal(key_ring_import(ring, false, commitment, &e), 0);
		io_fault_set(nth, EIO, false);
		failed = key_ring_import_end(ring, &e);
		io_fault_set(0, 0, false);
		assert_int_equal(key_ring_import_end(ring, &e), 0);
		assert_int_equal(key_slot_read(fd, "import.seed", "import", &slot, &e), -1);
		assert_int_equal(errno, ENODATA);
		key_ring_free(ring);
		(void)close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_crash_the_ring_is_old_or_new),
		cmocka_unit_test(after_two_crashes_as_well),
		cmocka_unit_test(after_an_error_a_retry_is_safe),
		cmocka_unit_test(a_dead_disk_changes_nothing_in_memory),
		cmocka_unit_test(keys_appear_whole_or_not_at_all),
		cmocka_unit_test(an_import_begins_or_does_not),
		cmocka_unit_test(an_import_ends_or_says_it_did_not),
	};

	return (cmocka_run_group_tests(tests, scratch_make, scratch_remove));
}
