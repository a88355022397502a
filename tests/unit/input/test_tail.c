/* A file that grows: half lines, other names, copies, and where to go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "input/live.h"

#define ROOM ((size_t)1 << 20)

static char dir[64];
static char *out;
static uint64_t lost; /* what lines() was told of */

static const char *
path(const char *name)
{
	static char text[2][128];
	static int turn;

	turn ^= 1;
	(void)snprintf(text[turn], sizeof(text[turn]), "%s/%s", dir, name);
	return (text[turn]);
}

/* At the end of a file, which is made if it is not there; age in seconds since 1970, 0: now. */
static void
append(const char *name, const char *text, time_t age)
{
	const struct timespec times[2] = { { .tv_sec = age }, { .tv_sec = age } };
	int fd = open(path(name), O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	if (age != 0)
		assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
}

static struct input_live *
open_log(void)
{
	struct input_live_options how = {
		.place = { .kind = INPUT_FILE }, .fd = -1, .line_max = 1024
	};
	struct input_live *in = NULL;
	struct err e;

	(void)snprintf(how.place.path, sizeof(how.place.path), "%s/log", dir);
	if (input_live_open(&how, &in, &e) == -1)
		fail_msg("%s", e.text);
	return (in);
}

/* What comes until nothing did for a while; *position: behind it. */
static const char *
lines(struct input_live *in, int silent_ms, struct input_position *position)
{
	struct input_more more;
	struct err e;
	size_t len = 0;

	for (int silent = 0; silent < silent_ms; silent += 20) {
		assert_int_equal(input_live_read(in, out + len, ROOM - len, 20, &more, &e), 0);
		len += more.len;
		lost += more.lost;
		if (more.len > 0 || more.flush)
			input_live_position(in, position);
		if (more.len > 0 || more.flush)
			silent = 0;
	}
	out[len] = '\0';
	return (out);
}

static int
setup(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/cretula-tail-XXXXXX");
	out = malloc(ROOM + 1);
	return (mkdtemp(dir) == NULL || out == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	char command[100];

	free(out);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return (system(command));
}

static void
test_half_lines(void **state)
{
	struct input_live *in = open_log();
	struct input_position at;

	assert_string_equal(lines(in, 60, &at), ""); /* it is not there yet */
	append("log", "one\ntw", 0);
	assert_string_equal(lines(in, 60, &at), "one\n");
	assert_int_equal(at.at, 4);
	assert_false(at.end);
	append("log", "o\nthree", 0);
	assert_string_equal(lines(in, 60, &at), "two\n");
	assert_int_equal(at.at, 8);
	assert_memory_equal(at.head.ptr, "one\ntwo\n", 8);
	input_live_stop(in);
	assert_string_equal(lines(in, 60, &at), ""); /* it is read again by the next start */
	assert_int_equal(at.at, 8);
	input_live_close(in);
}

/* Who writes line by line is read in pieces: ten milliseconds between two that got all there was. */
static void
test_paced(void **state)
{
	struct input_live *in = open_log();
	struct input_more more;
	int64_t start_ns;
	struct err e;

	append("log", "first\n", 0);
	assert_int_equal(input_live_read(in, out, ROOM, 1000, &more, &e), 0);
	assert_int_equal(more.len, 6);
	start_ns = clock_mono_ns();
	for (int i = 0; i < 20; i++) {
		append("log", "line\n", 0);
		assert_int_equal(input_live_read(in, out, ROOM, 1000, &more, &e), 0);
		assert_int_equal(more.len, 5);
	}
	assert_true(clock_mono_ns() - start_ns >= INT64_C(200000000));
	input_live_stop(in); /* then nothing is waited for */
	append("log", "last\n", 0);
	assert_int_equal(input_live_read(in, out, ROOM, 1000, &more, &e), 0);
	assert_int_equal(more.len, 5);
	input_live_close(in);
	assert_int_equal(unlink(path("log")), 0);
}

/* Its writer moves on late; half a line at the end of what was renamed is one. */
static void
test_renamed(void **state)
{
	struct input_live *in = open_log();
	struct input_position at;
	uint64_t first;

	append("log", "one\n", 0);
	assert_string_equal(lines(in, 60, &at), "one\n");
	first = at.file;
	assert_int_equal(rename(path("log"), path("log.1")), 0);
	append("log", "three\n", 0);
	append("log.1", "two", 0);
	assert_string_equal(lines(in, 1500, &at), "two\nthree\n");
	assert_true(at.file != first);
	assert_int_equal(at.at, 6);
	input_live_close(in);
}

static void
test_copied_and_cut(void **state)
{
	struct input_live *in = open_log();
	struct input_position at;

	append("log", "one\ntwo\nth", 0);
	assert_string_equal(lines(in, 60, &at), "one\ntwo\n");
	append("log.1", "one\ntwo\nthree\nfour\n", 0); /* the copy has more than we read */
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "five\n", 0);
	assert_string_equal(lines(in, 1500, &at), "three\nfour\nfive\n");
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "6666\n", 0); /* just as long as before */
	assert_string_equal(lines(in, 1500, &at), "6666\n");
	input_live_close(in);
}

/* As every copy and truncate leaves it for a moment: nothing is in the file, and the copy has the rest. */
static void
test_cut_and_empty(void **state)
{
	struct input_live *in = open_log();
	struct input_position at;

	append("log", "one\n", 0);
	assert_string_equal(lines(in, 60, &at), "one\n");
	append("log.2", "zero\n", 1700000000);
	append("log.1", "one\ntwo\n", 0);
	assert_int_equal(truncate(path("log"), 0), 0);
	assert_string_equal(lines(in, 60, &at), "two\n");
	append("log", "three\n", 0);
	assert_string_equal(lines(in, 1500, &at), "three\n");
	input_live_close(in);
}

/* Renamed twice while nobody read; the first of them was removed, or compressed, by then. */
static void
test_renamed_twice(void **state)
{
	static const char *const ends[] = { "rm %s/log.2", "gzip %s/log.2",
		"gzip < %1$s/log.2 > %1$s/log.2.gz; rm %1$s/log.2",
		"gzip %1$s/log.1; rm %1$s/log.2", "gzip %1$s/log.1 %1$s/log.2" };
	struct input_live *in;
	struct input_position at;
	char command[200];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		append("log.3", "zero\n", 1700000000);
		append("log", "one\n", 0);
		in = open_log();
		assert_string_equal(lines(in, 60, &at), "one\n");
		append("log", "two\n", 0);
		assert_int_equal(rename(path("log"), path("log.2")), 0);
		usleep(20000); /* a file is not as old as the next one */
		append("log.1", "three\n", 0);
		append("log", "four\n", 0);
		(void)snprintf(command, sizeof(command), ends[i], dir);
		assert_int_equal(system(command), 0);
		assert_string_equal(lines(in, 1500, &at), "two\nthree\nfour\n");
		input_live_close(in);
		(void)snprintf(command, sizeof(command), "rm %s/log*", dir);
		assert_int_equal(system(command), 0);
	}
}

/* ---- where to go on ---- */

/* Of the file that begins with "40": all but its last line; older ones were read, too. */
static int
find(void *arg, struct span head, uint64_t *at, uint64_t *rank)
{
	int number = atoi(head.ptr);

	if (head.len < 3 || number > 40)
		return (-1);
	*at = head.len / 2;
	*rank = (uint64_t)number;
	(*(unsigned *)arg)++;
	return (0);
}

/* Sixty files that were it: the one that was read last, and all since, by their age. */
static void
test_many_names(void **state)
{
	struct input_live *in;
	struct input_live_counts counts;
	struct input_position at;
	unsigned found = 0;
	char want[1000] = "", name[32], text[32];

	for (int i = 10; i < 70; i++) {
		(void)snprintf(name, sizeof(name), "log.%d", 100 - i);
		(void)snprintf(text, sizeof(text), "%d a\n%d b\n", i, i);
		append(name, text, 1700000000 + i);
		if (i > 40)
			(void)strcat(want, text);
		if (i == 40)
			(void)strcat(want, "40 b\n");
	}
	append("log", "70 a\n", 0);
	append("log.1.gz", "no text", 0);
	in = open_log();
	assert_true(input_live_resume(in, find, &found, 0));
	assert_true(found > 0);
	assert_int_equal(rename(path("log.50"), path("log.renamed")), 0); /* meanwhile */
	assert_int_equal(unlink(path("log.49")), 0);
	assert_string_equal(lines(in, 1500, &at) + strlen(out) - 5, "70 a\n");
	out[strlen(out) - 5] = '\0';
	*strstr(want, "51 a\n51 b\n") = '\0';
	assert_memory_equal(out, want, strlen(want));
	assert_null(strstr(out, "51 "));
	assert_non_null(strstr(out, "50 a\n50 b\n52 a\n"));
	assert_non_null(strstr(out, "69 b\n"));
	input_live_count(in, &counts);
	assert_int_equal(counts.gone, 1);
	input_live_close(in);
}

/* The path is another name of the newest file, as programs make it that write to dated ones. */
static void
test_linked(void **state)
{
	struct input_live *in;
	struct input_position at;
	unsigned found = 0;

	append("log-1", "40 a\n40 b\n", 1700000000);
	append("log-2", "50 a\n", 1700000001);
	append("log-3", "60 a\n", 1700000002);
	assert_int_equal(link(path("log-2"), path("log.also")), 0);
	assert_int_equal(symlink("log-1", path("log.before")), 0);
	for (int hard = 0; hard < 2; hard++) {
		assert_int_equal(hard ? link(path("log-3"), path("log")) : symlink("log-3", path("log")), 0);
		in = open_log();
		assert_true(input_live_resume(in, find, &found, 0));
		assert_string_equal(lines(in, 1500, &at), "40 b\n50 a\n60 a\n");
		input_live_close(in);
		assert_int_equal(unlink(path("log")), 0);
	}
}

/* Copied and cut between the look of a start and our coming to it: the copy has what is to be read. */
static void
test_cut_before_it_is_read(void **state)
{
	struct input_live *in;
	struct input_position at;
	unsigned found = 0;

	append("log.1", "40 a\n40 b\n", 1700000000);
	append("log", "50 a\n", 0);
	in = open_log();
	assert_true(input_live_resume(in, find, &found, 0));
	append("log.copy", "50 a\n51 a\n", 0);
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "60 a\n61 a\n62 a\n", 0);
	lost = 0;
	assert_string_equal(
	    lines(in, 1500, &at), "40 b\n50 a\n51 a\n60 a\n61 a\n62 a\n");
	assert_int_equal(lost, 0);
	input_live_close(in);
	assert_int_equal(unlink(path("log.1")), 0);
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "40 a\n40 b\n", 0);
	in = open_log();
	assert_true(input_live_resume(in, find, &found, 0));
	append("log.1", "40 a\n40 b\n41 a\n", 0);
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "70 a\n", 0);
	assert_string_equal(lines(in, 1500, &at), "40 b\n41 a\n70 a\n");
	assert_int_equal(lost, 0);
	input_live_close(in);
	assert_int_equal(unlink(path("log.1")), 0);
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "40 a\n40 b\n", 0);
	in = open_log();
	assert_true(input_live_resume(in, find, &found, 0));
	assert_int_equal(truncate(path("log"), 0), 0);
	append("log", "80 a\n", 0);
	assert_string_equal(lines(in, 60, &at), "80 a\n"); /* nobody has it */
	assert_int_equal(lost, 1);
	input_live_close(in);
}

/* Compressed between the look of a start and our coming to it. */
static void
test_compressed_before_it_is_read(void **state)
{
	struct input_live *in;
	struct input_position at;
	unsigned found = 0;
	char command[200];

	append("log.2", "40 a\n40 b\n", 1700000000);
	append("log.1", "50 a\n", 1700000001);
	append("log", "60 a\n", 0);
	in = open_log();
	assert_true(input_live_resume(in, find, &found, 0));
	(void)snprintf(command, sizeof(command), "gzip %s/log.1 %s/log.2", dir, dir);
	assert_int_equal(system(command), 0);
	lost = 0;
	assert_string_equal(lines(in, 1500, &at), "40 b\n50 a\n60 a\n");
	assert_int_equal(lost, 0);
	input_live_close(in);
}

/* Nothing is known: from the beginning of the file of our path alone. */
static void
test_nothing_known(void **state)
{
	struct input_live *in;
	struct input_position at;
	unsigned found = 0;

	append("log.1", "80\n", 0);
	append("log", "90\n", 0);
	in = open_log();
	assert_false(input_live_resume(in, find, &found, 0));
	assert_string_equal(lines(in, 60, &at), "90\n");
	input_live_close(in);
}

/* Somebody began with the file and committed nothing: it has the name of today, or had it since. */
static void
test_nothing_committed(void **state)
{
	static const int64_t began_us = INT64_C(1700000000000000);
	struct input_live *in;
	struct input_position at;
	unsigned found = 0;

	append("log.4", "80\n", 1600000000);
	append("log.3", "81\n", 1700000001); /* to it, after that time */
	append("log.2", "82\n", 1700000002);
	append("log", "90\n", 0);
	in = open_log();
	assert_false(input_live_resume(in, find, &found, began_us));
	assert_string_equal(lines(in, 1500, &at), "81\n82\n90\n");
	input_live_close(in);
	assert_int_equal(unlink(path("log.3")), 0);
	assert_int_equal(unlink(path("log.2")), 0);
	in = open_log(); /* nobody wrote to it any more, but its name is new */
	assert_false(input_live_resume(in, find, &found, began_us));
	assert_string_equal(lines(in, 1500, &at), "80\n90\n");
	input_live_close(in);
	in = open_log(); /* and this time it had its name long ago */
	assert_false(input_live_resume(in, find, &found, INT64_C(4000000000000000)));
	assert_string_equal(lines(in, 1500, &at), "90\n");
	input_live_close(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_half_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paced, setup, teardown),
		cmocka_unit_test_setup_teardown(test_renamed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copied_and_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_and_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_renamed_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_linked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_before_it_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_compressed_before_it_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_committed, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
