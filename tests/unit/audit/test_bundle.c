/*
 * Bundles, file by file: what bundle.json may say, what the manifest may list,
 * what may lie there, and which segments are of a range.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/outside/bundle.h"
#include "base/clock.h"
#include "base/err.h"
#include "build.h"
#include "crypto/sha256.h"

#define FACTS "bundle.json"
#define MANIFEST "MANIFEST.sha256"
#define ALL "{\"v\":1}\n"
#define OF_S "{\"v\":1,\"stream\":\"s\"}\n"
#define OF_7 "{\"v\":1,\"stream\":\"s\",\"records\":[7,401]}\n"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DAY INT64_C(86400000000)

/* ---- what it is of ---- */

struct checked {
	struct audit_range range;
	struct audit_list list;
};

static void
check(const struct build *b, struct checked *c)
{
	struct err e;

	audit_list_init(&c->list, "", 100);
	assert_int_equal(audit_bundle_check(b->dir, &c->range, &c->list, &e), 0);
}

static void
release(struct checked *c)
{
	audit_range_free(&c->range);
	audit_list_free(&c->list);
}

static const struct {
	const char *claim, *text;
	const char *stream; /* NULL: refused */
	const char *since, *until; /* NULL: without bound */
	size_t records;
} facts[] = {
	{ "all", ALL, "", NULL, NULL, 0 },
	{ "a stream", OF_S, "s", NULL, NULL, 0 },
	{ "from then on", "{\"v\":1,\"since\":\"2025-02-01T00:00:00.000Z\"}\n", "",
	    "2025-02-01T00:00:00.000Z", NULL, 0 },
	{ "until then", "{\"v\":1,\"until\":\"2025-02-01T00:00:00.000Z\"}\n", "", NULL,
	    "2025-02-01T00:00:00.000Z", 0 },
	{ "records", OF_7, "s", NULL, NULL, 2 },
	{ "nothing", "", NULL, NULL, NULL, 0 },
	{ "an empty line", "\n", NULL, NULL, NULL, 0 },
	{ "a list", "[]\n", NULL, NULL, NULL, 0 },
	{ "a list like it", "[1]\n", NULL, NULL, NULL, 0 },
	{ "no version", "{}\n", NULL, NULL, NULL, 0 },
	{ "a later one", "{\"v\":2}\n", NULL, NULL, NULL, 0 },
	{ "no line end", "{\"v\":1}", NULL, NULL, NULL, 0 },
	{ "another end", "{\"v\":1} ", NULL, NULL, NULL, 0 },
	{ "a blank", "{\"v\": 1}\n", NULL, NULL, NULL, 0 },
	{ "a key more", "{\"v\":1,\"x\":1}\n", NULL, NULL, NULL, 0 },
	{ "a stream out of it", "{\"v\":1,\"stream\":\"../s\"}\n", NULL, NULL, NULL, 0 },
	{ "no time", "{\"v\":1,\"since\":\"then\"}\n", NULL, NULL, NULL, 0 },
	{ "nor as end", "{\"v\":1,\"until\":\"then\"}\n", NULL, NULL, NULL, 0 },
	{ "no list", "{\"v\":1,\"stream\":\"s\",\"records\":7}\n", NULL, NULL, NULL, 0 },
	{ "an empty one", "{\"v\":1,\"stream\":\"s\",\"records\":[]}\n", NULL, NULL, NULL, 0 },
	{ "of no stream", "{\"v\":1,\"records\":[7]}\n", NULL, NULL, NULL, 0 },
	{ "of text", "{\"v\":1,\"stream\":\"s\",\"records\":[\"7\"]}\n", NULL, NULL, NULL, 0 },
	{ "below 0", "{\"v\":1,\"stream\":\"s\",\"records\":[-7]}\n", NULL, NULL, NULL, 0 },
	{ "twice", "{\"v\":1,\"stream\":\"s\",\"records\":[7,7]}\n", NULL, NULL, NULL, 0 },
	{ "down", "{\"v\":1,\"stream\":\"s\",\"records\":[8,7]}\n", NULL, NULL, NULL, 0 },
	{ "and no end", "{\"v\":1,\"stream\":\"s\",\"records\":[7\n", NULL, NULL, NULL, 0 },
};

static int64_t
time_of(const char *text, int64_t none)
{
	int64_t t_us = none;

	if (text != NULL)
		assert_int_equal(clock_parse_rfc3339(text, strlen(text), &t_us), 0);
	return (t_us);
}

static bool
is_refused(const struct audit_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].file, FACTS) == 0 &&
		    strcmp(list->items[i].text,
			"does not say which part of a store this is") == 0)
			return (true);
	return (false);
}

static void
test_facts(void **state)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *stream = facts[i].stream == NULL ? "" : facts[i].stream;
		struct checked c;
		struct build b;

		build_begin(&b);
		build_write(&b, FACTS, facts[i].text, strlen(facts[i].text));
		check(&b, &c);
		if (is_refused(&c.list) != (facts[i].stream == NULL) ||
		    strcmp(c.range.stream, stream) != 0 ||
		    c.range.since_us != time_of(facts[i].since, INT64_MIN) ||
		    c.range.until_us != time_of(facts[i].until, INT64_MAX) ||
		    c.range.record_count != facts[i].records ||
		    c.range.is_proofs != (facts[i].records > 0))
			fail_msg("%s", facts[i].claim);
		release(&c);
		build_end(&b);
	}
}

static void
test_too_many_records(void **state)
{
	for (unsigned more = 0; more < 2; more++) {
		struct buf text = { 0 };
		struct checked c;
		struct build b;

		buf_str(&text, "{\"v\":1,\"stream\":\"s\",\"records\":[0");
		for (unsigned i = 1; i < AUDIT_BUNDLE_RECORDS_MAX + more; i++)
			buf_fmt(&text, ",%u", i);
		buf_str(&text, "]}\n");
		build_begin(&b);
		build_write(&b, FACTS, text.data, text.len);
		check(&b, &c);
		assert_int_equal(is_refused(&c.list), more);
		release(&c);
		build_end(&b);
		buf_free(&text);
	}
}

/* ---- its files ---- */

static void
folder(const struct build *b, const char *path)
{
	char full[256];

	build_path(b, path, full);
	assert_int_equal(mkdir(full, 0750), 0);
}

/* A line for each path, as sha256sum prints it. */
static void
list_files(const struct build *b, const char *const *paths, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		struct buf bytes = { 0 };
		unsigned char hash[32];

		build_read(b, paths[i], &bytes);
		crypto_sha256(bytes.data, bytes.len, hash);
		buf_hex(out, hash, 32);
		buf_fmt(out, "  %s\n", paths[i]);
		buf_free(&bytes);
	}
}

/* A bundle of README, bundle.json and x/y. */
static void
make_bundle(struct build *b, const char *text, struct buf *manifest)
{
	static const char *const paths[] = { "README", FACTS, "x/y" };

	build_begin(b);
	build_remove(b, "streams"); /* of a store; here is none */
	build_write(b, "README", "read", 4);
	build_write(b, FACTS, text, strlen(text));
	folder(b, "x");
	build_write(b, "x/y", "", 0);
	list_files(b, paths, 3, manifest);
}

static void
nothing(struct build *b, struct buf *manifest)
{
}

static void
no_manifest(struct build *b, struct buf *manifest)
{
	buf_clear(manifest);
}

static void
no_path(struct build *b, struct buf *manifest)
{
	struct buf more = { 0 };

	buf_str(&more, HEX64 "  \n");
	buf_span(&more, buf_view(manifest));
	buf_free(manifest);
	*manifest = more;
}

static void
other_blank(struct build *b, struct buf *manifest)
{
	buf_str(manifest, HEX64 "\t z\n");
}

static void
other_second_blank(struct build *b, struct buf *manifest)
{
	buf_str(manifest, HEX64 " *z\n");
}

static void
no_hex(struct build *b, struct buf *manifest)
{
	manifest->data[0] = 'g';
}

static void
not_sorted(struct build *b, struct buf *manifest)
{
	buf_str(manifest, HEX64 "  a\n");
}

static void
twice(struct build *b, struct buf *manifest)
{
	buf_str(manifest, HEX64 "  x/y\n");
}

static void
no_last_end(struct build *b, struct buf *manifest)
{
	buf_str(manifest, "more");
}

static void
gone(struct build *b, struct buf *manifest)
{
	buf_str(manifest, HEX64 "  z\n");
}

static void
unlisted(struct build *b, struct buf *manifest)
{
	build_write(b, "more", "", 0);
}

static void
changed(struct build *b, struct buf *manifest)
{
	build_write(b, "README", "reap", 4);
}

/* So large that nobody hashes it, and listed with the hash of nothing. */
static void
huge(struct build *b, struct buf *manifest)
{
	char full[256];

	build_path(b, "x/y", full);
	assert_int_equal(truncate(full, ((off_t)512 << 20) + 1), 0);
}

#define LONG "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define SEEN "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* Folders in each other, whose names together are longer than a path of a bundle. */
static void
long_names(struct build *b, struct buf *manifest)
{
	int fd = open(b->dir, O_RDONLY | O_DIRECTORY), inner;

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(mkdirat(fd, LONG LONG LONG, 0750), 0);
		inner = openat(fd, LONG LONG LONG, O_RDONLY | O_DIRECTORY);
		(void)close(fd);
		fd = inner;
	}
	(void)close(fd);
}

static void
linked(struct build *b, struct buf *manifest)
{
	char full[256];

	build_path(b, "link", full);
	assert_int_equal(symlink("README", full), 0);
}

static void
deep(struct build *b, struct buf *manifest)
{
	char path[] = "x/x/x/x/x/x";

	for (size_t len = 3; len < sizeof(path); len += 2) {
		path[len] = '\0';
		folder(b, path);
		path[len] = '/';
	}
}

static void
too_deep(struct build *b, struct buf *manifest)
{
	deep(b, manifest);
	folder(b, "x/x/x/x/x/x/z");
}

static void
another_stream(struct build *b, struct buf *manifest)
{
	folder(b, "store");
	folder(b, "store/streams");
	folder(b, "store/streams/s");
	folder(b, "store/streams/cretula.store");
	folder(b, "store/streams/t");
}

static void
a_proof(struct build *b, struct buf *manifest, const char *path)
{
	folder(b, "proofs");
	build_write(b, path, "", 0);
	buf_clear(manifest);
	list_files(b, (const char *const[]){ "README", FACTS, path, "x/y" }, 4, manifest);
}

static void
its_proof(struct build *b, struct buf *manifest)
{
	a_proof(b, manifest, "proofs/7");
}

static void
another_proof(struct build *b, struct buf *manifest)
{
	a_proof(b, manifest, "proofs/8");
}

static void
a_proof_of_zeros(struct build *b, struct buf *manifest)
{
	a_proof(b, manifest, "proofs/07");
}

static void
a_proof_of_none(struct build *b, struct buf *manifest)
{
	a_proof(b, manifest, "proofs/seven");
}

static void
a_store(struct build *b, struct buf *manifest)
{
	folder(b, "store");
}

#define UNSORTED "not sorted lines of sha256sum"
#define STRANGER "not of what this is a bundle of"

static const struct {
	const char *claim, *facts;
	void (*change)(struct build *b, struct buf *manifest);
	const char *file, *text; /* of the only finding, or the last; NULL: none */
} rows[] = {
	{ "all is there", ALL, nothing, NULL, NULL },
	{ "an empty manifest lists nothing", ALL, no_manifest, "x/y",
	    "the manifest does not list it" },
	{ "a line has a path", ALL, no_path, MANIFEST, UNSORTED },
	{ "behind a blank", ALL, other_blank, MANIFEST, UNSORTED },
	{ "and another", ALL, other_second_blank, MANIFEST, UNSORTED },
	{ "and begins with a hash", ALL, no_hex, MANIFEST, UNSORTED },
	{ "lines are sorted", ALL, not_sorted, MANIFEST, UNSORTED },
	{ "and there once", ALL, twice, MANIFEST, UNSORTED },
	{ "and end", ALL, no_last_end, MANIFEST, "the last line has no end" },
	{ "what is listed is there", ALL, gone, "z", "listed in the manifest, and missing" },
	{ "what is there is listed", ALL, unlisted, "more", "the manifest does not list it" },
	{ "as it is", ALL, changed, "README", "not the file that the manifest lists" },
	{ "and none too large", ALL, huge, "x/y", "not the file that the manifest lists" },
	{ "no long paths", ALL, long_names, SEEN, "no file of a bundle" },
	{ "no links", ALL, linked, "link", "no file of a bundle" },
	{ "six folders", ALL, deep, NULL, NULL },
	{ "no more", ALL, too_deep, "z", "no file of a bundle" },
	{ "any stream", ALL, another_stream, NULL, NULL },
	{ "or only that", OF_S, another_stream, "store/streams/t", STRANGER },
	{ "a proof", OF_7, its_proof, NULL, NULL },
	{ "only of its records", OF_7, another_proof, "proofs/8", STRANGER },
	{ "in one way", OF_7, a_proof_of_zeros, "proofs/07", STRANGER },
	{ "by number", OF_7, a_proof_of_none, "proofs/seven", STRANGER },
	{ "and no store", OF_7, a_store, "store", STRANGER },
	{ "which others have", OF_S, a_store, NULL, NULL },
	{ "and no proofs of numbers", OF_S, another_proof, NULL, NULL },
};

static bool
is_as_told(const struct audit_list *list, size_t row)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].text, STRANGER) == 0 &&
		    (rows[row].file == NULL || strcmp(list->items[i].file, rows[row].file) != 0))
			return (false);
	for (size_t i = 0; i < list->count; i++)
		if (rows[row].file != NULL && list->items[i].code == AUDIT_E_BUNDLE &&
		    strcmp(list->items[i].file, rows[row].file) == 0 &&
		    strcmp(list->items[i].text, rows[row].text) == 0)
			return (true);
	return (rows[row].file == NULL && list->count == 0);
}

static void
test_files(void **state)
{
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf manifest = { 0 };
		struct checked c;
		struct build b;

		make_bundle(&b, rows[i].facts, &manifest);
		rows[i].change(&b, &manifest);
		build_write(&b, MANIFEST, manifest.data, manifest.len);
		check(&b, &c);
		if (!is_as_told(&c.list, i)) {
			print_error("%s: %zu findings\n", rows[i].claim, c.list.count);
			for (size_t k = 0; k < c.list.count; k++)
				print_error("%s: %s\n", c.list.items[k].file, c.list.items[k].text);
			bad++;
		}
		release(&c);
		build_end(&b);
		buf_free(&manifest);
	}
	assert_int_equal(bad, 0);
}

static void
test_no_manifest(void **state)
{
	struct buf manifest = { 0 };
	struct checked c;
	struct build b;

	make_bundle(&b, ALL, &manifest);
	check(&b, &c);
	assert_int_equal(c.list.count, 1);
	assert_int_equal(c.list.items[0].code, AUDIT_E_BUNDLE);
	assert_string_equal(c.list.items[0].file, MANIFEST);
	release(&c);
	build_write(&b, MANIFEST, manifest.data, manifest.len);
	build_remove(&b, FACTS);
	check(&b, &c);
	assert_int_equal(c.list.count, 2);
	assert_string_equal(c.list.items[0].file, FACTS);
	assert_false(is_refused(&c.list)); /* it is not read at all */
	assert_string_equal(c.list.items[1].text, "listed in the manifest, and missing");
	release(&c);
	build_end(&b);
	buf_free(&manifest);
}

static void
test_no_bundle(void **state)
{
	struct audit_range range;
	struct audit_list list;
	struct err e;

	audit_list_init(&list, "", 100);
	assert_int_equal(audit_bundle_check("/nowhere", &range, &list, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(list.count, 0);
	assert_int_equal(audit_bundle_check("/dev/null", &range, &list, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(audit_bundle_check("/nowhere", &range, &list, NULL), -1);
	(void)snprintf(range.stream, sizeof(range.stream), "s");
	assert_true(audit_range_missing(&range, &list));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].text, "stream s is not in it");
	audit_list_free(&list);
}

/* ---- its segments ---- */

static void
test_holds(void **state)
{
	static const struct {
		int64_t since_us, until_us, min_us, max_us;
		uint64_t n;
		bool holds;
	} holds[] = {
		{ INT64_MIN, INT64_MAX, 0, 0, 0, true },
		{ INT64_MIN, 2 * DAY, 0, DAY, 0, false },
		{ DAY, INT64_MAX, 0, DAY, 0, false },
		{ DAY, 2 * DAY, 0, DAY - 1, 1, false },
		{ DAY, 2 * DAY, 0, DAY, 1, true },
		{ DAY, 2 * DAY, 2 * DAY - 1, 3 * DAY, 1, true },
		{ DAY, 2 * DAY, 2 * DAY, 3 * DAY, 1, false },
	};

	for (size_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
		struct audit_range range = { .since_us = holds[i].since_us,
			.until_us = holds[i].until_us };
		struct seal_segment segment = { .n = holds[i].n,
			.counts = { .time_min_us = holds[i].min_us,
			    .time_max_us = holds[i].max_us } };

		if (audit_range_holds(&range, &segment) != holds[i].holds)
			fail_msg("row %zu", i);
	}
}

/* Two segments, the records of the second two hours later. */
static void
make_two(struct build *b)
{
	struct build_stream *s;
	struct buf lines = { 0 };

	build_begin(b);
	s = build_stream(b, "s");
	for (unsigned i = 0; i < 2; i++) {
		buf_clear(&lines);
		build_lines(&lines, i * 7200, 30);
		build_segment(s, &(struct build_segment){ .lines = lines.data, .len = lines.len });
	}
	buf_free(&lines);
}

static void
verify_range(const struct build *b, int64_t since_us, struct audit_result *result)
{
	struct audit_range range = { .since_us = since_us, .until_us = INT64_MAX };
	struct audit_options options = { .range = &range, .jobs = 1, .names = &build_names };
	struct err e;

	build_age(b);
	assert_int_equal(audit_verify(b->dir, &options, result, &e), 0);
}

static unsigned
count_of_others(const struct audit_result *result)
{
	unsigned count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		if (result->findings[i].code == AUDIT_E_BUNDLE) {
			assert_string_equal(result->findings[i].text, "of another range");
			assert_int_equal(result->findings[i].segment, 1);
			count++;
		}
	return (count);
}

static void
test_range(void **state)
{
	static const char *const strangers[] = { "x", "00000001", "00000001x", ".x",
		"99999999999999999999.x", "00000003.idx" };
	int64_t since_us = time_of("2025-11-25T01:00:00Z", 0);
	struct audit_result result;
	struct build b;
	char path[64];

	make_two(&b);
	verify_range(&b, INT64_MIN, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.coverage.segments, 2);
	assert_int_equal(result.coverage.segments_outside, 0);
	audit_result_free(&result);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		(void)snprintf(path, sizeof(path), "streams/s/seg/%s", strangers[i]);
		build_write(&b, path, "", 0);
	}
	verify_range(&b, since_us, &result);
	assert_int_equal(result.coverage.segments, 1);
	assert_int_equal(result.coverage.segments_outside, 1);
	assert_int_equal(count_of_others(&result), 3);
	audit_result_free(&result);
	build_write(&b, "streams/s/seg/00000001.r1.salt", "", 0);
	verify_range(&b, since_us, &result);
	assert_int_equal(count_of_others(&result), 4);
	audit_result_free(&result);
	build_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_too_many_records),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_no_manifest),
		cmocka_unit_test(test_no_bundle),
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_range),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
