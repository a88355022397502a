/* Boxes of what is restricted: one size, every bit counts, and no other key opens them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/names.h"
#include "app/restrict/box.h"
#include "app/restrict/left_out.h"
#include "app/restrict/say.h"
#include "app/subject/forms.h"
#include "base/err.h"
#include "crypto/random.h"
#include "key/key.h"

#define NOW_US (INT64_C(1764000000) * 1000000)
#define ID "0123456789abcdef0123456789abcdef"

static unsigned calls, failing; /* counts from 1; 0: none fails */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *
__wrap_malloc(size_t size)
{
	return (++calls == failing ? NULL : __real_malloc(size));
}

static struct key_ring *ring;
static struct app_form_keys keys;
static struct mask_value value;
static struct app_epoch epoch;

static int
begin(void **state)
{
	unsigned destroyed;

	(void)state;
	assert_int_equal(key_ring_ephemeral(&ring, NULL), 0);
	assert_int_equal(key_ring_live(ring, NOW_US, NULL, &destroyed, NULL), 0);
	keys = (struct app_form_keys){ .ring = ring, .tenant = "default" };
	epoch.period = KEY_WEEK;
	epoch.index = key_ring_newest(ring, KEY_WEEK, key_epoch_index(KEY_WEEK, NOW_US));
	return (mask_value_read(MASK_VALUE_ADDRESS, span_str("192.0.2.7"), &value, NULL));
}

static int
end(void **state)
{
	(void)state;
	key_ring_free(ring);
	return (0);
}

static int
make(const struct seal_range *runs, size_t count, struct buf *out, struct err *e)
{
	const struct app_box_of of = { .id = ID, .epoch = epoch, .value = &value, .runs = runs,
		.count = count };

	return (app_box_make(&keys, &of, out, e));
}

/* What all boxes of out say together; how many they are. */
static size_t
open_all(struct span rest, struct buf *runs)
{
	unsigned char mac[32], want[32];
	struct app_box box;
	size_t count = 0;

	assert_int_equal(app_box_mac(&keys, &epoch, &value, want), 0);
	for (; rest.len > 0; count++) {
		size_t len = span_find(rest, '\n');

		assert_int_equal(app_box_read(span_of(rest.ptr, len), &box), 0);
		assert_int_equal(app_box_open(&box, &keys, mac, runs), 0);
		assert_memory_equal(mac, want, sizeof(mac));
		assert_string_equal(box.id, ID);
		assert_int_equal(len, 1464);
		rest = span_from(rest, len + 1);
	}
	return (count);
}

static void
test_what_goes_in_comes_out(void **state)
{
	static struct seal_range many[3000];
	static const struct {
		const char *claim;
		size_t runs, boxes;
	} rows[] = {
		{ "none is a box all the same", 0, 1 },
		{ "one", 1, 1 },
		{ "few", 200, 1 },
		{ "more than one box has room for", 500, 2 },
		{ "a power of two", 1200, 4 },
		{ "as many as there are", 3000, 16 },
	};

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		many[i] = (struct seal_range){ 1000 * i, 1000 * i + i % 3 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 }, runs = { 0 };
		size_t boxes;

		assert_int_equal(make(many, rows[i].runs, &out, NULL), 0);
		boxes = open_all(buf_view(&out), &runs);
		if (boxes != rows[i].boxes || runs.len != rows[i].runs * sizeof(many[0]) ||
		    (runs.len > 0 && memcmp(runs.data, many, runs.len) != 0))
			fail_msg("%s: %zu boxes, %zu bytes", rows[i].claim, boxes, runs.len);
		buf_free(&out);
		buf_free(&runs);
	}
}

/* Others of the request have more. */
static void
test_at_least_so_many(void **state)
{
	static const struct {
		const char *claim;
		size_t runs, least, boxes;
	} rows[] = {
		{ "none, in four", 0, 4, 4 },
		{ "one, in four", 1, 4, 4 },
		{ "500, which take two, in one", 500, 1, 2 },
		{ "500, in eight", 500, 8, 8 },
	};
	static struct seal_range many[500];

	(void)state;
	for (size_t i = 0; i < 500; i++)
		many[i] = (struct seal_range){ 1000 * i, 1000 * i };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct app_box_of of = { .id = ID, .epoch = epoch, .value = &value, .runs = many,
			.count = rows[i].runs, .boxes = rows[i].least };
		struct buf out = { 0 }, runs = { 0 };
		size_t boxes;

		assert_int_equal(app_box_make(&keys, &of, &out, NULL), 0);
		boxes = open_all(buf_view(&out), &runs);
		if (boxes != rows[i].boxes || runs.len != rows[i].runs * sizeof(many[0]))
			fail_msg("%s: %zu boxes, %zu bytes", rows[i].claim, boxes, runs.len);
		buf_free(&out);
		buf_free(&runs);
	}
}

/* Lines of a chain, without links: nobody looks at these here. */
static void
chain_of(struct span boxes, struct store_chain *chain)
{
	static struct seal_entry entry;
	struct buf lines = { 0 };
	int fd = memfd_create("chain", MFD_CLOEXEC);

	for (uint64_t i = 0; boxes.len > 0; i++) {
		size_t len = span_find(boxes, '\n');

		entry = (struct seal_entry){ .type = SEAL_CONFIG, .index = i,
			.software = span_str("cretula 0") };
		entry.of.config.kind = span_str(APP_RESTRICT);
		entry.of.config.policy = span_str(
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
		entry.of.config.text = span_of(boxes.ptr, len);
		assert_int_equal(seal_entry_print(&entry, app_names(), &lines, NULL), 0);
		buf_char(&lines, '\n');
		boxes = span_from(boxes, len + 1);
	}
	assert_int_equal(write(fd, lines.data, lines.len), (ssize_t)lines.len);
	assert_int_equal(store_chain_find(fd, chain, NULL), 0);
	buf_free(&lines);
}

/* A request that broke off left boxes: only what they do not have is boxed then. */
static void
test_what_is_missing(void **state)
{
	static const struct {
		const char *claim;
		struct seal_range there[2], wanted[2], left[3];
		size_t there_count, wanted_count, left_count;
	} rows[] = {
		{ "all of it", { { 5, 9 } }, { { 5, 9 } }, { { 0, 0 } }, 1, 1, 0 },
		{ "more came", { { 5, 9 } }, { { 5, 12 }, { 20, 20 } }, { { 10, 12 }, { 20, 20 } },
		    1, 2, 2 },
		{ "some in front", { { 5, 9 } }, { { 2, 9 } }, { { 2, 4 } }, 1, 1, 1 },
		{ "on both sides", { { 5, 9 } }, { { 2, 12 }, { 14, 15 } },
		    { { 2, 4 }, { 10, 12 }, { 14, 15 } }, 1, 2, 3 },
		{ "what was erased since", { { 5, 9 }, { 20, 30 } }, { { 7, 8 } }, { { 0, 0 } }, 2,
		    1, 0 },
		{ "nothing was there", { { 0, 0 } }, { { 7, 8 } }, { { 7, 8 } }, 0, 1, 1 },
	};
	unsigned char mac[32];

	(void)state;
	assert_int_equal(app_box_mac(&keys, &epoch, &value, mac), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 }, runs = { 0 };
		struct store_chain chain = { .open = false };
		struct app_left_out *l = NULL;
		struct app_epoch other = epoch;
		size_t had;

		assert_int_equal(make(rows[i].there, rows[i].there_count, &out, NULL), 0);
		chain_of(buf_view(&out), &chain);
		buf_add(&runs, rows[i].wanted, rows[i].wanted_count * sizeof(rows[i].wanted[0]));
		assert_int_equal(app_left_out_read(&chain, &keys, &l, NULL), 0);
		other.index--;
		mac[0] ^= 1;
		assert_int_equal(app_left_out_less(l, ID, &epoch, mac, &runs), 0);
		mac[0] ^= 1;
		assert_int_equal(app_left_out_less(l, ID, &other, mac, &runs), 0);
		assert_int_equal(app_left_out_less(l, "x", &epoch, mac, &runs), 0);
		assert_int_equal(runs.len, rows[i].wanted_count * sizeof(rows[i].wanted[0]));
		had = app_left_out_less(l, ID, &epoch, mac, &runs);
		if (had != 1 || runs.len != rows[i].left_count * sizeof(rows[i].left[0]) ||
		    (runs.len > 0 && memcmp(runs.data, rows[i].left, runs.len) != 0))
			fail_msg("%s: %zu boxes, %zu bytes", rows[i].claim, had, runs.len);
		app_left_out_close(l);
		store_chain_free(&chain);
		buf_free(&out);
		buf_free(&runs);
	}
}

/* Those that are there count. */
static void
test_some_are_there(void **state)
{
	static const struct {
		const char *claim;
		size_t runs, had, least, boxes;
	} rows[] = {
		{ "nothing is missing", 0, 1, 1, 0 },
		{ "of four three", 0, 3, 4, 1 },
		{ "some came", 1, 1, 1, 1 },
		{ "others of the request have more", 1, 1, 8, 7 },
		{ "a power of two in all", 1, 4, 4, 4 },
	};
	static const struct seal_range run = { 5, 9 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct app_box_of of = { .id = ID, .epoch = epoch, .value = &value, .runs = &run,
			.count = rows[i].runs, .boxes = rows[i].least, .had = rows[i].had };
		struct buf out = { 0 }, runs = { 0 };
		size_t boxes;

		assert_int_equal(app_box_make(&keys, &of, &out, NULL), 0);
		boxes = open_all(buf_view(&out), &runs);
		if (boxes != rows[i].boxes || runs.len != rows[i].runs * sizeof(run))
			fail_msg("%s: %zu boxes, %zu bytes", rows[i].claim, boxes, runs.len);
		buf_free(&out);
		buf_free(&runs);
	}
}

static void
test_the_largest_numbers(void **state)
{
	const struct seal_range runs[] = { { 0, UINT64_C(1) << 40 },
		{ (UINT64_C(1) << 60), (UINT64_C(1) << 60) } };
	struct buf out = { 0 }, back = { 0 };

	(void)state;
	assert_int_equal(make(runs, 2, &out, NULL), 0);
	assert_int_equal(open_all(buf_view(&out), &back), 1);
	assert_memory_equal(back.data, runs, sizeof(runs));
	buf_free(&out);
	buf_free(&back);
}

static void
test_every_bit_counts(void **state)
{
	const struct seal_range run = { 5, 9 };
	struct buf out = { 0 }, runs = { 0 };
	unsigned char mac[32];
	struct app_box box;

	(void)state;
	assert_int_equal(make(&run, 1, &out, NULL), 0);
	for (size_t bit = 0; bit < (out.len - 1) * 8; bit++) {
		out.data[bit / 8] ^= (char)(1 << bit % 8);
		buf_clear(&runs);
		if (app_box_read(span_of(out.data, out.len - 1), &box) == 0 &&
		    strcmp(box.id, ID) == 0 && app_box_open(&box, &keys, mac, &runs) == 0)
			fail_msg("bit %zu", bit);
		out.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	buf_free(&out);
	buf_free(&runs);
}

/* Another ring, tenant, epoch or import. */
static void
test_other_keys(void **state)
{
	const struct seal_range run = { 5, 9 };
	struct app_form_keys other = keys;
	struct key_ring *second = NULL;
	struct buf out = { 0 }, runs = { 0 };
	unsigned char mac[32];
	unsigned destroyed;
	struct app_box box;

	(void)state;
	assert_int_equal(make(&run, 1, &out, NULL), 0);
	assert_int_equal(app_box_read(span_of(out.data, out.len - 1), &box), 0);
	other.tenant = "other";
	assert_int_equal(app_box_open(&box, &other, mac, &runs), -1);
	assert_int_equal(key_ring_ephemeral(&second, NULL), 0);
	assert_int_equal(key_ring_live(second, NOW_US, NULL, &destroyed, NULL), 0);
	other = keys;
	other.ring = second;
	assert_int_equal(app_box_open(&box, &other, mac, &runs), -1);
	box.epoch.index--;
	assert_int_equal(app_box_open(&box, &keys, mac, &runs), -1);
	box.epoch.index++;
	box.epoch.import = true;
	assert_int_equal(app_box_open(&box, &keys, mac, &runs), -1);
	box.epoch.import = false;
	assert_int_equal(app_box_open(&box, &keys, mac, &runs), 0);
	key_ring_free(second);
	buf_free(&out);
	buf_free(&runs);
}

static void
test_words(void **state)
{
	static const struct {
		const char *claim, *text;
		int rc;
	} rows[] = {
		{ "a lift", "shop lift " ID, 0 },
		{ "of no id", "shop lift 0123", -1 },
		{ "of more than an id", "shop lift " ID " ", -1 },
		{ "no stream", "../shop lift " ID, -1 },
		{ "a kind of others", "shop words " ID, -1 },
		{ "a box that is none", "shop restrict " ID " - 2026-W48 AAAA", -1 },
		{ "no box", "shop restrict " ID " - 2026-W48", -1 },
		{ "nothing", "", -1 },
	};
	const struct seal_range run = { 5, 9 };
	struct buf out = { 0 }, line = { 0 };
	struct app_word word;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (app_word_read(span_str(rows[i].text), &word) != rows[i].rc)
			fail_msg("%s", rows[i].claim);
	assert_int_equal(make(&run, 1, &out, NULL), 0);
	buf_fmt(&line, "shop restrict %.*s", (int)out.len - 1, out.data);
	assert_int_equal(app_word_read(buf_view(&line), &word), 0);
	assert_true(span_equal(word.text, span_of(out.data, out.len - 1)));
	buf_free(&out);
	buf_free(&line);
}

static void
test_no_memory(void **state)
{
	const struct seal_range run = { 5, 9 };
	struct err e = { ERR_NONE, "" };
	int rc = -1;

	(void)state;
	for (unsigned n = 1; rc == -1 && n < 50; n++) {
		struct buf out = { 0 };

		calls = 0;
		failing = n;
		rc = make(&run, 1, &out, &e);
		failing = 0;
		buf_free(&out);
	}
	assert_int_equal(rc, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_in_comes_out),
		cmocka_unit_test(test_at_least_so_many),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_some_are_there),
		cmocka_unit_test(test_the_largest_numbers),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (crypto_start(NULL) == -1)
		return (1);
	return (cmocka_run_group_tests(tests, begin, end));
}
