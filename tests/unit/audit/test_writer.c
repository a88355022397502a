/* A writer at work is no finding; one that signs what is not so, is. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"

#define SHOP "streams/shop/"
#define RECORDS 30

static struct buf lines;

static void
make_store(struct build *b, const struct build_segment *first)
{
	struct build_stream *s;

	build_begin(b);
	s = build_stream(b, "shop");
	build_segment(s, first);
	for (unsigned i = 0; i < 2; i++)
		build_segment(s, &(struct build_segment){ .lines = lines.data, .len = lines.len });
}

static bool
has_code(const struct audit_result *result, enum audit_code code)
{
	for (size_t i = 0; i < result->finding_count; i++)
		if (result->findings[i].code == code)
			return (true);
	return (false);
}

static void
test_unfinished_files_are_counted(void **state)
{
	static const char *const names[] = { SHOP "seg/00000004.jsonl.zst.tmp",
		SHOP "cp/00000005.note.tmp", SHOP "checkpoint.tmp", "streams/new.tmp" };
	struct audit_result result;
	struct build b;

	make_store(&b, &(struct build_segment){ .lines = lines.data, .len = lines.len });
	for (unsigned i = 0; i < 4; i++)
		build_write(&b, names[i], "x", 1);
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.finding_count, 0);
	assert_int_equal(result.coverage.unfinished, 4);
	audit_result_free(&result);
	build_end(&b);
}

/* The chain of shop becomes its lines of these numbers. */
static void
pick(const struct build *b, const char *numbers)
{
	struct buf bytes = { 0 }, picked = { 0 };

	build_read(b, SHOP "chain.jsonl", &bytes);
	for (const char *n = numbers; *n != '\0'; n++)
		buf_span(&picked,
		    build_cut(buf_view(&bytes), (size_t)(*n - '0'), (size_t)(*n - '0') + 1));
	build_write(b, SHOP "chain.jsonl", picked.data, picked.len);
	buf_free(&bytes);
	buf_free(&picked);
}

static void
test_dependants_of_entries_are_not_told(void **state)
{
	static const enum audit_code dependants[] = { AUDIT_E_SEGMENT_GAP, AUDIT_E_RECORD_GAP,
		AUDIT_E_EPOCH_ORDER, AUDIT_E_EPOCH_SIG, AUDIT_E_TIME_BACK };
	static const struct {
		const char *claim, *chain;
	} rows[] = {
		{ "an entry deleted", "023" },
		{ "two swapped", "0213" },
		{ "one twice", "01123" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct audit_result result;
		struct build b;

		make_store(&b, &(struct build_segment){ .lines = lines.data, .len = lines.len });
		pick(&b, rows[i].chain);
		build_verify(&b, 1, NULL, &result);
		assert_true(has_code(&result, AUDIT_E_ENTRY_INDEX));
		for (unsigned k = 0; k < sizeof(dependants) / sizeof(dependants[0]); k++)
			if (has_code(&result, dependants[k])) {
				build_show(&result);
				fail_msg("%s", rows[i].claim);
			}
		audit_result_free(&result);
		build_end(&b);
	}
}

/* ---- tokens ---- */

#define START "{\"time\":\"2025-11-25T07:00:00.000Z\",\"event\":\"log\","
#define DIGITS "abcdefghij234567"
#define WEEK "[\"2025-W48\"]"

static const struct {
	const char *claim, *members, *epochs;
	bool good;
} tokens[] = {
	{ "a client", "\"client\":\"ip." DIGITS "\"", "{}", false },
	{ "another's epoch is of no use", "\"client\":\"ip." DIGITS "\"", "{\"if\":" WEEK "}",
	    false },
	{ "its own is", "\"client\":\"ip." DIGITS "\"", "{\"ip\":" WEEK "}", true },
	{ "a day", "\"session\":\"se." DIGITS "\"", "{\"se\":[\"2025-11-25\"]}", true },
	{ "a day between", "\"session\":\"se." DIGITS "\"",
	    "{\"se\":[\"2025-11-24\",\"2025-11-26..2025-11-30\"]}", false },
	{ "the second of forwarded", "\"forwarded\":[\"-\",\"if." DIGITS "\"]", "{}", false },
	{ "a user", "\"user\":\"us." DIGITS "\"", "{}", false },
	{ "a host", "\"host\":\"ht." DIGITS "\"", "{}", false },
	{ "a host's last label", "\"host\":\"www.ht." DIGITS "\"", "{}", false },
	{ "a path segment", "\"path\":\"/u/sg." DIGITS "/x\"", "{}", false },
	{ "the second path segment", "\"path\":\"/sg." DIGITS "/sg." DIGITS "\"",
	    "{\"sg\":" WEEK "}", true },
	{ "a query's name", "\"query\":\"a&pn." DIGITS "=b\"", "{}", false },
	{ "a query's value", "\"query\":\"to=em." DIGITS "\"", "{}", false },
	{ "a referer", "\"referer\":\"https://ht." DIGITS "\"", "{}", false },
	{ "a full agent", "\"agent_full\":\"ua." DIGITS "\"", "{}", false },
	{ "a member of extra", "\"extra\":{\"x\":\"rq." DIGITS "\"}", "{}", false },
	{ "a word of text", "\"extra\":{\"x\":\"by xx." DIGITS " and\"}", "{}", false },
	{ "one behind many dots", "\"path\":\"/....../a.b.c/dv." DIGITS "\"", "{}", false },
	{ "15 digits are none", "\"path\":\"/ip.abcdefghij23456\"", "{}", true },
	{ "nor 17", "\"path\":\"/ip.abcdefghij2345672\"", "{}", true },
	{ "nor with another digit", "\"path\":\"/ip.abcdefghij234561\"", "{}", true },
	{ "nor with a letter in front", "\"path\":\"/zip." DIGITS "\"", "{}", true },
	{ "nor of no class", "\"path\":\"/co." DIGITS "\"", "{}", true },
};

static void
test_every_token_has_its_epoch(void **state)
{
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		struct audit_result result;
		struct buf line = { 0 };
		struct build b;

		buf_fmt(&line, START "%s}\n", tokens[i].members);
		make_store(&b,
		    &(struct build_segment){ .lines = line.data,
			.len = line.len,
			.import = true,
			.mask_epochs = tokens[i].epochs });
		build_verify(&b, 1, NULL, &result);
		if (result.finding_count != !tokens[i].good ||
		    has_code(&result, AUDIT_E_MASK_EPOCH) == tokens[i].good) {
			print_error("%s\n", tokens[i].claim);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		build_end(&b);
		buf_free(&line);
	}
	assert_int_equal(bad, 0);
}

/* ---- lies that are signed ---- */

static void
other_size(struct seal_entry *entry)
{
	entry->of.segment.file_size++;
}

static void
other_count_of_words(struct seal_entry *entry)
{
	entry->of.segment.words_count = 1;
}

#define TIME "{\"time\":\"2025-11-25T07:00:00.000Z\","

static const struct {
	const char *claim, *line;
	void (*change)(struct seal_entry *entry);
	enum audit_code code; /* AUDIT_CODE_COUNT: good */
	uint64_t record;
} lies[] = {
	{ "a size of the file", NULL, other_size, AUDIT_E_COUNTS, AUDIT_NONE },
	{ "a number of words", NULL, other_count_of_words, AUDIT_W_WORDS, AUDIT_NONE },
	{ "a plain record", TIME "\"event\":\"log\",\"status\":200}", NULL, AUDIT_CODE_COUNT, 0 },
	{ "microseconds", "{\"time\":\"2025-11-25T07:00:00.000001Z\",\"event\":\"log\"}", NULL,
	    AUDIT_CODE_COUNT, 0 },
	{ "nothing but a time", "{\"time\":\"2025-11-25T07:00:00.000Z\"}", NULL, AUDIT_CODE_COUNT,
	    0 },
	{ "an escape", TIME "\"event\":\"\\n\"}", NULL, AUDIT_CODE_COUNT, 0 },
	{ "UTF-8", TIME "\"event\":\"\xc3\xa4\"}", NULL, AUDIT_CODE_COUNT, 0 },
	{ "extra", TIME "\"extra\":{\"a\":1}}", NULL, AUDIT_CODE_COUNT, 0 },
	{ "flags", TIME "\"flags\":[\"time_arrival\"]}", NULL, AUDIT_CODE_COUNT, 0 },
	{ "hops", TIME "\"forwarded\":[\"-\",\"-\"]}", NULL, AUDIT_CODE_COUNT, 0 },
	{ "a number of 19 digits", TIME "\"bytes\":9223372036854775807}", NULL, AUDIT_CODE_COUNT,
	    0 },
	{ "an unknown key", TIME "\"evil\":\"log\"}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "keys out of order", TIME "\"status\":200,\"event\":\"log\"}", NULL,
	    AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a key twice", TIME "\"event\":\"log\",\"event\":\"log\"}", NULL, AUDIT_E_RECORD_SYNTAX,
	    1 },
	{ "a needless escape", TIME "\"event\":\"\\u0041\"}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a raw tab", TIME "\"event\":\"\t\"}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "no UTF-8", TIME "\"event\":\"\xc3\"}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a zero in front", TIME "\"status\":0200}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "no digits", TIME "\"status\":}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a sign alone", TIME "\"status\":-}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a negative zero", TIME "\"bytes\":-0}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a number too large", TIME "\"bytes\":9223372036854775808}", NULL, AUDIT_E_RECORD_SYNTAX,
	    1 },
	{ "no hops", TIME "\"forwarded\":[]}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "hops that do not end", TIME "\"forwarded\":[\"-\"}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a comma at the end", TIME "\"event\":\"log\",}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "bytes behind", TIME "\"event\":\"log\"}}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a blank", TIME " \"event\":\"log\"}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
	{ "a text that does not end", TIME "\"event\":\"log}", NULL, AUDIT_E_RECORD_SYNTAX, 1 },
};

static void
test_lies_are_told(void **state)
{
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct audit_finding *f;
		struct audit_result result;
		struct buf text = { 0 };
		struct build b;
		bool good;

		build_lines(&text, 0, 1);
		if (lies[i].line != NULL)
			buf_fmt(&text, "%s\n", lies[i].line);
		build_lines(&text, 1, 1);
		build_begin(&b);
		build_segment(build_stream(&b, "shop"),
		    &(struct build_segment){
			.lines = text.data, .len = text.len, .change = lies[i].change });
		build_verify(&b, 1, NULL, &result);
		f = result.findings;
		if (lies[i].code == AUDIT_CODE_COUNT)
			good = result.finding_count == 0;
		else
			good = result.finding_count == 1 && f->code == lies[i].code &&
			    f->record == lies[i].record;
		if (!good) {
			print_error("%s\n", lies[i].claim);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		build_end(&b);
		buf_free(&text);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies_are_told),
		cmocka_unit_test(test_every_token_has_its_epoch),
		cmocka_unit_test(test_unfinished_files_are_counted),
		cmocka_unit_test(test_dependants_of_entries_are_not_told),
	};

	build_lines(&lines, 0, RECORDS);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
