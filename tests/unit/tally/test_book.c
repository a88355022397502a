#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "record/table.h"
#include "stats/latency.h"
#include "tally/book.h"
#include "tally/db.h"
#include "tally/query.h"
#include "tally/table.h"
#include "unit/tally/old.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US (24 * HOUR_US)
#define START_US INT64_C(1764115200000000) /* 2025-11-26 */

static struct err e;
static char path[64];

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-book.%d.db", (int)getpid());
	assert_int_equal(tally_book_discard(path, &e), 0);
	return (0);
}

static int
tear_down(void **state)
{
	return (tally_book_discard(path, NULL));
}

/* ---- keys ---- */

static void
tokens_give_way_to_their_class(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} rows[] = {
		{ "words stay", "/shop/cart.html", "/shop/cart.html" },
		{ "a segment", "/u/sg.abcdefgh234567zz/edit", "/u/{sg}/edit" },
		{ "with an ending", "/u/sg.abcdefgh234567zz.jpg", "/u/{sg}.jpg" },
		{ "two", "sg.aaaaaaaaaaaaaaaa/sg.bbbbbbbbbbbbbbbb", "{sg}/{sg}" },
		{ "side by side", "/sg.aaaaaaaaaaaaaaaasg.bbbbbbbbbbbbbbbb", "/{sg}{sg}" },
		{ "a host", "ht.abcdefgh234567zz", "{ht}" },
		{ "one that is still being computed", "/u/sg.................", "/u/{sg}" },
		{ "too short", "/u/sg.abcdefgh234567z", "/u/sg.abcdefgh234567z" },
		{ "no base32", "/u/sg.abcdefgh2345678z", "/u/sg.abcdefgh2345678z" },
		{ "part of a word", "/imsg.abcdefgh234567zz", "/imsg.abcdefgh234567zz" },
		{ "no class", "/zz.abcdefgh234567zz", "/zz.abcdefgh234567zz" },
		{ "dots", "/a/../../................/x", "/a/../../................/x" },
		{ "sealed", "sealed:AAAA", "{sealed}" },
		{ "nothing", "", "" },
	};
	char key[TALLY_KEY_MAX + 32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span out = tally_key(span_str(rows[i].in), key);
		char text[64];

		(void)snprintf(text, sizeof(text), "%.*s", (int)out.len, out.ptr);
		assert_string_equal(text, rows[i].out);
	}
}

/* The room record knows the prefixes; a new class is a new one. */
static void
every_class_is_known(void **state)
{
	char text[32], key[TALLY_KEY_MAX + 32];

	for (int c = 0; c < RECORD_CLASS_COUNT; c++) {
		const char *prefix = record_classes[c].prefix;

		if (prefix[0] == '\0')
			continue;
		(void)snprintf(text, sizeof(text), "%s.abcdefgh234567zz", prefix);
		assert_int_equal(tally_key(span_str(text), key).len, 4);
	}
}

static void
long_keys_are_cut_behind_a_character(void **state)
{
	char text[2048], key[TALLY_KEY_MAX + 32];

	/* Tokens and umlauts at every distance to the cut. */
	for (size_t lead = 0; lead < 40; lead++) {
		size_t len = TALLY_KEY_MAX - 40 + lead;
		struct span out;

		memset(text, 'a', sizeof(text));
		memcpy(text + 100, "/sg.abcdefgh234567zz/", 21);
		for (size_t at = 200; at < len; at += 2)
			memcpy(text + at, "\xc3\xa4", 2);
		memcpy(text + len, "/sg.abcdefgh234567zz/", 21);
		out = tally_key(span_of(text, len + 100), key);
		assert_true(out.len <= TALLY_KEY_MAX);
		assert_null(memmem(out.ptr, out.len, "sg.abcdefgh", 11));
		assert_int_equal((unsigned char)out.ptr[out.len - 1] == 0xc3, 0);
	}
}

/* ---- records ---- */

static uint64_t random_state;

static uint64_t
next_random(uint64_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((random_state >> 33) % below);
}

struct made {
	struct record record;
	struct tally_subject subject;
	uint64_t who, path_number, referer_number;
	char path[64], referer[64];
};

/* What one keeps who has the same paths, referers and people again and again. */
static bool keeps_marks;
static uint64_t path_marks[3000], referer_marks[3000];
static unsigned last_numbers[1500];

static void
count(struct tally_batch *b, const struct made *m, enum tally_part part)
{
	const struct record *r = &m->record;
	struct tally_given given = { .who = -1 };

	given.who = tally_batch_who(
	    b, m->subject.hash[KEY_DAY], r->time_us, keeps_marks ? last_numbers[m->who] : 0);
	if (given.who == -1)
		given.who =
		    tally_batch_meet(b, m->subject.hash[KEY_DAY], r->time_us, &m->subject);
	if (keeps_marks) {
		last_numbers[m->who] = (unsigned)given.who;
		given.path = (struct tally_text){ &path_marks[m->path_number],
			r->text[RECORD_FIELD_PATH] };
		given.referer = (struct tally_text){ &referer_marks[m->referer_number],
			r->text[RECORD_FIELD_REFERER] };
	}
	tally_batch_add(b, r, part, &given);
}

/* splitmix64 */
static uint64_t
spread(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return (n ^ n >> 31);
}

/* How many paths, hours and people there are. */
struct shape {
	const char *claim;
	uint64_t records, paths, hours, people;
};

static void
make(const struct shape *shape, struct made *m)
{
	static const char *const methods[] = { "GET", "POST" };
	static const int64_t statuses[] = { 200, 200, 304, 404, 500, 99999, -1 };
	static const char *const agents[] = { "Chrome", "Mobile Safari", "", "x", "xx", "xxx",
		"Firefox-", "Firefox--", "an agent of 16 ..", "one that is longer than two words" };
	struct record *r = &m->record;
	uint64_t who = next_random(shape->people);
	int64_t hour = (int64_t)next_random(shape->hours);

	record_clear(r);
	r->time_us = START_US + hour * HOUR_US + (int64_t)next_random(3600) * 1000000;
	m->who = who;
	m->path_number = next_random(shape->paths);
	m->referer_number = next_random(shape->paths / 2 + 1);
	(void)snprintf(m->path, sizeof(m->path), "/p/%llu", (unsigned long long)m->path_number);
	(void)snprintf(m->referer, sizeof(m->referer), "https://%llu.example/",
	    (unsigned long long)m->referer_number);
	record_set_text(r, RECORD_FIELD_EVENT, span_str("http.request"));
	record_set_text(r, RECORD_FIELD_METHOD, span_str(methods[next_random(2)]));
	record_set_text(r, RECORD_FIELD_PATH, span_str(m->path));
	if (next_random(2) == 0)
		record_set_text(r, RECORD_FIELD_REFERER, span_str(m->referer));
	record_set_int(r, RECORD_FIELD_STATUS, statuses[next_random(7)]);
	if (next_random(8) > 0)
		record_set_text(r, RECORD_FIELD_AGENT, span_str(agents[next_random(10)]));
	if (next_random(3) > 0)
		record_set_text(r, RECORD_FIELD_OS, span_str(agents[next_random(3)]));
	record_set_int(r, RECORD_FIELD_BYTES, (int64_t)next_random(5000) - 10);
	record_set_int(r, RECORD_FIELD_DURATION, (int64_t)next_random(1u << next_random(20)));
	if (next_random(4) == 0)
		record_set_int(r, RECORD_FIELD_BOT, 1);
	m->subject.sampled = TALLY_NO_SAMPLE;
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		m->subject.epoch[p] = key_epoch_index((enum key_period)p, r->time_us);
		m->subject.hash[p] =
		    spread(spread(who + 1) ^ ((uint64_t)m->subject.epoch[p] * 3 + (uint64_t)p));
	}
}

static void
dump(const char *sql, struct buf *out)
{
	sqlite3_stmt *st;
	sqlite3 *db;

	db = old_open(path);
	assert_int_equal(tally_db_prepare(db, sql, &st, &e), 0);
	while (tally_db_step(db, st, &e) == 1) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			buf_span(out, tally_db_text(st, i));
			buf_char(out, i + 1 < sqlite3_column_count(st) ? ' ' : '\n');
		}
	}
	(void)sqlite3_finalize(st);
	old_close(db);
}

#define NUMBERS "SELECT * FROM total WHERE period>=0 ORDER BY 1,2,3,4"
#define CELLS "SELECT * FROM cell ORDER BY 1,2,3,4,5,6,7"
#define SEEN "SELECT stream,period,dim,idx,other,key,subjects FROM seen ORDER BY 1,2,3,4,5,6"

static void
dump_all(struct buf *out)
{
	dump(NUMBERS, out);
	dump(CELLS, out);
	dump(SEEN, out);
}

/* Batches of so many records (0: as many as fit), commits after so many batches. */
static struct tally_book *
fill(const struct shape *shape, uint64_t batch_records, uint64_t commit_batches)
{
	struct tally_book *book;
	struct tally_batch *b;
	struct made m;
	uint64_t in_batch = 0, batches = 0;

	assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 42;
	for (uint64_t i = 0; i <= shape->records; i++) {
		if (i == shape->records || in_batch == batch_records || b->entry_count > 8000) {
			assert_false(tally_batch_full(b));
			assert_int_equal(tally_book_add(book, b, &e), 0);
			tally_batch_clear(b);
			in_batch = 0;
			if (++batches % commit_batches == 0 || i == shape->records)
				assert_int_equal(tally_book_commit(book, 1, i, &e), 0);
		}
		if (i == shape->records)
			break;
		make(shape, &m);
		count(b, &m, TALLY_RECORD);
		in_batch++;
	}
	tally_batch_close(b);
	return (book);
}

static const struct shape shapes[] = {
	{ "a small site", 1500, 40, 5, 12 },
	{ "more paths than have a place", 4000, 3000, 2, 1500 },
	{ "a record here and there, over years", 250, 50, 30000, 30 },
};

static void
batches_and_commits_change_nothing(void **state)
{
	static const struct {
		uint64_t batch, commit;
		bool marks;
	} ways[] = { { UINT64_MAX, 1000, false }, { 100, 1, false }, { 1, 1000000, false },
		{ 700, 3, false }, { UINT64_MAX, 1000, true }, { 700, 3, true } };

	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		struct buf first = { 0 };

		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			struct buf now = { 0 };

			set_up(NULL);
			keeps_marks = ways[i].marks;
			tally_book_close(fill(&shapes[s], ways[i].batch, ways[i].commit));
			keeps_marks = false;
			dump_all(i == 0 ? &first : &now);
			if (i > 0) {
				assert_int_equal(now.len, first.len);
				assert_memory_equal(now.data, first.data, first.len);
			}
			buf_free(&now);
		}
		assert_true(first.len > 1000);
		buf_free(&first);
	}
}

/* A batch, then the lines of those records that it does not hold.  How many these were. */
static uint64_t
add_with_lines(struct tally_book *book, struct tally_batch *b, struct span lines)
{
	uint64_t held = tally_batch_records(b), n = 0;

	assert_int_equal(tally_book_add(book, b, &e), 0);
	for (; lines.len > 0; n++) {
		size_t len = span_find(lines, '\n');

		if (n >= held)
			assert_int_equal(
			    tally_book_late(book, b, n - held, span_of(lines.ptr, len), &e), 0);
		lines = span_from(lines, len + 1);
	}
	assert_int_equal(tally_batch_full(b), n > held);
	return (n - held);
}

/* What a batch has no place for is counted all the same, in its order, and for the same people. */
static void
full_batches_give_what_small_ones_gave(void **state)
{
	static const struct shape wide = { "", 12000, 3000, 60, 1500 };
	struct buf want = { 0 }, got = { 0 }, lines = { 0 };
	struct record_encoder enc = { 0 };
	struct tally_book *book;
	struct tally_batch *b;
	uint64_t late = 0;
	struct made m;

	tally_book_close(fill(&wide, 300, 1));
	dump_all(&want);
	set_up(NULL);
	assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 42;
	for (uint64_t i = 1; i <= wide.records; i++) {
		char line[RECORD_BYTES_MAX];

		make(&wide, &m);
		count(b, &m, TALLY_RECORD);
		buf_span(&lines, span_of(line, record_encode(&enc, &m.record, line)));
		if (i % 5000 > 0 && i < wide.records)
			continue;
		late += add_with_lines(book, b, span_of(lines.data, lines.len));
		tally_batch_clear(b);
		buf_clear(&lines);
	}
	assert_true(late > wide.records / 4);
	assert_int_equal(tally_book_commit(book, 1, wide.records, &e), 0);
	dump_all(&got);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, want.len);
	tally_batch_close(b);
	tally_book_close(book);
	buf_free(&want);
	buf_free(&got);
	buf_free(&lines);
}

/* ---- a sample ---- */

/* By all that the public sees, for who is in; who is out is only counted; lines count likewise. */
static void
who_is_in_a_sample_is_counted_once_more(void **state)
{
	struct buf lines = { 0 }, out = { 0 };
	struct record_encoder enc = { 0 };
	struct tally_book *book;
	struct tally_batch *b;
	struct made m;
	uint64_t in = 0;

	assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 7;
	for (int i = 0; i < 4000; i++) {
		char line[RECORD_BYTES_MAX];

		make(&(struct shape){ "", 0, 3000, 1, 90 }, &m);
		m.subject.sampled =
		    m.subject.hash[KEY_DAY] % 3 == 0 ? TALLY_SAMPLED_IN : TALLY_SAMPLED_OUT;
		in += m.subject.sampled == TALLY_SAMPLED_IN;
		count(b, &m, TALLY_RECORD);
		buf_span(&lines, span_of(line, record_encode(&enc, &m.record, line)));
	}
	(void)add_with_lines(book, b, span_of(lines.data, lines.len));
	assert_int_equal(tally_book_commit(book, 1, 4000, &e), 0);
	assert_in_range(in, 500, 2500);
	buf_fmt(
	    &out, "in %llu\nout %llu\n", (unsigned long long)in, (unsigned long long)(4000 - in));
	buf_clear(&lines);
	dump("SELECT key,requests FROM cell WHERE dim=12 AND period=2 ORDER BY 1", &lines);
	assert_string_equal(lines.data, out.data);
	for (int dim = 13; dim <= 18; dim += 5) { /* paths and events: each has them */
		char sql[80];

		(void)snprintf(sql, sizeof(sql),
		    "SELECT sum(requests) FROM cell WHERE dim=%d AND period=2", dim);
		buf_clear(&out);
		dump(sql, &out);
		assert_int_equal(strtoull(out.data, NULL, 10), in);
	}
	/* Counted again they stay, or go as a whole. */
	assert_int_equal(tally_book_restart(book, false, &e), 0);
	assert_int_equal(tally_book_commit(book, 1, 0, &e), 0);
	buf_clear(&out);
	dump("SELECT count(*)>5,min(dim) FROM cell", &out);
	assert_string_equal(out.data, "1 12\n");
	assert_int_equal(tally_book_restart(book, true, &e), 0);
	assert_int_equal(tally_book_commit(book, 1, 0, &e), 0);
	buf_clear(&out);
	dump("SELECT count(*) FROM cell", &out);
	assert_string_equal(out.data, "0\n");
	tally_batch_close(b);
	tally_book_close(book);
	buf_free(&lines);
	buf_free(&out);
}

/* ---- sums ---- */

struct sum {
	uint64_t requests, bots, bytes;
	unsigned cells, others, subjects_max;
};

static int
add_cell(void *arg, const struct tally_cell *cell, struct err *err)
{
	struct sum *sum = arg;

	sum->requests += cell->requests;
	sum->bots += cell->bots;
	sum->bytes += cell->bytes;
	sum->cells += !cell->other;
	sum->others += cell->other;
	if (cell->subjects > sum->subjects_max)
		sum->subjects_max = cell->subjects;
	return (0);
}

static void
every_level_adds_up_to_what_came(void **state)
{
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		struct tally_window w = { "s", TALLY_MINUTE, INT64_MIN, INT64_MAX, TALLY_ALL, 0,
			false };
		struct tally_sums want = { 0 }, got;
		struct tally_reader *r;
		struct made m;

		random_state = 42;
		for (uint64_t i = 0; i < shapes[s].records; i++) {
			int64_t *number = m.record.number;

			make(&shapes[s], &m);
			want.requests++;
			want.bots += record_has(&m.record, RECORD_FIELD_BOT);
			want.bytes += number[RECORD_FIELD_BYTES] > 0 ?
			    (uint64_t)number[RECORD_FIELD_BYTES] :
			    0;
			want.errors_4xx += number[RECORD_FIELD_STATUS] == 404;
			want.errors_5xx += number[RECORD_FIELD_STATUS] == 500;
		}
		set_up(NULL);
		tally_book_close(fill(&shapes[s], 500, 2));
		assert_int_equal(tally_reader_open(path, &r, &e), 0);
		for (int p = 0; p < TALLY_PERIOD_COUNT; p++) {
			static const enum tally_dim whole[] = { TALLY_ALL, TALLY_PATH, TALLY_METHOD,
				TALLY_EVENT, TALLY_LATENCY };

			w.period = (enum tally_period)p;
			assert_int_equal(tally_sum(r, &w, &got, &e), 0);
			assert_memory_equal(&got, &want, sizeof(got));
			for (size_t d = 0; d < 5 && p >= TALLY_HOUR; d++) {
				struct sum sum = { 0 };

				w.dim = whole[d];
				assert_int_equal(tally_cells(r, &w, add_cell, &sum, &e), 0);
				assert_int_equal(sum.requests, want.requests);
				assert_int_equal(sum.bots, want.bots);
				assert_int_equal(sum.bytes, want.bytes);
				assert_true(sum.others <= 1);
				if (p == TALLY_MONTH && shapes[s].hours < 100)
					assert_true(sum.cells <= tally_dims[whole[d]].kept);
			}
		}
		tally_reader_close(r);
	}
}

/* The first that come have a place; exact counts of few subjects, then "many". */
static void
cells_say_how_many_subjects(void **state)
{
	static const struct {
		uint64_t people;
		unsigned told;
	} rows[] = { { 1, 1 }, { 10, 10 }, { 20, 20 }, { 21, 21 }, { 500, 21 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally_window w = { "s", TALLY_HOUR, INT64_MIN, INT64_MAX, TALLY_ALL, 0,
			false };
		struct shape shape = { "", rows[i].people * 60 + 60, 1, 1, rows[i].people };
		struct tally_reader *r;
		struct sum sum;

		set_up(NULL);
		tally_book_close(fill(&shape, 7, 3));
		assert_int_equal(tally_reader_open(path, &r, &e), 0);
		for (w.period = TALLY_HOUR; w.period <= TALLY_MONTH; w.period++)
			for (w.dim = TALLY_ALL; w.dim <= TALLY_PATH; w.dim++) {
				memset(&sum, 0, sizeof(sum));
				assert_int_equal(tally_cells(r, &w, add_cell, &sum, &e), 0);
				assert_int_equal(sum.cells, 1);
				assert_int_equal(sum.subjects_max, rows[i].told);
			}
		tally_reader_close(r);
	}
}

static int
take_unique(void *arg, const struct tally_unique *u, struct err *err)
{
	*(struct tally_unique *)arg = *u;
	return (0);
}

static void
uniques_of_a_day_are_within_their_error(void **state)
{
	static const uint64_t people[] = { 5, 20, 100, 4000 };

	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
		struct tally_window w = { "s", TALLY_DAY, INT64_MIN, INT64_MAX, TALLY_ALL, 0,
			false };
		struct shape shape = { "", people[i] * 12, 1, 5, people[i] };
		struct tally_unique u = { 0 };
		struct tally_reader *r;

		set_up(NULL);
		tally_book_close(fill(&shape, 1000, 2));
		assert_int_equal(tally_reader_open(path, &r, &e), 0);
		for (; w.period <= TALLY_MONTH; w.period++) {
			double off;

			assert_int_equal(tally_uniques(r, &w, take_unique, &u, &e), 0);
			assert_int_equal(u.exact, people[i] <= 20);
			off = (double)u.subjects - (double)people[i];
			assert_true(off * off <= (double)(people[i] * people[i]) * 0.03 * 0.03);
		}
		tally_reader_close(r);
	}
}

/* ---- counting again ---- */

static void
lines_give_what_batches_gave(void **state)
{
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		struct buf before = { 0 }, after = { 0 };
		struct record_encoder enc = { 0 };
		struct tally_book *book;
		struct tally_batch *apart;
		uint64_t segment, records;
		struct made m;

		set_up(NULL);
		book = fill(&shapes[s], 400, 3);
		assert_int_equal(tally_batch_open(&apart, &e), 0);
		make(&shapes[s], &m);
		count(apart, &m, TALLY_COUNTED);
		count(apart, &m, TALLY_SLIMMED);
		assert_int_equal(tally_book_add(book, apart, &e), 0);
		assert_int_equal(tally_book_commit(book, 1, shapes[s].records, &e), 0);
		dump_all(&before);
		assert_int_equal(tally_book_restart(book, true, &e), 0);
		random_state = 42;
		for (uint64_t i = 0; i < shapes[s].records; i++) {
			char line[RECORD_BYTES_MAX];
			size_t len;

			make(&shapes[s], &m);
			len = record_encode(&enc, &m.record, line);
			assert_int_equal(tally_book_line(book, span_of(line, len - 1), &e), 0);
		}
		tally_book_reach(book, &segment, &records);
		assert_int_equal(records, shapes[s].records);
		assert_int_equal(tally_book_commit(book, 2, 0, &e), 0);
		dump_all(&after);
		assert_int_equal(after.len, before.len);
		assert_memory_equal(after.data, before.data, before.len);
		tally_book_close(book);
		tally_batch_close(apart);
		buf_free(&before);
		buf_free(&after);
	}
}

/* Both stand in one row, whichever was first in a commit, and under a key that is new there. */
static void
who_is_seen_apart_is_seen_with_the_others(void **state)
{
	static const enum tally_part parts[][2] = { { TALLY_RECORD, TALLY_COUNTED },
		{ TALLY_COUNTED, TALLY_RECORD } };
	static const struct shape same = { "", 1, 1, 1, 1 };
	struct tally_book *book;
	struct tally_batch *b;
	struct buf out = { 0 };
	struct made m;

	assert_int_equal(tally_batch_open(&b, &e), 0);
	for (int order = 0; order < 2; order++) {
		set_up(NULL);
		assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
		for (uint64_t i = 0; i < 2; i++) {
			for (uint64_t who = 4 * i; who < 4 * i + 6; who++) {
				random_state = 5;
				make(&same, &m);
				for (int p = 0; p < KEY_PERIOD_COUNT; p++)
					m.subject.hash[p] = spread(who * 3 + (uint64_t)p);
				count(b, &m, parts[order][i]);
			}
			assert_int_equal(tally_book_add(book, b, &e), 0);
			tally_batch_clear(b);
		}
		assert_int_equal(tally_book_commit(book, 1, 12, &e), 0);
		tally_book_close(book);
		buf_clear(&out);
		dump("SELECT period,subjects FROM seen WHERE dim=1 ORDER BY 1", &out);
		assert_string_equal(out.data, "1 10\n2 10\n3 10\n4 10\n");
	}
	tally_batch_close(b);
	buf_free(&out);
}

/* ---- what is apart ---- */

/* One in three is a record, one is only counted, of one it is counted what its record has not. */
static struct tally_book *
fill_parts(const struct shape *shape, uint64_t batch_records, uint64_t *late)
{
	struct record_encoder enc = { 0 };
	struct buf lines = { 0 };
	struct tally_book *book;
	struct tally_batch *b;
	struct made m;

	assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 42;
	*late = 0;
	for (uint64_t i = 1; i <= shape->records; i++) {
		static const enum tally_part parts[] = { TALLY_RECORD, TALLY_COUNTED,
			TALLY_SLIMMED };
		char line[RECORD_BYTES_MAX];

		make(shape, &m);
		m.subject.sampled = (enum tally_sampled)(m.subject.hash[KEY_DAY] % 3);
		count(b, &m, parts[i % 3]);
		if (parts[i % 3] == TALLY_RECORD)
			buf_span(&lines, span_of(line, record_encode(&enc, &m.record, line)));
		if (i % batch_records > 0 && i < shape->records)
			continue;
		assert_int_equal(tally_batch_lost(b), 0);
		*late += add_with_lines(book, b, span_of(lines.data, lines.len));
		tally_batch_clear(b);
		buf_clear(&lines);
	}
	assert_int_equal(tally_book_commit(book, 1, shape->records, &e), 0);
	tally_batch_close(b);
	buf_free(&lines);
	return (book);
}

/* No record says it: what finds no place in a full batch is counted all the same. */
static void
full_batches_keep_what_is_apart(void **state)
{
	static const struct shape rows[] = {
		{ "many paths", 9000, 3000, 60, 900 },
		{ "hours that have little in common", 6000, 20, 3000, 30 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf want = { 0 }, got = { 0 };
		uint64_t late;

		set_up(NULL);
		tally_book_close(fill_parts(&rows[i], 300, &late));
		assert_int_equal(late, 0);
		dump_all(&want);
		set_up(NULL);
		tally_book_close(fill_parts(&rows[i], rows[i].records, &late));
		assert_true(late > rows[i].records / 12);
		dump_all(&got);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, want.len);
		buf_free(&want);
		buf_free(&got);
	}
}

static void
a_full_batch_says_so_and_has_room_when_it_is_empty(void **state)
{
	struct shape wide = { "", 1, 1u << 30, 40, 1u << 30 };
	struct tally_batch *b;
	struct made m;

	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 1;
	for (unsigned i = 0; !tally_batch_full(b); i++) {
		assert_in_range(i, 0, TALLY_ENTRIES);
		make(&wide, &m);
		count(b, &m, TALLY_RECORD);
	}
	assert_true(b->entry_count + TALLY_DIM_COUNT > TALLY_ENTRIES);
	for (unsigned i = 0; tally_batch_lost(b) == 0; i++) {
		assert_in_range(i, 0, 1u << 20);
		make(&wide, &m);
		count(b, &m, TALLY_COUNTED);
	}
	assert_true(b->entry_count <= TALLY_ENTRIES);
	tally_batch_clear(b);
	assert_true(tally_batch_empty(b));
	make(&wide, &m);
	count(b, &m, TALLY_RECORD);
	assert_int_equal(b->minute_count, 1);
	assert_false(tally_batch_full(b));
	tally_batch_close(b);
}

/* ---- commits ---- */

static void
what_is_not_committed_was_not_counted(void **state)
{
	struct buf before = { 0 }, after = { 0 };
	struct tally_book *book;
	struct tally_batch *b;
	uint64_t segment, records;
	struct made m;

	book = fill(&shapes[0], 100, 1);
	dump_all(&before);
	assert_int_equal(tally_batch_open(&b, &e), 0);
	make(&shapes[0], &m);
	count(b, &m, TALLY_RECORD);
	assert_int_equal(tally_book_add(book, b, &e), 0);
	tally_book_close(book);
	assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
	tally_book_reach(book, &segment, &records);
	assert_int_equal(segment, 1);
	assert_int_equal(records, shapes[0].records);
	dump_all(&after);
	assert_string_equal(after.data, before.data);
	tally_batch_close(b);
	tally_book_close(book);
	buf_free(&before);
	buf_free(&after);
}

/* Two that count one stream: the second one hears of it, and nothing is counted twice. */
static void
who_comes_second_counts_nothing(void **state)
{
	struct tally_book *one, *two, *other;
	struct buf before = { 0 }, after = { 0 };
	struct tally_batch *b;
	uint64_t segment, records;
	struct made m;

	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 1;
	make(&shapes[0], &m);
	count(b, &m, TALLY_RECORD);
	assert_int_equal(tally_book_open(path, "s", NULL, &one, &e), 0);
	assert_int_equal(tally_book_open(path, "s", NULL, &two, &e), 0);
	assert_int_equal(tally_book_open(path, "t", NULL, &other, &e), 0);
	assert_int_equal(tally_book_add(one, b, &e), 0);
	assert_int_equal(tally_book_add(two, b, &e), 0);
	assert_int_equal(tally_book_add(other, b, &e), 0);
	assert_int_equal(tally_book_commit(one, 4, 9, &e), 0);
	assert_int_equal(tally_book_commit(other, 1, 1, &e), 0);
	dump_all(&before);
	assert_int_equal(tally_book_commit(two, 4, 9, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	tally_book_reach(two, &segment, &records);
	assert_int_equal(segment, 4);
	assert_int_equal(records, 9);
	dump_all(&after);
	assert_string_equal(after.data, before.data);
	assert_int_equal(tally_book_add(two, b, &e), 0);
	assert_int_equal(tally_book_commit(two, 4, 10, &e), 0);
	tally_book_close(one);
	tally_book_close(two);
	tally_book_close(other);
	tally_batch_close(b);
	buf_free(&before);
	buf_free(&after);
}

/* Room is made for as many digits as a number has: a longer key could run over its end. */
static void
a_number_of_more_digits_is_refused(void **state)
{
	static const struct {
		const char *digits;
		int rc;
	} rows[] = { { "18446744073709551615", 0 }, { "184467440737095516150", -1 } };
	struct tally_batch *b;
	struct tally_book *book;
	struct made m;
	char sql[256];

	assert_int_equal(tally_batch_open(&b, &e), 0);
	random_state = 1;
	make(&shapes[0], &m);
	count(b, &m, TALLY_RECORD);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(sql, sizeof(sql),
		    "INSERT OR IGNORE INTO stream VALUES (1,'s',1,0);"
		    "INSERT INTO cell VALUES (1,%d,2,%lld,0,0,'%s',1,0,0)",
		    TALLY_DAY, (long long)tally_index(TALLY_DAY, m.record.time_us), rows[i].digits);
		old_run(path, sql);
		assert_int_equal(tally_book_open(path, "s", NULL, &book, &e), 0);
		assert_int_equal(tally_book_add(book, b, &e), rows[i].rc);
		assert_true(rows[i].rc == 0 || e.code == ERR_FINDING);
		tally_book_close(book);
	}
	tally_batch_close(b);
}

/* ---- keys that are gone ---- */

static bool
keep_none_but_months(void *arg, enum key_period period, int64_t index)
{
	return (period == KEY_MONTH);
}

static bool
file_holds(const char *ending, const void *bytes, size_t len)
{
	char name[80];
	struct buf all = { 0 };
	bool holds;
	FILE *f;
	int c;

	(void)snprintf(name, sizeof(name), "%s%s", path, ending);
	if ((f = fopen(name, "r")) == NULL)
		return (false);
	while ((c = fgetc(f)) != EOF)
		buf_char(&all, (char)c);
	(void)fclose(f);
	holds = memmem(all.data == NULL ? "" : all.data, all.len, bytes, len) != NULL;
	buf_free(&all);
	return (holds);
}

static void
hashes_go_with_their_key_and_numbers_stay(void **state)
{
	struct buf before = { 0 }, after = { 0 }, covers = { 0 }, month = { 0 };
	struct tally_book *book;
	struct made m;

	book = fill(&shapes[0], 100, 4);
	dump_all(&before);
	dump("SELECT cover FROM epoch WHERE period<4", &covers);
	dump("SELECT cover FROM epoch WHERE period=4", &month);
	assert_int_equal(covers.len, 33 * 2);
	assert_true(file_holds("", covers.data, 32) || file_holds("-wal", covers.data, 32));
	random_state = 42;
	make(&shapes[0], &m);
	for (int p = 0; p < KEY_PERIOD_COUNT; p++)
		assert_false(file_holds("", &m.subject.hash[p], 8) ||
		    file_holds("-wal", &m.subject.hash[p], 8));
	assert_int_equal(tally_book_forget(book, keep_none_but_months, NULL, &e), 0);
	for (size_t i = 0; i < 2; i++)
		assert_false(file_holds("", covers.data + i * 33, 32) ||
		    file_holds("-wal", covers.data + i * 33, 32));
	assert_true(file_holds("", month.data, 32));
	dump_all(&after);
	assert_string_equal(after.data, before.data);
	buf_clear(&after);
	dump("SELECT count(*) FROM uniq WHERE registers IS NOT NULL AND period<4", &after);
	dump("SELECT sum(gone) FROM epoch", &after);
	assert_string_equal(after.data, "0\n2\n");
	buf_free(&covers);
	buf_free(&month);
	tally_book_close(book);
	buf_free(&before);
	buf_free(&after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_give_way_to_their_class),
		cmocka_unit_test(every_class_is_known),
		cmocka_unit_test(long_keys_are_cut_behind_a_character),
		cmocka_unit_test_setup_teardown(
		    batches_and_commits_change_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    full_batches_give_what_small_ones_gave, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    who_is_in_a_sample_is_counted_once_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    every_level_adds_up_to_what_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cells_say_how_many_subjects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    uniques_of_a_day_are_within_their_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_give_what_batches_gave, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    who_is_seen_apart_is_seen_with_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_batches_keep_what_is_apart, set_up, tear_down),
		cmocka_unit_test(a_full_batch_says_so_and_has_room_when_it_is_empty),
		cmocka_unit_test_setup_teardown(
		    what_is_not_committed_was_not_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_comes_second_counts_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_number_of_more_digits_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    hashes_go_with_their_key_and_numbers_stay, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
