/* Proofs and answers without memory: each allocation fails alone, and nothing but the shortage is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"
#include "audit/anchors/consistent.h"
#include "audit/anchors/match.h"
#include "audit/anchors/policy.h"
#include "audit/outside/pin.h"
#include "audit/outside/prove.h"
#include "base/err.h"
#include "past.h"
#include "vectors/wrapped.h"

#define TIME_S UINT64_C(1795575600)

static unsigned asked, refused; /* how often so far; which one is refused, 0: none */

static bool
fails(void)
{
	return (++asked == refused);
}

static struct build store;
static struct buf lines, stamp, vkey;
static char pins[256];

static int
prove(uint64_t record, struct buf *out, struct err *e)
{
	return (audit_prove(store.dir, "shop", record, &build_names, out, e));
}

static int
prove_sealed(struct buf *out, struct err *e)
{
	return (prove(5, out, e));
}

static int
prove_replaced(struct buf *out, struct err *e)
{
	return (prove(RECORDS + 2, out, e));
}

/* Good is here that it is not there. */
static int
prove_erased(struct buf *out, struct err *e)
{
	int rc = prove(RECORDS + 3, out, e);

	if (rc == -1 && e->code == ERR_INPUT && strstr(e->text, "erased by entry") != NULL) {
		buf_str(out, e->text);
		return (buf_ok(out) ? 0 : err_memory(e));
	}
	assert_int_equal(rc, -1);
	return (rc);
}

static int
prove_consistent(struct buf *out, struct err *e)
{
	return (audit_consistent_prove(
	    store.dir, "shop", (struct audit_consistent_sizes){ 2, 0 }, &build_names, out, e));
}

static int
match(struct span answer, struct buf *out, struct err *e)
{
	struct audit_source *source = NULL;
	struct audit_policy *policy = NULL;
	struct audit_match found = { .kind = "" };
	int rc = audit_source_open(store.dir, "shop", &source, e);

	if (rc == 0)
		rc = audit_policy_witness(vkey.data, &policy, e);
	if (rc == 0) {
		rc = audit_match(source, &(struct audit_answer){ .bytes = answer, .policy = policy }, &found, e);
		buf_fmt(out, "%s %ju %s", found.kind, (uintmax_t)found.size, found.by);
		buf_span(out, buf_view(&found.bytes));
		if (rc == 0 && !buf_ok(out))
			rc = err_memory(e);
		buf_free(&found.bytes);
	}
	audit_policy_free(policy);
	audit_source_close(source);
	return (rc);
}

static int
match_lines(struct buf *out, struct err *e)
{
	return (match(buf_view(&lines), out, e));
}

static int
match_stamp(struct buf *out, struct err *e)
{
	return (match(buf_view(&stamp), out, e));
}

/* What is written was read whole, or is what was there before. */
static int
keep_pins(struct buf *out, struct err *e)
{
	struct audit_pins kept = { 0 };
	int rc = audit_pins_read(&kept, pins, e);

	if (rc == 0) {
		assert_int_equal(kept.count, 20);
		rc = audit_pins_write(&kept, pins, e);
	}
	audit_pins_free(&kept);
	return (rc);
}

static const struct {
	const char *claim;
	int (*run)(struct buf *out, struct err *e);
	unsigned least; /* that can be refused */
} rows[] = {
	{ "the proof of a record", prove_sealed, 30 },
	{ "of one that was replaced", prove_replaced, 30 },
	{ "of one that was erased", prove_erased, 10 },
	{ "that a chain only grew", prove_consistent, 20 },
	{ "of which note cosignatures are", match_lines, 12 },
	{ "of which note a time stamp is", match_stamp, 12 },
	{ "pins", keep_pins, 3 },
};

static void
check_row(size_t i)
{
	struct buf truth = { 0 };
	unsigned n = 0, wrong = 0;

	for (bool more = true; more; n++) {
		struct buf out = { 0 };
		struct err e = { 0 };
		int rc;

		asked = 0;
		refused = n; /* the first time none is */
		rc = rows[i].run(&out, &e);
		refused = 0;
		more = n == 0 || asked >= n;
		if (n == 0) {
			if (rc == -1)
				fail_msg("%s: %s", rows[i].claim, e.text);
			buf_span(&truth, buf_view(&out));
		} else if (rc == -1 ? e.code != ERR_IO : !span_equal(buf_view(&out), buf_view(&truth))) {
			print_error("%s, without the %u-th: %d %s\n", rows[i].claim, n, rc, e.text);
			wrong++;
		}
		buf_free(&out);
	}
	buf_free(&truth);
	assert_int_equal(wrong, 0);
	if (n < rows[i].least)
		fail_msg("%s: only %u", rows[i].claim, n);
}

static void
test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i);
}

static int
begin(void **state)
{
	static const struct build_item items[] = { { 2, "{\"time\":\"2025-11-25T00:00:00.000Z\"}", 0 },
		{ 3, NULL, 0 } };
	struct audit_source *source = NULL;
	struct audit_source_note note = { .text = { 0 } };
	struct buf text = { 0 };
	struct err e = { 0 };

	past_begin(&store);
	build_redact(past_shop,
	    &(struct build_redact){ .seg = 2, .revision = 1, .items = items, .count = 2 }, &past_lines);
	build_rekey(past_shop, &(struct build_rekey){ .to = 1 });
	past_go_on();
	assert_int_equal(audit_source_open(store.dir, "shop", &source, &e), 0);
	assert_int_equal(audit_source_note(source, 3, &note, &e), 0);
	answer_cosign(note.note.body, TIME_S, false, &lines);
	answer_stamp(&answer_stamp_good, note.note.body, &stamp);
	answer_witness(&vkey);
	buf_char(&vkey, '\0');
	buf_free(&note.text);
	audit_source_close(source);
	buf_str(&text, "cretula pin v1\n");
	for (int i = 0; i < 20; i++)
		buf_fmt(&text, "cretula/0123456789abcdef/s%02d 5 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", i);
	build_write(&store, "pins", text.data, text.len);
	build_path(&store, "pins", pins);
	buf_free(&text);
	return (0);
}

static int
end(void **state)
{
	past_end(&store);
	buf_free(&lines);
	buf_free(&stamp);
	buf_free(&vkey);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
