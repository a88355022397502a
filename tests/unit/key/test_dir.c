/* KEYS: how it is made, and what opening refuses. */
#include "scratch.h"

static char other[160];

static const char *
path(const char *name)
{
	(void)snprintf(other, sizeof(other), "%s/%s", scratch, name);
	return (other);
}

static void
refused(const char *dir, int errnum)
{
	memset(&e, 0, sizeof(e));
	assert_int_equal(key_open_dir(dir, &e), -1);
	assert_int_equal(errno, errnum);
	assert_int_equal(e.code, ERR_CONFIG);
}

static void
a_new_one_is_ours_alone(void **state)
{
	static const char *const names[] = { "root.key", "kek", "keyring" };
	int fd = make_keys();
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	assert_int_equal(access(path("keys.new"), F_OK), -1);
	(void)close(fd);
}

static void
two_have_different_roots(void **state)
{
	struct key_ring_facts a, b;
	struct key_ring *ring;

	for (int i = 0; i < 2; i++) {
		int fd = make_keys();

		ring = open_ring(fd);
		key_ring_describe(ring, i == 0 ? &a : &b);
		key_ring_free(ring);
		(void)close(fd);
	}
	assert_memory_not_equal(a.root_id, b.root_id, sizeof(a.root_id));
}

static void
an_existing_one_is_not_touched(void **state)
{
	struct key_slot before, after;
	int fd = make_keys();

	assert_int_equal(key_slot_read(fd, "root.key", "root", &before, &e), 0);
	assert_int_equal(key_create(keys, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(key_slot_read(fd, "root.key", "root", &after, &e), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(key_create(path("no/keys"), NULL, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(key_create("", NULL, &e), -1);
	(void)close(fd);
}

/* Somebody made room for keys, perhaps with a mode of his own. */
static void
an_empty_directory_is_taken(void **state)
{
	struct key_ring *ring;
	bool used;
	int fd;

	remove_tree(keys);
	assert_int_equal(key_dir_used(keys, &used, &e), 0);
	assert_false(used);
	assert_int_equal(mkdir(keys, 0755), 0);
	assert_int_equal(key_dir_used(path("keys/"), &used, &e), 0);
	assert_false(used);
	assert_int_equal(key_create(keys, NULL, &e), 0);
	assert_int_equal(key_dir_used(keys, &used, &e), 0);
	assert_true(used);
	fd = key_open_dir(keys, &e);
	assert_int_equal(key_ring_open(fd, &ring, &e), 0);
	key_ring_free(ring);
	(void)close(fd);
}

/* A link to an empty directory, a file, a hidden name: no room. */
static void
what_is_not_an_empty_directory_is_used(void **state)
{
	bool used = false;

	remove_tree(keys);
	assert_int_equal(mkdir(path("room"), 0700), 0);
	assert_int_equal(symlink(path("room"), keys), 0);
	assert_int_equal(key_dir_used(keys, &used, &e), 0);
	assert_true(used);
	assert_int_equal(key_create(keys, NULL, &e), -1);
	assert_int_equal(unlink(keys), 0);
	assert_int_equal(mknod(keys, S_IFREG | 0600, 0), 0);
	assert_int_equal(key_dir_used(keys, &used, &e), 0);
	assert_true(used);
	assert_int_equal(unlink(keys), 0);
	assert_int_equal(mkdir(keys, 0700), 0);
	assert_int_equal(mkdir(path("keys/.x"), 0700), 0);
	assert_int_equal(key_create(keys, NULL, &e), -1);
	assert_int_equal(errno, EEXIST);
	remove_tree(keys);
}

/* Who comes second must not touch what the first one is filling. */
static void
two_makers_do_not_meet(void **state)
{
	int fd;

	remove_tree(keys);
	assert_int_equal(mkdir(path("keys.new"), 0700), 0);
	fd = key_open_dir(path("keys.new"), &e);
	assert_int_equal(key_lock_dir(fd, path("keys.new"), &e), 0);
	assert_int_equal(mknodat(fd, "root.key", S_IFREG | 0600, 0), 0);
	assert_int_equal(key_create(keys, NULL, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(faccessat(fd, "root.key", F_OK, 0), 0);
	(void)close(fd); /* the first one died: the second takes its place */
	assert_int_equal(key_create(keys, NULL, &e), 0);
}

static void
a_lock_is_on_what_the_name_leads_to(void **state)
{
	int fd = make_keys(), second = key_open_dir(keys, &e);

	assert_int_equal(key_lock_dir(fd, keys, &e), 0);
	assert_int_equal(key_lock_dir(second, keys, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	(void)close(fd);
	assert_int_equal(key_lock_dir(second, keys, &e), 0);
	assert_int_equal(rename(keys, path("moved")), 0);
	assert_int_equal(key_lock_dir(second, keys, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(key_lock_dir(second, path("moved"), &e), 0);
	(void)close(second);
}

static void
slashes_behind_the_name_do_no_harm(void **state)
{
	int fd;

	assert_int_equal(key_create(path("slashes///"), NULL, &e), 0);
	fd = key_open_dir(path("slashes/"), &e);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
a_link_to_a_directory_is_followed(void **state)
{
	int fd = make_keys();

	(void)close(fd);
	assert_int_equal(symlink(keys, path("link")), 0);
	fd = key_open_dir(path("link"), &e);
	assert_true(fd >= 0);
	(void)close(fd);
	fd = key_open_dir(path("link/"), &e);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(chmod(keys, 0750), 0);
	assert_int_equal(key_open_dir(path("link"), &e), -1);
	assert_int_equal(chmod(keys, 0700), 0);
}

static void
strange_directories_are_refused(void **state)
{
	int fd = make_keys();

	(void)close(fd);
	refused(path("none"), ENOENT);
	assert_int_equal(symlink("none", path("nowhere")), 0); /* path has one place */
	refused(path("nowhere"), ENOENT);
	assert_int_equal(mknod(path("file"), S_IFREG | 0600, 0), 0);
	refused(path("file"), ENOTDIR);
	assert_int_equal(mkfifo(path("fifo"), 0600), 0);
	refused(path("fifo"), ENOTDIR);
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		assert_int_equal(chmod(keys, 0700 | bit), 0);
		refused(keys, EACCES);
	}
	assert_int_equal(chmod(keys, 0700), 0);
	if (geteuid() != 0) {
		print_message("# NOT TESTED: a foreign owner needs root\n");
		return;
	}
	assert_int_equal(chown(keys, 65534, 65534), 0);
	refused(keys, EACCES);
}

/* Each of the files of KEYS alone makes opening the ring fail. */
static void
strange_files_are_refused(void **state)
{
	static const char *const names[] = { "root.key", "kek", "keyring" };
	struct key_ring *ring = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = make_keys();

		assert_int_equal(fchmodat(fd, names[i], 0604, 0), 0);
		assert_int_equal(key_ring_open(fd, &ring, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_int_equal(fchmodat(fd, names[i], 0600, 0), 0);
		if (geteuid() == 0) {
			assert_int_equal(fchownat(fd, names[i], 65534, 65534, 0), 0);
			assert_int_equal(key_ring_open(fd, &ring, &e), -1);
			assert_int_equal(fchownat(fd, names[i], 0, 0, 0), 0);
		}
		assert_int_equal(renameat(fd, names[i], fd, "elsewhere"), 0);
		assert_int_equal(key_ring_open(fd, &ring, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_int_equal(faccessat(fd, names[i], F_OK, 0), -1); /* not made up */
		assert_int_equal(symlinkat("elsewhere", fd, names[i]), 0);
		assert_int_equal(key_ring_open(fd, &ring, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_null(ring);
		assert_int_equal(renameat(fd, "elsewhere", fd, names[i]), 0);
		key_ring_free(open_ring(fd));
		(void)close(fd);
	}
}

/* A PEM key or a token: by a link too, but regular and closed to others. */
static void
a_secret_that_was_given(void **state)
{
	char bytes[8];
	int fd;

	assert_int_equal(key_given_read(path("none"), bytes, sizeof(bytes), &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	fd = open(path("token"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	(void)close(fd);
	assert_int_equal(symlinkat("token", AT_FDCWD, path("given")), 0);
	assert_int_equal(key_given_read(path("given"), bytes, sizeof(bytes), &e), 8);
	assert_memory_equal(bytes, "01234567", 8);
	assert_int_equal(chmod(path("token"), 0640), 0);
	assert_int_equal(key_given_read(path("given"), bytes, sizeof(bytes), &e), -1);
	assert_non_null(strstr(e.text, "others may read it"));
	assert_int_equal(mkfifo(path("given.fifo"), 0600), 0);
	assert_int_equal(key_given_read(path("given.fifo"), bytes, sizeof(bytes), &e), -1);
	assert_non_null(strstr(e.text, "not a regular file"));
}

static void
streams_have_directories(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", ".hidden", "a/b", "/", "kek", "keyring", "keyring.next",
		"root.key", "import.seed",
	};
	int keys_fd = make_keys(), fd;
	struct stat st;

	assert_int_equal(key_open_stream(keys_fd, "shop", false, &e), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(e.code, ERR_CONFIG);
	for (int i = 0; i < 2; i++) {
		fd = key_open_stream(keys_fd, "shop", true, &e);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		(void)close(fd);
	}
	fd = key_open_stream(keys_fd, "shop", false, &e);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(symlinkat("shop", keys_fd, "link"), 0);
	assert_int_equal(key_open_stream(keys_fd, "link", true, &e), -1);
	assert_int_equal(fchmodat(keys_fd, "shop", 0710, 0), 0);
	assert_int_equal(key_open_stream(keys_fd, "shop", false, &e), -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(key_open_stream(keys_fd, bad[i], true, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
	}
	(void)close(keys_fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_ours_alone),
		cmocka_unit_test(two_have_different_roots),
		cmocka_unit_test(an_existing_one_is_not_touched),
		cmocka_unit_test(an_empty_directory_is_taken),
		cmocka_unit_test(what_is_not_an_empty_directory_is_used),
		cmocka_unit_test(two_makers_do_not_meet),
		cmocka_unit_test(a_lock_is_on_what_the_name_leads_to),
		cmocka_unit_test(slashes_behind_the_name_do_no_harm),
		cmocka_unit_test(a_link_to_a_directory_is_followed),
		cmocka_unit_test(strange_directories_are_refused),
		cmocka_unit_test(strange_files_are_refused),
		cmocka_unit_test(a_secret_that_was_given),
		cmocka_unit_test(streams_have_directories),
	};

	return (cmocka_run_group_tests(tests, scratch_make, scratch_remove));
}
