/* app: what of a file is sealed already. */
#include <stdlib.h>
#include <string.h>

#include "app/source/resume.h"
#include "app/sources.h"
#include "base/err.h"
#include "input/input.h"
#include "store/store.h"

/* What the cursors with the head of a file say of it. */
struct found {
	struct store_cursor *list;         /* newest first */
	const struct store_cursor **sorted; /* by place */
	size_t count, within; /* so many of sorted are not behind the end of the file */
	const struct store_cursor *best; /* that fits, with the most bytes */
	bool wrong; /* one behind it did not fit: a pipe is past the place to go on at */
};

static int
by_place(const void *left, const void *right)
{
	const struct store_cursor *a = *(const struct store_cursor *const *)left;
	const struct store_cursor *b = *(const struct store_cursor *const *)right;

	return (a->source.at < b->source.at ? -1 : a->source.at > b->source.at);
}

/*
 * Was the source of best sealed on, to more bytes than the file has?  Then
 * the file may be a piece of what is sealed.  Where a segment began to read
 * tells sources with the same head apart.
 */
static bool
went_on(const struct found *f, bool *from_best)
{
	uint64_t have = f->within > 0 ? f->sorted[f->within - 1]->source.at : 0;

	for (size_t i = f->count; i-- > 0;) {
		const struct store_cursor *c = &f->list[i];

		from_best[i] = c->entry > f->best->entry &&
		    (!c->start_known || c->start == f->best->source.at);
		for (size_t j = i + 1; j < f->count && !from_best[i]; j++)
			from_best[i] = from_best[j] && c->start == f->list[j].source.at;
		if (from_best[i] && c->source.at > have)
			return (true);
	}
	return (false);
}

static bool
fits(const struct seal_source *cursor, struct span tail, const unsigned char *key)
{
	unsigned char fp[16];

	if (!cursor->has_tail) /* of an older writer: the head must do */
		return (true);
	store_fingerprint(key, tail, fp);
	return (memcmp(fp, cursor->tail, sizeof(fp)) == 0);
}

/* Read in once, from cursor to cursor. */
static int
try_all(struct input *in, const unsigned char *key, struct found *f, struct err *e)
{
	uint64_t at = 0;

	for (; f->within < f->count; f->within++) {
		const struct store_cursor *c = f->sorted[f->within];

		if (input_skip(in, c->source.at - at, e) == -1)
			return (e->code == ERR_INPUT ? 0 : -1);
		at = c->source.at;
		if (fits(&c->source, input_tail(in), key)) {
			f->best = c;
			f->wrong = false;
		} else if (f->best == NULL || f->best->source.at < at)
			f->wrong = true;
	}
	return (0);
}

static void
go_on(struct app_source *source, const struct seal_source *cursor)
{
	source->start = cursor->at;
	memcpy(source->fp, cursor->fp, sizeof(source->fp));
	source->head = cursor->head;
	source->note = "continued where the sealed part ends";
}

/* A positioned input of source; source's own if it can be read only once. */
static int
position(const struct app_sources *s, const struct app_source *source, struct input **in,
    struct err *e)
{
	if ((*in = source->opened) != NULL)
		return (0);
	if (input_open(source->path, s->stop, in, e) == -1)
		return (-1);
	if (input_skip(*in, source->start, e) == 0)
		return (0);
	input_close(*in);
	*in = NULL;
	return (err_in(e, "%s", source->path));
}

static int
shorter(struct app_source *source)
{
	source->skip = source->shorter = true;
	source->note = "shorter than its sealed copy (--again imports it)";
	return (0);
}

/* 1 if source has nothing behind its start, 0, or -1. */
static int
at_end(const struct app_sources *s, const struct app_source *source, struct err *e)
{
	struct input *in = NULL;
	struct span rest = { NULL, 0 };
	int rc;

	if (position(s, source, &in, e) == -1)
		return (-1);
	rc = input_peek(in, 1, &rest, e);
	if (rc == -1 && e->code == ERR_INPUT)
		rc = 0; /* damage is met again, and told, when it is read */
	else if (rc == 0)
		rc = rest.len == 0;
	if (in != source->opened)
		input_close(in);
	return (rc);
}

/* Skip a file that has but an unfinished line behind its start. */
static int
skip_unfinished(struct app_sources *s, struct app_source *source, struct err *e)
{
	struct input *in = NULL;
	struct span rest = { NULL, 0 };
	int rc;

	if (!s->leave_unfinished || source->is_stdin)
		return (0);
	if (position(s, source, &in, e) == -1)
		return (-1);
	rc = input_leave_unfinished(in) ? input_peek(in, INPUT_BATCH_BYTES, &rest, e) : 0;
	if (rc == 0 && rest.len > 0 && rest.len < INPUT_BATCH_BYTES &&
	    span_find(rest, '\n') == rest.len) {
		source->skip = true;
		source->note = "nothing but an unfinished line";
		if (source->start > 0)
			source->note = "sealed already but for an unfinished last line";
		s->unfinished++;
	}
	input_close(in);
	return (rc);
}

static int
decide(struct app_sources *s, struct app_source *source, const struct found *f, bool *from_best,
    struct err *e)
{
	bool beyond = f->within < f->count;
	int rc;

	if (source->opened != NULL && f->wrong)
		return (err_set(e, ERR_INPUT,
		    "%s begins like a sealed source but is another; --again imports it whole",
		    source->path));
	if (f->best == NULL)
		return (beyond ? shorter(source) : skip_unfinished(s, source, e));
	go_on(source, &f->best->source);
	if (source->opened != NULL && beyond)
		return (shorter(source)); /* it is read to its end already */
	if ((rc = at_end(s, source, e)) == -1)
		return (-1);
	if (rc == 1 && f->best->source.end) {
		source->skip = true;
		source->note = "sealed already";
		return (0);
	}
	if (skip_unfinished(s, source, e) == -1)
		return (-1);
	return (!source->skip && beyond && went_on(f, from_best) ? shorter(source) : 0);
}

static int
compare(struct app_sources *s, struct app_source *source, struct input *in,
    const unsigned char *key, struct found *f, struct err *e)
{
	bool *from_best = calloc(f->count + 1, sizeof(bool));
	int rc = -1;

	f->sorted = calloc(f->count + 1, sizeof(const struct store_cursor *));
	if (f->sorted == NULL || from_best == NULL)
		(void)err_sys(e, ERR_IO, "%s", source->path);
	else {
		for (size_t i = 0; i < f->count; i++)
			f->sorted[i] = &f->list[i];
		qsort(f->sorted, f->count, sizeof(struct store_cursor *), by_place);
		if (try_all(in, key, f, e) == 0)
			rc = decide(s, source, f, from_best, e);
	}
	free(from_best);
	free(f->sorted);
	return (rc);
}

int
app_source_resume(struct app_sources *s, struct app_source *source, const struct store_stream *st,
    const unsigned char *key, struct err *e)
{
	struct input *in = source->opened;
	struct found f = { 0 };
	struct span head;
	int rc = -1;

	if ((in == NULL && input_open(source->path, s->stop, &in, e) == -1) ||
	    input_peek(in, INPUT_HEAD_BYTES, &head, e) == -1 ||
	    store_stream_cursors(st, key, head, &f.list, &f.count, e) == -1)
		goto out;
	rc = compare(s, source, in, key, &f, e);
out:
	if (in != source->opened)
		input_close(in);
	free(f.list);
	return (rc);
}
