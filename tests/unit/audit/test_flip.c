/*
 * Every bit of every file of a small store, one at a time; every file cut at
 * every length; every file deleted: nothing of it may pass unseen.
 *
 * Two processes share the work.  CRETULA_FLIP_STEP=N tries every N-th bit
 * only; under a sanitizer, which is slow, N is 5 if it is not given.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../each.h"
#include "build.h"

#define FILES_MAX 64

static char files[FILES_MAX][256];
static size_t file_count;

static int
see_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)walk;
	if (type == FTW_F) {
		assert_true(file_count < FILES_MAX);
		(void)snprintf(files[file_count++], sizeof(files[0]), "%s", path);
	}
	return (0);
}

static int
compare_paths(const void *a, const void *b)
{
	return (strcmp(a, b));
}

static void
make_store(struct build *b)
{
	struct buf lines = { 0 };

	build_begin(b);
	build_lines(&lines, 0, 3);
	build_segment(build_stream(b, "a"),
	    &(struct build_segment){
		.lines = lines.data, .len = lines.len, .words = "path\t/\tshop\n" });
	build_write(b, "words/a", "path\t/\tshop\n", 12);
	buf_free(&lines);
	file_count = 0;
	assert_int_equal(nftw(b->dir, see_file, 16, FTW_PHYS), 0);
	qsort(files, file_count, sizeof(files[0]), compare_paths);
}

static void
write_all(const char *path, const struct buf *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes->data, len), len);
	/* Long ago: verify waits for a note that may be on its way. */
	assert_int_equal(futimens(fd, (struct timespec[]){ { 0 }, { 0 } }), 0);
	(void)close(fd);
}

static void
read_all(const struct build *b, const char *path, struct buf *bytes)
{
	build_read(b, path + strlen(b->dir) + 1, bytes);
}

/* Nothing found is a hole; so is a crash, which ends the process. */
static unsigned
is_seen(const struct build *b, const char *what, const char *path, size_t at)
{
	struct audit_result result;
	unsigned unseen;

	build_verify(b, 1 + (unsigned)(at % 2), NULL, &result); /* two: with a thread that reads ahead */
	unseen =
	    result.errors + result.warnings == 0 || (result.errors > 0) != (result.exit_code == 1);
	if (unseen)
		(void)fprintf(stderr, "# %s at %zu of %s passes unseen\n", what, at, path);
	audit_result_free(&result);
	return (unseen);
}

static unsigned
flip_all(struct build *b, size_t share, size_t step)
{
	struct buf bytes = { 0 };
	unsigned unseen = 0;

	for (size_t f = 0; f < file_count; f++) {
		read_all(b, files[f], &bytes);
		for (size_t bit = share * step; bit < 8 * bytes.len; bit += 2 * step) {
			bytes.data[bit / 8] ^= (char)(1 << bit % 8);
			write_all(files[f], &bytes, bytes.len);
			unseen += is_seen(b, "a flipped bit", files[f], bit);
			bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		}
		write_all(files[f], &bytes, bytes.len);
	}
	buf_free(&bytes);
	return (unseen);
}

static unsigned
cut_all(struct build *b, size_t share, size_t step)
{
	struct buf bytes = { 0 };
	unsigned unseen = 0;

	for (size_t f = 0; f < file_count; f++) {
		read_all(b, files[f], &bytes);
		for (size_t len = share * step; len < bytes.len; len += 2 * step) {
			write_all(files[f], &bytes, len);
			unseen += is_seen(b, "a cut", files[f], len);
		}
		write_all(files[f], &bytes, bytes.len);
	}
	buf_free(&bytes);
	return (unseen);
}

static unsigned
delete_all(struct build *b, size_t share, size_t step)
{
	struct buf bytes = { 0 };
	unsigned unseen = 0;

	(void)step;
	for (size_t f = share; f < file_count; f += 2) {
		read_all(b, files[f], &bytes);
		assert_int_equal(unlink(files[f]), 0);
		unseen += is_seen(b, "a deletion", files[f], 0);
		write_all(files[f], &bytes, bytes.len);
	}
	buf_free(&bytes);
	return (unseen);
}

/* A second byte put in at each place, as well. */
static unsigned
grow_all(struct build *b, size_t share, size_t step)
{
	struct buf bytes = { 0 }, grown = { 0 };
	unsigned unseen = 0;

	for (size_t f = 0; f < file_count; f++) {
		read_all(b, files[f], &bytes);
		for (size_t at = share * step; at <= bytes.len; at += 2 * step) {
			buf_clear(&grown);
			buf_add(&grown, bytes.data, at);
			buf_char(&grown, '\n');
			buf_add(&grown, bytes.data + at, bytes.len - at);
			write_all(files[f], &grown, grown.len);
			unseen += is_seen(b, "an inserted LF", files[f], at);
		}
		write_all(files[f], &bytes, bytes.len);
	}
	buf_free(&bytes);
	buf_free(&grown);
	return (unseen);
}

static void
share_work(unsigned (*work)(struct build *b, size_t share, size_t step))
{
	const char *text = getenv("CRETULA_FLIP_STEP");
	size_t step = text == NULL ? EACH : strtoul(text, NULL, 10);
	pid_t children[2];

	for (size_t share = 0; share < 2; share++) {
		children[share] = fork();
		assert_int_not_equal(children[share], -1);
		if (children[share] == 0) {
			struct audit_result result;
			struct build b;
			unsigned unseen;

			make_store(&b);
			build_verify(&b, 1, NULL, &result);
			unseen = result.exit_code != 0 || result.finding_count > 0;
			audit_result_free(&result);
			unseen += work(&b, share, step == 0 ? 1 : step);
			build_end(&b);
			_exit(unseen == 0 ? 0 : 1);
		}
	}
	for (size_t share = 0; share < 2; share++) {
		int status = -1;

		assert_int_equal(waitpid(children[share], &status, 0), children[share]);
		assert_int_equal(status, 0);
	}
}

static void
test_flip(void **state)
{
	share_work(flip_all);
}

static void
test_cut(void **state)
{
	share_work(cut_all);
}

static void
test_grow(void **state)
{
	share_work(grow_all);
}

static void
test_delete(void **state)
{
	share_work(delete_all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_flip),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
