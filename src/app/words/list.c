/* app: cretula words list. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/role/place.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/words/words.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "store/read/streams.h"
#include "store/words.h"
#include "view/render.h"

#define WORDS_BYTES_MAX ((size_t)64 << 20)
#define PATH_BYTES 4096

struct row {
	uint32_t position_at, word_at, position_len, word_len;
	char since[MASK_WORDS_SINCE_BYTES + 1];
	enum mask_word_class class_id;
	const char *origin;
};

struct listing {
	const char *stream, *store_path, *only;
	struct app_setup setup;
	struct mask_words *words;
	const char *origin; /* of what is being loaded */
	struct buf rows, text;
};

/* ---- reading ---- */

int
app_words_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	char bytes[65536];
	ssize_t got;
	int fd = io_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0, e);

	if (fd == -1)
		return (-1);
	while ((got = io_read(fd, bytes, sizeof(bytes), e)) > 0 && out->len <= max)
		buf_add(out, bytes, (size_t)got);
	explicit_bzero(bytes, sizeof(bytes));
	(void)close(fd);
	if (got == -1)
		return (err_in(e, "%s", path));
	if (!buf_ok(out) || out->len > max)
		return (err_set(e, ERR_INPUT, "%s: too large", path));
	return (0);
}

int
app_words_there(const char *store, const char *stream, struct err *e)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s/streams/%s/chain.jsonl", store, stream);
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return (0);
	if (errno == EACCES)
		return (err_sys(e, ERR_INPUT, "%s", store));
	return (store_streams_lack(store, stream, e));
}

void
app_words_refused(const char *stream, const struct store_words_found *found)
{
	if (found->refused == NULL)
		return;
	app_warn("words",
	    "vocabulary of stream %s (STORE/words/%s): %s. None of its %zu lines is believed but "
	    "%zu marks of forgotten words; the chain says so (`config`, \"refused\")",
	    stream, stream, found->refused, found->lines, found->marks);
}

void
app_words_closed(const char *stream)
{
	app_warn("words",
	    "stream %s: marks of forgotten words may be missing, so nothing is learned until "
	    "`cretula words forget` has said all that is forgotten",
	    stream);
}

static void
add(struct listing *l, const struct mask_words_row *given, const char *origin)
{
	struct row row = { .class_id = given->class_id, .origin = origin };

	if (l->only != NULL && strcmp(l->only, origin) != 0)
		return;
	row.position_at = (uint32_t)l->text.len;
	row.position_len = (uint32_t)given->position.len;
	buf_span(&l->text, given->position);
	row.word_at = (uint32_t)l->text.len;
	row.word_len = (uint32_t)given->word.len;
	buf_span(&l->text, given->word);
	memcpy(row.since, given->since.ptr, given->since.len);
	buf_add(&l->rows, &row, sizeof(row));
}

static void
see_row(void *arg, const struct mask_words_row *row)
{
	static const char *const names[] = { "learned", "added", "shipped" };

	add(arg, row, names[row->position.len == 0 ? 2 : row->added]);
}

static int
see_configured(void *arg, enum mask_word_class c, struct span position, struct span word,
    struct err *e)
{
	struct listing *l = arg;
	struct mask_words_row row = { c, position, word, { "", 0 }, false };

	(void)e;
	add(l, &row, l->origin);
	return (0);
}

static int
load(struct listing *l, bool all, struct err *e)
{
	char path[PATH_BYTES];
	struct buf text = { 0 };
	int rc;

	(void)snprintf(path, sizeof(path), "%s/words/%s", l->store_path, l->stream);
	rc = io_read_file(AT_FDCWD, path, WORDS_BYTES_MAX, &text, e);
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	if (rc == 0 && (rc = mask_words_open(l->setup.stream->policy.words_k, &l->words, e)) == 0)
		rc = mask_words_load(l->words, buf_view(&text), path, e);
	buf_free(&text);
	if (rc == -1)
		return (-1);
	if (mask_words_stopped(l->words))
		app_words_closed(l->stream);
	mask_words_each(l->words, see_row, l);
	if (all)
		mask_words_shipped(see_row, l);
	return (app_words_preload(l->setup.stream, see_configured, l, &l->origin, e));
}

/* ---- printing ---- */

static int
compare_texts(const char *text, uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
	return (span_order(span_of(text + a, a_len), span_of(text + b, b_len)));
}

static int
compare(const void *one, const void *two, void *text)
{
	const struct row *a = one, *b = two;
	int order = (int)a->class_id - (int)b->class_id;

	if (order == 0)
		order = compare_texts(
		    text, a->position_at, a->position_len, b->position_at, b->position_len);
	if (order == 0)
		order = compare_texts(text, a->word_at, a->word_len, b->word_at, b->word_len);
	return (order != 0 ? order : strcmp(a->origin, b->origin));
}

static void
print_text(const struct listing *l, struct buf *out)
{
	const struct row *rows = (const struct row *)(const void *)l->rows.data;
	size_t count = l->rows.len / sizeof(*rows);

	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];

		view_escape(out,
		    r->position_len == 0 ? span_of("*", 1) :
					   span_of(l->text.data + r->position_at, r->position_len));
		buf_char(out, '\t');
		view_escape(out, span_of(l->text.data + r->word_at, r->word_len));
		buf_fmt(out, "\t%s\t%s\n", r->origin, r->since[0] == '\0' ? "-" : r->since);
	}
	buf_fmt(out, "%s%zu word%s; %zu forgotten\n", count == 0 ? "" : "\n", count,
	    count == 1 ? "" : "s", mask_words_forgotten(l->words));
	buf_str(out,
	    "not verified: this is what STORE/words says. Whether cretula wrote it, the keys\n"
	    "of the store tell: `words add`, `words forget` and whoever writes the "
	    "stream\nlook.\n");
}

static void
print_json(const struct listing *l, struct buf *out)
{
	const struct row *rows = (const struct row *)(const void *)l->rows.data;

	buf_char(out, '{');
	json_str(out, "stream", span_str(l->stream));
	json_bool(out, "verified", false); /* without the keys */
	json_u64(out, "forgotten", mask_words_forgotten(l->words));
	json_key(out, "words");
	buf_char(out, '[');
	for (size_t i = 0; i < l->rows.len / sizeof(*rows); i++) {
		const struct row *r = &rows[i];

		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "class", span_str(mask_words_class_names[r->class_id]));
		if (r->position_len > 0)
			json_str(out, "position",
			    span_of(l->text.data + r->position_at, r->position_len));
		json_str(out, "word", span_of(l->text.data + r->word_at, r->word_len));
		json_str(out, "origin", span_str(r->origin));
		if (r->since[0] != '\0')
			json_str(out, "since", span_str(r->since));
		buf_char(out, '}');
	}
	buf_str(out, "]}\n");
}

static int
list(const struct app_args *args, struct listing *l, struct buf *out, struct err *e)
{
	l->only = app_arg(args, "origin");
	l->stream = app_arg(args, "stream");
	if (app_setup_open(args, l->stream, &l->setup, e) == -1 ||
	    app_store_path(args, &l->setup, &l->store_path, e) == -1 ||
	    app_words_there(l->store_path, l->stream, e) == -1 ||
	    load(l, app_arg(args, "all") != NULL, e) == -1)
		return (-1);
	if (!buf_ok(&l->rows) || !buf_ok(&l->text))
		return (err_set(e, ERR_IO, "out of memory"));
	if (l->rows.len > 0)
		qsort_r(l->rows.data, l->rows.len / sizeof(struct row), sizeof(struct row), compare,
		    l->text.data);
	if (args->json)
		print_json(l, out);
	else
		print_text(l, out);
	return (0);
}

int
app_words_list(const struct app_args *given)
{
	struct app_args filled = *given, *args = &filled;
	struct listing l = { .stream = NULL };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 }, hint = { 0 };
	struct app_place place;
	int rc = -1;

	if (app_place_config(args, &place, &hint, &e) == 0 &&
	    app_place_stream(args, &place, &e) == 0)
		rc = list(args, &l, &out, &e);
	app_hint(&hint);
	buf_free(&hint);
	mask_words_close(l.words);
	app_setup_close(&l.setup);
	buf_free(&l.rows);
	buf_free(&l.text);
	if (rc == 0)
		return (app_finish("words list", &out, 0));
	buf_free(&out);
	return (app_fail("words list", &e));
}
