/* Packs: what was put into one comes out of it, and nothing comes out of what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "tally/pack/cover.h"
#include "tally/pack/pack.h"
#include "unit/each.h"
#include "vectors/wrapped.h"

#define KEY_MAX 544
#define VALUES 40
#define FLIPPED_MAX 1200 /* bytes: each bit, and for each all of them are read */

static struct err e;
static unsigned long fail_at; /* calls until one fails; 0: none */

static bool
fails(void)
{
	return (fail_at > 0 && --fail_at == 0);
}

/* ---- made-up packs ---- */

static uint64_t
draw(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed % below);
}

/* Many are short, and some as long as they may be. */
static uint64_t
draw_number(uint64_t *seed)
{
	uint64_t n = draw(seed, INT64_MAX) >> draw(seed, 63);

	return (draw(seed, 9) == 0 ? INT64_MAX : n);
}

struct made {
	struct tally_packed values[VALUES];
	unsigned count;
	int64_t epochs[TALLY_PACK_EPOCHS];
	unsigned epoch_count;
	uint32_t hashes[TALLY_PACK_EPOCHS];
	char keys[VALUES][KEY_MAX];
	struct buf runs, pack;
};

static void
make_value(struct made *m, uint64_t *seed, struct tally_packed *v, char *key)
{
	static const size_t lengths[] = { 1, 3, 4, 63, 64, 200, KEY_MAX };
	size_t len = lengths[draw(seed, sizeof(lengths) / sizeof(lengths[0]))];

	for (size_t i = 0; i < len; i++)
		key[i] = (char)draw(seed, 256);
	*v = (struct tally_packed){ .key = span_of(key, len) };
	for (int apart = 0; apart < 2; apart++)
		if (draw(seed, 3) > 0)
			v->count[apart] = (struct tally_packed_count){ 1 + (draw_number(seed) >> 1),
				draw_number(seed), draw_number(seed) };
	for (unsigned epoch = 0; epoch < m->epoch_count; epoch++) {
		struct tally_packed_seen *seen = &v->seen[v->seen_count];

		if (draw(seed, 3) == 0)
			continue;
		*seen = (struct tally_packed_seen){ (uint8_t)epoch,
			(uint8_t)draw(seed, TALLY_SUBJECTS_MANY + 1),
			(uint8_t)draw(seed, TALLY_SUBJECTS_MAX + 1), m->hashes[epoch] };
		m->hashes[epoch] += seen->hashes;
		v->seen_count++;
	}
}

static void
make_other(struct tally_packed *v)
{
	v->other = true;
	v->key = span_of("", 0);
}

/* As they are written; to be freed by free_made. */
static void
pack_made(struct made *m, struct buf *pack)
{
	struct buf values = { 0 };

	for (unsigned i = 0; i < m->count; i++)
		assert_true(tally_pack_value(&values, &m->values[i]));
	tally_pack_end(pack, m->epochs, m->epoch_count, &values, &m->runs);
	assert_true(buf_ok(pack));
	buf_free(&values);
}

static struct made *
make(uint64_t *seed)
{
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->epoch_count = (unsigned)draw(seed, draw(seed, 5) == 0 ? TALLY_PACK_EPOCHS + 1 : 3);
	for (unsigned i = 0; i < m->epoch_count; i++)
		m->epochs[i] = draw(seed, 4) == 0 ? 0 : (int64_t)draw_number(seed);
	m->count = (unsigned)draw(seed, draw(seed, 4) == 0 ? VALUES + 1 : 4);
	for (unsigned i = 0; i < m->count; i++)
		make_value(m, seed, &m->values[i], m->keys[i]);
	if (m->count > 0)
		make_other(&m->values[draw(seed, m->count)]);
	for (unsigned i = 0; i < m->epoch_count; i++)
		for (size_t n = 0;
		     m->hashes[i] > 0 && n < TALLY_COVERED((size_t)m->hashes[i] * TALLY_HASH_BYTES);
		     n++)
			buf_char(&m->runs, (char)(0x80 | draw(seed, 128)));
	pack_made(m, &m->pack);
	return (m);
}

static void
free_made(struct made *m)
{
	buf_free(&m->runs);
	buf_free(&m->pack);
	free(m);
}

static void
same_value(const struct tally_packed *got, const struct tally_packed *want)
{
	assert_true(span_equal(got->key, want->key));
	assert_int_equal(got->other, want->other);
	assert_false(got->hole || got->end || got->gone);
	for (int apart = 0; apart < 2; apart++) {
		assert_int_equal(got->count[apart].requests, want->count[apart].requests);
		assert_int_equal(got->count[apart].bots, want->count[apart].bots);
		assert_int_equal(got->count[apart].bytes, want->count[apart].bytes);
	}
	assert_int_equal(got->seen_count, want->seen_count);
	for (unsigned i = 0; i < got->seen_count; i++) {
		assert_int_equal(got->seen[i].epoch, want->seen[i].epoch);
		assert_int_equal(got->seen[i].subjects, want->seen[i].subjects);
		assert_int_equal(got->seen[i].hashes, want->seen[i].hashes);
		assert_int_equal(got->seen[i].at, want->seen[i].at);
	}
}

static void
what_is_packed_comes_out(void **state)
{
	uint64_t seed = 7;

	for (int round = 0; round < 2000; round++) {
		struct made *m = make(&seed);
		struct buf again = { 0 };
		struct tally_packed v;
		struct tally_unpack u;
		size_t runs = 0;

		assert_int_equal(tally_unpack_open(&u, buf_view(&m->pack), &e), 0);
		assert_int_equal(u.epoch_count, m->epoch_count);
		for (unsigned i = 0; i < m->epoch_count; i++)
			assert_int_equal(u.epoch[i], m->epochs[i]);
		for (unsigned i = 0; i < m->count; i++) {
			assert_int_equal(tally_unpack_next(&u, &v, &e), 1);
			same_value(&v, &m->values[i]);
		}
		assert_int_equal(tally_unpack_next(&u, &v, &e), 0);
		assert_true(span_equal(u.left, buf_view(&m->runs)));
		for (unsigned i = 0; i < m->epoch_count; i++) {
			struct span run = tally_unpack_run(&u, i);

			assert_true(run.ptr == u.left.ptr + runs);
			runs += run.len;
			assert_int_equal(u.hashes[i], m->hashes[i]);
		}
		assert_int_equal(runs, u.left.len);
		pack_made(m, &again);
		assert_true(span_equal(buf_view(&again), buf_view(&m->pack)));
		buf_free(&again);
		free_made(m);
	}
}

/* ---- what is none ---- */

static void
check_value(const struct tally_unpack *u, const struct tally_packed *v, struct span pack)
{
	unsigned most = 0;
	uint64_t met = 0;

	assert_true(v->key.len <= KEY_MAX && (v->key.len == 0 || !v->other));
	assert_true(v->key.ptr >= pack.ptr && v->key.ptr + v->key.len <= pack.ptr + pack.len);
	for (int apart = 0; apart < 2; apart++) {
		assert_true(v->count[apart].requests <= INT64_MAX);
		assert_true(v->count[apart].bots <= INT64_MAX);
		assert_true(v->count[apart].bytes <= INT64_MAX);
		assert_true(v->count[apart].requests > 0 ||
		    v->count[apart].bots + v->count[apart].bytes == 0);
	}
	assert_true(v->seen_count <= u->epoch_count);
	for (unsigned i = 0; i < v->seen_count; i++) {
		const struct tally_packed_seen *seen = &v->seen[i];

		assert_true(seen->epoch < u->epoch_count);
		assert_int_equal(met >> seen->epoch & 1, 0);
		met |= UINT64_C(1) << seen->epoch;
		assert_true(seen->subjects <= TALLY_SUBJECTS_MANY);
		assert_true(seen->hashes <= TALLY_SUBJECTS_MAX);
		assert_int_equal(seen->at + seen->hashes <= u->hashes[seen->epoch], true);
		most = seen->subjects > most ? seen->subjects : most;
	}
	assert_int_equal(tally_packed_subjects(v), most);
}

/* Read to its end: within limits, or refused.  Returns what tally_unpack_next did. */
static int
read_any(struct span pack)
{
	struct tally_packed v;
	struct tally_unpack u;
	int rc, values = 0;

	e.code = ERR_NONE;
	if ((rc = tally_unpack_open(&u, pack, &e)) == 0) {
		assert_true(u.epoch_count <= TALLY_PACK_EPOCHS);
		for (unsigned i = 0; i < u.epoch_count; i++)
			assert_true(u.epoch[i] >= 0);
		while ((rc = tally_unpack_next(&u, &v, &e)) == 1) {
			check_value(&u, &v, pack);
			assert_true(++values <= (int)TALLY_PACK_VALUES);
		}
	}
	if (rc == -1) {
		assert_int_equal(e.code, ERR_FINDING);
		return (-1);
	}
	for (unsigned i = 0; i < u.epoch_count; i++) {
		struct span run = tally_unpack_run(&u, i);

		assert_true(run.ptr + run.len <= pack.ptr + pack.len);
	}
	return (0);
}

static void
drop_each_second(void *arg, struct tally_packed *v)
{
	if (!v->end)
		v->gone = ++*(int *)arg % 2 == 0;
}

/* In memory of its own, so that who reads beyond it is seen. */
static int
read_copy(struct span pack)
{
	char *copy = malloc(pack.len == 0 ? 1 : pack.len);
	struct buf out = { 0 };
	int rc, n = 0;

	assert_non_null(copy);
	if (pack.len > 0)
		memcpy(copy, pack.ptr, pack.len);
	rc = read_any(span_of(copy, pack.len));
	assert_int_equal(tally_repack(span_of(copy, pack.len), drop_each_second, &n, &out, &e), rc);
	if (rc == 0 && out.len > 0)
		assert_int_equal(read_any(buf_view(&out)), 0);
	buf_free(&out);
	free(copy);
	return (rc);
}

static void
whatever_is_changed_stays_within_limits(void **state)
{
	uint64_t seed = 11;
	int refused = 0, all = 0;

	for (int round = 0; round < 200; round += EACH) {
		struct made *m = make(&seed);

		while (m->pack.len > FLIPPED_MAX) {
			free_made(m);
			m = make(&seed);
		}
		for (size_t len = 0; len < m->pack.len; len++)
			assert_int_equal(read_copy(span_of(m->pack.data, len)), -1);
		for (size_t bit = 0; bit < 8 * m->pack.len; bit++) {
			m->pack.data[bit / 8] ^= (char)(1 << bit % 8);
			refused += read_copy(buf_view(&m->pack)) == -1;
			all++;
			m->pack.data[bit / 8] ^= (char)(1 << bit % 8);
		}
		assert_int_equal(read_copy(buf_view(&m->pack)), 0);
		buf_char(&m->pack, (char)0x80);
		assert_int_equal(read_copy(buf_view(&m->pack)), -1);
		free_made(m);
	}
	assert_in_range(refused, 1, all - 1);
}

#define TEN "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" /* digits of a number, all ones */
#define MAX TEN "\x87" /* 2^63 - 1 */
#define BIG TEN "\x88" /* more */
#define ONE_EPOCH "\x81\x85"

static void
hostile_packs_are_refused(void **state)
{
	static const struct {
		const char *claim;
		struct span pack;
		int rc;
	} rows[] = {
		{ "nothing", SPAN(""), -1 },
		{ "no values", SPAN("\x80\x80"), 0 },
		{ "no end", SPAN("\x80"), -1 },
		{ "something behind it", SPAN("\x80\x80\x80"), -1 },
		{ "a byte that is no number", SPAN("\x80\x01"), -1 },
		{ "an empty value", SPAN("\x80\x81\x80\x80"), 0 },
		{ "an epoch", SPAN(ONE_EPOCH "\x80"), 0 },
		{ "the greatest epoch", SPAN("\x81" MAX "\x80"), 0 },
		{ "a greater one", SPAN("\x81" BIG "\x80"), -1 },
		{ "a number without end", SPAN("\x81" TEN "\xc7\x80\x80"), -1 },
		{ "a number of more bits", SPAN("\x81" TEN "\x90\x80"), -1 },
		{ "33 epochs",
		    SPAN("\xa1\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81"
			 "\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x80"),
		    -1 },
		{ "fewer than it says", SPAN("\x82\x81\x80"), -1 },
		{ "a key", SPAN("\x80\x91x\x80\x80"), 0 },
		{ "a key longer than all", SPAN("\x80\xd1\x81x\x80\x80"), -1 },
		{ "a key of nearly all numbers", SPAN("\x80\xd1" TEN "x\x80\x80"), -1 },
		{ "other with a key", SPAN("\x80\x93x\x80\x80"), -1 },
		{ "other", SPAN("\x80\x83\x80\x80"), 0 },
		{ "a head without a value", SPAN("\x80\x84\x81\x80\x80\x80\x80"), -1 },
		{ "a key without a value", SPAN("\x80\x90x\x80\x80"), -1 },
		{ "a hole", SPAN("\x80\x82\x80\x80"), 0 },
		{ "a hole with a sum", SPAN("\x80\x86\x81\x80\x80\x80\x80"), -1 },
		{ "a sum", SPAN("\x80\x85\x81\x80\x80\x80\x80"), 0 },
		{ "a sum of no requests", SPAN("\x80\x85\x80\x80\x80\x80\x80"), -1 },
		{ "the greatest sum", SPAN("\x80\x85" MAX MAX MAX "\x80\x80"), 0 },
		{ "too many requests", SPAN("\x80\x85" BIG "\x80\x80\x80\x80"), -1 },
		{ "too many bots", SPAN("\x80\x85\x81" BIG "\x80\x80\x80"), -1 },
		{ "too many bytes", SPAN("\x80\x85\x81\x80" BIG "\x80\x80"), -1 },
		{ "no bytes", SPAN("\x80\x85\x81\x80"), -1 },
		{ "more subjects than any", SPAN(ONE_EPOCH "\x81\x81\x80\x96\x80\x80"), -1 },
		{ "many subjects", SPAN(ONE_EPOCH "\x81\x81\x80\x95\x80\x80"), 0 },
		{ "more hashes than any", SPAN(ONE_EPOCH "\x81\x81\x80\x81\x95\x80"), -1 },
		{ "hashes without a run", SPAN(ONE_EPOCH "\x81\x81\x80\x81\x81\x80"), -1 },
		{ "an epoch that is not listed", SPAN(ONE_EPOCH "\x81\x81\x81\x81\x80\x80"), -1 },
		{ "an epoch twice", SPAN("\x82\x85\x86\x81\x82\x80\x81\x80\x80\x81\x80\x80"), -1 },
		{ "more of them than there are",
		    SPAN(ONE_EPOCH "\x81\x82\x80\x81\x80\x80\x81\x80\x80"), -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].claim);
		assert_int_equal(read_copy(rows[i].pack), rows[i].rc);
	}
}

static void
more_values_than_any_are_refused(void **state)
{
	struct buf pack = { 0 };

	for (unsigned count = TALLY_PACK_VALUES; count <= TALLY_PACK_VALUES + 1; count++) {
		buf_clear(&pack);
		buf_char(&pack, (char)0x80);
		for (unsigned i = 0; i < count; i++)
			buf_str(&pack, "\x81\x80");
		buf_char(&pack, (char)0x80);
		assert_int_equal(read_copy(buf_view(&pack)), count > TALLY_PACK_VALUES ? -1 : 0);
	}
	buf_free(&pack);
}

/* ---- without memory ---- */

static void
any_allocation_may_fail(void **state)
{
	struct buf values = { 0 }, out = { 0 };
	uint64_t seed = 3;
	struct err memory = { ERR_NONE, "" };
	struct made *m;
	int n = 0, rc;

	(void)err_memory(&memory);
	do
		m = make(&seed);
	while (m->count < VALUES / 2 && (free_made(m), true));
	for (unsigned long at = 1;; at++) {
		buf_free(&values);
		buf_free(&out);
		fail_at = at;
		for (unsigned i = 0; i < m->count; i++)
			(void)tally_pack_value(&values, &m->values[i]);
		tally_pack_end(&out, m->epochs, m->epoch_count, &values, &m->runs);
		if (fail_at > 0)
			break;
		assert_false(buf_ok(&out));
		assert_true(at < 100);
	}
	fail_at = 0;
	assert_true(span_equal(buf_view(&out), buf_view(&m->pack)));
	for (unsigned long at = 1;; at++) {
		buf_free(&out);
		e.code = ERR_NONE;
		fail_at = at;
		rc = tally_repack(buf_view(&m->pack), drop_each_second, &n, &out, &e);
		if (fail_at > 0)
			break;
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, memory.code);
		assert_true(at < 100);
	}
	fail_at = 0;
	assert_int_equal(rc, 0);
	buf_free(&values);
	buf_free(&out);
	free_made(m);
}

/* ---- packed again ---- */

struct editing {
	const struct made *m;
	unsigned at; /* of the values of m, the next one */
	uint64_t stays; /* a bit each */
	unsigned told, ends;
	bool makes; /* one more at the end */
};

static void
edit(void *arg, struct tally_packed *v)
{
	struct editing *ed = arg;

	assert_false(v->hole);
	if (v->end) {
		assert_true(v->gone);
		ed->ends++;
		if (ed->makes) {
			v->gone = false;
			v->key = span_of("new", 3);
			v->count[1].requests = 5;
		}
		return;
	}
	/* Those that went before it is not told of. */
	while (ed->at < ed->m->count && !span_equal(ed->m->values[ed->at].key, v->key))
		ed->at++;
	assert_true(ed->at < ed->m->count);
	same_value(v, &ed->m->values[ed->at]);
	v->gone = (ed->stays >> ed->at & 1) == 0;
	ed->told++;
}

/* Those that stay are as they were, and their hashes stand where they stood. */
static void
expect_rest(const struct made *m, uint64_t stays, bool made, struct span pack)
{
	struct tally_packed v;
	struct tally_unpack u;
	unsigned at = 0;

	assert_int_equal(tally_unpack_open(&u, pack, &e), 0);
	assert_int_equal(u.epoch_count, m->epoch_count);
	while (tally_unpack_next(&u, &v, &e) == 1) {
		if (v.hole) {
			assert_int_equal(v.key.len, 0);
			assert_false(v.other || tally_packed_counts(&v));
			assert_int_equal(tally_packed_subjects(&v), 0);
			continue;
		}
		while (at < m->count && (stays >> at & 1) == 0)
			at++;
		if (at == m->count) {
			assert_true(made && span_is(v.key, "new"));
			assert_int_equal(v.count[1].requests, 5);
			made = false;
		} else
			same_value(&v, &m->values[at++]);
	}
	while (at < m->count && (stays >> at & 1) == 0)
		at++;
	assert_int_equal(at, m->count);
	assert_false(made);
	assert_true(span_equal(u.left, buf_view(&m->runs)));
}

static unsigned
bits(uint64_t of)
{
	return ((unsigned)__builtin_popcountll(of));
}

static void
holes_keep_the_runs_of_others(void **state)
{
	uint64_t seed = 23;

	for (int round = 0; round < 1000; round++) {
		struct made *m = make(&seed);
		uint64_t all = (UINT64_C(1) << m->count) - 1, first = all & draw(&seed, UINT64_MAX),
			 second = first & draw(&seed, UINT64_MAX);
		struct buf once = { 0 }, twice = { 0 };
		struct editing one = { .m = m, .stays = first },
			       two = { .m = m, .stays = second, .makes = round % 2 == 0 };

		assert_int_equal(tally_repack(buf_view(&m->pack), edit, &one, &once, &e), 0);
		assert_int_equal(one.told, m->count);
		assert_int_equal(one.ends, 1);
		assert_int_equal(once.len == 0, first == 0);
		if (first != 0) {
			expect_rest(m, first, false, buf_view(&once));
			assert_int_equal(tally_repack(buf_view(&once), edit, &two, &twice, &e), 0);
			assert_int_equal(two.told, bits(first));
			assert_int_equal(twice.len == 0, second == 0 && !two.makes);
			if (twice.len > 0)
				expect_rest(m, second, two.makes, buf_view(&twice));
		}
		buf_free(&once);
		buf_free(&twice);
		free_made(m);
	}
}

/* Bytes that named what went are in no pack. */
static void
nothing_names_what_went(void **state)
{
	static const char key[] = "/somebody";
	struct buf values = { 0 }, runs = { 0 }, pack = { 0 }, out = { 0 };
	struct tally_packed gone = { .key = span_str(key),
		.count = { { 1234567, 7654321, 424242 }, { 99999, 0, 0 } },
		.seen_count = 1,
		.seen = { { 0, 9, 3, 0 } } };
	struct tally_packed stays = { .key = span_str("x"), .count = { { 1, 0, 0 } } };
	const int64_t epoch = 17;
	const struct span hole = SPAN("\x81\x91\x82\x81\x80\x80\x83\x95x\x81\x80\x80\x80\x80");
	int n = 1; /* the first one goes */

	(void)tally_pack_value(&values, &gone);
	(void)tally_pack_value(&values, &stays);
	for (size_t i = 0; i < TALLY_COVERED(3 * TALLY_HASH_BYTES); i++)
		buf_char(&runs, (char)0xaa);
	tally_pack_end(&pack, &epoch, 1, &values, &runs);
	assert_non_null(memmem(pack.data, pack.len, key, strlen(key)));
	assert_int_equal(tally_repack(buf_view(&pack), drop_each_second, &n, &out, &e), 0);
	assert_int_equal(out.len, hole.len + runs.len);
	assert_memory_equal(out.data, hole.ptr, hole.len);
	assert_memory_equal(out.data + hole.len, runs.data, runs.len);
	buf_free(&values);
	buf_free(&runs);
	buf_free(&pack);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_out),
		cmocka_unit_test(whatever_is_changed_stays_within_limits),
		cmocka_unit_test(hostile_packs_are_refused),
		cmocka_unit_test(more_values_than_any_are_refused),
		cmocka_unit_test(any_allocation_may_fail),
		cmocka_unit_test(holes_keep_the_runs_of_others),
		cmocka_unit_test(nothing_names_what_went),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
