#include "unit/mask/bed.h"

static struct mask_policy
policy_with(enum mask_words_mode mode)
{
	struct mask_policy p;

	mask_policy_default(&p);
	p.words_mode = mode;
	return (p);
}

static void
test_paths(void **state)
{
	static const struct {
		const char *claim, *target, *path;
		enum record_flag flag; /* RECORD_FLAG_COUNT: none */
	} rows[] = {
#define NONE RECORD_FLAG_COUNT
		{ "the root stays", "/", "/", NONE },
		{ "common words stay", "/api/v2/health", "/api/v2/health", NONE },
		{ "a trailing slash stays", "/api/", "/api/", NONE },
		{ "runs of slashes are one", "//api///v1", "/api/v1", NONE },
		{ "dots are resolved", "/api/./x/../v1", "/api/v1", NONE },
		{ "too many dots end at the root", "/../../api", "/api", NONE },
		{ "a dot at the end is a folder", "/api/.", "/api/", NONE },
		{ "a name is a token", "/erika-mustermann", "/sg.#", NONE },
		{ "an id is a type", "/api/88231177", "/api/{int}", NONE },
		{ "a short number is a page", "/news/12", "/news/12", NONE },
		{ "a year and a month stay", "/news/2024/05", "/news/2024/05", NONE },
		{ "but not below /users", "/users/12", "/users/{int}", NONE },
		{ "nor a year", "/users/2024", "/users/{int}", NONE },
		{ "me stays below /users", "/users/me/orders", "/users/me/orders", NONE },
		{ "a common word does not", "/users/admin", "/users/sg.#", NONE },
		{ "whatever its case", "/Users/admin", "/sg.#/sg.#", NONE },
		{ "what is encoded is decoded", "/%61pi/%76%31", "/api/v1", NONE },
		{ "an encoded slash separates", "/users%2ferika%2fapi", "/users/sg.#/api", NONE },
		{ "twice encoded, too", "/users%252ferika", "/users/sg.#", NONE },
		{ "a home directory is a token", "/~erika/index.html", "/sg.#/index.html", NONE },
		{ "so is an at name", "/@erika", "/sg.#", NONE },
		{ "matrix parameters go", "/api;v=1;sid=abc/v1", "/api/v1",
		    RECORD_FLAG_PATH_PARAM },
		{ "an encoded one, too", "/api%3Bsid=abc", "/api", RECORD_FLAG_PATH_PARAM },
		{ "a file keeps its extension", "/files/CV_Erika.pdf", "/files/sg.#.pdf", NONE },
		{ "in lower case", "/files/CV_Erika.PDF", "/files/sg.#.pdf", NONE },
		{ "an unknown one is part of the name", "/files/a.erika", "/files/sg.#", NONE },
		{ "a build number is a type", "/static/app.3f2a9c1b.js", "/static/app.{hex}.js", NONE },
		{ "a number is the whole stem", "/images/88231.jpg", "/images/{int}.jpg", NONE },
		{ "words around it stay", "/static/app.min.js", "/static/app.min.js", NONE },
		{ "but names do not", "/static/app.erika.js", "/static/sg.#.js", NONE },
		{ "a font is named by a hash", "/css/fonts/xjAJXh38I15wypJXxuGMBp0EAVxt0G0biEntp43Qt6E.ttf",
		    "/css/fonts/{base64}.ttf", NONE },
		{ "a build, too", "/static/main.8d2e7f3a9b1c4d5e6f70.js", "/static/main.{hex}.js",
		    NONE },
		{ "a name beside it hides both", "/static/erika.8d2e7f3a9b1c4d5e6f70.js",
		    "/static/sg.#.js", NONE },
		{ "below /users it is a token", "/users/xjAJXh38I15wypJXxuGMBp0EAVxt0G0b.png",
		    "/users/sg.#.png", NONE },
		{ "a known secret is one in a file name", "/files/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.pdf",
		    "/files/{credential}", RECORD_FLAG_SECRET_FOUND },
		{ "so is a JWT", "/files/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"
		    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U.html", "/files/{credential}",
		    RECORD_FLAG_SECRET_FOUND },
		{ "and what has no known extension", "/files/xjAJXh38I15wypJXxuGMBp0EAVxt0G0b.erika",
		    "/files/{credential}", RECORD_FLAG_SECRET_FOUND },
		{ "a hidden file has no extension", "/.erika", "/sg.#", NONE },
		{ "bad percent signs hide all", "/users/%zz/x", "[path]", RECORD_FLAG_UNSETTLED },
		{ "what does not settle hides all", "/%2525252525252541", "[path]",
		    RECORD_FLAG_UNSETTLED },
		{ "no UTF-8 hides all", "/%ff%fe/api", "[path]", RECORD_FLAG_BAD_UTF8 },
		{ "control characters are flagged", "/a%1b%5B2J", "/{text}",
		    RECORD_FLAG_CTL_IN_FIELD },
		{ "letters of other alphabets are text", "/%C3%BCber", "/{text}", NONE },
		{ "an address is a type", "/203.0.113.7", "/{address}", NONE },
		{ "so is an e-mail", "/erika%40example.org", "/{email}", NONE },
		{ "a look-alike token is masked again", "/sg.abcdefghij234567", "/sg.#", NONE },
		{ "a look-alike type, too", "/%7Bint%7D", "/sg.#", NONE },
		{ "what stands behind an encoded mark is a query", "/api%3Fx=1", "/api",
		    RECORD_FLAG_PATH_PARAM },
		{ "twice encoded, too", "/users/erika%253Fx=/api", "/users/sg.#",
		    RECORD_FLAG_PATH_PARAM },
		{ "or a fragment", "/api%23erika/api", "/api", RECORD_FLAG_PATH_PARAM },
		{ "a fragment goes", "/api#erika", "/api", NONE },
		{ "a fragment with a mark goes whole", "/api#erika?x=1", "/api", NONE },
		{ "a backslash separates", "/users\\x5Cerika\\\\api", "/users/sg.#/api", NONE },
		{ "an encoded one, too", "/users%5Cerika%5C..%5Cmax/api", "/users/sg.#/api", NONE },
		{ "a parameter does not hide dots", "/users/..;/api", "/api", RECORD_FLAG_PATH_PARAM },
		{ "on any segment they go", "/api;v=1/users;by=x/erika;z/api;q=a@b.de/v1",
		    "/api/users/sg.#/api/v1", RECORD_FLAG_PATH_PARAM },
		{ "a segment of parameters is none", "/;erika/api", "/api", RECORD_FLAG_PATH_PARAM },
		{ "an overlong slash is no UTF-8", "/users%C0%AFerika", "[path]", RECORD_FLAG_BAD_UTF8 },
		{ "nor an overlong dot", "/%C0%AE%C0%AE/api", "[path]", RECORD_FLAG_BAD_UTF8 },
		{ "a NUL hides all", "/api%00/erika", "[path]", RECORD_FLAG_UNSETTLED },
		{ "four times encoded is read", "/users/%25252565rika", "/users/sg.#", NONE },
		{ "a surrogate pair is text", "/%uD83D%uDE00", "/{text}", NONE },
		{ "user information is no path", "http://erika@x/users", "/users", NONE },
		{ "nor in two parts", "http://a@erika:pw@h.example:80/api", "/api", NONE },
		{ "other schemes, too", "android-app://com.erika/api", "/api", NONE },
		{ "a scheme without authority is none", "mailto:erika@example.org", "/{email}", NONE },
		{ "an authority alone is a root", "http://h.example", "/", NONE },
		{ "with a query", "http://h.example?x=1", "/", NONE },
		{ "two slashes are no authority", "//erika:pw@h.example/api", "/{email}/api", NONE },
		{ "an absolute target is read", "http://erika:pw@h.example/api?x=1", "/api", NONE },
		{ "the asterisk stays", "*", "*", NONE },
		{ "a path without a slash gets one", "api/v1", "/api/v1", NONE },
	};
	static struct bed bed;

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = bed_request(&bed, rows[i].target, 200, "-");

		if (!bed_fits(r.text[RECORD_FIELD_PATH], rows[i].path))
			fail_msg("%s: %.*s", rows[i].claim, (int)r.text[RECORD_FIELD_PATH].len,
			    r.text[RECORD_FIELD_PATH].ptr);
		if (r.flags != (rows[i].flag == NONE ? 0 : UINT64_C(1) << rows[i].flag))
			fail_msg("%s: flags %llx", rows[i].claim, (unsigned long long)r.flags);
	}
	bed_close(&bed);
}

/* One segment, one token, however it is spelled; and so what stands below. */
static void
test_spellings(void **state)
{
	static const char *const targets[] = { "/users/erika/cv-2024", "/users/%65rika/cv-2024",
		"/users/%2565rika/cv-2024", "/users/%252565rika/cv-2024", "/users/%u0065rika/cv-2024",
		"/users/%26%23101%3Brika/cv-2024",
		"/%75sers/%65%72%69%6B%61/cv%2d2024", "/users%2Ferika%2fcv-2024", "//users///erika//cv-2024",
		"/users/./erika/../erika/cv-2024", "/users/max/%2e%2e/erika/cv-2024",
		"/users/..;a=b/users/erika/cv-2024", "/users\\x5Cerika\\\\cv-2024", "/users%5Cerika%5Ccv-2024",
		"/users/erika;v=1/cv-2024;w", "/users/erika/cv-2024?x=erika", "/users/erika/cv-2024#erika",
		"/users/erika/cv-2024%3Fx", "/users/erika/cv-2024%23x", "users/erika/cv-2024",
		"http://h.example/users/erika/cv-2024", "HTTPS://a:b@h.example:8080//users/erika/cv-2024" };
	static struct bed bed;
	char first[128] = "";

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct record r = bed_request(&bed, targets[i], 200, "-");
		struct span path = r.text[RECORD_FIELD_PATH];

		if (!bed_fits(path, "/users/sg.#/sg.#"))
			fail_msg("%s: %.*s", targets[i], (int)path.len, path.ptr);
		if (i == 0)
			snprintf(first, sizeof(first), "%.*s", (int)path.len, path.ptr);
		if (!span_is(path, first))
			fail_msg("%s: %.*s is not %s", targets[i], (int)path.len, path.ptr, first);
	}
	bed_close(&bed);
}

/* ";jsessionid=" is the session of the request, the same as its cookie. */
static void
test_session(void **state)
{
	static const struct {
		const char *target;
		bool session;
	} rows[] = {
		{ "/cart;jsessionid=1A530637289A03B0?item=5", true },
		{ "/cart;v=1;JSESSIONID=1A530637289A03B0/x", true },
		{ "/a;b=c/cart%3Bjsessionid%3D1A530637289A03B0;d", true },
		{ "/api?sid=1A530637289A03B0", false }, /* in the query, as before */
		{ "/cart;item=1A530637289A03B0", false },
		{ "/cart;jsessionid=", false },
		{ "/cart;jsessionid=%ff", false },
		{ "/jsessionid=1A530637289A03B0", false },
	};
	static struct bed bed;
	char first[64] = "";

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int again = 0; again < 3; again++) {
			struct record r = bed_request(&bed, rows[i].target, 200, "-");
			struct span session = r.text[RECORD_FIELD_SESSION];

			if (record_has(&r, RECORD_FIELD_SESSION) != rows[i].session)
				fail_msg("%s", rows[i].target);
			if (!rows[i].session)
				continue;
			assert_fits(session, "se.#");
			if (first[0] == '\0')
				snprintf(first, sizeof(first), "%.*s", (int)session.len, session.ptr);
			assert_true(span_is(session, first));
		}
	(void)bed_request(&bed, "/?sid=1A530637289A03B0", 200, "-");
	assert_non_null(strstr(bed.batch.records, first));
	bed_close(&bed);
}

/* The same text twice, from the raw bytes and from the table. */
static void
test_again(void **state)
{
	static const char *const targets[] = { "/users/erika/api?x=erika&utm_source=news&e=a@b.de",
		"/api/v1", "/files/erika.pdf", "/news/88231?limit=10&neu=1" };
	static struct bed bed;

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct stats_counts counts;
		char *first;

		(void)bed_request(&bed, targets[i], 200, "https://erika.example.org/x?y");
		first = strdup(bed.batch.records);
		counts = bed.batch.counts;
		for (int again = 0; again < 3; again++) {
			(void)bed_request(&bed, targets[i], 200, "https://erika.example.org/x?y");
			assert_string_equal(bed.batch.records, first);
			assert_memory_equal(&bed.batch.counts, &counts, sizeof(counts));
		}
		free(first);
	}
	bed_close(&bed);
}

static void
test_binding(void **state)
{
	static struct bed bed;
	struct mask_policy p;
	struct record r;
	char first[64];

	for (int shared = 0; shared < 2; shared++) {
		mask_policy_default(&p);
		p.path_token_shared = shared == 1;
		bed_open(&bed, &p);
		r = bed_request(&bed, "/erika", 200, "-");
		snprintf(first, sizeof(first), "%.*s", (int)r.text[RECORD_FIELD_PATH].len,
		    r.text[RECORD_FIELD_PATH].ptr);
		r = bed_record(&bed, "198.51.100.9 - - [24/Nov/2025:10:11:12 +0000] "
		    "\"GET /erika HTTP/1.1\" 200 5 \"-\" \"-\"");
		assert_int_equal(span_is(r.text[RECORD_FIELD_PATH], first), shared);
		/* Another position is another token. */
		r = bed_request(&bed, "/api/erika", 200, "-");
		assert_false(span_is(span_from(r.text[RECORD_FIELD_PATH], 4), first));
		bed_close(&bed);
	}
}

static void
test_caps(void **state)
{
	static struct bed bed;
	static char target[6000];
	struct record r;
	size_t len = 0;

	bed_open(&bed, NULL);
	for (int i = 0; i < 70; i++)
		len += (size_t)snprintf(target + len, sizeof(target) - len, "/api");
	r = bed_request(&bed, target, 200, "-");
	assert_int_equal(r.text[RECORD_FIELD_PATH].len, 64 * 4);
	assert_true(bed_flag(&r, RECORD_FLAG_PATH_CAPPED));
	len = 0;
	for (int i = 0; i < 60; i++)
		len += (size_t)snprintf(target + len, sizeof(target) - len,
		    "/api/erika-mustermann-%c%c-und-ein-sehr-langer-name-dazu", 'a' + i / 26, 'a' + i % 26);
	r = bed_request(&bed, target, 200, "-");
	assert_true(r.text[RECORD_FIELD_PATH].len <= RECORD_TEXT_MAX);
	assert_true(bed_flag(&r, RECORD_FLAG_PATH_CAPPED));
	/* What begins before 4 kB and ends behind is not cut to something else. */
	memset(target, 'e', 5000);
	target[0] = '/';
	target[5000] = '\0';
	r = bed_request(&bed, target, 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/");
	assert_true(bed_flag(&r, RECORD_FLAG_PATH_CAPPED));
	memcpy(target, "/api/", 5);
	r = bed_request(&bed, target, 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/api/");
	assert_true(bed_flag(&r, RECORD_FLAG_PATH_CAPPED));
	bed_close(&bed);
}

static void
test_modes(void **state)
{
	static struct bed bed;
	struct mask_policy p = policy_with(MASK_WORDS_KEEP);
	struct record r;

	bed_open(&bed, &p);
	r = bed_request(&bed, "/laden/schuhe/88231177?farbe=rot", 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/laden/schuhe/{int}");
	assert_fits(r.text[RECORD_FIELD_QUERY], "farbe={word}");
	r = bed_request(&bed, "/users/erika/x@y.de", 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/users/sg.#/{email}");
	bed_close(&bed);
	p = policy_with(MASK_WORDS_LEARN);
	p.method[RECORD_CLASS_PATH] = MASK_REDACT;
	bed_open(&bed, &p);
	r = bed_request(&bed, "/api/erika/erika.pdf", 200, "-");
	assert_fits(r.text[RECORD_FIELD_PATH], "/api/[path]/[path].pdf");
	bed_close(&bed);
}

static void
test_counts(void **state)
{
	static struct bed bed;

	bed_open(&bed, NULL);
	for (int i = 0; i < 2; i++) {
		(void)bed_request(&bed, "/api/erika/12345/a@b.de/news", 200, "-");
		assert_int_equal(bed.batch.counts.masked[RECORD_CLASS_PATH], 2);
		assert_int_equal(bed.batch.counts.masked[RECORD_CLASS_EMAIL], 1);
		assert_int_equal(bed.batch.counts.masked[RECORD_CLASS_IP_PEER], 1);
		assert_int_equal(bed.batch.words_seen, 3);
		assert_int_equal(bed.batch.words_clear, 2);
	}
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_session), cmocka_unit_test(test_again),
		cmocka_unit_test(test_binding), cmocka_unit_test(test_caps),
		cmocka_unit_test(test_modes), cmocka_unit_test(test_counts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
