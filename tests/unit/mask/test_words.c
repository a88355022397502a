#include <pthread.h>
#include <stdatomic.h>

#include "unit/mask/bed.h"

#include "mask/words/inside.h"

static struct mask_words *
open_words(unsigned k)
{
	struct mask_words *w;
	struct err e = { 0 };

	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(mask_words_open(k, &w, &e), 0);
	return (w);
}

static bool
clear(struct mask_words *w, const char *position, const char *word, uint64_t batch)
{
	uint64_t at;

	assert_true(mask_words_position(w, MASK_WORD_PATH, span_str(position), &at));
	return (mask_words_clear(w, MASK_WORD_PATH, at, span_str(word), batch));
}

static void
test_open(void **state)
{
	struct mask_words *w;
	struct err e = { 0 };

	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(mask_words_open(9, &w, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.text, "words.k: 9 is not in 10..1000");
	assert_int_equal(mask_words_open(1001, &w, &e), -1);
	assert_int_equal(mask_words_open(1000, &w, &e), 0);
	mask_words_close(w);
	mask_words_close(NULL);
	w = open_words(10);
	assert_true(clear(w, "/", "index.html", 0));
	assert_true(clear(w, "/anywhere/else", "api", 0));
	assert_false(clear(w, "/", "erika", 0));
	mask_words_close(w);
}

static void
test_load(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: fine */
	} rows[] = {
		{ "", NULL },
		{ "# comment\n\npath\terika\nparam\tfrage\r\nhost\texample.net\n", NULL },
		{ "path\t/shop\tschuhe\nparam\t?\tfrage\nhost\t.\texample.org\n", NULL },
		{ "host\texample.org\twww\n", NULL },
		{ "label\tsomething\n", NULL },
		{ "path erika\n", "w:1: no tab" },
		{ "path\tok\npath\t\n", "w:2: no word, or a too long one" },
		{ "path\t/a\tb\t2025-11-24\nparam\t?\tc\t2025-11-24\tadded\npath\t/a\td\t\tadded\n", NULL },
		{ "forgotten\t00112233445566778899aabbccddeeff\n", NULL },
		{ "path\t/a\tb\tc\n", "w:1: no day" },
		{ "path\t/a\tb\t2025-1-24x\n", "w:1: no day" },
		{ "path\t/a\tb\t2025-11-24\tby hand\n", "w:1: something behind the day" },
		{ "path\t/a\tb\t2025-11-24\tadded\t\n", "w:1: something behind the day" },
		{ "forgotten\t00112233445566778899aabbccddeef\n", "w:1: no mark of a forgotten word" },
		{ "forgotten\t00112233445566778899AAbbccddeeff\n", "w:1: no mark of a forgotten word" },
		{ "forgotten\terika\n", "w:1: no mark of a forgotten word" },
		{ "path\t/a\t\n", "w:1: no word" },
		{ "path\tno-slash\tb\n", "w:1: no position of a path" },
		{ "param\t/\tb\n", "w:1: no position of a param" },
		{ "path\t\tb\n", "w:1: no position of a path" },
		{ "path\t/a\tb\npath\t/a\tb\t2025-11-24\n", NULL },
		{ "path\t/a\tb\t2025-11-2/\n", "w:1: no day" },
		{ "path\t/a\tb\t2025-11:24\n", "w:1: no day" },
		{ "path\t/a\tb\t20251-1-24\n", "w:1: no day" },
		{ "forgotten\t0011223344556677889/aabbccddeeff\n", "w:1: no mark of a forgotten word" },
		{ "forgotten\t0011223344556677889gaabbccddeeff\n", "w:1: no mark of a forgotten word" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mask_words *w = open_words(10);
		struct err e = { 0 };
		int rc = mask_words_load(w, span_str(rows[i].text), "w", &e);

		if (rc != (rows[i].error == NULL ? 0 : -1))
			fail_msg("row %zu: %d %s", i, rc, e.text);
		if (rc == -1)
			assert_string_equal(e.text, rows[i].error);
		mask_words_close(w);
	}
}

/* One byte more than may be. */
static void
test_too_long(void **state)
{
	static const struct {
		const char *claim, *before, *behind, *error;
		size_t most;
	} rows[] = {
		{ "a word", "path\t", "\n", "w:1: no word, or a too long one", 256 },
		{ "a word of one place", "path\t/\t", "\n", "w:1: too long", 256 },
		{ "a place", "path\t/", "\tb\n", "w:1: too long", 2047 },
		{ "a segment of a route", "/", "/b\n", "r:1: too long", 256 },
		{ "a route", "/{", "}\n", "r:1: too long", 2045 },
	};
	char text[4096];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t more = 0; more < 2; more++) {
			struct mask_words *w = open_words(10);
			size_t len = strlen(rows[i].before);
			struct err e = { 0 };
			int rc;

			memcpy(text, rows[i].before, len);
			memset(text + len, 'x', rows[i].most + more);
			strcpy(text + len + rows[i].most + more, rows[i].behind);
			rc = rows[i].error[0] == 'r' ?
			    mask_words_routes(span_str(text), "r", mask_words_configure, w, &e) :
			    mask_words_load(w, span_str(text), "w", &e);
			if (rc != (more == 0 ? 0 : -1) || (rc == -1 && strcmp(e.text, rows[i].error) != 0))
				fail_msg("%s, %zu more: %d %s", rows[i].claim, more, rc, e.text);
			mask_words_close(w);
		}
}

/* What says quickly that a word is not there never says it of one that is. */
static void
test_many(void **state)
{
	static char text[1 << 21];
	struct mask_words *w = open_words(10);
	struct err e = { 0 };
	size_t len = 0;
	char word[32];

	(void)state;
	for (int i = 0; i < 60000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "path\t/\tlager%dx\n", i);
	assert_int_equal(mask_words_load(w, span_of(text, len), "w", &e), 0);
	for (int i = 0; i < 60000; i++) {
		snprintf(word, sizeof(word), "lager%dx", i);
		assert_true(clear(w, "/", word, 1));
		snprintf(word, sizeof(word), "lager%dy", i);
		assert_false(clear(w, "/", word, 1));
	}
	/* As many as there is room for, by hand or from a file; words of a route are no texts that are kept. */
	len = 0;
	for (int i = 60000; i < 65536; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "path\t/\tlager%dx\n", i);
	assert_int_equal(mask_words_load(w, span_of(text, len), "w", &e), 0);
	assert_int_equal(mask_words_add(w, MASK_WORD_PATH, span_str("/"), span_str("zuviel"), "2025-11-24", &e), -1);
	assert_string_equal(e.text, "more than 65536 promoted words");
	assert_int_equal(mask_words_load(w, span_str("path\t/\tnoch\n"), "w", &e), -1);
	assert_string_equal(e.text, "w:1: more than 65536 promoted words");
	assert_int_equal(mask_words_promoted(w), 65536);
	assert_int_equal(mask_words_routes(span_str("/route\n"), "r", mask_words_configure, w, &e), 0);
	assert_true(clear(w, "/", "route", 1));
	mask_words_close(w);
}

static void
test_positions(void **state)
{
	struct mask_words *w = open_words(10);
	struct err e = { 0 };
	uint64_t root = mask_words_root(w, MASK_WORD_PATH);
	uint64_t shop = mask_words_child(w, root, span_str("shop"));

	assert_int_equal(mask_words_load(w, span_str("path\t/shop\tschuhe\npath\t/\tlager\n"), "w", &e),
	    0);
	assert_true(mask_words_clear(w, MASK_WORD_PATH, shop, span_str("schuhe"), 0));
	assert_false(mask_words_clear(w, MASK_WORD_PATH, root, span_str("schuhe"), 0));
	assert_false(mask_words_clear(w, MASK_WORD_PARAM, shop, span_str("schuhe"), 0));
	assert_true(mask_words_clear(w, MASK_WORD_PATH, root, span_str("lager"), 0));
	assert_false(mask_words_clear(w, MASK_WORD_PATH, shop, span_str("lager"), 0));
	/* What stands for many texts is one position. */
	assert_int_equal(mask_words_child(w, root, span_str("{int}")),
	    mask_words_child(w, root, span_str("*")));
	mask_words_close(w);
}

static int
refuse_b(void *arg, enum mask_word_class c, struct span position, struct span word, struct err *e)
{
	return (span_is(word, "b") ? err_set(e, ERR_CONFIG, "not b") : 0);
}

static void
test_routes(void **state)
{
	struct mask_words *w = open_words(10);
	struct err e = { 0 };

	assert_int_equal(mask_words_routes(span_str("# ours\n/kunden/{id}/rechnungen\n"
	    "/a1/:x/b1?q=1\n/statisch/*\n/users/anmelden\n\n/bericht/{n}.pdf/teil\n"), "r",
	    mask_words_configure, w, &e), 0);
	assert_true(clear(w, "/", "kunden", 0));
	assert_true(clear(w, "/kunden/{uuid}", "rechnungen", 0));
	assert_true(clear(w, "/kunden/*", "rechnungen", 0));
	assert_false(clear(w, "/kunden", "rechnungen", 0));
	assert_true(clear(w, "/a1/*", "b1", 0));
	assert_true(clear(w, "/", "statisch", 0));
	assert_true(clear(w, "/users", "anmelden", 0));
	assert_int_equal(mask_words_promoted(w), 0); /* configured, not learned */
	assert_true(clear(w, "/bericht/*", "teil", 0));
	assert_false(clear(w, "/a1/*", "b1?q=1", 0));
	assert_int_equal(
	    mask_words_routes(span_str("/ok\nkunden\n"), "r", mask_words_configure, w, &e), -1);
	assert_string_equal(e.text, "r:2: a route starts with '/'");
	assert_int_equal(mask_words_route(span_str(""), mask_words_configure, w, &e), -1);
	assert_int_equal(mask_words_routes(span_str("//doppelt//b1//\n"), "r", mask_words_configure, w, &e), 0);
	assert_true(clear(w, "/", "doppelt", 0) && clear(w, "/doppelt", "b1", 0));
	/* Whoever takes them may not want one. */
	assert_int_equal(mask_words_routes(span_str("/ok\n/a/{id}/b\n"), "r", refuse_b, w, &e), -1);
	assert_string_equal(e.text, "r:2: not b");
	assert_int_equal(mask_words_configure(w, MASK_WORD_PATH, span_str("a"), span_str("b"), &e), -1);
	assert_string_equal(e.text, "no position of a path");
	mask_words_close(w);
}

/* ---- learning ---- */

static void
see(struct mask_words *w, struct mask_candidates *c, const char *place, const char *word,
    uint64_t subject)
{
	uint64_t at;

	assert_true(mask_words_position(w, MASK_WORD_PATH, span_str(place), &at));
	mask_candidates_add(c, MASK_WORD_PATH, at, span_str(place), span_str(word), subject);
}

static void
test_k(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };
	unsigned promoted_at[64] = { 0 }, least = 99, most = 0;

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	/* One subject a batch: each word needs its own 11 to 16 of them. */
	for (unsigned n = 1; n <= 20; n++) {
		mask_candidates_reset(c);
		for (int i = 0; i < 64; i++) {
			char word[16];

			snprintf(word, sizeof(word), "wort%d", i);
			for (int again = 0; again < 3; again++)
				see(w, c, "/laden", word, 1000 + n);
		}
		mask_words_merge(w, c, n);
		for (int i = 0; i < 64; i++) {
			char word[16];

			snprintf(word, sizeof(word), "wort%d", i);
			if (promoted_at[i] == 0 && clear(w, "/laden", word, UINT64_MAX))
				promoted_at[i] = n;
		}
	}
	for (int i = 0; i < 64; i++) {
		least = promoted_at[i] < least ? promoted_at[i] : least;
		most = promoted_at[i] > most ? promoted_at[i] : most;
	}
	assert_int_equal(least, 11);
	assert_int_equal(most, 16);
	assert_int_equal(mask_words_promoted(w), 64);
	/* Only at its position, and in its class. */
	assert_false(clear(w, "/", "wort1", UINT64_MAX));
	mask_candidates_close(c);
	mask_words_close(w);
}

static void
promote(struct mask_words *w, struct mask_candidates *c, const char *place, const char *word,
    uint64_t batch)
{
	mask_candidates_reset(c);
	for (unsigned n = 0; n < 16; n++)
		see(w, c, place, word, 1 + n);
	mask_words_merge(w, c, batch);
}

static void
test_lag(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	promote(w, c, "/", "laden", 5);
	assert_false(clear(w, "/", "laden", 5));
	assert_false(clear(w, "/", "laden", 5 + MASK_WORDS_LAG - 1));
	assert_true(clear(w, "/", "laden", 5 + MASK_WORDS_LAG));
	assert_true(mask_words_changed(w, 12, 13));
	assert_false(mask_words_changed(w, 13, 400));
	assert_true(mask_words_changed(w, 13, 4000));
	mask_words_settle(w);
	assert_true(clear(w, "/", "laden", 0));
	mask_candidates_close(c);
	mask_words_close(w);
}

static void
test_close(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	mask_candidates_reset(c);
	for (int i = 0; i <= MASK_WORDS_CHILDREN_MAX; i++) {
		char word[16];

		snprintf(word, sizeof(word), "name%d", i);
		see(w, c, "/kunden", word, 1);
	}
	mask_words_merge(w, c, 0);
	promote(w, c, "/kunden", "name7", 1);
	promote(w, c, "/kunden", "neuer", 2);
	promote(w, c, "/andere", "name7", 3);
	assert_false(clear(w, "/kunden", "name7", UINT64_MAX));
	assert_false(clear(w, "/kunden", "neuer", UINT64_MAX));
	assert_true(clear(w, "/andere", "name7", UINT64_MAX));
	assert_int_equal(mask_words_promoted(w), 1);
	mask_candidates_close(c);
	mask_words_close(w);
}

static void
test_day(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	/* Nine subjects today and nine tomorrow are not eighteen. */
	for (int day = 0; day < 2; day++) {
		mask_candidates_reset(c);
		mask_candidates_time(c, BED_NOW_US + day * INT64_C(86400000000));
		for (unsigned n = 0; n < 9; n++)
			see(w, c, "/", "laden", 100 * (unsigned)day + n);
		mask_words_merge(w, c, (uint64_t)day);
	}
	mask_words_settle(w);
	assert_int_equal(mask_words_promoted(w), 0);
	mask_candidates_close(c);
	mask_words_close(w);
}

static void
test_save(void **state)
{
	struct mask_words *w = open_words(10), *again = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };
	struct buf out = { .data = NULL }, second = { .data = NULL };

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	promote(w, c, "/laden", "schuhe", 0);
	promote(w, c, "/", "laden", 1);
	promote(w, c, "/laden/{int}", "bild", 2);
	mask_words_save(w, &out);
	assert_string_equal(out.data,
	    "path\t/\tladen\npath\t/laden\tschuhe\npath\t/laden/{int}\tbild\n");
	assert_int_equal(mask_words_load(again, buf_view(&out), "saved", &e), 0);
	assert_true(clear(again, "/laden/{uuid}", "bild", 0));
	mask_words_save(again, &second);
	assert_string_equal(second.data, out.data);
	buf_free(&out);
	buf_free(&second);
	mask_candidates_close(c);
	mask_words_close(w);
	mask_words_close(again);
}

/* More than there is room for: counted, never an error, never a wrong word. */
static void
test_full(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	for (unsigned batch = 0; batch < 20; batch++) {
		mask_candidates_reset(c);
		for (unsigned i = 0; i < 13000; i++) {
			char word[32], place[32];

			snprintf(word, sizeof(word), "w%u", i);
			snprintf(place, sizeof(place), "/p%u-%u", batch, i / 100);
			see(w, c, place, word, 1);
		}
		mask_words_merge(w, c, batch);
	}
	assert_true(mask_words_refused(w) > 0);
	assert_int_equal(mask_words_promoted(w), 0);
	mask_candidates_close(c);
	mask_words_close(w);
}

struct reader {
	struct mask_words *words;
	atomic_bool *stop;
	uint64_t early; /* words seen by a batch that must not see them */
};

static void *
read_words(void *arg)
{
	struct reader *reader = arg;
	uint64_t root = mask_words_root(reader->words, MASK_WORD_PATH);

	while (!atomic_load(reader->stop))
		for (int i = 0; i < 200; i++) {
			char word[16];

			snprintf(word, sizeof(word), "wort%d", i);
			reader->early += mask_words_clear(reader->words, MASK_WORD_PATH, root,
			    span_str(word), MASK_WORDS_LAG - 1);
		}
	return (NULL);
}

/* Readers never wait, and see nothing of what is merged for later batches. */
static void
test_threads(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };
	atomic_bool stop = false;
	struct reader readers[2] = { { w, &stop, 0 }, { w, &stop, 0 } };
	pthread_t threads[2];

	assert_int_equal(mask_candidates_open(&c, &e), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_words, &readers[i]), 0);
	for (unsigned i = 0; i < 200; i++) {
		char word[16];

		snprintf(word, sizeof(word), "wort%u", i);
		promote(w, c, "/", word, i);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(readers[i].early, 0);
	}
	assert_int_equal(mask_words_promoted(w), 200);
	mask_candidates_close(c);
	mask_words_close(w);
}

/* ---- through the mask ---- */

static void
test_learning_pass(void **state)
{
	static const struct {
		const char *claim, *target;
		int status;
		const char *path;
	} rows[] = {
		{ "all words of a path are learned at once", "/laden/schuhe/rot", 200,
		    "/laden/schuhe/rot" },
		{ "below a type, too", "/lager/88231/zettel", 304, "/lager/{int}/zettel" },
		{ "what was not found teaches nothing", "/fehlt/hier", 404, "/sg.#/sg.#" },
		{ "what was refused neither", "/geheim", 403, "/sg.#" },
		{ "nor what the server broke on", "/kaputt", 500, "/sg.#" },
		{ "nor a bad request", "/kaputt", 400, "/sg.#" },
		{ "nor a method that is not allowed", "/kaputt", 405, "/sg.#" },
		{ "nor a target that is too long", "/kaputt", 414, "/sg.#" },
		{ "nor what stands elsewhere", "/kaputt", 301, "/sg.#" },
		{ "below /users nothing is learned", "/users/erika", 200, "/users/sg.#" },
		{ "nor one deeper", "/users/7/erika", 200, "/users/{int}/sg.#" },
		{ "nor two", "/users/erika/bild/rot", 200, "/users/sg.#/sg.#/sg.#" },
		{ "nor behind a reserved word", "/users/me/erika", 200, "/users/me/sg.#" },
		{ "shipped words stay there", "/users/7/orders", 200, "/users/{int}/orders" },
		{ "and end it", "/users/7/photos/rot", 200, "/users/{int}/photos/rot" },
		{ "unless they bear identities, too", "/users/7/orders/rot", 200,
		    "/users/{int}/orders/sg.#" },
		{ "what names its kind is not learned", "/wiki/User:Erika", 200, "/wiki/sg.#" },
		{ "nor what stands below it", "/wiki/User:Erika/Bild", 200, "/wiki/sg.#/sg.#" },
		{ "nor a home directory", "/~erika/cv", 200, "/sg.#/cv" },
		{ "nor an at sign", "/@erika", 200, "/sg.#" },
		{ "nor what looks like a token", "/sg.abcdefghij234567", 200, "/sg.#" },
		{ "nor a placeholder", "/%7Bint%7D", 200, "/sg.#" },
		{ "an e-mail is a type", "/liste/erika@example.org", 200, "/liste/{email}" },
	};
	static char log[65536];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct bed bed;
		struct record r;

		bed_open(&bed, NULL);
		r = bed_request(&bed, rows[i].target, 200, "-");
		bed_visit(&bed, log, sizeof(log), rows[i].target, rows[i].status, BED_SUBJECTS);
		r = bed_request(&bed, rows[i].target, 200, "-");
		if (!bed_fits(r.text[RECORD_FIELD_PATH], rows[i].path))
			fail_msg("%s: %.*s", rows[i].claim, (int)r.text[RECORD_FIELD_PATH].len,
			    r.text[RECORD_FIELD_PATH].ptr);
		bed_close(&bed);
	}
}

/* Names stand below these, whatever their case. */
static void
test_parents(void **state)
{
	static const char *const parents[] = {
		"account", "accounts", "applicant", "applicants", "appointment", "appointments",
		"author", "authors", "avatar", "avatars", "benutzer", "booking", "bookings",
		"candidate", "candidates", "case", "cases", "chat", "claim", "claims", "client",
		"clients", "confirm", "contact", "contacts", "customer", "customers", "doctor",
		"doctors", "donor", "donors", "download", "downloads", "email", "employee",
		"employees", "follower", "followers", "friend", "friends", "guest", "guests",
		"id", "ids", "in", "inbox", "invite", "invites", "invoice", "invoices", "konto",
		"kunde", "kunden", "mail", "member", "members", "name", "order", "orders",
		"owner", "owners", "passenger", "passengers", "patient", "patients", "people",
		"person", "policies", "policy", "prescription", "prescriptions", "profile",
		"profiles", "reservation", "reservations", "resident", "residents", "s",
		"share", "staff", "student", "students", "subscriber", "subscribers", "t",
		"teacher", "teachers", "ticket", "tickets", "u", "unsubscribe", "user",
		"username", "users", "verify", "voter", "voters", "emails", "usernames", "names",
		"konten", "usuarios", "utilisateurs", "gebruikers", "Clientes", "mitglieder",
		"Users", "PATIENTS",
		"resetpassword", "Reset"
	};
	static struct bed bed;
	static char log[65536];

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		char target[64], position[64];
		uint64_t at;

		snprintf(target, sizeof(target), "/%s/erika", parents[i]);
		snprintf(position, sizeof(position), "/%s", parents[i]);
		bed_visit(&bed, log, sizeof(log), target, 200, BED_SUBJECTS);
		assert_true(
		    mask_words_position(bed.words, MASK_WORD_PATH, span_str(position), &at));
		if (mask_words_clear(bed.words, MASK_WORD_PATH, at, span_str("erika"), 0))
			fail_msg("erika was learned below %s", position);
	}
	bed_close(&bed);
}

/* What looks like no name of a programmer's is not learned as one. */
static void
test_parameter_names(void **state)
{
	static const struct {
		const char *claim, *name;
		bool learned;
	} rows[] = {
		{ "a plain name is", "farbe", true },
		{ "with groups, signs and a digit", "filter%5Bfarb-ton_2%5D", true },
		{ "24 characters are enough", "abcdefghijklmnopqrstuvwx", true },
		{ "25 are too many", "abcdefghijklmnopqrstuvwxy", false },
		{ "a dot is no part of one", "max.mustermann", false },
		{ "nor a colon", "user:erika", false },
		{ "nor a shape", "a1b2c3d4e5", false },
		{ "nor a date", "d2025-11-24", false },
		{ "nor a year of birth", "erika1985", false },
	};
	static char log[65536];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct bed bed;
		char target[64];

		bed_open(&bed, NULL);
		snprintf(target, sizeof(target), "/?%s=1", rows[i].name);
		bed_visit(&bed, log, sizeof(log), target, 200, BED_SUBJECTS);
		if (mask_words_promoted(bed.words) != rows[i].learned)
			fail_msg("%s", rows[i].claim);
		bed_close(&bed);
	}
}

/* Parameters are answered whatever they are called: k + 6 subjects and up to 5 more. */
static void
test_parameters_need_more(void **state)
{
	struct mask_words *w = open_words(10);
	struct mask_candidates *c;
	struct err e = { 0 };
	uint64_t places[2] = { mask_words_root(w, MASK_WORD_PARAM) };
	unsigned promoted[32] = { 0 };

	places[1] = mask_words_child(w, places[0], span_str("sort"));
	assert_int_equal(mask_candidates_open(&c, &e), 0);
	for (unsigned n = 1; n <= 21; n++) {
		mask_candidates_reset(c);
		for (int i = 0; i < 64; i++) {
			char word[16];

			snprintf(word, sizeof(word), "wort%d", i / 2);
			mask_candidates_add(c, MASK_WORD_PARAM, places[i % 2],
			    span_str(i % 2 == 0 ? "?" : "?sort"), span_str(word), n);
		}
		mask_words_merge(w, c, n);
		promoted[n] = (unsigned)mask_words_promoted(w);
	}
	assert_int_equal(promoted[15], 0);
	assert_true(promoted[18] > 0 && promoted[18] < 64);
	assert_int_equal(promoted[21], 64);
	mask_candidates_close(c);
	mask_words_close(w);
}

/* A parameter with hundreds of values has no words in them. */
static void
test_too_many_values(void **state)
{
	static struct bed bed;
	static char log[65536];

	bed_open(&bed, NULL);
	for (int i = 0; i < MASK_WORDS_CHILDREN_MAX + 1; i++) {
		char target[64];

		snprintf(target, sizeof(target), "/?sort=wort%c%c", 'a' + i / 26, 'a' + i % 26);
		bed_visit(&bed, log, sizeof(log), target, 200, 1);
	}
	bed_visit(&bed, log, sizeof(log), "/?sort=wortaa", 200, BED_SUBJECTS);
	assert_int_equal(mask_words_promoted(bed.words), 0);
	bed_close(&bed);
}

/* A /24, a /40, and all of Teredo. */
static void
test_subjects(void **state)
{
	static const struct {
		const char *claim;
		const unsigned char a[16], b[16];
		size_t len, other; /* of a, of b */
		bool same;
	} rows[] = {
		{ "one /24", { 192, 0, 2, 1 }, { 192, 0, 2, 254 }, 4, 4, true },
		{ "two /24", { 192, 0, 2, 1 }, { 192, 0, 3, 1 }, 4, 4, false },
		{ "two /48 of a /40", { 0x20, 1, 0x0d, 0xb8, 7, 1 }, { 0x20, 1, 0x0d, 0xb8, 7, 0xff },
		    16, 16, true },
		{ "two /40", { 0x20, 1, 0x0d, 0xb8, 7 }, { 0x20, 1, 0x0d, 0xb8, 8 }, 16, 16, false },
		{ "two Teredo servers", { 0x20, 1, 0, 0, 7 }, { 0x20, 1, 0, 0, 8 }, 16, 16, true },
		{ "6to4 of an address", { 0x20, 2, 192, 0, 2, 1 }, { 192, 0, 2, 9 }, 16, 4, true },
		{ "6to4 of another", { 0x20, 2, 192, 0, 2, 1 }, { 192, 0, 3, 9 }, 16, 4, false },
	};
	struct mask_words *w = open_words(10);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((mask_words_subject(w, rows[i].a, rows[i].len) ==
			mask_words_subject(w, rows[i].b, rows[i].other)) != rows[i].same)
			fail_msg("%s", rows[i].claim);
	mask_words_close(w);
}

/* Sixteen addresses of one network are one subject. */
static void
test_one_network(void **state)
{
	static struct bed bed;
	static char log[65536];
	size_t len = 0;
	struct record r;

	bed_open(&bed, NULL);
	for (unsigned n = 0; n < 250; n++)
		len += (size_t)snprintf(log + len, sizeof(log) - len, "198.51.100.%u - - "
		    "[24/Nov/2025:10:11:12 +0000] \"GET /laden HTTP/1.1\" 200 5 \"-\" \"-\"\n", n);
	mask_candidates_reset(bed.learn);
	bed.batch.learn = bed.learn;
	bed.batch.lines = span_of(log, len);
	mask_batch_learn(bed.mask, &bed.batch);
	mask_words_merge(bed.words, bed.learn, 0);
	mask_words_settle(bed.words);
	bed.batch.learn = NULL;
	r = bed_request(&bed, "/laden", 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/sg.#");
	bed_close(&bed);
}

/* Saved text holds promoted words only, and parents that are in clear. */
static void
test_nothing_else_saved(void **state)
{
	static struct bed bed;
	static char log[65536];
	struct buf out = { .data = NULL };

	bed_open(&bed, NULL);
	bed_visit(&bed, log, sizeof(log), "/users/erika/bilder?geheim=1", 200, BED_SUBJECTS);
	mask_words_save(bed.words, &out);
	assert_string_equal(out.data, "param\t?\tgeheim\t2025-11-24\n");
	buf_free(&out);
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open), cmocka_unit_test(test_load), cmocka_unit_test(test_too_long), cmocka_unit_test(test_many),
		cmocka_unit_test(test_positions), cmocka_unit_test(test_routes),
		cmocka_unit_test(test_k), cmocka_unit_test(test_lag), cmocka_unit_test(test_close),
		cmocka_unit_test(test_day), cmocka_unit_test(test_save), cmocka_unit_test(test_full), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_learning_pass), cmocka_unit_test(test_one_network),
		cmocka_unit_test(test_parents), cmocka_unit_test(test_parameter_names),
		cmocka_unit_test(test_parameters_need_more), cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_nothing_else_saved),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
