/* What goes together into a segment of an archive, and what the chain of one says. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/archive/plan.h"
#include "app/archive/state.h"
#include "app/names.h"
#include "base/err.h"
#include "base/io.h"
#include "seal/entry.h"
#include "seal/leaf.h"
#include "seal/note.h"

#define MIB ((uint64_t)1 << 20)
#define NONE INT64_MIN

static const struct {
	const char *claim;
	size_t count, together;
	struct app_archive_part parts[4]; /* seg, entry, records, bytes, day */
} sets[] = {
	{ "nothing is nothing", 0, 0, { { 0 } } },
	{ "one is one", 1, 1, { { 1, 3, 10, 100, 5 } } },
	{ "those of a day", 3, 3, { { 1, 3, 10, 100, 5 }, { 2, 4, 10, 100, 5 }, { 3, 5, 10, 100, 5 } } },
	{ "the next day is another", 3, 2, { { 1, 3, 10, 100, 5 }, { 2, 4, 10, 100, 5 }, { 3, 5, 10, 100, 6 } } },
	{ "an empty one is of any day", 4, 3,
	    { { 1, 3, 0, 0, NONE }, { 2, 4, 10, 100, 5 }, { 3, 5, 0, 0, NONE }, { 4, 6, 1, 9, 6 } } },
	{ "empty ones alone", 2, 2, { { 1, 3, 0, 0, NONE }, { 2, 4, 0, 0, NONE } } },
	{ "so many bytes fit", 2, 2, { { 1, 3, 10, 128 * MIB, 5 }, { 2, 4, 10, 128 * MIB, 5 } } },
	{ "one more does not", 2, 1, { { 1, 3, 10, 128 * MIB, 5 }, { 2, 4, 10, 128 * MIB + 1, 5 } } },
	{ "so many records fit", 2, 2, { { 1, 3, SEAL_RECORDS_MAX - 1, 9, 5 }, { 2, 4, 1, 9, 5 } } },
	{ "one more does not fit", 2, 1, { { 1, 3, SEAL_RECORDS_MAX, 9, 5 }, { 2, 4, 1, 9, 5 } } },
	{ "a full one goes alone", 2, 1, { { 1, 3, SEAL_RECORDS_MAX, 256 * MIB, 5 }, { 2, 4, 1, 9, 5 } } },
};

static void
test_together(void **state)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (app_archive_together(sets[i].parts, sets[i].count) != sets[i].together)
			fail_msg("%s: %zu", sets[i].claim,
			    app_archive_together(sets[i].parts, sets[i].count));
}

static void
test_rest(void **state)
{
	static const struct {
		int64_t cpu, wall, rest;
		unsigned share;
	} rows[] = { { 100, 100, 0, 100 }, { 100, 100, 100, 50 }, { 100, 100, 300, 25 },
		{ 100, 350, 50, 25 }, { 100, 400, 0, 25 }, { 100, 900, 0, 25 }, { 100, 100, 9900, 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    app_archive_rest_ns(rows[i].cpu, rows[i].wall, rows[i].share), rows[i].rest);
}

/* ---- chains ---- */

#define ORIGIN "cretula/0123456789abcdef/s"
#define POLICY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int folder; /* with a chain.jsonl */

struct said {
	char kind; /* c config, s segment, d derive, x destroy; 0 ends */
	const char *text; /* of config: text; of derive: segs */
	const char *origin; /* of derive */
	unsigned char seed; /* of segment and destroy */
};

static void
add(struct buf *lines, const struct said *said, uint64_t index, uint64_t *seg)
{
	static struct seal_entry entry;
	static const unsigned char key[32] = { 1 };
	struct buf vkey = { 0 };
	struct err e;

	memset(&entry, 0, sizeof(entry));
	entry.index = index;
	entry.t_us = 1000;
	entry.software = span_str("cretula 1");
	switch (said->kind) {
	case 'c':
		entry.type = SEAL_CONFIG;
		entry.of.config = (struct seal_config){ .kind = span_str("archive"),
			.policy = span_str(POLICY), .text = span_str(said->text) };
		break;
	case 's':
		entry.type = SEAL_SEGMENT;
		entry.has_next = true;
		seal_vkey_print(span_str(ORIGIN "/epoch/1"), key, &vkey);
		entry.next = buf_view(&vkey);
		stats_counts_clear(&entry.of.segment.counts);
		entry.of.segment.seg = ++*seg;
		entry.of.segment.policy = span_str(POLICY);
		entry.of.segment.mask_epochs = span_str("{}");
		entry.of.segment.has_mask_seed = true;
		entry.of.segment.mask_seed[0] = said->seed;
		break;
	case 'd':
		entry.type = SEAL_DERIVE;
		entry.of.derive = (struct seal_derive){ .origin = span_str(said->origin),
			.size = 1, .segs = span_str(said->text), .transform = span_str("archive"),
			.policy = span_str(POLICY) };
		break;
	default:
		entry.type = SEAL_DESTROY;
		entry.of.destroy.what = span_str("import");
		entry.of.destroy.commitment[0] = said->seed;
		break;
	}
	if (seal_entry_print(&entry, app_names(), lines, &e) == -1)
		fail_msg("%s", e.text);
	buf_char(lines, '\n');
	buf_free(&vkey);
}

static const struct {
	const char *claim;
	struct said said[8];
	int code;
	const char *taken; /* "1-3 " of ranges */
	bool begun, unsaid;
	uint64_t made;
} chains[] = {
	{ "an empty one", { { 0 } }, 0, "", false, false, 0 },
	{ "one that is whole",
	    { { 'c', ORIGIN " [[1,3]]", NULL, 0 }, { 's', NULL, NULL, 1 }, { 'd', "[[1,3]]", ORIGIN, 0 },
		{ 'x', NULL, NULL, 1 } },
	    0, "1-3 ", false, false, 1 },
	{ "runs that follow are one",
	    { { 'c', ORIGIN " [[1,3]]", NULL, 0 }, { 's', NULL, NULL, 1 }, { 'd', "[[1,3]]", ORIGIN, 0 },
		{ 'c', ORIGIN " [[4,4],[6,6]]", NULL, 0 }, { 's', NULL, NULL, 1 },
		{ 'd', "[[4,4],[6,6]]", ORIGIN, 0 }, { 'x', NULL, NULL, 1 } },
	    0, "1-4 6-6 ", false, false, 2 },
	{ "what was only said is not there", { { 'c', ORIGIN " [[1,3]]", NULL, 0 } }, 0, "", true, false, 0 },
	{ "what was sealed is",
	    { { 'c', ORIGIN " [[1,3]]", NULL, 0 }, { 'c', ORIGIN " [[1,2]]", NULL, 0 }, { 's', NULL, NULL, 7 } },
	    0, "", true, true, 1 },
	{ "a key that another run had",
	    { { 'c', ORIGIN " [[1,3]]", NULL, 0 }, { 's', NULL, NULL, 7 }, { 'd', "[[1,3]]", ORIGIN, 0 },
		{ 'x', NULL, NULL, 8 } },
	    0, "1-3 ", false, true, 1 },
	{ "a segment of an import", { { 's', NULL, NULL, 1 } }, ERR_CONFIG, "", false, false, 0 },
	{ "a second one behind one word",
	    { { 'c', ORIGIN " [[1,3]]", NULL, 0 }, { 's', NULL, NULL, 1 }, { 's', NULL, NULL, 1 } },
	    ERR_CONFIG, "", true, true, 1 },
	{ "another source", { { 'c', "cretula/fedcba9876543210/s [[1,3]]", NULL, 0 } }, ERR_CONFIG, "",
	    false, false, 0 },
	{ "derived of another source",
	    { { 'c', ORIGIN " [[1,3]]", NULL, 0 }, { 's', NULL, NULL, 1 },
		{ 'd', "[[1,3]]", "cretula/fedcba9876543210/s", 0 } },
	    ERR_CONFIG, "", true, true, 1 },
};

static void
check(size_t i)
{
	struct buf bytes = { 0 }, taken = { 0 };
	struct store_chain chain = { .open = false };
	struct app_archive_state state;
	const struct seal_range *ranges;
	struct err e = { ERR_NONE, "" };
	uint64_t seg = 0;

	for (const struct said *s = chains[i].said; s->kind != 0; s++)
		add(&bytes, s, (uint64_t)(s - chains[i].said), &seg);
	if (io_replace(folder, "chain.jsonl", buf_view(&bytes), 0600, false, &e) == -1 ||
	    store_chain_read(folder, &chain, &e) == -1)
		fail_msg("%s: %s", chains[i].claim, e.text);
	(void)app_archive_state_read(&chain, span_str(ORIGIN), &state, &e);
	if (e.code != (enum err_code)chains[i].code)
		fail_msg("%s: %d %s", chains[i].claim, e.code, e.text);
	ranges = (const struct seal_range *)(const void *)state.taken.data;
	buf_str(&taken, "");
	for (size_t k = 0; k < state.taken.len / sizeof(*ranges); k++)
		buf_fmt(&taken, "%d-%d ", (int)ranges[k].first, (int)ranges[k].last);
	if ((taken.len > 0 ? strcmp(taken.data, chains[i].taken) : (int)strlen(chains[i].taken)) != 0 ||
	    state.begun != chains[i].begun || state.made != chains[i].made ||
	    state.unsaid != chains[i].unsaid)
		fail_msg("%s: %s begun %d made %d unsaid %d", chains[i].claim, taken.data, state.begun,
		    (int)state.made, state.unsaid);
	assert_false(app_archive_state_has(&state, 5));
	if (chains[i].code == 0 && chains[i].made != 0)
		assert_true(app_archive_state_has(&state, 2));
	app_archive_state_free(&state);
	store_chain_free(&chain);
	buf_free(&bytes);
	buf_free(&taken);
}

static void
test_chains(void **state)
{
	char path[] = "/tmp/cretula-archive-XXXXXX";

	assert_non_null(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(folder, -1);
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		check(i);
	assert_int_equal(unlinkat(folder, "chain.jsonl", 0), 0);
	assert_int_equal(rmdir(path), 0);
	(void)close(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_chains),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
