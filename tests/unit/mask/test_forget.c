/* Words that are added and taken away by hand; and what k networks may learn of an eleventh. */
#include <string.h>

#include "unit/mask/bed.h"

#include "mask/words/inside.h"

static const unsigned char key[32] = { 7 }, other_key[32] = { 8 };

static struct mask_words *
open_words(const unsigned char *secret)
{
	struct mask_words *w;
	struct err e = { 0 };

	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(mask_words_open(10, &w, &e), 0);
	if (secret != NULL)
		mask_words_secret(w, secret);
	return (w);
}

static bool
clear(struct mask_words *w, const char *position, const char *word)
{
	uint64_t at;

	assert_true(mask_words_position(w, MASK_WORD_PATH, span_str(position), &at));
	return (mask_words_clear(w, MASK_WORD_PATH, at, span_str(word), 1000));
}

/* Twenty networks use word at place. */
static void
use(struct mask_words *w, const char *place, const char *word)
{
	struct mask_candidates *c;
	struct err e = { 0 };
	uint64_t at;

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	assert_true(mask_words_position(w, MASK_WORD_PATH, span_str(place), &at));
	for (unsigned n = 1; n <= 20; n++)
		mask_candidates_add(
		    c, MASK_WORD_PATH, at, span_str(place), span_str(word), n * UINT64_C(7919));
	mask_words_merge(w, c, 0);
	mask_words_settle(w);
	mask_candidates_close(c);
}

static void
load(struct mask_words *w, const char *text)
{
	struct err e = { 0 };

	if (mask_words_load(w, span_str(text), "w", &e) == -1)
		fail_msg("%s", e.text);
}

/* What the file says by then; the caller frees. */
static char *
saved(struct mask_words *w)
{
	struct buf out = { 0 };

	mask_words_save(w, &out);
	buf_char(&out, '\0');
	assert_true(buf_ok(&out));
	return (out.data);
}

static const char file[] = "path\t/\tladen\t2025-11-24\npath\t/kunden/{int}\terika\npath\t/laden\terika\t2025-11-24\tadded\n";

static void
test_forget_everywhere(void **state)
{
	struct mask_words *w = open_words(key), *again;
	struct err e = { 0 };
	char *text, *second;

	load(w, file);
	text = saved(w);
	assert_string_equal(text, file);
	free(text);
	assert_int_equal(mask_words_forget(w, span_of("", 0), span_str("erika"), &e), 2);
	assert_false(clear(w, "/laden", "erika"));
	assert_true(clear(w, "/", "laden"));
	text = saved(w);
	assert_null(strstr(text, "erika"));
	assert_int_equal(strncmp(text, "forgotten\t", 10), 0);
	assert_non_null(strstr(text, "path\t/\tladen\t2025-11-24\n"));
	assert_int_equal(mask_words_promoted(w), 1);
	/* It never comes back, anywhere; others do. */
	again = open_words(key);
	load(again, text);
	second = saved(again);
	assert_string_equal(second, text);
	free(second);
	use(again, "/laden", "erika");
	use(again, "/", "erika");
	use(again, "/laden", "schuhe");
	assert_false(clear(again, "/laden", "erika"));
	assert_false(clear(again, "/", "erika"));
	assert_true(clear(again, "/laden", "schuhe"));
	second = saved(again);
	assert_null(strstr(second, "erika"));
	free(second);
	mask_words_close(again);
	/* Who does not have the key can not tell, and learns nothing. */
	again = open_words(NULL);
	load(again, text);
	use(again, "/laden", "erika");
	use(again, "/laden", "schuhe");
	assert_false(clear(again, "/laden", "erika"));
	assert_false(clear(again, "/laden", "schuhe"));
	assert_true(clear(again, "/", "laden"));
	mask_words_close(again);
	/* The mark is another one under another key. */
	again = open_words(other_key);
	assert_int_equal(mask_words_forget(again, span_of("", 0), span_str("erika"), &e), 0);
	second = saved(again);
	assert_null(strstr(text, second));
	free(second);
	mask_words_close(again);
	free(text);
	mask_words_close(w);
}

static void
test_forget_at_a_place(void **state)
{
	struct mask_words *w = open_words(key);
	struct err e = { 0 };

	load(w, file);
	assert_int_equal(mask_words_forget(w, span_str("/kunden/*"), span_str("erika"), &e), 1);
	assert_false(clear(w, "/kunden/{uuid}", "erika"));
	assert_true(clear(w, "/laden", "erika"));
	use(w, "/kunden/{uuid}", "erika");
	use(w, "/", "erika");
	assert_false(clear(w, "/kunden/{uuid}", "erika"));
	assert_true(clear(w, "/", "erika"));
	assert_int_equal(mask_words_forget(w, span_str("/nirgends"), span_str("erika"), &e), 0);
	assert_int_equal(mask_words_forgotten(w), 2);
	assert_int_equal(mask_words_forget(w, span_str("/nirgends"), span_str(""), &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	mask_words_close(w);
	w = open_words(NULL);
	assert_int_equal(mask_words_forget(w, span_of("", 0), span_str("erika"), &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	mask_words_close(w);
}

/* A place with the word in it says it as well. */
static void
test_forget_above(void **state)
{
	static const char text[] = "host\t.\terika.example\nhost\terika.example\twww\nparam\t?\terika\n"
	    "param\t?erika\tblau\nparam\t?farbe\terika\npath\t/\terika\npath\t/erika\tbild\npath\t/erika/bild\trot\n"
	    "path\t/laden/erika\trot\npath\t/laden/erika2\trot\npath\t/{int}/erika\trot\n";
	static const struct {
		const char *position, *word, *left; /* lines that stay, by their ends */
		int gone;
	} rows[] = {
		{ "", "erika", "www erika.example /laden/erika2", 8 },
		{ "/", "erika", "?farbe\terika /laden/erika\trot /{int}/erika", 3 },
		{ "/laden", "erika", "/erika/bild\trot /laden/erika2 /{int}/erika", 1 },
		{ "/*", "erika", "/laden/erika\trot /erika/bild", 1 },
		{ "?", "erika", "?farbe\terika path\t/\terika", 2 },
		{ "?farbe", "erika", "?erika\tblau param\t?\terika", 1 },
		{ ".", "erika.example", "param\t?\terika", 2 },
		{ "/laden/erika", "rot", "/erika/bild\trot /laden/erika2\trot", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mask_words *w = open_words(key);
		struct err e = { 0 };
		char left[128], *file_text, *save = NULL;

		load(w, text);
		assert_int_equal(mask_words_promoted(w), 11);
		assert_int_equal(mask_words_forget(
			w, span_str(rows[i].position), span_str(rows[i].word), &e), rows[i].gone);
		file_text = saved(w);
		snprintf(left, sizeof(left), "%s", rows[i].left);
		for (char *piece = strtok_r(left, " ", &save); piece != NULL; piece = strtok_r(NULL, " ", &save))
			if (strstr(file_text, piece) == NULL)
				fail_msg("row %zu: no %s", i, piece);
		free(file_text);
		mask_words_close(w);
	}
}

static void
count(void *arg, const struct mask_words_row *row)
{
	size_t *found = arg;

	*found += span_is(row->word, "index.html");
}

/* What is clear everywhere, and what a configuration says, too. */
static void
test_forget_known(void **state)
{
	struct mask_words *w = open_words(key), *again = open_words(key);
	struct err e = { 0 };
	size_t found = 0;
	char *text;

	assert_true(clear(w, "/", "index.html"));
	mask_words_shipped(count, &found);
	assert_int_equal(found, 1);
	assert_int_equal(mask_words_forget(w, span_of("", 0), span_str("index.html"), &e), 0);
	assert_int_equal(mask_words_forget(w, span_str("/r"), span_str("route"), &e), 0);
	assert_false(clear(w, "/", "index.html"));
	text = saved(w);
	load(again, text);
	free(text);
	assert_false(clear(again, "/x", "index.html"));
	assert_true(clear(again, "/x", "index.htm"));
	assert_int_equal(mask_words_routes(span_str("/r/route\n/s/route\n/index.html\n"), "r",
	    mask_words_configure, again, &e), 0);
	use(again, "/", "index.html");
	assert_false(clear(again, "/r", "route"));
	assert_true(clear(again, "/s", "route"));
	assert_false(clear(again, "/", "index.html"));
	mask_words_close(w);
	mask_words_close(again);
}

static void
test_add(void **state)
{
	static char long_place[MASK_WORDS_POSITION_BYTES + 2];
	const struct {
		const char *claim, *position, *word;
		int rc;
	} rows[] = {
		{ "a word", "/", "laden", 0 },
		{ "twice is once", "/", "laden", 0 },
		{ "elsewhere", "/laden/*", "bild", 0 },
		{ "the name of a parameter", "?", "farbe", 0 },
		{ "a value of one", "?sort", "preis", 0 },
		{ "a domain", ".", "example.net", 0 },
		{ "a place without a slash is a host", "example.net", "www", 0 },
		{ "an e-mail is none", "/", "erika@example.org", -1 },
		{ "nor a number", "/", "4111111111111111", -1 },
		{ "nor what looks like a token", "/", "sg.abcdefghij234567", -1 },
		{ "nor two", "/", "a b", -1 },
		{ "nor nothing", "/", "", -1 },
		{ "a place is one line", "/a\tb", "laden", -1 },
		{ "and has a bound", long_place, "laden", -1 },
	};
	struct mask_words *w = open_words(key);
	struct err e = { 0 };
	char *text;

	memset(long_place, '/', sizeof(long_place) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span position = span_str(rows[i].position);
		int c = mask_words_class_of(position);

		if (mask_words_add(w, (enum mask_word_class)c, position, span_str(rows[i].word),
			"2025-11-24", &e) != rows[i].rc)
			fail_msg("%s", rows[i].claim);
		if (rows[i].rc == -1)
			assert_int_equal(e.code, ERR_USAGE);
	}
	assert_true(clear(w, "/", "laden"));
	/* Forgetting and adding again. */
	assert_int_equal(mask_words_forget(w, span_of("", 0), span_str("laden"), &e), 2);
	assert_int_equal(mask_words_forget(w, span_str("/"), span_str("laden"), &e), 0);
	assert_int_equal(
	    mask_words_add(w, MASK_WORD_PATH, span_str("/"), span_str("laden"), "2025-11-25", &e), 0);
	assert_int_equal(mask_words_forgotten(w), 0);
	text = saved(w);
	assert_string_equal(text, "host\t.\texample.net\t2025-11-24\tadded\nhost\texample.net\twww\t2025-11-24\tadded\n"
	    "param\t?\tfarbe\t2025-11-24\tadded\nparam\t?sort\tpreis\t2025-11-24\tadded\n"
	    "path\t/\tladen\t2025-11-25\tadded\n");
	free(text);
	mask_words_close(w);
}

static void
test_many(void **state)
{
	struct mask_words *w = open_words(key), *again = open_words(key);
	struct err e = { 0 };
	char word[32], *text, *second;

	for (int i = 0; i < WORDS_FORGOTTEN_MAX; i++) {
		snprintf(word, sizeof(word), "wort%d", i * 37 % 4099);
		assert_int_equal(mask_words_forget(w, span_of("", 0), span_str(word), &e), 0);
	}
	assert_int_equal(mask_words_forget(w, span_of("", 0), span_str("wort0"), &e), 0);
	assert_int_equal(mask_words_forget(w, span_of("", 0), span_str("noch-eins"), &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	text = saved(w);
	load(again, text);
	second = saved(again);
	assert_string_equal(second, text);
	free(text);
	free(second);
	mask_words_close(w);
	mask_words_close(again);
}

/* ---- what others learn ---- */

#define WORDS 64
#define OWN (10 - 1)

/*
 * Somebody with one network less than k asks for a word that one other network
 * asked for, or did not: what he sees is the same.
 */
static void
test_k_less_one(void **state)
{
	static struct bed bed;
	static char log[WORDS * (OWN + 1) * 3 * 100], seen[2][WORDS][64];

	for (int with = 0; with < 2; with++) {
		size_t len = 0;

		bed_open(&bed, NULL);
		for (unsigned i = 0; i < WORDS; i++)
			for (unsigned n = 0; n < OWN + (unsigned)with; n++)
				/* Hosts of one network, for k; of the other there is one. */
				for (unsigned host = 1; host < (n == OWN ? 2 : 4); host++)
					len += (size_t)snprintf(log + len, sizeof(log) - len,
					    "198.51.%u.%u - - [24/Nov/2025:10:11:12 +0000] \"GET /geheim%u "
					    "HTTP/1.1\" 200 5 \"-\" \"-\"\n", n == OWN ? 100 : n, host, i);
		assert_true(len < sizeof(log));
		mask_candidates_reset(bed.learn);
		bed.batch.learn = bed.learn;
		bed.batch.lines = span_of(log, len);
		mask_batch_learn(bed.mask, &bed.batch);
		mask_words_merge(bed.words, bed.learn, 0);
		mask_words_settle(bed.words);
		bed.batch.learn = NULL;
		assert_int_equal(mask_words_promoted(bed.words), 0);
		for (unsigned i = 0; i < WORDS; i++) {
			char target[32];
			struct record r;

			snprintf(target, sizeof(target), "/geheim%u", i);
			r = bed_request(&bed, target, 200, "-");
			assert_fits(r.text[RECORD_FIELD_PATH], "/sg.#");
			snprintf(seen[with][i], sizeof(seen[with][i]), "%.4s", r.text[RECORD_FIELD_PATH].ptr);
		}
		bed_close(&bed);
	}
	assert_memory_equal(seen[0], seen[1], sizeof(seen[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forget_everywhere), cmocka_unit_test(test_forget_at_a_place),
		cmocka_unit_test(test_forget_above), cmocka_unit_test(test_forget_known), cmocka_unit_test(test_add),
		cmocka_unit_test(test_many), cmocka_unit_test(test_k_less_one),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
