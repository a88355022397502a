/* Boxes of what is restricted: one size, every bit counts, and no other key opens them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/restrict/box.h"
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
