/* What somebody answered: of which note it is, and what is not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"
#include "audit/anchors/match.h"
#include "audit/anchors/policy.h"
#include "base/err.h"
#include "build.h"

#define TIME_S UINT64_C(1795575600)
#define SIZE 4 /* of the chain and its newest note */
#define ALL_NOTES "of none of its notes; of the newest: "

static struct build store;
static struct audit_source *source, *other;
static struct audit_policy *known, *two, *none;

/* What is answered; each adds it to out. */
static struct span
body_of(const struct audit_source *of, uint64_t size)
{
	static struct audit_source_note note;

	assert_int_equal(audit_source_peek(of, size, &note, NULL), 0);
	return (note.note.body);
}

static void
lines_of(uint64_t size, struct buf *out)
{
	answer_cosign(body_of(source, size), TIME_S, false, out);
}

static void
newest_lines(struct buf *out)
{
	lines_of(SIZE, out);
}

static void
older_lines(struct buf *out)
{
	lines_of(2, out);
}

static void
lines_with_cr(struct buf *out)
{
	lines_of(2, out);
	out->data[--out->len] = '\0';
	buf_str(out, "\r\n\r\nthanks\n");
}

static void
unfinished_line(struct buf *out)
{
	lines_of(2, out);
	out->len--;
}

static void
two_lines(struct buf *out)
{
	lines_of(2, out);
	lines_of(2, out);
}

static void
spoiled(struct buf *out)
{
	answer_cosign(body_of(source, SIZE), TIME_S, true, out);
}

static void
stranger(struct buf *out)
{
	answer_witness_name = "stranger.example";
	lines_of(SIZE, out);
	answer_witness_name = "witness.example";
}

static void
of_nothing(struct buf *out)
{
	answer_cosign(span_str("cretula/x/s\n4\nroot\n"), TIME_S, false, out);
}

static void
add_note(const struct audit_source *of, uint64_t size, struct buf *out)
{
	struct audit_source_note note = { .text = { 0 } };

	assert_int_equal(audit_source_peek(of, size, &note, NULL), 0);
	buf_span(out, buf_view(&note.text));
	answer_cosign(note.note.body, TIME_S, false, out);
	buf_free(&note.text);
}

static void
older_note(struct buf *out)
{
	add_note(source, 2, out);
}

static void
foreign_note(struct buf *out)
{
	add_note(other, 2, out);
}

static void
uncosigned_note(struct buf *out)
{
	add_note(source, 2, out);
	out->len = (size_t)((const char *)memmem(out->data, out->len, "\n\n", 2) - out->data) + 2;
	answer_cosign(span_str("cretula/x/s\n4\nroot\n"), TIME_S, true, out);
	while (out->data[out->len - 1] != '\xe2')
		out->len--;
	out->len--;
}

static void
nothing(struct buf *out)
{
	buf_str(out, "");
}

static void
text(struct buf *out)
{
	buf_str(out, "we do not cosign\n");
}

static void
stamp_of(uint64_t size, const char *time, const char *by, struct buf *out)
{
	struct answer_stamp stamp = answer_stamp_good;

	stamp.time = time;
	stamp.name = by;
	answer_stamp(&stamp, body_of(source, size), out);
}

static void
older_stamp(struct buf *out)
{
	stamp_of(2, "20261125030000Z", "Stamps", out);
}

static void
unnamed_stamp(struct buf *out)
{
	stamp_of(SIZE, "20261125030000Z", "Sta\"mps", out);
}

static void
early_stamp(struct buf *out)
{
	stamp_of(2, "20251125065959Z", "Stamps", out);
}

static void
stamp_of_nothing(struct buf *out)
{
	answer_stamp(&answer_stamp_good, span_str("cretula/x/s\n4\nroot\n"), out);
}

static void
torn_stamp(struct buf *out)
{
	older_stamp(out);
	out->len--;
}

/* The authority's signature, as whoever asks has it checked. */
static int
refuse(void *arg, struct span token, struct span body, int64_t time_us, struct err *e)
{
	return (err_set(e, ERR_FINDING, "an authority that nobody knows"));
}

static int
accept(void *arg, struct span token, struct span body, int64_t time_us, struct err *e)
{
	return (token.len > 0 && body.len > 0 && time_us > 0 ? 0 : -1);
}

static const struct {
	const char *claim;
	void (*answer)(struct buf *out);
	struct audit_policy **policy; /* NULL: none is given */
	uint64_t size;   /* that was asked about; 0: it does not say */
	audit_stamp_check stamp;
	uint64_t found;  /* the note that it is of; 0: it is refused */
	enum err_code code;
	const char *why; /* or by whom it is */
} rows[] = {
	{ "lines of the newest note", newest_lines, &known, 0, NULL, SIZE, 0, "witness.example" },
	{ "lines of an older one are found", older_lines, &known, 0, NULL, 2, 0, "witness.example" },
	{ "among other lines", lines_with_cr, &known, 2, NULL, 2, 0, "witness.example" },
	{ "of one of two witnesses", older_lines, &two, 2, NULL, 2, 0, "witness.example" },
	{ "without a line end", unfinished_line, &known, 2, NULL, 2, 0, "witness.example" },
	{ "the same line twice", two_lines, &known, 2, NULL, 2, 0, "witness.example" },
	{ "a note with its lines", older_note, &known, 0, NULL, 2, 0, "witness.example" },
	{ "that was asked about", older_note, &known, 2, NULL, 2, 0, "witness.example" },
	{ "no witness", newest_lines, NULL, 0, NULL, 0, ERR_USAGE, "cosignatures count only by" },
	{ "a policy without one", newest_lines, &none, 0, NULL, 0, ERR_USAGE, "cosignatures count only by" },
	{ "lines of another note than asked about", older_lines, &known, SIZE, NULL, 0, ERR_FINDING, "" },
	{ "a bad signature", spoiled, &known, SIZE, NULL, 0, ERR_FINDING, "" },
	{ "of none at all", spoiled, &known, 0, NULL, 0, ERR_FINDING, ALL_NOTES },
	{ "another witness", stranger, &known, SIZE, NULL, 0, ERR_FINDING, "no cosignature by a known" },
	{ "of something else", of_nothing, &known, 0, NULL, 0, ERR_FINDING, ALL_NOTES },
	{ "a size that is not there", newest_lines, &known, SIZE + 1, NULL, 0, ERR_INPUT,
	    "there is no note of size 5, the newest is of 4" },
	{ "another note", foreign_note, &known, 0, NULL, 0, ERR_FINDING, "a note that this chain does not" },
	{ "another than asked about", older_note, &known, 3, NULL, 0, ERR_FINDING, "the note of another size" },
	{ "a note alone", uncosigned_note, &known, 0, NULL, 0, ERR_FINDING, "neither a time stamp, nor" },
	{ "nothing", nothing, &known, 0, NULL, 0, ERR_FINDING, "neither a time stamp, nor" },
	{ "a text", text, &known, 0, NULL, 0, ERR_FINDING, "neither a time stamp, nor" },
	{ "a time stamp", older_stamp, NULL, 2, NULL, 2, 0, "Stamps" },
	{ "whose note is found", older_stamp, NULL, 0, accept, 2, 0, "Stamps" },
	{ "by a name that no entry holds", unnamed_stamp, NULL, 0, NULL, SIZE, 0, "" },
	{ "by somebody unknown", older_stamp, NULL, 0, refuse, 0, ERR_FINDING, "an authority that nobody" },
	{ "of another note than asked about", older_stamp, NULL, 3, NULL, 0, ERR_FINDING,
	    "a time stamp of something else" },
	{ "of a note to come", older_stamp, NULL, 9, NULL, 0, ERR_INPUT, "there is no note of size 9" },
	{ "of no note", stamp_of_nothing, NULL, 0, NULL, 0, ERR_FINDING, "a time stamp of none of its notes" },
	{ "older than what it stamps", early_stamp, NULL, 0, NULL, 0, ERR_FINDING, "a time before what it" },
	{ "a torn one", torn_stamp, NULL, 0, NULL, 0, ERR_FINDING, "" },
};

static void
check_row(size_t i)
{
	struct buf bytes = { 0 };
	struct audit_answer answer = { .size = rows[i].size, .stamp = rows[i].stamp };
	struct audit_match match;
	struct err e = { 0 };
	int rc;

	rows[i].answer(&bytes);
	answer.bytes = buf_view(&bytes);
	answer.policy = rows[i].policy == NULL ? NULL : *rows[i].policy;
	rc = audit_match(source, &answer, &match, &e);
	if ((rc == 0) != (rows[i].found != 0))
		fail_msg("%s: %d %s", rows[i].claim, rc, e.text);
	if (rc == -1 && (e.code != rows[i].code || strncmp(e.text, rows[i].why, strlen(rows[i].why)) != 0))
		fail_msg("%s: %d %s", rows[i].claim, (int)e.code, e.text);
	if (rc == 0) {
		bool stamped = rows[i].policy == NULL;

		assert_int_equal(match.size, rows[i].found);
		assert_string_equal(match.by, rows[i].why);
		assert_string_equal(match.kind, stamped ? "tsr" : "cosignature");
		assert_int_equal(match.time_us, stamped ? INT64_C(1795575600000000) : (int64_t)TIME_S * 1000000);
		/* What goes to anchor/ is the note with the lines, or the answer as it came. */
		assert_true(span_starts(buf_view(&match.bytes),
		    stamped ? answer.bytes : body_of(source, rows[i].found)));
	}
	buf_free(&match.bytes);
	buf_free(&bytes);
}

static void
test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i);
}

/* Who can write notes can make one of other entries: its lines are of nothing that is sealed. */
static void
test_other_root(void **state)
{
	static const char path[] = "streams/shop/cp/00000003.note";
	struct audit_source_note note = { .text = { 0 } };
	struct audit_answer answer = { .policy = known };
	struct audit_match match;
	struct buf lines = { 0 };
	struct err e = { 0 };

	build_copy(&store, path, "kept");
	build_edit(&store, path, "\n3\n", "\n3\nAAAA");
	assert_int_equal(audit_source_note(source, 3, &note, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	buf_free(&note.text);
	build_copy(&store, "streams/shop/cp/00000002.note", path);
	answer.size = 3;
	lines_of(2, &lines);
	answer.bytes = buf_view(&lines);
	assert_int_equal(audit_match(source, &answer, &match, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_non_null(strstr(e.text, "of another size"));
	buf_free(&match.bytes);
	build_remove(&store, path);
	assert_int_equal(audit_match(source, &answer, &match, &e), -1);
	buf_free(&match.bytes);
	answer.size = 0; /* that one note is not there does not hide the others */
	assert_int_equal(audit_match(source, &answer, &match, &e), 0);
	assert_int_equal(match.size, 2);
	buf_free(&match.bytes);
	buf_free(&lines);
	build_copy(&store, "kept", path);
}

static void
read_policy(const char *text, struct audit_policy **policy)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	buf_str(&out, text);
	if (strstr(text, "w1") != NULL) {
		answer_witness_seed[1] = 1;
		answer_witness(&out);
		answer_witness_seed[1] = 0;
		buf_char(&out, '\n');
	}
	if (policy != &none) {
		buf_str(&out, "witness w ");
		answer_witness(&out);
	}
	buf_str(&out, "\nquorum none\n");
	if (audit_policy_parse(buf_view(&out), policy, &e) == -1)
		fail_msg("%s", e.text);
	buf_free(&out);
}

static int
begin(void **state)
{
	struct buf lines = { 0 };
	struct err e = { 0 };

	build_begin(&store);
	build_lines(&lines, 0, 3);
	for (unsigned s = 0; s < 2; s++) {
		(void)build_stream(&store, s == 0 ? "shop" : "other");
		for (unsigned n = 0; n + 1 < SIZE; n++)
			build_segment(&store.streams[s],
			    &(struct build_segment){ .lines = lines.data, .len = lines.len });
	}
	buf_free(&lines);
	assert_int_equal(audit_source_open(store.dir, "shop", &source, &e), 0);
	assert_int_equal(audit_source_open(store.dir, "other", &other, &e), 0);
	assert_int_equal(source->newest.note.size, SIZE);
	read_policy("", &known);
	read_policy("witness w1 ", &two);
	read_policy("", &none);
	return (0);
}

static int
end(void **state)
{
	audit_policy_free(known);
	audit_policy_free(two);
	audit_policy_free(none);
	audit_source_close(source);
	audit_source_close(other);
	build_end(&store);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_other_root),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
