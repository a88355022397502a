/* Free text: what of a message is written. */
#include <fcntl.h>
#include <strings.h>

#include "unit/mask/bed.h"
#include "unit/mask/cases.h"

#include "base/io.h"
#include "base/text.h"

#define LONG "averylongwordthatnobodyeverwroteyet"

static struct span message;

/* A format whose lines are what the test says. */
static enum parse_result
made_line(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	memset(ev, 0, sizeof(*ev));
	ev->type = EVENT_LOG;
	ev->time_us = BED_NOW_US;
	ev->time_ok = true;
	ev->has_text = UINT32_C(1) << EVENT_CLIENT | UINT32_C(1) << EVENT_MESSAGE;
	ev->text[EVENT_CLIENT] = span_str("192.0.2.7");
	ev->text[EVENT_MESSAGE] = message;
	return (PARSE_EVENT);
}

static const struct parse_format made = { .name = "made", .line = made_line };

static void
open_bed(struct bed *bed, const struct mask_policy *policy)
{
	bed_open(bed, policy);
	bed->mask->parser.format = &made;
}

/* The record of a message; its text, or "" if there is none. */
static struct span
text_of(struct bed *bed, struct span text, struct record *r)
{
	message = text;
	*r = bed_record(bed, "x");
	for (unsigned i = 0; i < r->extra_count; i++)
		if (span_is(r->extra[i].key, "message"))
			return (r->extra[i].text);
	return (span_of("", 0));
}

static struct span
said(struct bed *bed, const char *text)
{
	static struct record r;

	return (text_of(bed, span_str(text), &r));
}

static void
messages(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} rows[] = {
		{ "words of programs stay", "Connection refused while connecting to upstream",
		    "Connection refused while connecting to upstream" },
		{ "names do not", "login failed for Erika", "login failed for xx.#" },
		{ "two words make no mailbox", "cohort=gy3@0.05", "xx.#=xx.# xx.#" },
		{ "an e-mail is a token", "sent to bob.k@example.org!", "sent to em.#!" },
		{ "an address is a token", "client: 203.0.113.7, server", "client: if.#, server" },
		{ "a secret is none", "secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		    "secret=[credential]" },
		{ "a card is none", "card 4111 1111 1111 1111", "xx.# [pan]" },
		{ "an encoded e-mail is the same", "sent to bob.k%40example.org", "sent to em.#" },
		{ "small numbers stay", "retry 3 of 5", "retry 3 of 5" },
		{ "large ones do not", "status 200, took 1204 ms", "status {int}, took {int} ms" },
		{ "nor halves of one", "code 70 12 34 56", "code 70 {int} {int} {int}" },
		{ "types and devices are told", "id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 on 2025-11-24",
		    "id dv.# on {date}" },
		{ "parts of a word", "read-only upstream_status", "read-only upstream_status" },
		{ "brackets imitate nothing", "[credential] {int} [pan]", "(credential) (xx.#) (xx.#)" },
		{ "nor does a token", "us.abcdefghij234567", "xx.#" },
		{ "escapes decode to nothing", "a \\ b % c & d", "a   xx.#   xx.#   xx.#" },
		{ "control bytes are blanks", "open\033(failed)\tx", "open (failed) xx.#" },
		{ "no byte but ASCII comes out", "open \342\200\256 b\303\274cher", "open xx.# xx.#" },
		{ "bytes that are no UTF-8", "open b\xfc" "cher", "[text]" },
		{ "one word alone", "Kowalczyk", "xx.#" },
	};
	struct bed bed;

	open_bed(&bed, NULL);
	for (int round = 0; round < 3; round++) /* anew, and then from the table */
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (!bed_fits(said(&bed, rows[i].in), rows[i].out)) {
				struct span out = said(&bed, rows[i].in);

				fail_msg("%s: \"%.*s\" is not \"%s\"", rows[i].claim, (int)out.len, out.ptr,
				    rows[i].out);
			}
	bed_close(&bed);
}

static void
one_spelling_one_token(void **state)
{
	char first[64];
	struct bed bed;
	struct span out;

	open_bed(&bed, NULL);
	out = said(&bed, "erika");
	assert_true(out.len == MASK_TOKEN_BYTES);
	memcpy(first, out.ptr, out.len);
	out = said(&bed, "Erika");
	assert_memory_equal(first, out.ptr, MASK_TOKEN_BYTES);
	out = said(&bed, "bob.k@example.org");
	memcpy(first, out.ptr, MASK_TOKEN_BYTES);
	out = said(&bed, "Bob.K&#64;example.org");
	assert_memory_equal(first, out.ptr, MASK_TOKEN_BYTES);
	bed_close(&bed);
}

static void
a_nul_hides_all(void **state)
{
	struct record r;
	struct bed bed;

	open_bed(&bed, NULL);
	assert_true(span_is(text_of(&bed, span_of("open\0x", 6), &r), "[text]"));
	bed_close(&bed);
}

static void
long_text_is_capped(void **state)
{
	static char text[60000];
	struct record r;
	struct bed bed;
	struct span out;

	for (size_t i = 0; i + 6 < sizeof(text); i += 6)
		memcpy(text + i, "erika ", 6);
	open_bed(&bed, NULL);
	out = text_of(&bed, span_of(text, sizeof(text) - 6), &r);
	assert_true(out.len > 1900 && out.len <= RECORD_TEXT_MAX);
	assert_true(bed_flag(&r, RECORD_FLAG_TEXT_CAPPED));
	bed_close(&bed);
}

static void
methods(void **state)
{
	struct mask_policy policy;
	struct bed bed;

	mask_policy_default(&policy);
	policy.method[RECORD_CLASS_TEXT] = MASK_REDACT;
	open_bed(&bed, &policy);
	assert_true(span_is(said(&bed, "hello"), "[text]"));
	bed_close(&bed);
	policy.method[RECORD_CLASS_TEXT] = MASK_DROP;
	open_bed(&bed, &policy);
	assert_true(said(&bed, "hello").len == 0);
	assert_int_equal(bed.batch.counts.masked[RECORD_CLASS_TEXT], 1);
	bed_close(&bed);
	mask_policy_default(&policy);
	policy.method[RECORD_CLASS_EMAIL] = MASK_REDACT;
	open_bed(&bed, &policy);
	assert_fits(said(&bed, "to bob.k@example.org"), "to [email]");
	bed_close(&bed);
}

/* As long as a record's text may be: more words than an entry of the table counts. */
static void
all_are_counted(void **state)
{
	static char text[4000];
	struct record r;
	struct bed bed;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		memcpy(text + 5 * i, "1000 ", 5);
	open_bed(&bed, NULL);
	for (int round = 0; round < 3; round++) {
		assert_true(text_of(&bed, span_of(text, 1500), &r).len > 300 * 5);
		assert_false(bed_flag(&r, RECORD_FLAG_TEXT_CAPPED));
		assert_int_equal(bed.batch.counts.masked[RECORD_CLASS_TEXT], 300);
	}
	bed_close(&bed);
}

/* `words: keep`: what looks like nothing stays; what imitates us, is long or found does not. */
static void
kept_words(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} rows[] = {
		{ "a name", "login failed for Kowalczyk", "login failed for Kowalczyk" },
		{ "but no e-mail address", "sent to bob.k@example.org", "sent to em.#" },
		{ "nor a token", "us.abcdefghij234567", "xx.#" },
		{ "what is none by a digit", "us.readwritelist8by", "us.readwritelist8by" },
		{ "nor a long number in a word", "user12345x", "xx.#" },
		{ "nor a long word", "abcdefghijklmnopqrstuvwxyzabcdefg", "xx.#" },
		{ "nor one of known parts", "connection-refused-connection-refused", "xx.#" },
		{ "nor one longer than any", LONG LONG, "xx.#" },
	};
	struct mask_policy policy;
	struct bed bed;

	(void)state;
	mask_policy_default(&policy);
	policy.words_mode = MASK_WORDS_KEEP;
	open_bed(&bed, &policy);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span out = said(&bed, rows[i].in);

		if (!bed_fits(out, rows[i].out))
			print_error("%s: %.*s\n", rows[i].claim, (int)out.len, out.ptr);
		assert_true(bed_fits(out, rows[i].out));
	}
	bed_close(&bed);
}

static const struct detect_rule customer = { "customer", "\\bC-\\d{8}\\b", "C-12345678", "C-1",
	RECORD_CLASS_UNKNOWN };

static void
rules_of_the_user(void **state)
{
	static const struct {
		const char *target, *path, *query;
	} rows[] = {
		{ "/api/C-12345678/x?q=C-12345678", "/api/[unknown]/*", "q=[unknown]" },
		{ "/api/%43-12345678?page=3", "/api/[unknown]", "page=3" },
		{ "/api?C-12345678", "/api", "[unknown]" },
		{ "/api?page=C%2D12345678", "/api", "page=[unknown]" },
		{ "/api/C-1234567?page=3", "/api/sg.#", "page=3" },
	};
	struct mask_policy policy;
	struct record r;
	struct bed bed;

	mask_policy_default(&policy);
	policy.rules[0] = customer;
	policy.rule_count = 1;
	bed_open(&bed, &policy);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = bed_request(&bed, rows[i].target, 200, "-");
		if (strchr(rows[i].path, '*') != NULL)
			assert_true(span_starts(r.text[RECORD_FIELD_PATH], span_str("/api/[unknown]/")));
		else
			assert_fits(r.text[RECORD_FIELD_PATH], rows[i].path);
		if (!bed_fits(r.text[RECORD_FIELD_QUERY], rows[i].query))
			fail_msg("%s: %.*s", rows[i].target, (int)r.text[RECORD_FIELD_QUERY].len,
			    r.text[RECORD_FIELD_QUERY].ptr);
	}
	bed.mask->parser.format = &made;
	assert_fits(said(&bed, "failed for C-12345678 and C-87654321, bob.k@example.org"),
	    "failed for [unknown] and [unknown], em.#");
	assert_fits(said(&bed, "failed for C%2D12345678"), "[unknown]");
	bed_close(&bed);
}

/* What a rule gives up is masked whole, and the record says so. */
static void
a_rule_that_is_given_up(void **state)
{
	static const struct detect_rule slow = { "slow", "(Q|(a|aa)+X)", "Q", "", RECORD_CLASS_UNKNOWN };
	char target[100] = "/api/";
	struct mask_policy policy;
	struct record r;
	struct bed bed;

	mask_policy_default(&policy);
	policy.rules[0] = slow;
	policy.rule_count = 1;
	bed_open(&bed, &policy);
	memset(target + 5, 'a', 60);
	r = bed_request(&bed, target, 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/api/[unknown]");
	assert_true(bed_flag(&r, RECORD_FLAG_UNSETTLED));
	bed_close(&bed);
}

/* ---- the hostile inputs of ../shared/cases: whole lines, as if no format knew them ---- */

static bool
contains(struct span text, struct span word)
{
	for (size_t i = 0; word.len > 0 && i + word.len <= text.len; i++)
		if (strncasecmp(text.ptr + i, word.ptr, word.len) == 0)
			return (true);
	return (false);
}

static struct span
part(struct span *rest, const char *separator)
{
	const char *at = rest->len == 0 ? NULL :
	    memmem(rest->ptr, rest->len, separator, strlen(separator));
	struct span found = span_of(rest->ptr, at == NULL ? rest->len : (size_t)(at - rest->ptr));

	*rest = span_from(*rest, found.len + strlen(separator));
	return (found);
}

enum column { ID, FORMAT, INPUT, FORBID, COLUMNS };

static void
check_row(struct bed *bed, const struct span column[static COLUMNS], unsigned *failures)
{
	static char input[1 << 18], word[1 << 18];
	struct span rest = span_of(input, cases_unescape(column[INPUT], input));
	struct record r;

	while (rest.len > 0) {
		struct span line = part(&rest, "\n"), forbidden = column[FORBID], out;

		if (line.len > PARSE_LINE_MAX)
			line.len = PARSE_LINE_MAX;
		out = text_of(bed, line, &r);

		while (forbidden.len > 0) {
			struct span item = part(&forbidden, " ;; ");

			if (!contains(out, span_of(word, cases_unescape(item, word))))
				continue;
			print_error("%.*s: %.*s in %.*s\n", (int)column[ID].len, column[ID].ptr,
			    (int)item.len, item.ptr, (int)out.len, out.ptr);
			(*failures)++;
		}
	}
}

static void
hostile_lines(void **state)
{
	const char *shared = getenv("CRETULA_SHARED");
	unsigned failures = 0, count = 0;
	char path[1024];
	struct buf text = { 0 };
	struct span rest;
	struct bed bed;
	struct err e;

	if (shared == NULL)
		skip();
	(void)snprintf(path, sizeof(path), "%s/cases/masking.tsv", shared);
	if (io_read_file(AT_FDCWD, path, 1 << 20, &text, &e) == -1) {
		print_message("SKIP: no %s\n", path);
		skip();
	}
	open_bed(&bed, NULL);
	rest = span_of(text.data, text.len);
	(void)part(&rest, "\n");
	for (; rest.len > 0; count++) {
		struct span line = part(&rest, "\n"), column[COLUMNS];

		for (int c = 0; c < COLUMNS; c++)
			column[c] = part(&line, "\t");
		check_row(&bed, column, &failures);
	}
	assert_true(count > 100);
	assert_int_equal(failures, 0);
	bed_close(&bed);
	buf_free(&text);
}

/* The secrets of group K are called what they are. */
static void
labels(void **state)
{
	static const struct {
		const char *in, *holds, *lacks;
	} rows[] = {
		{ "key=AKIA" "IOSFODNN7EXAMPLE", "[credential]", "xx." },
		{ "xoxb" "-000000000000-0000000000000-ExampleExampleExample1234", "[credential]", "xx." },
		{ "sk_live" "_0000ExampleExample0000Exam", "[credential]", "xx." },
		{ "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIExample\\n-----END EC PRIVATE KEY-----",
		    "[credential]", "xx." },
		{ "postgres://app:s3cr3tPw@db.example.com:5432/x", "[credential]", "xx." },
		{ "SSN 123-12-1204 on file", "[national]", "123" },
		{ "build 4012-8888-8888-1882 ok", "build", "[pan]" },
		{ "AIza" "SyExampleExampleExampleExampleExample0", "[credential]", "xx." },
	};
	struct bed bed;

	open_bed(&bed, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span out = said(&bed, rows[i].in);

		if (!contains(out, span_str(rows[i].holds)) || contains(out, span_str(rows[i].lacks)))
			fail_msg("%s: %.*s", rows[i].in, (int)out.len, out.ptr);
	}
	bed_close(&bed);
}

/* Whatever byte of an identifier is another: no part of five bytes of a name comes out. */
static void
flipped_bytes_add_nothing(void **state)
{
	static const char in[] = "user erika.mustermann@example.org from 203.0.113.77 called";
	static const char *const parts[] = { "erika", "muste", "terma", "rmann", "examp", "ample",
		"203.0", "113.7" };
	struct bed bed;

	open_bed(&bed, NULL);
	for (size_t i = 0; i < sizeof(in) - 1; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char text[sizeof(in)];
			struct span out;

			memcpy(text, in, sizeof(in));
			text[i] = (char)(text[i] ^ 1 << bit);
			if (text[i] == '\0')
				continue;
			out = said(&bed, text);
			for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
				if (contains(out, span_str(parts[p])))
					fail_msg("byte %zu, bit %u: %.*s", i, bit, (int)out.len, out.ptr);
		}
	bed_close(&bed);
}

/* The same of a whole line, whatever becomes of its grammar. */
static void
flipped_lines_add_nothing(void **state)
{
	static const char in[] = "203.0.113.77 - erika.mustermann [24/Nov/2025:10:11:12 +0000] "
	    "\"GET /u/erika.mustermann@planted.test?q=203.0.113.77&mail=erika.mustermann HTTP/1.1\" 200 5 "
	    "\"https://planted.test/erika\" \"curl/8.0 (erika.mustermann)\"";
	static const char *const parts[] = { "erika", "muste", "terma", "rmann", "203.0", "113.7" };
	struct bed bed;

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(in) - 1; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char text[sizeof(in) + 1];
			const char *out;

			memcpy(text, in, sizeof(in));
			text[i] = (char)(text[i] ^ 1 << bit);
			text[sizeof(in) - 1] = '\n';
			out = bed_run(&bed, span_of(text, sizeof(in)), 0);
			for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
				if (contains(span_of(out, bed.batch.records_len), span_str(parts[p])))
					fail_msg("byte %zu, bit %u: %s", i, bit, out);
		}
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(one_spelling_one_token),
		cmocka_unit_test(a_nul_hides_all),
		cmocka_unit_test(long_text_is_capped),
		cmocka_unit_test(methods),
		cmocka_unit_test(all_are_counted),
		cmocka_unit_test(kept_words),
		cmocka_unit_test(rules_of_the_user),
		cmocka_unit_test(a_rule_that_is_given_up),
		cmocka_unit_test(hostile_lines),
		cmocka_unit_test(labels),
		cmocka_unit_test(flipped_bytes_add_nothing),
		cmocka_unit_test(flipped_lines_add_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
