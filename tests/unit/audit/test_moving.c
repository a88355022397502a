/* While verify runs a writer takes files away: what a new entry explains is no finding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"

#define SEG "streams/shop/seg/"
#define WORDS "path\t0\tabc\n"

static struct build b;
static struct build_stream *shop;
static bool moved;

static void
remove_segment(void)
{
	static const char *const suffixes[] = { "idx", "jsonl.zst", "salt" };
	char path[64];

	for (unsigned i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), SEG "00000002.%s", suffixes[i]);
		build_remove(&b, path);
	}
}

static void
append(enum seal_type type)
{
	static struct seal_entry entry;

	build_common(shop, type, &entry);
	if (type == SEAL_PRUNE)
		entry.of.prune =
		    (struct seal_prune){ .segs = span_str("[[2,2]]"), .rule = span_str("30d") };
	else
		entry.of.stop = (struct seal_stop){ .reason = span_str("end") };
	build_append(shop, &entry, false);
}

static void
prune(void)
{
	append(SEAL_PRUNE);
	remove_segment();
}

static void
take_away(void)
{
	append(SEAL_STOP);
	remove_segment();
}

static void
seal(void)
{
	build_write(&b, "words/shop", WORDS, strlen(WORDS));
	build_segment(shop, &(struct build_segment){ .words = WORDS });
}

static const struct {
	const char *claim;
	void (*meanwhile)(void); /* once the first segment was checked */
	enum audit_code code; /* AUDIT_CODE_COUNT: nothing is found */
	uint64_t segments;
} rows[] = {
	{ "a prune", prune, AUDIT_CODE_COUNT, 2 },
	{ "files that go, and no entry says so", remove_segment, AUDIT_E_SEGMENT_MISSING, 2 },
	{ "files that go, and an entry says something else", take_away, AUDIT_E_SEGMENT_MISSING,
	    2 },
	{ "a seal, with its vocabulary", seal, AUDIT_CODE_COUNT, 3 },
};

static void (*meanwhile)(void);

static void
progress(void *arg, uint64_t done, uint64_t total)
{
	if (!moved)
		meanwhile();
	moved = true;
}

static void
test_moving(void **state)
{
	struct audit_options options = { .jobs = 1, .names = &build_names, .progress = progress };
	struct buf lines = { 0 };

	build_lines(&lines, 0, 30);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = rows[i].code == AUDIT_CODE_COUNT;
		struct audit_result result;

		build_begin(&b);
		shop = build_stream(&b, "shop");
		for (unsigned k = 0; k < 3; k++)
			build_segment(
			    shop, &(struct build_segment){ .lines = lines.data, .len = lines.len });
		meanwhile = rows[i].meanwhile;
		moved = false;
		assert_int_equal(audit_verify(b.dir, &options, &result, NULL), 0);
		assert_true(moved);
		if (good ? result.finding_count > 0 :
			   result.finding_count != 1 || result.findings[0].code != rows[i].code) {
			build_show(&result);
			fail_msg("%s", rows[i].claim);
		}
		if (result.coverage.segments != rows[i].segments)
			fail_msg(
			    "%s: %ju segments", rows[i].claim, (uintmax_t)result.coverage.segments);
		audit_result_free(&result);
		build_end(&b);
	}
	buf_free(&lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moving),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
