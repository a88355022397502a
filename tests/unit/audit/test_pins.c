/*
 * What an auditor brings along: pins of what was seen before, and how old a
 * stream may be.  Each row is what a mutation of pin.c or verify.c would change.
 */
#include <sys/stat.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/outside/pin.h"
#include "base/err.h"
#include "build.h"

#define SHOP "streams/shop/"
#define HEAD "cretula pin v1\n"
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PINS 65536 /* at most */

static struct buf lines;

static void
make_store(struct build *b)
{
	build_begin(b);
	if (lines.len == 0)
		build_lines(&lines, 0, 30);
	build_segment(build_stream(b, "shop"),
	    &(struct build_segment){ .lines = lines.data, .len = lines.len });
}

static void
verify(const struct build *b, const struct audit_options *more, struct audit_result *result)
{
	struct audit_options options = *more;
	struct err e;

	options.jobs = 1;
	options.names = &build_names;
	build_age(b);
	assert_int_equal(audit_verify(b->dir, &options, result, &e), 0);
}

/* ---- the file ---- */

static int
read_text(struct span text, struct audit_pins *pins, struct err *e)
{
	char path[256];
	struct build b;
	int rc;

	build_begin(&b);
	build_write(&b, "pins", text.ptr, text.len);
	build_path(&b, "pins", path);
	rc = audit_pins_read(pins, path, e);
	build_end(&b);
	return (rc);
}

static const struct {
	const char *claim, *text;
	int count; /* -1: no pins */
} files[] = {
	{ "an empty file is none of pins", "", -1 },
	{ "nor one of another version", "cretula pin v2\no/s 1 " ROOT "\n", -1 },
	{ "it may hold none", HEAD, 0 },
	{ "one", HEAD "o/s 1 " ROOT "\n", 1 },
	{ "two", HEAD "o/s 1 " ROOT "\no/t 18446744073709551615 " ROOT "\n", 2 },
	{ "a line has an end", HEAD "o/s 1 " ROOT, -1 },
	{ "and is none without words", HEAD "\n", -1 },
	{ "an origin", HEAD " 1 " ROOT "\n", -1 },
	{ "of ASCII", HEAD "o\xc3\xa4/s 1 " ROOT "\n", -1 },
	{ "a size", HEAD "o/s  " ROOT "\n", -1 },
	{ "of digits", HEAD "o/s x " ROOT "\n", -1 },
	{ "that is not 0", HEAD "o/s 0 " ROOT "\n", -1 },
	{ "a root", HEAD "o/s 1\n", -1 },
	{ "in Base64", HEAD "o/s 1 ?AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", -1 },
	{ "also behind a good one", HEAD "o/s 1 " ROOT "\no/t 1 ?AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", -1 },
	{ "not shorter", HEAD "o/s 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", -1 },
	{ "nor longer", HEAD "o/s 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", -1 },
	{ "and no more", HEAD "o/s 1 " ROOT " \n", -1 },
};

static void
test_files(void **state)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct audit_pins pins;
		struct err e;
		int rc = read_text(span_str(files[i].text), &pins, &e);

		if (rc != (files[i].count < 0 ? -1 : 0) ||
		    (rc == -1 && e.code != ERR_CONFIG) ||
		    (rc == 0 && pins.count != (size_t)files[i].count))
			fail_msg("%s: %d, %zu pins", files[i].claim, rc, pins.count);
		audit_pins_free(&pins);
	}
}

static void
test_what_is_no_file(void **state)
{
	struct audit_pins pins;
	struct err e;

	assert_int_equal(audit_pins_read(&pins, "/nowhere/pins", &e), 0);
	assert_int_equal(pins.count, 0);
	assert_int_equal(audit_pins_read(&pins, "/", &e), -1);
	assert_int_equal(audit_pins_write(&pins, "/nowhere/pins", &e), -1);
	audit_pins_free(&pins);
}

/* count pins, the last origin with len letters. */
static int
read_many(size_t count, size_t len, struct audit_pins *pins)
{
	struct buf text = { 0 };
	struct err e;
	int rc;

	buf_str(&text, HEAD);
	for (size_t i = 0; i + 1 < count; i++)
		buf_fmt(&text, "o/%zu 1 %s\n", i, ROOT);
	for (size_t i = 0; i < len; i++)
		buf_char(&text, 'x');
	buf_str(&text, " 1 " ROOT "\n");
	rc = read_text(buf_view(&text), pins, &e);
	buf_free(&text);
	return (rc);
}

static void
test_limits(void **state)
{
	static const struct {
		size_t count, len;
		int rc;
	} rows[] = { { 1, SEAL_NAME_BYTES_MAX, 0 }, { 1, SEAL_NAME_BYTES_MAX + 1, -1 },
		{ 17, 1, 0 }, { PINS, 1, 0 }, { PINS + 1, 1, -1 } };
	struct audit_pins pins;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_many(rows[i].count, rows[i].len, &pins), rows[i].rc);
		if (rows[i].rc == 0)
			assert_int_equal(pins.count, rows[i].count);
		audit_pins_free(&pins);
	}
}

/* ---- what they tell ---- */

struct pinned {
	struct build *b;
	struct audit_pins pins;
	struct audit_pin *shop; /* of them */
};

static void
nothing(struct pinned *p)
{
}

static void
of_another_origin(struct pinned *p)
{
	(void)snprintf(p->shop->origin, sizeof(p->shop->origin), "elsewhere/shop");
}

static void
without_a_slash(struct pinned *p)
{
	(void)snprintf(p->shop->origin, sizeof(p->shop->origin), "shop");
}

static void
one_more(struct pinned *p)
{
	p->shop->size++;
}

static void
of_the_first(struct pinned *p)
{
	p->shop->size = 1; /* with the root of all: others */
}

static void
of_another_root(struct pinned *p)
{
	p->shop->root[31] ^= 1;
}

static void
change_entry(struct pinned *p)
{
	build_edit(p->b, SHOP "chain.jsonl", "2025-", "2024-");
}

static void
no_genesis(struct pinned *p)
{
	build_edit(p->b, SHOP "chain.jsonl", "{\"v\"", "{\"w\"");
}

static void
no_entries(struct pinned *p)
{
	build_write(p->b, SHOP "chain.jsonl", "", 0);
}

static void
no_stream(struct pinned *p)
{
	build_remove(p->b, SHOP);
	(void)snprintf(p->shop->origin, sizeof(p->shop->origin), "elsewhere/gone");
}

static void
another_store(struct pinned *p)
{
	no_stream(p);
	(void)snprintf(p->shop->origin, sizeof(p->shop->origin), "elsewhere/cretula.store2");
}

static const struct {
	const char *claim;
	void (*change)(struct pinned *p);
	enum audit_code code; /* AUDIT_CODE_COUNT: none about pins */
	const char *text;
	uint64_t entry;
} told[] = {
	{ "nothing", nothing, AUDIT_CODE_COUNT, "", 0 },
	{ "another origin", of_another_origin, AUDIT_E_SPLIT_VIEW,
	    "pinned was a chain of another origin", AUDIT_NONE },
	{ "an origin without a slash", without_a_slash, AUDIT_E_SPLIT_VIEW,
	    "pinned was a chain of another origin", AUDIT_NONE },
	{ "more was seen", one_more, AUDIT_E_ROLLBACK, "3 entries were seen, 2 are here", 2 },
	{ "its first were others", of_the_first, AUDIT_E_SPLIT_VIEW,
	    "its first 1 entries are not those that were seen", AUDIT_NONE },
	{ "all were others", of_another_root, AUDIT_E_SPLIT_VIEW,
	    "its first 2 entries are not those that were seen", AUDIT_NONE },
	{ "of a damaged chain another root is its dependant", change_entry, AUDIT_CODE_COUNT, "",
	    0 },
	{ "of one without genesis nothing is said", no_genesis, AUDIT_CODE_COUNT, "", 0 },
	{ "nor of one without entries", no_entries, AUDIT_CODE_COUNT, "", 0 },
	{ "a stream is gone", no_stream, AUDIT_E_ROLLBACK,
	    "a chain of 2 entries was seen: elsewhere/gone", AUDIT_NONE },
	{ "whatever it is called", another_store, AUDIT_E_ROLLBACK,
	    "a chain of 2 entries was seen: elsewhere/cretula.store2", AUDIT_NONE },
};

/* A store, and the pins of it that a first look makes. */
static void
pin_store(struct build *b, struct pinned *p)
{
	struct audit_result result;

	*p = (struct pinned){ .b = b };
	make_store(b);
	verify(b, &(struct audit_options){ .pins = &p->pins }, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.coverage.pins_new, 2);
	assert_int_equal(result.coverage.pins_good, 0);
	assert_int_equal(p->pins.count, 2);
	audit_result_free(&result);
	for (size_t i = 0; i < 2; i++) {
		p->pins.items[i].seen = false;
		if (strstr(p->pins.items[i].origin, "/shop") != NULL)
			p->shop = &p->pins.items[i];
	}
	assert_non_null(p->shop);
	assert_int_equal(p->shop->size, b->streams[0].count);
}

static bool
is_as_told(const struct audit_result *result, size_t row)
{
	bool found = told[row].code == AUDIT_CODE_COUNT;

	for (size_t i = 0; i < result->finding_count; i++) {
		const struct audit_finding *f = &result->findings[i];

		if (f->code != AUDIT_E_SPLIT_VIEW && f->code != AUDIT_E_ROLLBACK)
			continue;
		if (f->code != told[row].code || strcmp(f->text, told[row].text) != 0 ||
		    f->entry != told[row].entry || strcmp(f->file, "chain.jsonl") != 0)
			return (false);
		found = true;
	}
	return (found);
}

static void
test_told(void **state)
{
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct audit_result result, again;
		struct audit_pin before;
		struct pinned p;
		struct build b;

		pin_store(&b, &p);
		told[i].change(&p);
		before = *p.shop;
		verify(&b, &(struct audit_options){ .pins = &p.pins }, &result);
		verify(&b, &(struct audit_options){ .jobs = 1 }, &again);
		if (!is_as_told(&result, i) || result.coverage.pins_new != 0 ||
		    result.coverage.pins_good != (i == 0 ? 2 : 1) ||
		    memcmp(before.root, p.shop->root, 32) != 0 || before.size != p.shop->size ||
		    result.suppressed - again.suppressed !=
			(i != 0 && told[i].code == AUDIT_CODE_COUNT)) {
			print_error("%s: %u go on, %u new\n", told[i].claim,
			    result.coverage.pins_good, result.coverage.pins_new);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		audit_result_free(&again);
		audit_pins_free(&p.pins);
		build_end(&b);
	}
	assert_int_equal(bad, 0);
}

/* Of one stream: only its pin, and the store's, can be missing. */
static void
test_only(void **state)
{
	static const struct {
		const char *origin;
		unsigned errors;
	} rows[] = { { "x/other", 0 }, { "x/shop", 1 }, { "x/cretula.store", 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct audit_pin pin = { .size = 1 };
		struct audit_pins pins = { .items = &pin, .count = 1, .room = 1 };
		struct audit_list list;

		(void)snprintf(pin.origin, sizeof(pin.origin), "%s", rows[i].origin);
		audit_list_init(&list, "shop", 10);
		audit_pins_missing(&pins, "shop", &list);
		assert_int_equal(list.count, rows[i].errors);
		pin.seen = true;
		audit_pins_missing(&pins, "shop", &list);
		assert_int_equal(list.count, rows[i].errors);
		audit_list_free(&list);
	}
}

/* The chain goes on, and so does its pin; the file is sorted and read as it was written. */
static void
test_moves_on(void **state)
{
	struct audit_pins pins;
	struct audit_result result;
	struct pinned p;
	struct build b;
	char path[256];
	struct err e;

	pin_store(&b, &p);
	build_segment(&b.streams[0],
	    &(struct build_segment){ .lines = lines.data, .len = lines.len, .seed = 1 });
	verify(&b, &(struct audit_options){ .pins = &p.pins }, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.coverage.pins_good, 2);
	assert_int_equal(p.shop->size, b.streams[0].count);
	assert_int_equal(result.coverage.newest_us, b.streams[0].t_us);
	audit_result_free(&result);
	build_path(&b, "pins", path);
	assert_int_equal(audit_pins_write(&p.pins, path, &e), 0);
	assert_int_equal(audit_pins_read(&pins, path, &e), 0);
	assert_int_equal(pins.count, 2);
	assert_true(strcmp(pins.items[0].origin, pins.items[1].origin) < 0);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(pins.items[i].origin, p.pins.items[i].origin);
		assert_int_equal(pins.items[i].size, p.pins.items[i].size);
		assert_memory_equal(pins.items[i].root, p.pins.items[i].root, 32);
	}
	audit_pins_free(&pins);
	audit_pins_free(&p.pins);
	build_end(&b);
}

/* The file holds as many pins as it may, and the store has a chain more. */
static void
test_full(void **state)
{
	struct audit_options options = { .jobs = 1, .names = &build_names };
	struct audit_result result;
	struct audit_pins pins;
	struct build b;
	struct err e;

	assert_int_equal(read_many(PINS, 1, &pins), 0);
	options.pins = &pins;
	build_begin(&b);
	assert_int_equal(audit_verify(b.dir, &options, &result, &e), -1);
	audit_result_free(&result);
	audit_pins_free(&pins);
	build_end(&b);
}

/* ---- how old ---- */

static const struct {
	const char *claim;
	int64_t max_age_us;
	void (*change)(struct pinned *p); /* NULL: no stream but the store's */
	const char *stream;               /* that is told; "" none */
} ages[] = {
	{ "no limit", 0, nothing, "" },
	{ "young enough", INT64_MAX, nothing, "" },
	{ "too old", 1, nothing, "shop" },
	{ "an empty store is asked itself", 1, NULL, "cretula.store" },
	{ "the age of a damaged chain is its dependant", 1, change_entry, "" },
	{ "nor has one without entries an age", 1, no_entries, "" },
};

static void
test_ages(void **state)
{
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		struct audit_result result;
		struct build b;
		unsigned stale = 0;

		if (ages[i].change == NULL)
			build_begin(&b);
		else {
			make_store(&b);
			ages[i].change(&(struct pinned){ .b = &b });
		}
		verify(&b, &(struct audit_options){ .max_age_us = ages[i].max_age_us }, &result);
		for (size_t k = 0; k < result.finding_count; k++)
			if (result.findings[k].code == AUDIT_E_STALE) {
				stale++;
				assert_string_equal(result.findings[k].stream, ages[i].stream);
				assert_int_equal(strncmp(result.findings[k].text, "it is ", 6), 0);
			}
		if (stale != (ages[i].stream[0] != '\0'))
			fail_msg("%s: %u are stale", ages[i].claim, stale);
		audit_result_free(&result);
		build_end(&b);
	}
}

static int
end(void **state)
{
	buf_free(&lines);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_moves_on),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_ages),
	};

	return (cmocka_run_group_tests(tests, NULL, end));
}
