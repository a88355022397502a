/* Every type of entry: printed as read, and each key's form, place and presence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "seal/entry.h"
#include "seal/lists.h"

static const char *const classes[] = { "none" };
static const struct seal_names names = { classes, 1, classes, 1 };

#define KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ORIGIN "cretula/00c0ffee5eed0001/shop"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define BOOT "00112233445566778899aabbccddeeff"
#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SIG "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define NOON "2026-11-25T12:00:00.000Z"
#define RATCHET "\"ratchet\":{\"g\":7,\"k\":\"" ZEROS "\",\"mode\":\"sector\"}"
#define HEAD(type) "{\"v\":1,\"i\":3,\"type\":\"" type "\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"" \
	ZEROS "\""

/* ? marks a key that may be left out: it stands in front of the key's quote. */
static const struct {
	const char *claim, *line;
} rows[] = {
	{ "anchor", HEAD("anchor") ",\"kind\":\"tsr\",\"size\":58,\"file\":{\"name\":\"anchor/58.tsr\",\"size\":99,\"hash\":\""
	    ZEROS "\"},?\"by\":\"tsa.example\",?\"time\":\"" NOON "\"}" },
	{ "clock", HEAD("clock") ",\"was\":\"" NOON "\",\"now\":\"1970-01-01T00:00:00.000Z\",?\"boot\":\"" BOOT "\"}" },
	{ "config", HEAD("config") ",\"kind\":\"detail\",\"policy\":\"sha256:" ZEROS "\",?\"text\":\"error burst\",?\"until\":\""
	    NOON "\",?\"words\":{\"n\":3,\"hash\":\"" ZEROS "\"},?\"by\":\"ops\",\"sw\":\"cretula 1\"}" },
	{ "derive", HEAD("derive") ",\"origin\":\"" ORIGIN "\",\"size\":58,\"root\":\"" B32 "\",\"segs\":[[1,24],[26,26]],"
	    "\"transform\":\"archive\",\"policy\":\"sha256:" ZEROS "\",?\"to\":[[1,2]],?\"file\":{\"name\":\"x.json\",\"size\":1,"
	    "\"hash\":\"" ZEROS "\"}}" },
	{ "destroy", HEAD("destroy") ",\"what\":\"2026-W48\",\"commitment\":\"" ZEROS "\"}" },
	{ "genesis", HEAD("genesis") ",\"stream\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\",?\"recovery\":\"" KEY
	    "\",\"epoch\":0,\"next\":\"" KEY "\",\"escrow\":true,?" RATCHET ",\"policy\":\"sha256:" ZEROS "\",\"sw\":\"cretula 1\"}" },
	{ "head", HEAD("head") ",\"name\":\"shop\",\"size\":58,\"root\":\"" B32 "\"}" },
	{ "hold", HEAD("hold") ",\"hold\":\"case-7\",\"segs\":[],?\"onward\":9,\"mask_epochs\":{\"ip\":[\"2026-W48\"]},?\"until\":\""
	    NOON "\",\"reason\":\"L\\u00f6schstopp\",?\"by\":\"legal\"}" },
	{ "prune", HEAD("prune") ",\"segs\":[[1,9007199254740991]],\"rule\":\"detail 30d\",\"cutoff\":\"" NOON "\",?\"by\":\"ops\"}" },
	{ "recover", HEAD("recover") ",\"alarm\":true,\"reason\":\"torn-sector\",\"seg\":4,\"kept\":10,\"untagged\":2,\"lost\":0,"
	    "?\"text\":\"sector of g 6, tag of g 9\",?" RATCHET ",?\"log\":\"" KEY "\",?\"recovery\":\"" SIG "\",\"sw\":\"cretula 1\"}" },
	{ "recover with another key", HEAD("recover") ",\"alarm\":false,\"reason\":\"crash\",\"seg\":4,\"kept\":10,\"untagged\":2,"
	    "\"lost\":0,\"epoch\":4,\"next\":\"" KEY "\",\"sw\":\"cretula 1\"}" },
	{ "redact", HEAD("redact") ",\"seg\":42,\"rev\":1,\"items\":[{\"r\":0,\"leaf\":\"" B32 "\"},{\"r\":1048575,\"leaf\":\"" B32
	    "\",\"new\":\"" B32 "\"}],\"reason\":\"Art. 17\",?\"ref\":\"DSR-7\",?\"by\":\"dpo\",\"file\":{\"name\":"
	    "\"seg/00000042.r1.jsonl.zst\",\"size\":99}}" },
	{ "rekey", HEAD("rekey") ",\"key\":\"log\",\"old\":\"" KEY "\",\"new\":\"" KEY "\",\"proof\":\"" SIG "\",?\"recovery\":\"" SIG "\"}" },
	{ "release", HEAD("release") ",\"hold\":\"case-7\",\"reason\":\"settled\",?\"by\":\"legal\"}" },
	{ "replay", HEAD("replay") ",\"seg\":42,\"n\":3}" },
	{ "report", HEAD("report") ",\"kind\":\"verify\",\"result\":0,\"hash\":\"" ZEROS "\",?\"by\":\"cron\"}" },
	{ "revoke", HEAD("revoke") ",\"vkey\":\"" KEY "\",\"from\":58,\"signature\":\"" SIG "\"}" },
	{ "rotate", HEAD("rotate") ",\"period\":\"2026-11-25\",\"segs\":[[1,24]]}" },
	{ "rotate by size", HEAD("rotate") ",\"period\":\"12\",\"segs\":[]}" },
	{ "segment, live", HEAD("segment") ",\"seg\":42,\"first\":7,\"n\":0,\"bytes\":0,\"root\":\"" B32 "\",\"file\":{\"name\":"
	    "\"seg/00000042.jsonl.zst\",\"size\":17,\"hash\":\"" ZEROS "\"},\"idx\":\"" ZEROS "\",\"in\":{\"lines\":0,\"bytes\":0,"
	    "\"parsed\":0,\"partial\":0,\"unparsed\":0,\"counted\":0,\"meta\":0,\"joined\":0,\"split\":{\"parsed\":0,\"partial\":0,"
	    "\"unparsed\":0,\"counted\":0},\"lost\":0},\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{},\"words\":{\"n\":0,"
	    "\"hash\":\"" ZEROS "\"},\"sources\":[],?\"tags\":{\"g0\":5,\"g\":9,\"agg\":\"" B32 "\",\"untagged\":0},?\"live\":"
	    "{\"boot\":\"" BOOT "\",\"from\":1000,\"to\":3601000},?\"unlocked\":true,\"epoch\":4,\"next\":\"" KEY "\",\"sw\":\"c\"}" },
	{ "start", HEAD("start") ",\"mode\":\"pipe\",?\"boot\":\"" BOOT "\",?" RATCHET ",?\"unlocked\":true,\"sw\":\"cretula 1\"}" },
	{ "stop", HEAD("stop") ",\"reason\":\"disk-full\",\"sw\":\"cretula 1\"}" },
	{ "stream", HEAD("stream") ",\"name\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\",\"genesis\":\"" ZEROS
	    "\",\"epoch\":4,\"next\":\"" KEY "\"}" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The line without the marks. */
static struct buf
plain(const char *line)
{
	struct buf b = { 0 };

	for (const char *c = line; *c != '\0'; c++)
		if (c[0] != '?' || c[1] != '"')
			buf_char(&b, *c);
	return (b);
}

/* Does it read, and print as itself?  What reads must. */
static bool
reads(struct span line, const char *claim)
{
	static struct seal_entry entry;
	struct buf again = { 0 };
	struct err e = { 0 };

	if (seal_entry_read(line, &names, &entry, &e) == -1) {
		assert_int_equal(e.code, ERR_FINDING);
		return (false);
	}
	if (entry.type == SEAL_UNKNOWN)
		return (true);
	if (seal_entry_print(&entry, &names, &again, &e) == -1)
		fail_msg("%s: %s", claim, e.text);
	if (!span_equal(buf_view(&again), line))
		fail_msg("%s: %s", claim, again.data);
	buf_free(&again);
	return (true);
}

static void
test_print_of_read_is_the_line(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct buf line = plain(rows[i].line);

		if (!reads(buf_view(&line), rows[i].claim))
			fail_msg("%s: refused", rows[i].claim);
		buf_free(&line);
	}
}

#define MEMBERS_MAX 30
struct members {
	struct span raw[MEMBERS_MAX]; /* "key":value */
	size_t count;
};

static void
take_members(struct span line, struct members *m)
{
	struct json_value v, member;
	struct json_cursor c;
	struct span key;

	m->count = 0;
	assert_int_equal(json_parse(line, &v, NULL), 0);
	json_open(&c, &v);
	while (json_next(&c, &key, &member)) {
		assert_true(m->count < MEMBERS_MAX);
		m->raw[m->count++] = span_of(key.ptr - 1,
		    (size_t)(member.raw.ptr + member.raw.len - key.ptr) + 1);
	}
}

static void
join(const struct members *m, struct buf *line)
{
	buf_clear(line);
	for (size_t i = 0; i < m->count; i++) {
		buf_char(line, i == 0 ? '{' : ',');
		buf_span(line, m->raw[i]);
	}
	buf_char(line, '}');
}

/* Is the member marked in the row's line? */
static bool
is_optional(const char *marked, struct span member)
{
	size_t len = span_find(span_from(member, 1), '"') + 3;
	char key[80];

	(void)snprintf(key, sizeof(key), "?%.*s", (int)len, member.ptr);
	return (strstr(marked, key) != NULL);
}

static void
test_keys_may_be_left_out_or_not(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct buf line = plain(rows[i].line), less = { 0 };
		struct members all, some;

		take_members(buf_view(&line), &all);
		for (size_t drop = 0; drop < all.count; drop++) {
			some.count = 0;
			for (size_t k = 0; k < all.count; k++)
				if (k != drop)
					some.raw[some.count++] = all.raw[k];
			join(&some, &less);
			if (span_starts(all.raw[drop], span_str("\"epoch\"")) && i == 9)
				continue; /* of two keys that go together the first is looked for */
			if (reads(buf_view(&less), rows[i].claim) !=
			    is_optional(rows[i].line, all.raw[drop]))
				fail_msg("%s: without %.*s", rows[i].claim, (int)all.raw[drop].len,
				    all.raw[drop].ptr);
		}
		buf_free(&line);
		buf_free(&less);
	}
}

static void
test_order_and_number_of_keys(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct buf line = plain(rows[i].line), other = { 0 };
		struct members all, changed;

		take_members(buf_view(&line), &all);
		for (size_t k = 0; k + 1 < all.count; k++) {
			changed = all;
			changed.raw[k] = all.raw[k + 1];
			changed.raw[k + 1] = all.raw[k];
			join(&changed, &other);
			assert_false(reads(buf_view(&other), rows[i].claim));
		}
		all.raw[all.count++] = span_str("\"more\":1");
		join(&all, &other);
		assert_false(reads(buf_view(&other), rows[i].claim));
		buf_free(&line);
		buf_free(&other);
	}
}

/* A value of every other type in the place of each. */
static void
test_types_of_values(void **state)
{
	static const char *const values[] = { "null", "[1]", "{\"a\":1}", "\"A\\u0000\"", "false", "9007199254740992" };

	for (size_t i = 0; i < ROWS; i++) {
		struct buf line = plain(rows[i].line), other = { 0 }, member = { 0 };
		struct members all, changed;

		take_members(buf_view(&line), &all);
		for (size_t k = 0; k < all.count * 6; k++) {
			struct span was = all.raw[k / 6];
			size_t colon = span_find(was, ':');
			const char *value = values[k % 6];

			if (k % 6 == 4 && (was.ptr[colon + 1] == 't' || was.ptr[colon + 1] == 'f') &&
			    !is_optional(rows[i].line, was))
				continue; /* false where a bool is */
			if (k % 6 == 3 && (span_starts(was, span_str("\"reason\"")) || span_starts(was, span_str("\"text\""))))
				continue; /* a text may be any */
			changed = all;
			buf_clear(&member);
			buf_span(&member, span_of(was.ptr, colon + 1));
			buf_str(&member, value);
			changed.raw[k / 6] = buf_view(&member);
			join(&changed, &other);
			if (reads(buf_view(&other), rows[i].claim))
				fail_msg("%s: %s", rows[i].claim, member.data);
		}
		buf_free(&line);
		buf_free(&other);
		buf_free(&member);
	}
}

static void
test_every_bit_counts(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct buf line = plain(rows[i].line);

		for (size_t bit = 0; bit < line.len * 8; bit++) {
			line.data[bit / 8] = (char)(line.data[bit / 8] ^ (1 << bit % 8));
			(void)reads(buf_view(&line), rows[i].claim);
			line.data[bit / 8] = (char)(line.data[bit / 8] ^ (1 << bit % 8));
		}
		buf_free(&line);
	}
}

/* A line that reads, one text of it changed, is refused. */
static void
test_forms(void **state)
{
	static const struct {
		const char *claim, *row, *from, *to;
	} changes[] = {
		{ "a path up", "anchor", "anchor/58.tsr", "../58.tsr" },
		{ "a path up inside", "anchor", "anchor/58.tsr", "anchor/../58.tsr" },
		{ "a path from the root", "anchor", "anchor/58.tsr", "/anchor/58.tsr" },
		{ "a hidden file", "anchor", "anchor/58.tsr", "anchor/.tsr" },
		{ "a folder", "anchor", "anchor/58.tsr", "anchor/" },
		{ "two slashes", "anchor", "anchor/58.tsr", "anchor//58.tsr" },
		{ "a blank in a path", "anchor", "anchor/58.tsr", "anchor/5 8.tsr" },
		{ "an upper-case word", "anchor", "\"tsr\"", "\"Tsr\"" },
		{ "an empty word", "anchor", "\"tsr\"", "\"\"" },
		{ "an empty text that may be left out", "anchor", "\"tsa.example\"", "\"\"" },
		{ "microseconds", "anchor", NOON "\"}", "2026-11-25T12:00:00.000001Z\"}" },
		{ "runs backwards", "derive", "[[1,24],[26,26]]", "[[26,26],[1,24]]" },
		{ "a run backwards", "derive", "[1,24]", "[24,1]" },
		{ "runs that touch", "derive", "[26,26]", "[25,26]" },
		{ "a run of three", "derive", "[26,26]", "[26,26,27]" },
		{ "a run of one", "derive", "[26,26]", "[26]" },
		{ "no runs", "derive", "[[1,24],[26,26]]", "[]" },
		{ "no runs of what may be left out", "derive", "[[1,2]]", "[]" },
		{ "a number among runs", "derive", "[26,26]", "26" },
		{ "a run below 0", "derive", "[1,24]", "[-1,24]" },
		{ "a head of no stream", "head", "\"name\":\"shop\"", "\"name\":\"Shop\"" },
		{ "an unneeded escape", "hold", "L\\u00f6sch", "L\\u0041sch" },
		{ "a lone surrogate", "hold", "L\\u00f6sch", "L\\ud800sch" },
		{ "a week that is none", "hold", "2026-W48", "2026-w48" },
		{ "flag false", "start", "\"unlocked\":true", "\"unlocked\":false" },
		{ "a ratchet's key less", "start", "\"k\":\"" ZEROS "\",", "" },
		{ "a ratchet's key more", "start", "\"sector\"}", "\"sector\",\"x\":1}" },
		{ "no records", "redact", "[{\"r\":0,\"leaf\":\"" B32 "\"},{\"r\":1048575,\"leaf\":\"" B32 "\",\"new\":\"" B32 "\"}]", "[]" },
		{ "a record twice", "redact", "\"r\":1048575", "\"r\":0" },
		{ "a record behind the last", "redact", "\"r\":1048575", "\"r\":1048576" },
		{ "a short leaf", "redact", "\"r\":0,\"leaf\":\"" B32 "\"", "\"r\":0,\"leaf\":\"AAAA\"" },
		{ "a record's key more", "redact", "\"r\":0,", "\"q\":1,\"r\":0," },
		{ "revision 0", "redact", "\"rev\":1", "\"rev\":0" },
		{ "a file of another revision", "redact", "\"rev\":1", "\"rev\":2" },
		{ "a file of another segment", "redact", "\"seg\":42", "\"seg\":43" },
		{ "a short signature", "rekey", "\"proof\":\"" SIG, "\"proof\":\"" B32 },
		{ "a bad vkey", "revoke", "c74f20a3", "c74f20a4" },
		{ "a period that is none", "rotate", "2026-11-25", "2026" "-11-2x" },
		{ "a period from 0", "rotate", "2026-11-25", "012" },
		{ "a destroyed something", "destroy", "2026-W48", "all" },
		{ "capitals in hex", "report", "\"hash\":\"0", "\"hash\":\"A" },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct buf line = { 0 }, other = { 0 };
		const char *at;

		for (size_t k = 0; k < ROWS && line.len == 0; k++)
			if (strcmp(rows[k].claim, changes[i].row) == 0)
				line = plain(rows[k].line);
		at = strstr(line.data, changes[i].from);
		if (at == NULL)
			fail_msg("%s: nothing to change", changes[i].claim);
		buf_span(&other, span_of(line.data, (size_t)(at - line.data)));
		buf_str(&other, changes[i].to);
		buf_str(&other, at + strlen(changes[i].from));
		if (reads(buf_view(&other), changes[i].claim))
			fail_msg("%s: accepted", changes[i].claim);
		buf_free(&line);
		buf_free(&other);
	}
}

/* What would not read is not printed. */
static void
test_printer_refuses_what_would_not_read(void **state)
{
	static struct seal_entry entry = { .type = SEAL_RELEASE,
		.of.release = { .hold = SPAN("case-7"), .reason = SPAN("a \"quoted\" text") } };
	struct buf out = { 0 }, escaped = { 0 };
	struct err e;

	buf_str(&out, "kept");
	assert_int_equal(seal_entry_print(&entry, &names, &out, &e), -1);
	assert_string_equal(e.text, "entry: reason: not of its form");
	assert_true(span_is(buf_view(&out), "kept"));
	json_quote(&escaped, entry.of.release.reason);
	entry.of.release.reason = span_of(escaped.data + 1, escaped.len - 2);
	buf_clear(&out);
	assert_int_equal(seal_entry_print(&entry, &names, &out, &e), 0);
	assert_true(reads(buf_view(&out), "escaped"));
	entry.of.release.hold = span_str("Case 7");
	assert_int_equal(seal_entry_print(&entry, &names, &out, &e), -1);
	buf_free(&out);
	buf_free(&escaped);
}

/* Whatever else a redact says. */
static void
fill_longest(struct seal_redact *r, char texts[static 2048])
{
	memset(texts, 'x', 2048);
	r->seg = r->revision = 99999999;
	r->reason = span_of(texts, 2048);
	r->ref = r->by = span_of(texts, 1024);
	r->file_size = (UINT64_C(1) << 53) - 1;
}

static void
test_lists(void **state)
{
	static const struct {
		unsigned count;
		bool has_new;
	} lists[] = { { SEAL_ITEMS_MAX, true }, { SEAL_ERASED_MAX, false } };
	static char texts[2048];
	static const struct seal_range ranges[] = { { 1, 24 }, { 26, 26 } };
	static struct seal_item items[SEAL_ERASED_MAX], item;
	static struct seal_entry entry = { .type = SEAL_REDACT, .of.redact = { .seg = 1, .revision = 1 } };
	struct buf list = { 0 }, out = { 0 };
	struct seal_range range;
	struct json_cursor c;
	size_t count = 0;

	seal_ranges_print(ranges, 2, &list);
	assert_string_equal(list.data, "[[1,24],[26,26]]");
	for (uint64_t i = 0; i < 30; i++)
		assert_int_equal(seal_ranges_have(buf_view(&list), i), (i >= 1 && i <= 24) || i == 26);
	seal_ranges_open(buf_view(&list), &c);
	while (seal_ranges_next(&c, &range))
		assert_int_equal(range.last, ranges[count++].last);
	assert_int_equal(count, 2);
	assert_false(seal_ranges_have(span_str("x"), 1));
	assert_false(seal_ranges_have(span_of(NULL, 0), 1));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		fill_longest(&entry.of.redact, texts);
		for (unsigned n = 0; n < lists[i].count; n++)
			items[n] = (struct seal_item){ .record = (1 << 20) - lists[i].count + n,
				.has_new = lists[i].has_new };
		buf_clear(&list);
		buf_clear(&out);
		seal_items_print(items, lists[i].count, &list);
		entry.of.redact.items = buf_view(&list);
		assert_int_equal(seal_entry_print(&entry, &names, &out, NULL), 0);
		assert_true(reads(buf_view(&out), "many"));
		seal_items_open(buf_view(&list), &c);
		for (count = 0; seal_items_next(&c, &item); count++)
			assert_true(item.has_new == lists[i].has_new &&
			    item.record == items[count].record);
		assert_int_equal(count, lists[i].count);
	}
	buf_free(&list);
	buf_free(&out);
}

/* Each number, and each run of up to five, beside what looking at all ranges says. */
static void
test_a_number_is_found_among_ranges(void **state)
{
	static const struct seal_range ranges[] = { { 0, 0 }, { 2, 4 }, { 7, 7 }, { 9, 20 },
		{ 22, UINT64_MAX } };
	const size_t most = sizeof(ranges) / sizeof(ranges[0]);

	for (size_t count = 0; count <= most; count++)
		for (uint64_t first = 0; first < 26; first++) {
			size_t at = 0;

			while (at < count && ranges[at].last < first)
				at++;
			assert_ptr_equal(seal_ranges_find(ranges, count, first),
			    at < count ? &ranges[at] : NULL);
			for (uint64_t last = first; last < first + 5; last++)
				assert_int_equal(seal_ranges_meet(ranges, count, first, last),
				    at < count && ranges[at].first <= last);
		}
	assert_null(seal_ranges_find(NULL, 0, 1));
	assert_non_null(seal_ranges_find(ranges, most, UINT64_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_of_read_is_the_line),
		cmocka_unit_test(test_keys_may_be_left_out_or_not),
		cmocka_unit_test(test_order_and_number_of_keys),
		cmocka_unit_test(test_types_of_values),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_printer_refuses_what_would_not_read),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_a_number_is_found_among_ranges),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
