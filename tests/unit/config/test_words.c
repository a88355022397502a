/* Which words a description or a document root makes public, and which it does not. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/words.h"

/* "c position word|" of each. */
static int
note(void *arg, enum mask_word_class c, struct span position, struct span word, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	if (c == MASK_WORD_PATH && span_is(position, "/") && span_is(word, "stop"))
		return (err_set(e, ERR_CONFIG, "enough"));
	buf_span(out, position);
	buf_char(out, ' ');
	buf_span(out, word);
	buf_char(out, '|');
	return (0);
}

static void
test_openapi(void **state)
{
	static const struct {
		const char *claim, *text, *out; /* out: what is given, or the error */
	} rows[] = {
		{ "paths and query parameters of YAML",
		    "openapi: 3.0.0\npaths:\n  /kunden/{id}/rechnungen:\n    get:\n      parameters:\n"
		    "      - name: frage\n        in: query\n      - in: header\n        name: X-Kunde\n",
		    "/ kunden|/kunden/* rechnungen|? frage|" },
		{ "of JSON",
		    "{\"swagger\":\"2.0\",\"paths\":{\"/a/{b}\":{\"get\":{\"parameters\":"
		    "[{\"in\":\"query\",\"name\":\"q\"}]}}}}", "/ a|? q|" },
		{ "of JSON with escapes that YAML does not know",
		    "{\"info\":{\"title\":\"\\ud83d\\ude00 \\/ \\\\\"},\"openapi\":\"3.1.0\",\"paths\":{\"\\/a\":{}}}",
		    "/ a|" },
		{ "of JSON with tabs", "{\t\"openapi\":\t\"3.1.0\",\n\t\"paths\":\t{\t\"/a\":\t{}\n\t}\n}", "/ a|" },
		{ "below each server, also one that comes later",
		    "openapi: 3.0.0\npaths: {/a: {}}\nservers: [{url: 'https://x.example/v1/'}, {url: /beta},"
		    " {url: 'https://y.example'}, {url: '{s}://z/w'}]\n",
		    "/ v1|/v1 a|/ beta|/beta a|/ a|/ w|/w a|" },
		{ "below basePath", "swagger: '2.0'\nbasePath: /api/v2\npaths: {/a: {}}\n",
		    "/ api|/api v2|/api/v2 a|" },
		{ "a segment with a variable in it is any", "openapi: 3\npaths: {'/f/{n}.json/x': {}, '/{a}-{b}': {}}\n",
		    "/ f|/f/* x|" },
		{ "components count", "openapi: 3\npaths: {}\ncomponents: {parameters: {L: {in: query, name: l,"
		    " schema: {name: z}}, P: {in: path, name: p}}}\n", "? l|" },
		{ "in any order", "openapi: 3\npaths: {}\ncomponents: {parameters: {L: {in: query,"
		    " schema: {type: x}, name: l}}}\n", "? l|" },
		{ "extensions are no paths", "openapi: 3\npaths: {x-a: {/b: {}}, /c: {}}\n", "/ c|" },
		{ "examples elsewhere neither", "openapi: 3\ninfo: {paths: {/b: {}}}\npaths: {}\n", "" },
		{ "an alias is not followed", "openapi: 3\npaths: {/a: &x {}, /b: *x, *x : {}}\n", "/ a|/ b|" },
		{ "no description", "paths: {/a: {}}\n",
		    "f: no OpenAPI description: `openapi` and `paths` are not there" },
		{ "nor this", "openapi: 3\npaths: [/a]\n",
		    "f: no OpenAPI description: `openapi` and `paths` are not there" },
		{ "nothing", "", "f: no OpenAPI description: `openapi` and `paths` are not there" },
		{ "no YAML", "openapi: 3\npaths: {/a: {}\n", "f: line 3: did not find expected ',' or '}'" },
		{ "what the function says is passed on", "openapi: 3\npaths: {/stop: {}}\n", "f: enough" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		struct err e = { ERR_NONE, "" };
		int rc = config_openapi(span_str(rows[i].text), "f", note, &out, &e);
		const char *got = rc == -1 ? e.text : out.len == 0 ? "" : out.data;

		buf_char(&out, '\0');
		if (strcmp(rc == -1 ? e.text : out.data, rows[i].out) != 0)
			fail_msg("%s: %s", rows[i].claim, got);
		buf_free(&out);
	}
}

static void
test_deep_openapi(void **state)
{
	char text[512] = "openapi: 3\npaths: {/a: ";
	struct buf out = { 0 };
	struct err e = { ERR_NONE, "" };

	memset(text + strlen(text), '[', 100);
	assert_int_equal(config_openapi(span_str(text), "f", note, &out, &e), -1);
	assert_string_equal(e.text, "f: more than 64 levels");
	buf_free(&out);
}

static void
make_file(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

static int
compare(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

static void
test_docroot(void **state)
{
	static const char *const folders[] = { "css", "css/fonts", "users", "users/erika", ".git", "~erika" };
	static const char *const files[] = { "index.html", "css/app.css", "css/fonts/a.woff", "users/erika/cv.pdf",
		".git/config", ".htpasswd", "~erika/x.html", "@erika" };
	static const char *const want[] = { "/ css", "/ index.html", "/ users", "/css app.css", "/css fonts",
		"/css/fonts a.woff" };
	char dir[] = "/tmp/cretula-docroot-XXXXXX", *found[32], *save = NULL;
	struct config_docroot facts;
	struct buf out = { 0 };
	struct err e = { ERR_NONE, "" };
	size_t count = 0;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		assert_int_equal(mkdir(folders[i], 0700), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		make_file(files[i]);
	assert_int_equal(symlink("/etc", "etc"), 0);
	assert_int_equal(symlink("..", "css/up"), 0);
	assert_int_equal(symlink("index.html", "start.html"), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(config_docroot(dir, note, &out, &facts, &e), 0);
	buf_char(&out, '\0');
	for (char *word = strtok_r(out.data, "|", &save); word != NULL; word = strtok_r(NULL, "|", &save))
		found[count++] = word;
	qsort(found, count, sizeof(found[0]), compare);
	assert_int_equal(count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(found[i], want[i]);
	assert_int_equal(facts.names, count);
	/* .git .htpasswd ~erika @erika, below users, three links, the fifo */
	assert_int_equal(facts.skipped, 9);
	assert_false(facts.full);
	assert_int_equal(config_docroot("index.html", note, &out, &facts, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(mkdir("stop", 0700), 0);
	assert_int_equal(config_docroot(dir, note, &out, &facts, &e), -1);
	buf_free(&out);
	assert_int_equal(system("rm -rf -- \"$PWD\""), 0);
	assert_int_equal(chdir("/"), 0);
}

/* As deep as a path may be, and no deeper. */
static void
test_deep_docroot(void **state)
{
	char dir[] = "/tmp/cretula-docroot-XXXXXX";
	struct config_docroot facts;
	struct buf out = { 0 };
	struct err e = { ERR_NONE, "" };

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	for (int i = 0; i < CONFIG_DOCROOT_DEPTH_MAX + 2; i++)
		if (mkdir("d", 0700) == -1 || chdir("d") == -1)
			fail();
	assert_int_equal(config_docroot(dir, note, &out, &facts, &e), 0);
	assert_true(facts.full);
	assert_int_equal(facts.names, CONFIG_DOCROOT_DEPTH_MAX + 1);
	buf_free(&out);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(system("rm -rf -- \"$PWD\""), 0);
	assert_int_equal(chdir("/"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openapi), cmocka_unit_test(test_deep_openapi),
		cmocka_unit_test(test_docroot), cmocka_unit_test(test_deep_docroot),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
