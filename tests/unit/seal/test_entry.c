/* Entries: print, read back, print again; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/entry.h"

static const char *const classes[] = { "none", "ip.peer", "session" };
static const char *const reasons[] = { "grammar", "too_long" };
static const struct seal_names names = { classes, 3, reasons, 2 };

#define KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ORIGIN "cretula/00c0ffee5eed0001/shop"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD(type) "{\"v\":1,\"i\":3,\"type\":\"" type "\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"" \
	ZEROS "\""
#define GENESIS HEAD("genesis") ",\"stream\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\"," \
	"\"epoch\":0,\"next\":\"" KEY "\",\"escrow\":false,\"policy\":\"sha256:" ZEROS "\",\"sw\":\"cretula 1\"}"
#define STREAM HEAD("stream") ",\"name\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\"," \
	"\"genesis\":\"" ZEROS "\",\"epoch\":4,\"next\":\"" KEY "\"}"
#define DESTROY HEAD("destroy") ",\"what\":\"import\",\"commitment\":\"" ZEROS "\"}"
#define IN "\"in\":{\"lines\":3,\"bytes\":300,\"parsed\":1,\"partial\":1,\"unparsed\":1,\"counted\":0," \
	"\"meta\":0,\"joined\":0,\"split\":{\"parsed\":0,\"partial\":0,\"unparsed\":0,\"counted\":0},\"lost\":0}"
#define FRONT(n) HEAD("segment") ",\"seg\":42,\"first\":7,\"n\":" n ",\"bytes\":400," \
	"\"root\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"," \
	"\"file\":{\"name\":\"seg/00000042.jsonl.zst\",\"size\":99,\"hash\":\"" ZEROS "\"}," \
	"\"idx\":\"" ZEROS "\","
#define TIME "\"time\":{\"min\":\"2026-11-25T03:00:00.000Z\",\"max\":\"2026-11-25T03:01:00.000Z\"},"
#define BACK ",\"epoch\":4,\"next\":\"" KEY "\",\"sw\":\"cretula 1\"}"
#define TAIL ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48\"],\"se\":[\"2026-11-25..2026-11-26\"]}," \
	"\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK
#define SEGMENT FRONT("3") TIME IN TAIL
#define BY "\"by\":{\"status\":{\"2xx\":19,\"5xx\":2}},\"masked\":{\"ip.peer\":20,\"session\":1}"

static const struct {
	const char *claim, *line;
} good[] = {
	{ "genesis", GENESIS },
	{ "stream", STREAM },
	{ "destroy", DESTROY },
	{ "segment", SEGMENT },
	{ "empty segment", FRONT("0") IN TAIL },
	{ "segment with everything", FRONT("21") TIME IN ",\"replay\":{\"parsed\":1,\"partial\":0,\"unparsed\":0},"
	    BY ",\"reasons\":{\"grammar\":1,\"too_long\":9007199254740991},\"policy\":\"sha256:" ZEROS "\","
	    "\"mask_epochs\":{},\"mask_seed\":\"" ZEROS "\",\"words\":{\"n\":0,\"hash\":\"" ZEROS "\"},"
	    "\"sources\":[{\"fp\":\"00112233445566778899aabbccddeeff\",\"head\":4,\"at\":5,\"end\":true},"
	    "{\"fp\":\"ff112233445566778899aabbccddeeff\",\"head\":4,\"at\":6,"
	    "\"tail\":\"00112233445566778899aabbccddee07\",\"end\":false}],\"unlocked\":true" BACK },
	{ "many epochs", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"em\":[\"2026-10\",\"2026-11..2027-01\"],"
	    "\"ip\":[\"2025-W52..2026-W02\",\"2026-W48\"],\"se\":[\"2026-11-25\",\"2026-11-27\"]},"
	    "\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
	{ "keys that were changed", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48\","
	    "\"2026-W49\",\"2026-W47.2\",\"2026-W48.2\",\"2026-W01.10\",\"2026-W01.999\"],\"se\":[\"2026-11-25.3\"]},"
	    "\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
	{ "a changed key destroyed", HEAD("destroy") ",\"what\":\"2026-11.2\",\"commitment\":\"" ZEROS "\"}" },
	{ "nothing masked", FRONT("20") TIME IN ",\"by\":{\"status\":{}},\"masked\":{}" TAIL },
};

static void
test_print_of_read_is_the_line(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		static struct seal_entry entry;
		struct buf again = { 0 };
		struct err e = { 0 };

		if (seal_entry_read(span_str(good[i].line), &names, &entry, &e) == -1)
			fail_msg("%s: %s", good[i].claim, e.text);
		assert_int_equal(entry.index, 3);
		assert_int_equal(entry.t_us % 1000000, 3000);
		assert_int_equal(seal_entry_print(&entry, &names, &again, &e), 0);
		assert_string_equal(again.data, good[i].line);
		buf_free(&again);
	}
}

static void
test_values_arrive(void **state)
{
	static struct seal_entry entry;
	const struct seal_segment *s = &entry.of.segment;

	assert_int_equal(seal_entry_read(span_str(good[5].line), &names, &entry, NULL), 0);
	assert_int_equal(entry.type, SEAL_SEGMENT);
	assert_true(entry.has_next);
	assert_int_equal(entry.epoch, 4);
	assert_true(span_is(entry.next, KEY));
	assert_true(span_is(entry.software, "cretula 1"));
	assert_int_equal(s->seg, 42);
	assert_int_equal(s->first, 7);
	assert_int_equal(s->n, 21);
	assert_int_equal(s->file_size, 99);
	assert_int_equal(s->counts.lines, 3);
	assert_int_equal(s->counts.in.unparsed, 1);
	assert_int_equal(s->counts.replay.parsed, 1);
	assert_int_equal(s->counts.status[2], 19);
	assert_int_equal(s->counts.masked[1], 20);
	assert_int_equal(s->counts.reasons[1], 9007199254740991);
	assert_int_equal(s->counts.time_max_us - s->counts.time_min_us, 60000000);
	assert_int_equal(s->source_count, 2);
	assert_int_equal(s->sources[0].fp[15], 0xff);
	assert_int_equal(s->sources[1].at, 6);
	assert_true(s->sources[0].end && !s->sources[1].end);
	assert_true(!s->sources[0].has_tail && s->sources[1].has_tail);
	assert_int_equal(s->sources[1].tail[15], 7);
	assert_true(s->unlocked && s->has_mask_seed && s->has_by);
}

/* Times inside a minute are rounded out by the printer. */
static void
test_time_is_rounded_out(void **state)
{
	static struct seal_entry entry;
	struct buf line = { 0 };
	static const struct {
		int64_t min_us, max_us;
		const char *text;
	} rows[] = {
		{ 59999999, 60000001, "\"time\":{\"min\":\"1970-01-01T00:00:00.000Z\",\"max\":\"1970-01-01T00:02:00.000Z\"}" },
		{ 60000000, 60000000, "\"time\":{\"min\":\"1970-01-01T00:01:00.000Z\",\"max\":\"1970-01-01T00:01:00.000Z\"}" },
		{ -1, -1, "\"time\":{\"min\":\"1969-12-31T23:59:00.000Z\",\"max\":\"1970-01-01T00:00:00.000Z\"}" },
		{ INT64_C(253402300799999000), INT64_C(253402300799999000),
		    "\"time\":{\"min\":\"9999-12-31T23:59:00.000Z\",\"max\":\"9999-12-31T23:59:00.000Z\"}" },
	};

	assert_int_equal(seal_entry_read(span_str(SEGMENT), &names, &entry, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		entry.of.segment.counts.time_min_us = rows[i].min_us;
		entry.of.segment.counts.time_max_us = rows[i].max_us;
		buf_clear(&line);
		assert_int_equal(seal_entry_print(&entry, &names, &line, NULL), 0);
		assert_non_null(strstr(line.data, rows[i].text));
	}
	buf_free(&line);
}

/* What a writer says of epochs stands in order, or is not written. */
static void
test_epochs_are_put_in_order(void **state)
{
	static const struct {
		const char *claim, *in, *out; /* out NULL: refused */
	} rows[] = {
		{ "in order already", "{\"ip\":[\"2026-W48\",\"2026-W49\"]}", "{\"ip\":[\"2026-W48\",\"2026-W49\"]}" },
		{ "a list", "{\"ip\":[\"2026-W49\",\"2026-W47\",\"2026-W48\"]}",
		    "{\"ip\":[\"2026-W47\",\"2026-W48\",\"2026-W49\"]}" },
		{ "an epoch twice", "{\"ip\":[\"2026-W49\",\"2026-W48\",\"2026-W49\"]}",
		    "{\"ip\":[\"2026-W48\",\"2026-W49\"]}" },
		{ "prefixes", "{\"us\":[\"2026-W48\"],\"ip\":[\"2026-11\"]}",
		    "{\"ip\":[\"2026-11\"],\"us\":[\"2026-W48\"]}" },
		{ "ranges, and keys that were changed", "{\"se\":[\"2026-11-20.2\",\"2026-11-25\",\"2026-11-01..2026-11-09\"]}",
		    "{\"se\":[\"2026-11-01..2026-11-09\",\"2026-11-25\",\"2026-11-20.2\"]}" },
		{ "ranges that overlap", "{\"ip\":[\"2026-W49\",\"2026-W40..2026-W50\"]}", NULL },
		{ "two ranges of one beginning", "{\"ip\":[\"2026-W40..2026-W41\",\"2026-W40\"]}", NULL },
		{ "a prefix twice", "{\"us\":[\"2026-W48\"],\"ip\":[\"2026-11\"],\"us\":[\"2026-W49\"]}", NULL },
		{ "kinds", "{\"ip\":[\"2026-W49\",\"2026-11\"]}", NULL },
		{ "no epoch", "{\"ip\":[\"2026-W49\",\"x\"]}", NULL },
		{ "a week that no year has", "{\"ip\":[\"2025-W60\"]}", NULL },
		{ "week 53 of a year with 52", "{\"ip\":[\"2025-W53\"]}", NULL },
		{ "week 53 of a year with 53", "{\"ip\":[\"2026-W53\"]}", "{\"ip\":[\"2026-W53\"]}" },
		{ "week 0", "{\"ip\":[\"2026-W00\"]}", NULL },
		{ "a day that no month has", "{\"ip\":[\"2026-02-29\"]}", NULL },
		{ "a month that no year has", "{\"ip\":[\"2026-10..2026-13\"]}", NULL },
		{ "two that are none", "{\"ip\":[\"y\",\"x\"]}", NULL },
		{ "an empty list", "{\"ip\":[]}", NULL },
		{ "a number", "{\"ip\":[7]}", NULL },
		{ "no list", "{\"us\":[\"2026-W48\"],\"ip\":\"2026-W48\"}", NULL },
		{ "no object", "[]", NULL },
		{ "no JSON", "{", NULL },
	};
	static struct seal_entry entry, again;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf line = { 0 };
		struct err e = { 0 };
		int rc;

		memset(&entry, 0, sizeof(entry));
		entry.type = SEAL_HOLD;
		entry.of.hold = (struct seal_hold){ .hold = span_str("case-7"), .segs = span_str("[]"),
			.mask_epochs = span_str(rows[i].in), .reason = span_str("a letter") };
		rc = seal_entry_print(&entry, &names, &line, &e);
		if (rc != (rows[i].out == NULL ? -1 : 0))
			fail_msg("%s: %s%.*s", rows[i].claim, e.text, (int)line.len, buf_view(&line).ptr);
		if (rc == 0 && seal_entry_read(buf_view(&line), &names, &again, &e) != 0)
			fail_msg("%s: %s", rows[i].claim, e.text);
		if (rc == 0 && !span_is(again.of.hold.mask_epochs, rows[i].out))
			fail_msg("%s: %.*s", rows[i].claim, (int)line.len, buf_view(&line).ptr);
		buf_free(&line);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *claim, *line;
	} rows[] = {
		{ "nothing", "" },
		{ "no object", "[]" },
		{ "a blank", "{ \"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"" ZEROS "\"}" },
		{ "a blank behind", DESTROY " " },
		{ "an LF behind", DESTROY "\n" },
		{ "a second object", DESTROY "{}" },
		{ "a duplicate key", HEAD("x") ",\"a\":1,\"b\":2,\"a\":1}" },
		{ "a duplicate key inside", HEAD("x") ",\"a\":{\"b\":2,\"b\":3}}" },
		{ "a float", HEAD("x") ",\"a\":1.5}" },
		{ "an exponent", HEAD("x") ",\"a\":1e5}" },
		{ "a leading zero", HEAD("x") ",\"a\":01}" },
		{ "2^53", HEAD("x") ",\"a\":9007199254740992}" },
		{ "a negative number", HEAD("x") ",\"a\":-1}" },
		{ "minus zero", HEAD("x") ",\"a\":-0}" },
		{ "raw UTF-8", HEAD("x") ",\"a\":\"\xc3\xa9\"}" },
		{ "bad UTF-8", HEAD("x") ",\"a\":\"\xff\"}" },
		{ "a long escape for a short one", HEAD("x") ",\"a\":\"\\u000a\"}" },
		{ "hex in capitals", HEAD("x") ",\"a\":\"\\u00E9\"}" },
		{ "an escaped slash", HEAD("x") ",\"a\":\"\\/\"}" },
		{ "an escape of plain text", HEAD("x") ",\"a\":\"\\u0061\"}" },
		{ "a lone surrogate", HEAD("x") ",\"a\":\"\\ud800\"}" },
		{ "an escaped key", HEAD("x") ",\"\\u0061\":1}" },
		{ "version 2", "{\"v\":2,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"" ZEROS "\"}" },
		{ "order of the common keys", "{\"i\":3,\"v\":1,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"" ZEROS "\"}" },
		{ "microseconds", "{\"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003001Z\",\"prev\":\"" ZEROS "\"}" },
		{ "no fraction", "{\"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00Z\",\"prev\":\"" ZEROS "\"}" },
		{ "an offset", "{\"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003+00:00\",\"prev\":\"" ZEROS "\"}" },
		{ "no such day", "{\"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-02-29T03:00:00.003Z\",\"prev\":\"" ZEROS "\"}" },
		{ "a short prev", "{\"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"00\"}" },
		{ "prev in capitals", "{\"v\":1,\"i\":3,\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"A000000000000000000000000000000000000000000000000000000000000000\"}" },
		{ "index as text", "{\"v\":1,\"i\":\"3\",\"type\":\"x\",\"t\":\"2026-11-25T03:00:00.003Z\",\"prev\":\"" ZEROS "\"}" },
		{ "a key more", HEAD("destroy") ",\"what\":\"import\",\"commitment\":\"" ZEROS "\",\"x\":1}" },
		{ "a key less", HEAD("destroy") ",\"what\":\"import\"}" },
		{ "order of own keys", HEAD("destroy") ",\"commitment\":\"" ZEROS "\",\"what\":\"import\"}" },
		{ "an escape in a name", HEAD("destroy") ",\"what\":\"im\\nport\",\"commitment\":\"" ZEROS "\"}" },
		{ "a policy without hash", HEAD("genesis") ",\"stream\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\",\"epoch\":0,\"next\":\"" KEY "\",\"escrow\":false,\"policy\":\"" ZEROS "\",\"sw\":\"c\"}" },
		{ "escrow as number", HEAD("genesis") ",\"stream\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\",\"epoch\":0,\"next\":\"" KEY "\",\"escrow\":0,\"policy\":\"sha256:" ZEROS "\",\"sw\":\"c\"}" },
		{ "time of an empty segment", FRONT("0") TIME IN TAIL },
		{ "no time of a segment", FRONT("3") IN TAIL },
		{ "time off the minute", FRONT("3") "\"time\":{\"min\":\"2026-11-25T03:00:01.000Z\",\"max\":\"2026-11-25T03:01:00.000Z\"}," IN TAIL },
		{ "time backwards", FRONT("3") "\"time\":{\"min\":\"2026-11-25T03:02:00.000Z\",\"max\":\"2026-11-25T03:01:00.000Z\"}," IN TAIL },
		{ "by of 19", FRONT("19") TIME IN "," BY TAIL },
		{ "no by of 20", FRONT("20") TIME IN TAIL },
		{ "a zero count", FRONT("21") TIME IN ",\"by\":{\"status\":{\"2xx\":0}},\"masked\":{}" TAIL },
		{ "counts out of order", FRONT("21") TIME IN ",\"by\":{\"status\":{}},\"masked\":{\"session\":1,\"ip.peer\":1}" TAIL },
		{ "empty reasons", FRONT("3") TIME IN ",\"reasons\":{}" TAIL },
		{ "replay all zero", FRONT("3") TIME IN ",\"replay\":{\"parsed\":0,\"partial\":0,\"unparsed\":0}" TAIL },
		{ "a file of another segment", HEAD("segment") ",\"seg\":42,\"first\":7,\"n\":0,\"bytes\":400,\"root\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"file\":{\"name\":\"seg/00000043.jsonl.zst\",\"size\":99,\"hash\":\"" ZEROS "\"},\"idx\":\"" ZEROS "\"," IN TAIL },
		{ "mask epochs out of order", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"se\":[\"2026-W48\"],\"ip\":[\"2026-W48\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "epochs as names and not in a list", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":\"x\"},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a first key with a number", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.1\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a number with a zero", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.02\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "no number", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a number too large", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.1000\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a range of changed keys", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W47.2..2026-W48.2\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a range to a changed key", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W47..2026-W48.2\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a changed key before a first one", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.2\",\"2026-W49\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "changed keys out of order", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.3\",\"2026-W49.2\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a period that is a key", HEAD("rotate") ",\"period\":\"2026-W48.2\",\"segs\":[]}" },
		{ "unlocked false", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[],\"unlocked\":false" BACK },
		{ "a bad stream name", HEAD("stream") ",\"name\":\"Shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\",\"genesis\":\"" ZEROS "\",\"epoch\":4,\"next\":\"" KEY "\"}" },
		{ "a bad origin", HEAD("stream") ",\"name\":\"shop\",\"origin\":\"cretula/00c0ffee5eed000/shop\",\"log\":\"" KEY "\",\"genesis\":\"" ZEROS "\",\"epoch\":4,\"next\":\"" KEY "\"}" },
		{ "a bad vkey", HEAD("stream") ",\"name\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"x" KEY "\",\"genesis\":\"" ZEROS "\",\"epoch\":4,\"next\":\"" KEY "\"}" },
		{ "a bad next", HEAD("stream") ",\"name\":\"shop\",\"origin\":\"" ORIGIN "\",\"log\":\"" KEY "\",\"genesis\":\"" ZEROS "\",\"epoch\":4,\"next\":\"x\"}" },
		{ "destruction of what", HEAD("destroy") ",\"what\":\"all\",\"commitment\":\"" ZEROS "\"}" },
		{ "no epochs", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "epochs not sorted", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48\",\"2026-W47\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "an epoch twice", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48\",\"2026-W48\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a day among weeks", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48\",\"2026-W49..2026-12-01\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a backward range", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48..2026-W47\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a range of one", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48..2026-W48\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "an open range", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48..\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "three dots", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48...2026-W49\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "one dot", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48.2026-W49\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "an overlapping range", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"2026-W48..2026-W50\",\"2026-W50\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "a number for an epoch", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[48]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "no epoch name", FRONT("0") IN ",\"policy\":\"sha256:" ZEROS "\",\"mask_epochs\":{\"ip\":[\"W48\"]},\"words\":{\"n\":5,\"hash\":\"" ZEROS "\"},\"sources\":[]" BACK },
		{ "too deep", HEAD("x") ",\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct seal_entry entry;
		struct err e = { 0 };

		if (seal_entry_read(span_str(rows[i].line), &names, &entry, &e) == 0)
			fail_msg("%s: accepted", rows[i].claim);
		assert_int_equal(e.code, ERR_FINDING);
	}
}

static void
test_nul_is_refused_everywhere(void **state)
{
	char line[sizeof(SEGMENT)];

	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		static struct seal_entry entry;

		memcpy(line, SEGMENT, sizeof(line));
		line[i] = '\0';
		assert_int_equal(seal_entry_read(span_of(line, sizeof(line) - 1), &names, &entry, NULL), -1);
	}
}

static void
test_unknown_type(void **state)
{
	static struct seal_entry entry;

	assert_int_equal(seal_entry_read(span_str(HEAD("novel") ",\"segs\":[1,2],\"a\":{\"b\":null},\"c\":\"\\u00e9\\n\"}"),
	    &names, &entry, NULL), 0);
	assert_int_equal(entry.type, SEAL_UNKNOWN);
	assert_true(span_is(entry.type_name, "novel"));
	assert_int_equal(entry.index, 3);
	assert_false(entry.has_next);
	assert_int_equal(seal_entry_read(span_str(HEAD("newer") ",\"epoch\":8,\"next\":\"k\"}"),
	    &names, &entry, NULL), 0);
	assert_true(entry.has_next);
	assert_int_equal(entry.epoch, 8);
	assert_true(span_is(entry.next, "k"));
}

/* A newer writer's classes are skipped, wherever they stand. */
static void
test_unknown_names(void **state)
{
	static struct seal_entry entry;

	assert_int_equal(seal_entry_read(span_str(FRONT("21") TIME IN ",\"by\":{\"status\":{\"6xx\":1}},\"masked\":"
	    "{\"aura\":7,\"ip.peer\":20,\"zodiac\":1}" TAIL), &names, &entry, NULL), 0);
	assert_int_equal(entry.of.segment.counts.masked[1], 20);
}

static void
test_bounds(void **state)
{
	static struct seal_entry entry;
	struct buf line = { 0 }, text = { 0 }, out = { 0 };
	struct err e;

	for (int i = 0; i < SEAL_ENTRY_BYTES_MAX; i++)
		buf_char(&text, 'x');
	buf_fmt(&line, HEAD("destroy") ",\"what\":\"%s\",\"commitment\":\"" ZEROS "\"}", text.data);
	assert_int_equal(seal_entry_read(buf_view(&line), &names, &entry, &e), -1);
	assert_string_equal(e.text, "entry: too long");
	assert_int_equal(seal_entry_read(span_str(DESTROY), &names, &entry, &e), 0);
	entry.of.destroy.what = buf_view(&text);
	buf_str(&out, "kept");
	assert_int_equal(seal_entry_print(&entry, &names, &out, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_true(span_is(buf_view(&out), "kept"));
	buf_free(&line);
	buf_free(&text);
	buf_free(&out);
}

/* Any changed bit is noticed here or changes what is read. */
static void
test_every_bit_counts(void **state)
{
	char line[sizeof(SEGMENT)];
	struct buf again = { 0 };

	for (size_t bit = 0; bit < (sizeof(line) - 1) * 8; bit++) {
		static struct seal_entry entry;

		memcpy(line, SEGMENT, sizeof(line));
		line[bit / 8] = (char)(line[bit / 8] ^ (1 << bit % 8));
		if (seal_entry_read(span_of(line, sizeof(line) - 1), &names, &entry, NULL) == -1 ||
		    entry.type == SEAL_UNKNOWN)
			continue;
		buf_clear(&again);
		assert_int_equal(seal_entry_print(&entry, &names, &again, NULL), 0);
		assert_string_equal(again.data, line);
	}
	buf_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_of_read_is_the_line),
		cmocka_unit_test(test_values_arrive),
		cmocka_unit_test(test_time_is_rounded_out),
		cmocka_unit_test(test_epochs_are_put_in_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_is_refused_everywhere),
		cmocka_unit_test(test_unknown_type),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_every_bit_counts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
