/* A record that was masked once, looked at again: only what is found goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/err.h"
#include "mask/again.h"

static struct mask_again again;
static struct record_decoder decoder;
static struct record_encoder encoder;
static struct record record;

/* As long as one block, which is all that can be told of it here. */
#define SEALED "sealed:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_eyJAKIAabcdAbCdEfGhIjKlMnOpQrStU" \
	"vWxYz0123456789-_eyJAKIAabcdAbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_"
_Static_assert(sizeof(SEALED) - 1 == 7 + 136, "a block");

#define LINE(rest) "{\"time\":\"2026-11-25T03:00:00.000Z\"," rest "}"

static void
test_pieces(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} rows[] = {
		{ "words, shapes and tokens stay",
		    LINE("\"path\":\"/shop/{int}/sg.abcdefghij234567/v1\",\"query\":\"page=2&q={word}\""),
		    LINE("\"path\":\"/shop/{int}/sg.abcdefghij234567/v1\",\"query\":\"page=2&q={word}\"") },
		{ "a token with a domain behind it stays", LINE("\"host\":\"ht.abcdefghij234567.example.com\""),
		    LINE("\"host\":\"ht.abcdefghij234567.example.com\"") },
		{ "a sealed text stays", LINE("\"client\":\"" SEALED "\",\"query\":\"email=" SEALED "\""),
		    LINE("\"client\":\"" SEALED "\",\"query\":\"email=" SEALED "\"") },
		{ "a class stays", LINE("\"path\":\"/[ip.fwd]/[pan]\",\"query\":\"q={base64}\""),
		    LINE("\"path\":\"/[ip.fwd]/[pan]\",\"query\":\"q={base64}\"") },
		{ "an e-mail in a path goes", LINE("\"path\":\"/u/erika@example.org/x\""),
		    LINE("\"path\":\"/u/[email]/x\"") },
		{ "escaped, too", LINE("\"path\":\"/u/erika%40example.org/x\""),
		    LINE("\"path\":\"/u/[email]/x\"") },
		{ "a card is flagged", LINE("\"path\":\"/pay/4111111111111111\""),
		    LINE("\"path\":\"/pay/[pan]\",\"flags\":[\"secret_found\"]") },
		{ "an address in a value", LINE("\"query\":\"utm_source=203.0.113.7&x=1\""),
		    LINE("\"query\":\"utm_source=[ip.fwd]&x=1\"") },
		{ "a password, by its name", LINE("\"query\":\"a=b&password=hunter2&c=d\""),
		    LINE("\"query\":\"a=b&password=[credential]&c=d\",\"flags\":[\"secret_found\"]") },
		{ "but not its shape", LINE("\"query\":\"password={word}&token=[credential]\""),
		    LINE("\"query\":\"password={word}&token=[credential]\"") },
		{ "a session, by its name", LINE("\"query\":\"PHPSESSID=abc\""),
		    LINE("\"query\":\"PHPSESSID=[session]\"") },
		{ "a list", LINE("\"forwarded\":[\"if.abcdefghij234567\",\"203.0.113.7\"]"),
		    LINE("\"forwarded\":[\"if.abcdefghij234567\",\"[ip.fwd]\"]") },
		{ "texts of extra", LINE("\"extra\":{\"a\":\"see erika@example.org there\",\"n\":5}"),
		    LINE("\"extra\":{\"a\":\"see [email] there\",\"n\":5}") },
		{ "the server is configured", LINE("\"server\":\"203.0.113.7\""),
		    LINE("\"server\":\"203.0.113.7\"") },
		{ "nor is one of other letters, or of more",
		    LINE("\"path\":\"/em.ABCDEFGHIJ234567@b.de/em.abcdefghij134567@b.de/em.abcdefghij234568@b.de\""),
		    LINE("\"path\":\"/[email]/[email]/[email]\"") },
		{ "a mark that does not end is none",
		    LINE("\"path\":\"/{int\",\"query\":\"q={&r={}&s={INT}&t=[a\""),
		    LINE("\"path\":\"/{int\",\"query\":\"q={&r={}&s={INT}&t=[a\"") },
		{ "what does not settle is nothing that is known", LINE("\"path\":\"/a/%2525252525252541\""),
		    LINE("\"path\":\"/a/[unknown]\"") },
		{ "what looks like a token and is none",
		    LINE("\"path\":\"/em.erika@example.org/{4111111111111111}\""),
		    LINE("\"path\":\"/[email]/[pan]\",\"flags\":[\"secret_found\"]") },
	};

	again.fields = mask_again_fields();
	again.drop = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[RECORD_BYTES_MAX];
		struct err e = { 0 };
		uint64_t changed;
		size_t len;

		if (record_decode(&decoder, span_str(rows[i].in), &record, &e) == -1)
			fail_msg("%s: %s", rows[i].claim, e.text);
		changed = mask_again(&again, &record);
		len = record_encode(&encoder, &record, out);
		if (!span_equal(span_of(out, len - 1), span_str(rows[i].out)))
			fail_msg("%s: %.*s", rows[i].claim, (int)len, out);
		assert_int_equal(changed != 0, strcmp(rows[i].in, rows[i].out) != 0);
		/* and a second time changes nothing */
		assert_int_equal(record_decode(&decoder, span_of(out, len - 1), &record, &e), 0);
		assert_int_equal(mask_again(&again, &record), 0);
	}
}

static void
test_drop(void **state)
{
	static const char line[] = LINE("\"forwarded\":[\"x\"],\"path\":\"/a\",\"query\":\"b\",\"status\":200,"
	    "\"referer\":\"/r\",\"extra\":{\"a\":\"b\"},\"state\":\"partial\"");
	char out[RECORD_BYTES_MAX];
	struct err e = { 0 };
	size_t len;

	again.fields = 0;
	assert_int_equal(mask_again_read("query,extra,forwarded,status,agent", &again.drop, &e), 0);
	assert_int_equal(record_decode(&decoder, span_str(line), &record, &e), 0);
	assert_int_equal(__builtin_popcountll(mask_again(&again, &record)), 4);
	len = record_encode(&encoder, &record, out);
	assert_true(span_equal(span_of(out, len - 1),
	    span_str(LINE("\"path\":\"/a\",\"referer\":\"/r\",\"state\":\"partial\""))));
	assert_int_equal(mask_again(&again, &record), 0);
}

/* Only what a skeleton holds of its line: the method `seal` of others stays, and numbers do. */
static void
test_lines(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} rows[] = {
		{ "all parts of a line go",
		    LINE("\"extra\":{\"line_bytes\":2000,\"line\":\"" SEALED "\",\"line2\":\"" SEALED
			 "\",\"line11\":\"" SEALED "\"},\"state\":\"unparsed\""),
		    LINE("\"extra\":{\"line_bytes\":2000},\"state\":\"unparsed\"") },
		{ "of a record that goes on, too",
		    LINE("\"reason\":\"continued\",\"extra\":{\"line_part\":2,\"line\":\"" SEALED
			 "\"},\"state\":\"unparsed\""),
		    LINE("\"reason\":\"continued\",\"extra\":{\"line_part\":2},\"state\":\"unparsed\"") },
		{ "without anything else there is no extra",
		    LINE("\"extra\":{\"line\":\"" SEALED "\"},\"state\":\"unparsed\""),
		    LINE("\"state\":\"unparsed\"") },
		{ "nor a number, nor more digits, nor letters",
		    LINE("\"extra\":{\"line\":5,\"line111\":\"" SEALED "\",\"line1x\":\"" SEALED
			 "\",\"other\":\"" SEALED "\",\"line2\":\"\"},\"state\":\"unparsed\""),
		    NULL },
		{ "another name, a text that is not sealed, one with more behind it",
		    LINE("\"extra\":{\"line12\":\"" SEALED "\",\"liner\":\"" SEALED
			 "\",\"line\":\"x\",\"line3\":\"" SEALED "x\"},\"state\":\"unparsed\""),
		    NULL },
		{ "a record that was read", LINE("\"extra\":{\"line\":\"" SEALED "\"}"), NULL },
		{ "one that was read in part",
		    LINE("\"extra\":{\"line\":\"" SEALED "\"},\"state\":\"partial\""), NULL },
	};
	char out[RECORD_BYTES_MAX];
	struct err e = { 0 };

	again.fields = again.drop = 0;
	again.lines = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *want = rows[i].out == NULL ? rows[i].in : rows[i].out;
		uint64_t changed;
		size_t len;

		assert_int_equal(record_decode(&decoder, span_str(rows[i].in), &record, &e), 0);
		changed = mask_again(&again, &record);
		len = record_encode(&encoder, &record, out);
		if (!span_equal(span_of(out, len - 1), span_str(want)))
			fail_msg("%s: %.*s", rows[i].claim, (int)len, out);
		assert_int_equal(changed,
		    rows[i].out == NULL ? 0 : UINT64_C(1) << RECORD_FIELD_EXTRA);
		assert_int_equal(mask_again(&again, &record), 0);
	}
	again.lines = false;
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "path,", ",path", "no", "time", "path,flags", "state",
		"a-name-that-is-longer-than-what-is-told-of-it-a-name-that-is-longer-than-what-is-told" };
	uint64_t fields = 7;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(mask_again_read(bad[i], &fields, &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
		assert_int_equal(fields, 7);
	}
	assert_int_equal(mask_again_read("path", &fields, &e), 0);
	assert_int_equal(fields, UINT64_C(1) << RECORD_FIELD_PATH);
}

/* Texts as long as a record can be, full of what goes: no bound is passed. */
static void
test_full_records(void **state)
{
	static char text[RECORD_TEXT_MAX], out[RECORD_BYTES_MAX];
	static const char bit[] = "a@b.de/";

	again.fields = UINT64_MAX;
	again.drop = 0;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = bit[i % (sizeof(bit) - 1)];
	record_clear(&record);
	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++)
		if (record_fields[f].type == RECORD_TEXT)
			record_set_text(&record, (enum record_field)f, span_of(text, sizeof(text)));
	assert_true(mask_again(&again, &record) != 0);
	assert_true(again.used <= sizeof(again.text));
	assert_true(record_encode(&encoder, &record, out) <= RECORD_BYTES_MAX);
	assert_null(memmem(out, RECORD_BYTES_MAX, "a@b.de/a@b.de/a", 15));
	again.fields = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_full_records),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
