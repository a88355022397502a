/* Which vocabulary is believed: docs/format.md 8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "store/inside.h"
#include "store/words/inside.h"
#include "work.h"

#define MARK "forgotten\t00112233445566778899aabbccddeeff\n"
#define WORD "path\t/\tlamps\t2026-11-26\n"

static struct store *store;
static struct store_stream *shop, *tea;

static void
open_stream(const char *name, struct store_stream **st)
{
	struct err e = { 0 };

	if (store_stream_open(store, name, POLICY, &test_names, st, &e) == -1)
		fail_msg("%s", e.text);
}

static void
begin(void)
{
	struct err e = { 0 };
	bool created;

	work_begin();
	if (store_open(work_store, NULL, &store, &created, &e) == -1)
		fail_msg("%s", e.text);
	open_stream("shop", &shop);
	open_stream("tea", &tea);
}

static void
end(void)
{
	store_stream_close(shop);
	store_stream_close(tea);
	store_close(store);
	work_end();
}

static void
put(const struct store_stream *st, struct span file)
{
	assert_int_equal(io_replace(store->words_fd, st->name, file, 0640, false, NULL), 0);
}

static void
get(const struct store_stream *st, struct buf *file)
{
	buf_clear(file);
	assert_int_equal(store_words_read(st, file, NULL), 0);
}

/* Written as a run writes it; and sealed, unless a crash comes. */
static void
save(struct store_stream *st, const char *text, bool seal, struct buf *file)
{
	uint64_t lines;

	buf_clear(file);
	buf_str(file, text);
	assert_int_equal(store_words_write(st, file, &lines, NULL), 0);
	if (seal)
		assert_int_equal(seal_words(st, 1, 1, true, buf_view(file), NULL), 0);
}

/* What is wrong with file in the place of st's; "" if it is believed. */
static const char *
judge(const struct store_stream *st, struct span file, bool salts)
{
	struct store_words_said said;
	enum store_words_left left;
	const char *why;

	assert_int_equal(store_words_said(st, &said, NULL), 0);
	said.has_words = said.has_words && salts;
	assert_int_equal(store_words_judge(st, &said, file, &left, &why, NULL), 0);
	return (why == NULL ? "" : why);
}

static void
test_every_bit_and_length(void **state)
{
	struct buf file = { 0 };

	(void)state;
	begin();
	save(shop, MARK WORD, true, &file);
	for (int salts = 0; salts < 2; salts++) {
		assert_string_equal(judge(shop, buf_view(&file), salts), "");
		for (size_t bit = 0; bit < file.len * 8; bit++) {
			file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
			if (judge(shop, buf_view(&file), salts)[0] == '\0')
				fail_msg("bit %zu", bit);
			file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
		}
		for (size_t len = 0; len < file.len; len++)
			if (judge(shop, span_of(file.data, len), salts)[0] == '\0')
				fail_msg("cut to %zu", len);
	}
	buf_free(&file);
	end();
}

static void
test_who_is_believed(void **state)
{
	static const char older[] = "it is not the newest one",
			  changed[] = "it was changed, and not by cretula";
	struct buf first = { 0 }, second = { 0 }, other = { 0 }, crashed = { 0 };

	(void)state;
	begin();
	save(shop, WORD, false, &first);
	assert_string_equal(judge(shop, buf_view(&first), true), ""); /* a crash before the entry */
	save(shop, WORD, true, &first);
	save(tea, WORD, true, &other);
	assert_string_equal(judge(shop, buf_view(&other), true), changed);
	assert_string_equal(judge(shop, buf_view(&other), false), changed);
	assert_string_equal(judge(shop, span_str(WORD), true), changed);
	save(shop, MARK WORD, false, &crashed);
	assert_string_equal(judge(shop, buf_view(&crashed), true), "");
	save(shop, MARK, true, &second);
	assert_string_equal(judge(shop, buf_view(&second), true), "");
	assert_string_equal(judge(shop, buf_view(&first), true), older);
	assert_string_equal(judge(shop, buf_view(&first), false), older);
	assert_string_equal(judge(shop, buf_view(&crashed), true), older);
	assert_string_equal(judge(shop, span_of("", 0), true), "it is gone");
	buf_free(&first);
	buf_free(&second);
	buf_free(&other);
	buf_free(&crashed);
	end();
}

static void
change_by_hand(const char *text)
{
	struct store_words_change change = { .file = span_str(text), .policy_hash = POLICY };
	bool changed;

	assert_int_equal(store_words_change(shop, &change, &changed, NULL), 0);
}

static void
settle(void)
{
	struct store_words_found found;
	struct buf text = { 0 };

	assert_int_equal(store_words_settle(shop, &text, &found, NULL), 0);
	buf_free(&text);
}

/* The file of a change by hand, before its entry. */
static void
change_and_crash(const char *text, struct buf *file)
{
	struct store_words_said said;

	assert_int_equal(store_words_said(shop, &said, NULL), 0);
	buf_clear(file);
	buf_str(file, text);
	assert_int_equal(store_words_end(shop, said.seg, said.changes + 1, file, NULL), 0);
	put(shop, buf_view(file));
}

/*
 * Each step of a stream; a file that somebody kept is believed after none of
 * them, but the one that it was made in, or while nothing came since.
 * s: segment, S: crash before its entry; c: change, C: crash before its entry;
 * r: a forged file, refused; o: opened.  The file of the step in front of `|` is kept.
 */
static void
step(char what, struct buf *file)
{
	static char text[64];
	static unsigned n;
	struct buf old = { 0 };

	(void)snprintf(text, sizeof(text), "path\t/\tw%u\n", n++); /* no two files are the same */
	if (what == 's' || what == 'S')
		save(shop, text, what == 's', file);
	else if (what == 'c')
		change_by_hand(text);
	else if (what == 'C')
		change_and_crash(text, file);
	else if (what == 'r')
		put(shop, span_str(text));
	if (what == 'r' || what == 'o')
		settle();
	get(shop, &old);
	if (what != 'o' || file->len == 0) {
		buf_clear(file);
		buf_span(file, buf_view(&old));
	}
	buf_free(&old);
}

static void
test_a_file_that_was_kept(void **state)
{
	static const struct {
		const char *steps;
		bool believed, without_salts;
	} rows[] = {
		{ "|", true, true },
		{ "s|", true, true },
		{ "c|", true, true },
		{ "S|", true, true },
		{ "C|", true, true },
		{ "sS|", true, true },
		{ "sC|", true, true },
		{ "scS|", true, true },
		{ "scC|", true, true },
		{ "srS|", true, true },
		{ "srC|", true, true },
		{ "sCoS|", true, true },
		{ "sCoC|", true, true },
		{ "sr|", true, true },
		{ "ccS|s", false, true },
		/* Opened: the change has its entry. */
		{ "C|o", true, true },
		{ "sC|o", true, true },
		{ "S|o", true, true },
		/* A segment that a crash kept from being sealed; then something was sealed. */
		{ "S|c", false, false },
		{ "sS|c", false, false },
		{ "sS|r", false, false },
		{ "sS|cc", false, false },
		{ "sS|cs", false, false },
		{ "sS|cS", false, false },
		{ "sS|rs", false, false },
		{ "sS|Co", false, false },
		{ "sS|ss", false, false },
		{ "scS|c", false, false },
		{ "scS|cs", false, false },
		{ "scS|r", false, false },
		/* A change, alike. */
		{ "C|oc", false, false },
		{ "sC|oc", false, false },
		{ "sC|or", false, false },
		{ "sC|os", false, false },
		{ "sC|s", false, false },
		{ "sC|cc", false, false },
		{ "sC|c", false, false },
		{ "scC|oc", false, false },
		{ "scC|oss", false, false },
		/* What was sealed. */
		{ "s|s", false, false },
		{ "s|c", false, false },
		{ "s|r", false, false },
		{ "c|c", false, false },
		{ "c|s", false, false },
		{ "sc|c", false, false },
		{ "sc|s", false, false },
		{ "sr|c", false, false },
		{ "sr|s", false, false },
		{ "sr|r", false, false },
	};
	struct buf kept = { 0 }, file = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		buf_clear(&file);
		for (const char *at = rows[i].steps; *at != '\0'; at++) {
			if (*at != '|') {
				step(*at, &file);
				continue;
			}
			buf_clear(&kept);
			buf_span(&kept, buf_view(&file));
		}
		for (int salts = 0; salts < 2; salts++)
			if ((judge(shop, buf_view(&kept), salts == 1)[0] == '\0') !=
			    (salts == 1 ? rows[i].believed : rows[i].without_salts))
				fail_msg("%s, salts %d", rows[i].steps, salts);
		end();
	}
	buf_free(&kept);
	buf_free(&file);
}

/* KEYS knows which file was written last, and that the one of before was believed since. */
static void
test_a_file_that_a_crash_left_and_somebody_kept(void **state)
{
	static const char older[] = "it is not the newest one";
	struct buf before = { 0 }, left = { 0 }, now = { 0 };

	(void)state;
	for (int segments = 0; segments < 3; segments++) {
		begin();
		if (segments > 0)
			save(shop, WORD, true, &before);
		if (segments < 2)
			change_and_crash(MARK, &left);
		else
			save(shop, MARK, false, &left);
		assert_string_equal(judge(shop, buf_view(&left), false), "");
		put(shop, buf_view(&before)); /* as it was */
		settle();
		assert_string_equal(judge(shop, buf_view(&left), false), older);
		if (segments < 2)
			change_by_hand(MARK WORD);
		else
			save(shop, MARK WORD, true, &now);
		get(shop, &now);
		assert_string_equal(judge(shop, buf_view(&now), false), "");
		assert_string_equal(judge(shop, buf_view(&left), false), older);
		end();
		buf_clear(&before);
	}
	buf_free(&before);
	buf_free(&left);
	buf_free(&now);
}

/* The numbers are of the chain: who opens the stream again goes on with them. */
static void
test_a_forgotten_word_is_not_put_back(void **state)
{
	struct buf crashed = { 0 };

	(void)state;
	begin();
	save(shop, WORD, true, &crashed);
	save(shop, WORD, false, &crashed);
	for (int again = 0; again < 2; again++) {
		change_by_hand(again == 0 ? MARK : MARK "path\t/\ttea\n");
		assert_string_equal(
		    judge(shop, buf_view(&crashed), true), "it is not the newest one");
		store_stream_close(shop);
		shop = NULL;
		open_stream("shop", &shop);
		assert_int_equal(shop->word_changes, again + 1);
		assert_string_equal(
		    judge(shop, buf_view(&crashed), true), "it is not the newest one");
	}
	buf_free(&crashed);
	end();
}

/* The chain vouches for a file without the line: stores of before. */
static void
test_a_file_of_before(void **state)
{
	struct buf text = { 0 };
	struct store_words_found found;

	(void)state;
	begin();
	assert_int_equal(store_words_settle(shop, &text, &found, NULL), 0);
	assert_null(found.refused);
	assert_int_equal(text.len, 0);
	put(shop, span_str("path\t0\tabc\n"));
	assert_string_equal(
	    judge(shop, span_str("path\t0\tabc\n"), true), "it was changed, and not by cretula");
	assert_int_equal(seal_segment(shop, 1, 1, true, NULL), 0);
	assert_int_equal(store_words_settle(shop, &text, &found, NULL), 0);
	assert_null(found.refused);
	assert_string_equal(text.data, "path\t0\tabc\n");
	buf_free(&text);
	end();
}

static uint64_t
entries(void)
{
	return (store_writer_count(shop->writer));
}

static void
test_refused_and_said(void **state)
{
	static const struct {
		const char *claim, *forged;
		bool by_hand;
		const char *kept;
	} rows[] = {
		{ "words go", WORD "path\t/\terika\n", false, "" },
		{ "marks stay",
		    MARK
		    "path\t/\terika\nforgotten\t00\nforgotten\tZZ112233445566778899aabbccddeeff\n",
		    false, MARK },
		{ "where some may be missing nothing is learned", MARK WORD, true,
		    "closed\tmarks\n" MARK },
		{ "a file that is gone", NULL, true, "closed\tmarks\n" },
	};
	struct buf file = { 0 }, text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_words_change change = { .file = span_str(WORD),
			.policy_hash = POLICY };
		struct store_words_found found;
		uint64_t before;
		bool changed;

		begin();
		save(shop, WORD, true, &file);
		if (rows[i].by_hand)
			assert_int_equal(store_words_change(shop, &change, &changed, NULL), 0);
		if (rows[i].forged != NULL)
			put(shop, span_str(rows[i].forged));
		else
			assert_int_equal(io_unlink(store->words_fd, "shop", NULL), 0);
		before = entries();
		buf_clear(&text);
		assert_int_equal(store_words_settle(shop, &text, &found, NULL), 0);
		if (found.refused == NULL || !span_is(buf_view(&text), rows[i].kept))
			fail_msg("%s: kept %s", rows[i].claim, text.data);
		assert_int_equal(found.closed, rows[i].by_hand);
		assert_int_equal(entries(), before + 1);
		get(shop, &file);
		assert_true(span_is(store_words_body(buf_view(&file)), rows[i].kept));
		buf_clear(&text);
		assert_int_equal(store_words_settle(shop, &text, &found, NULL), 0);
		if (found.refused != NULL || !span_is(buf_view(&text), rows[i].kept))
			fail_msg("%s, and again: %s", rows[i].claim, text.data);
		assert_int_equal(entries(), before + 1);
		end();
	}
	buf_free(&file);
	buf_free(&text);
}

/* A refusal is no change by hand: what nobody forgot cannot be missing. */
static void
test_refused_twice(void **state)
{
	struct store_words_found found;
	struct buf file = { 0 }, text = { 0 };

	(void)state;
	begin();
	save(shop, WORD, true, &file);
	for (int i = 0; i < 2; i++) {
		put(shop, span_str(MARK));
		buf_clear(&text);
		assert_int_equal(store_words_settle(shop, &text, &found, NULL), 0);
		assert_non_null(found.refused);
		assert_false(found.closed);
	}
	put(shop, buf_view(&file)); /* what was sealed before all that */
	assert_string_equal(judge(shop, buf_view(&file), true), "it is not the newest one");
	buf_free(&file);
	buf_free(&text);
	end();
}

static void
test_changes_by_hand(void **state)
{
	struct store_words_change change = { .file = span_str(WORD), .policy_hash = POLICY };
	struct buf one = { 0 }, two = { 0 };
	bool changed;

	(void)state;
	begin();
	for (int segment = 0; segment < 2; segment++) {
		change.file = span_str(WORD);
		assert_int_equal(store_words_change(shop, &change, &changed, NULL), 0);
		assert_true(changed);
		get(shop, &one);
		assert_string_equal(judge(shop, buf_view(&one), true), "");
		assert_int_equal(store_words_change(shop, &change, &changed, NULL), 0);
		assert_false(changed);
		change.file = span_str(MARK);
		assert_int_equal(store_words_change(shop, &change, &changed, NULL), 0);
		get(shop, &two);
		assert_string_equal(judge(shop, buf_view(&two), true), "");
		assert_string_equal(judge(shop, buf_view(&one), true), "it is not the newest one");
		save(shop, MARK, true, &one);
		assert_string_equal(judge(shop, buf_view(&two), true), "it is not the newest one");
		assert_string_equal(judge(shop, buf_view(&two), false), "it is not the newest one");
	}
	buf_free(&one);
	buf_free(&two);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_and_length),
		cmocka_unit_test(test_who_is_believed),
		cmocka_unit_test(test_a_file_that_was_kept),
		cmocka_unit_test(test_a_file_that_a_crash_left_and_somebody_kept),
		cmocka_unit_test(test_a_forgotten_word_is_not_put_back),
		cmocka_unit_test(test_a_file_of_before),
		cmocka_unit_test(test_refused_and_said),
		cmocka_unit_test(test_refused_twice),
		cmocka_unit_test(test_changes_by_hand),
	};

	if (crypto_start(NULL) == -1)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
