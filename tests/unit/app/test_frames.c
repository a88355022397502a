/* Frames: in order and the same lines, however many look, and wherever it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/search/frames.h"
#include "base/buf.h"
#include "base/err.h"
#include "record/record.h"
#include "store/compress.h"
#include "store/seek.h"

#define LINES 120000 /* some four frames, of more lines than are named one by one */
#define BAD 70001 /* this one is no record */
#define ODD ((LINES - 4) / 97 + 2) /* so many are odd, with that one */
#define EVEN (ODD / 2 + 1) /* ... of an even number, with that one */

static char dir[] = "/tmp/frames-XXXXXX";
static uint32_t ends[LINES];
static struct store_seek *seek;

static bool
is_odd_one(uint64_t number)
{
	return (number % 97 == 3 || number == BAD);
}

static size_t
make_lines(char *lines)
{
	struct record_encoder enc = { 0 };
	size_t at = 0;

	for (uint64_t i = 0; i < LINES; i++) {
		struct record r;

		record_clear(&r);
		r.time_us = (int64_t)i * 1000000;
		if (i % 97 == 3)
			record_set_int(&r, RECORD_FIELD_STATUS, i % 2 == 0 ? 404 : 4040);
		if (i == BAD)
			at += (size_t)sprintf(lines + at, "\"status\":404\n");
		else
			at += record_encode(&enc, &r, lines + at);
		ends[i] = (uint32_t)at;
	}
	return (at);
}

static void
write_file(const char *name, const struct buf *bytes)
{
	int fd, folder = open(dir, O_RDONLY | O_DIRECTORY);

	assert_int_not_equal(fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600), -1);
	assert_int_equal(write(fd, bytes->data, bytes->len), bytes->len);
	(void)close(fd);
	(void)close(folder);
}

static void
open_seek(const char *name)
{
	int folder = open(dir, O_RDONLY | O_DIRECTORY);

	assert_int_equal(store_seek_open(folder, name, &seek, NULL), 0);
	(void)close(folder);
}

/* "good", and "bad", whose third frame is damaged. */
static int
make_files(void **state)
{
	char *lines = malloc((size_t)LINES * 64);
	struct store_compressor *c;
	struct store_part part = { .lines = lines, .ends = ends, .count = LINES };
	struct buf rows = { 0 }, file = { 0 };
	size_t len = make_lines(lines);

	(void)state;
	assert_non_null(mkdtemp(dir));
	part.packed = malloc(store_compress_bound(len));
	part.frames = malloc(store_compress_frames(len) * sizeof(*part.frames));
	assert_int_equal(store_compressor_open(1, &c, NULL), 0);
	store_compress(c, &part);
	assert_in_range(part.frame_count, 4, 8);
	buf_add(&file, part.packed, part.packed_len);
	store_table_add(&rows, part.frames, part.frame_count);
	store_table_print(&rows, &file);
	write_file("good", &file);
	memset(file.data + part.frames[0].compressed + part.frames[1].compressed + 20, 0xff, 40);
	write_file("bad", &file);
	store_compressor_close(c);
	buf_free(&rows);
	buf_free(&file);
	free(part.packed);
	free(part.frames);
	free(lines);
	return (0);
}

static int
remove_files(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return (system(command));
}

/* ---- looking ---- */

static bool
has_status(const void *arg, const struct record *r)
{
	(void)arg;
	return (record_has(r, RECORD_FIELD_STATUS));
}

/* Not 4040. */
static bool
is_404(const void *arg, struct span from)
{
	(void)arg;
	return (from.len == 12 || from.ptr[12] != '0');
}

struct seen {
	uint64_t lines, odd, handed, summarized, frames;
	bool full;
};

/* As who walks records does; every odd one is handed out, in order. */
static void
see(const struct app_frame *f, struct seen *s, bool only_404)
{
	uint64_t first = s->lines, next = 0, number;

	assert_int_equal(f->frame, s->frames++);
	assert_int_equal(f->first, f->frame * 10);
	for (size_t i = 0; i < f->kept_count; i++) {
		number = f->kept[i].number;
		assert_in_range(number, next, UINT32_MAX);
		for (; next < number; next++)
			assert_true(!is_odd_one(first + next) ||
			    (only_404 && (first + next) % 2 != 0 && first + next != BAD));
		assert_int_equal(f->kept[i].at,
		    first + number == 0 ?
			0 :
			ends[first + number - 1] - (first == 0 ? 0 : ends[first - 1]));
		s->handed++;
		s->odd += is_odd_one(first + number);
		next = number + 1;
	}
	if (f->full) {
		struct span rest = span_from(f->lines, f->kept[f->kept_count - 1].at);

		s->handed--;
		s->odd -= is_odd_one(first + --next);
		for (; rest.len > 0; rest = span_from(rest, span_find(rest, '\n') + 1), next++) {
			s->odd += is_odd_one(first + next);
			s->handed++;
		}
		s->full = true;
	} else
		next = f->count;
	s->lines = first + next;
	s->summarized += f->summarized;
}

/* All frames, or up to most; what comes behind the last one. */
static int
look(struct app_frames *frames, const struct app_look *how, uint64_t most, struct seen *s,
    struct err *e)
{
	const struct app_frame *f;
	size_t next = 0;
	int rc = 0;

	*s = (struct seen){ 0 };
	app_frames_begin(frames, seek, how);
	while (s->frames < most) {
		for (; next < store_seek_frames(seek) && app_frames_room(frames); next++)
			app_frames_add(frames, next, next * 10, 0);
		if ((rc = app_frames_next(frames, &f, e)) != 0)
			break;
		see(f, s, how->stands != NULL);
		app_frames_drop(frames);
	}
	app_frames_end(frames);
	return (rc);
}

static void
the_same_is_handed_out_by_any_number(void **state)
{
	static struct app_needles needles;
	const struct span text = SPAN("\"status\":404");
	const struct {
		const char *claim;
		struct app_look how;
		uint64_t odd, handed; /* odd: of them */
		bool full;
	} rows[] = {
		{ "nothing is looked at", { .needles = NULL }, ODD, LINES, true },
		{ "each is meant", { .summarize = true }, ODD, LINES, true },
		{ "some are", { .meant = has_status }, ODD, ODD, false },
		{ "and all are summed up", { .meant = has_status, .summarize = true }, ODD, ODD,
		    false },
		{ "by a text", { .needles = &needles }, ODD, ODD, false },
		{ "by a text and what it is", { .needles = &needles, .meant = has_status }, ODD,
		    ODD, false },
		{ "by a text that is looked at",
		    { .needles = &needles, .stands = is_404, .meant = has_status }, EVEN, EVEN,
		    false },
	};

	assert_true(app_needles_make(&needles, &text, 1));
	open_seek("good");
	for (unsigned jobs = 1; jobs <= 5; jobs += 2) {
		struct app_frames *frames;
		struct seen s;

		assert_int_equal(app_frames_open(&frames, jobs, NULL), 0);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			print_message("%u: %s\n", jobs, rows[i].claim);
			/* What was broken off before leaves nothing. */
			assert_int_equal(look(frames, &rows[i].how, i % 3, &s, NULL), 0);
			assert_int_equal(look(frames, &rows[i].how, UINT64_MAX, &s, NULL), 1);
			assert_int_equal(s.lines, LINES);
			assert_int_equal(s.odd, rows[i].odd);
			assert_int_equal(s.handed, rows[i].handed);
			assert_int_equal(s.full, rows[i].full);
			assert_int_equal(s.summarized, rows[i].how.summarize ? LINES - 1 : 0);
		}
		app_frames_close(frames);
	}
	store_seek_close(seek);
}

static void
one_job_reads_nothing_ahead(void **state)
{
	const struct app_look how = { .needles = NULL };
	const struct app_frame *f;
	struct app_frames *frames;
	struct err e;

	open_seek("bad");
	assert_int_equal(app_frames_open(&frames, 1, NULL), 0);
	app_frames_begin(frames, seek, &how);
	for (size_t i = 0; i < 3; i++) {
		assert_true(app_frames_room(frames));
		app_frames_add(frames, i, 0, 0);
		assert_false(app_frames_room(frames));
		assert_int_equal(app_frames_next(frames, &f, &e), i == 2 ? -1 : 0);
		app_frames_drop(frames);
	}
	assert_int_equal(app_frames_next(frames, &f, &e), 1);
	app_frames_end(frames);
	app_frames_close(frames);
	store_seek_close(seek);
}

static void
damage_is_said_in_its_place(void **state)
{
	const struct app_look how = { .meant = has_status };

	open_seek("bad");
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		struct app_frames *frames;
		struct seen s;
		struct err e = { ERR_NONE, "" };

		assert_int_equal(app_frames_open(&frames, jobs, NULL), 0);
		assert_int_equal(look(frames, &how, UINT64_MAX, &s, &e), -1);
		assert_int_equal(s.frames, 2);
		assert_int_equal(e.code, ERR_FINDING);
		assert_string_equal(e.text, "frame 2 is damaged");
		app_frames_close(frames);
	}
	store_seek_close(seek);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_handed_out_by_any_number),
		cmocka_unit_test(one_job_reads_nothing_ahead),
		cmocka_unit_test(damage_is_said_in_its_place),
	};

	return (cmocka_run_group_tests(tests, make_files, remove_files));
}
