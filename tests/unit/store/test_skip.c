/* Skip files: believed only if they are whole and of these records; gone with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "store/erase/erase.h"
#include "store/inside.h"
#include "store/skip/skip.h"
#include "work.h"

static unsigned char root[32] = "the root of the segment's tree.";
static const struct store_skip_of of = { 7, 5, root };

/* Two frames, of three and two records. */
static void
make(struct store_skip_maker *m, const struct store_skip_of *what, bool all)
{
	struct filter_summary summary;
	uint64_t count = 0;

	store_skip_begin(m, what, false);
	filter_summary_clear(&summary);
	for (int i = 0; i < 5; i++) {
		struct record r;

		record_clear(&r);
		r.time_us = i * 1000000;
		record_set_int(&r, RECORD_FIELD_STATUS, 200 + i);
		if (i < 4 || all)
			filter_summary_add(&summary, &r), count++;
		if (i == 2) {
			store_skip_frame(m, &summary, count);
			filter_summary_clear(&summary);
			count = 0;
		}
	}
	store_skip_frame(m, &summary, count);
}

static void
copy(const struct buf *from, size_t len, struct buf *to)
{
	*to = (struct buf){ 0 };
	buf_add(to, from->data, len);
}

static void
what_was_made_reads_back(void **state)
{
	struct filter *filter = NULL;
	struct store_skip_maker m;
	struct store_skip s;
	struct buf bytes;
	struct err e;

	make(&m, &of, true);
	assert_true(store_skip_end(&m, &of));
	copy(&m.bytes, m.bytes.len, &bytes);
	assert_true(store_skip_parse(&s, &bytes, &of));
	assert_int_equal(s.frames, 2);
	assert_int_equal(store_skip_count(&s, 0), 3);
	assert_int_equal(store_skip_count(&s, 1), 2);
	assert_int_equal(filter_compile("status == 203", &filter, &e), 0);
	assert_false(store_skip_may(&s, 0, filter, INT64_MIN, INT64_MAX));
	assert_true(store_skip_may(&s, 1, filter, INT64_MIN, INT64_MAX));
	assert_false(store_skip_may(&s, 1, filter, INT64_MIN, 3000000));
	assert_true(store_skip_may(&s, 1, NULL, 4000000, INT64_MAX));
	assert_false(store_skip_may(&s, 1, NULL, 4000001, INT64_MAX));
	filter_free(filter);
	store_skip_close(&s);
	store_skip_drop(&m);
	/* Not all records were seen: nothing is made. */
	make(&m, &of, false);
	assert_false(store_skip_end(&m, &of));
	store_skip_drop(&m);
}

/* Frames that were seen the last one first: the same file. */
static void
made_from_the_end_it_is_the_same(void **state)
{
	for (size_t frames = 0; frames < 6; frames++) {
		const struct store_skip_of what = { 7, frames * (frames + 1) / 2, root };
		struct store_skip_maker m[2];

		for (int back = 0; back < 2; back++) {
			store_skip_begin(&m[back], &what, back == 1);
			for (size_t i = 0; i < frames; i++) {
				size_t frame = back == 1 ? frames - i - 1 : i;
				struct filter_summary summary;
				struct record r;

				filter_summary_clear(&summary);
				record_clear(&r);
				r.time_us = (int64_t)frame * 1000000;
				filter_summary_add(&summary, &r);
				store_skip_frame(&m[back], &summary, frame + 1);
			}
			assert_true(store_skip_end(&m[back], &what));
		}
		assert_int_equal(m[0].bytes.len, m[1].bytes.len);
		assert_memory_equal(m[0].bytes.data, m[1].bytes.data, m[0].bytes.len);
		store_skip_drop(&m[0]);
		store_skip_drop(&m[1]);
	}
}

static void
others_and_damaged_ones_are_none(void **state)
{
	unsigned char other[32] = "another one";
	const struct store_skip_of wrong[] = { { 8, 5, root }, { 7, 6, root }, { 7, 5, other } };
	struct store_skip_maker m;
	struct store_skip s;
	struct buf bytes;

	make(&m, &of, true);
	assert_true(store_skip_end(&m, &of));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		copy(&m.bytes, m.bytes.len, &bytes);
		assert_false(store_skip_parse(&s, &bytes, &wrong[i]));
	}
	for (size_t bit = 0; bit < m.bytes.len * 8; bit += bit < 2000 ? 1 : 61) {
		copy(&m.bytes, m.bytes.len, &bytes);
		bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		if (store_skip_parse(&s, &bytes, &of))
			fail_msg("bit %zu turned", bit);
	}
	for (size_t len = 0; len < m.bytes.len; len += len < 200 ? 1 : 97) {
		copy(&m.bytes, len, &bytes);
		assert_false(store_skip_parse(&s, &bytes, &of));
	}
	store_skip_drop(&m);
}

/* ---- with a store ---- */

static int
open_all(struct store **s, struct store_stream **st)
{
	struct err e = { 0 };
	bool created;

	if (store_open(work_store, NULL, s, &created, &e) == -1 ||
	    store_stream_open(*s, "shop", POLICY, &test_names, st, &e) == -1)
		fail_msg("%s", e.text);
	return (store_skip_dir((*s)->dirfd, "shop", true));
}

static void
leave(int dirfd, uint64_t seg)
{
	struct store_skip_maker m;
	struct err e = { 0 };

	make(&m, &of, true);
	assert_int_equal(store_skip_write(&m, dirfd, seg, &e), 0);
	store_skip_drop(&m);
}

static bool
is_there(int dirfd, const char *name)
{
	return (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

static void
what_is_gone_cannot_be_asked_for(void **state)
{
	static const struct store_erase_item item = { 3, { NULL, 0 } };
	static const struct seal_range range = { 2, 2 };
	const struct store_erase_order erase = {
		.seg = 1, .items = &item, .count = 1, .reason = SPAN("asked")
	};
	const struct store_prune_order prune = { &range, 1, SPAN("old"), SPAN("me"), 0 };
	struct store_stream *st = NULL;
	struct store *s = NULL;
	struct store_eraser *x;
	struct err e = { 0 };
	uint64_t entry;
	int dirfd;

	work_begin();
	dirfd = open_all(&s, &st);
	assert_true(dirfd != -1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(seal_segment(st, 40, 2, false, &e), 0);
	for (uint64_t seg = 1; seg <= 3; seg++)
		leave(dirfd, seg);
	assert_int_equal(store_eraser_open(st, &x, &e), 0);
	assert_int_equal(store_erase(x, &erase, &entry, &e), 0);
	assert_false(is_there(dirfd, "00000001"));
	assert_true(is_there(dirfd, "00000002"));
	assert_int_equal(store_prune(x, &prune, &entry, &e), 0);
	assert_false(is_there(dirfd, "00000002"));
	assert_true(is_there(dirfd, "00000003"));
	store_eraser_close(x);
	/* What a crash, or a late reader, left: the next start removes it. */
	leave(dirfd, 1);
	leave(dirfd, 2);
	store_stream_close(st);
	store_close(s);
	(void)close(dirfd);
	dirfd = open_all(&s, &st);
	assert_false(is_there(dirfd, "00000001"));
	assert_false(is_there(dirfd, "00000002"));
	assert_true(is_there(dirfd, "00000003"));
	store_stream_close(st);
	store_close(s);
	(void)close(dirfd);
	work_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_reads_back),
		cmocka_unit_test(made_from_the_end_it_is_the_same),
		cmocka_unit_test(others_and_damaged_ones_are_none),
		cmocka_unit_test(what_is_gone_cannot_be_asked_for),
	};

	if (crypto_start(NULL) == -1)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
