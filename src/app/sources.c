/* app: the files of an import. */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "app/sources.h"
#include "base/buf.h"
#include "base/err.h"
#include "input/input.h"
#include "store/store.h"

#define DETECT_BYTES ((size_t)512 << 10)

void
app_evidence_print(const struct parse_evidence *evidence, struct buf *out)
{
	if (evidence->fit_count == 0)
		buf_str(out, "no known format fits");
	for (unsigned i = 0; i < evidence->fit_count; i++)
		buf_fmt(out, "%s%s (%u of %u lines)", i == 0 ? "" : ", ",
		    evidence->fits[i].format->name, evidence->fits[i].parsed, evidence->lines);
}

/* The format of one head, into s for the first file, compared for the others. */
static int
detect(struct app_sources *s, struct app_source *source, const struct parse_evidence *found,
    struct err *e)
{
	struct buf text = { 0 };
	unsigned fit = 0;

	source->first_time_us = found->first_time_us;
	source->has_time = found->has_time;
	if (found->lines == 0)
		return (0);
	if (s->format == NULL && found->format == NULL) {
		app_evidence_print(found, &text);
		(void)err_set(e, ERR_INPUT, "%s: format not clear: %s; name it with --format",
		    source->path, buf_ok(&text) ? text.data : "");
		buf_free(&text);
		return (-1);
	}
	if (s->format == NULL)
		s->format = found->format;
	for (unsigned i = 0; i < found->fit_count; i++)
		if (found->fits[i].format == s->format)
			fit = found->fits[i].parsed + found->fits[i].partial;
	if (2 * fit < found->lines)
		return (err_set(e, ERR_INPUT,
		    "%s: %u of its first %u lines are %s like the files "
		    "before it; import it by itself",
		    source->path, fit, found->lines, s->format->name));
	s->detect_fit += fit;
	s->detect_lines += found->lines;
	return (0);
}

static bool
readable_twice(const char *path)
{
	struct stat st;

	return (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode));
}

static int
look_at(struct app_sources *s, struct app_source *source, bool named, char *scratch, struct err *e)
{
	struct parse_evidence found;
	struct input *in = NULL;
	struct span head;
	size_t need;
	int rc = -1;

	/* A pipe may be slow: do not wait for more than is needed. */
	source->is_stdin = !readable_twice(source->path);
	need = named && source->is_stdin ? INPUT_HEAD_BYTES : DETECT_BYTES;
	if (input_open(source->path, NULL, &in, e) == -1)
		goto out;
	if (input_peek(in, need, &head, e) == -1) {
		(void)err_in(e, "%s", source->path);
		goto out;
	}
	parse_detect(head, scratch, &found);
	source->head = head.len < INPUT_HEAD_BYTES ? head.len : INPUT_HEAD_BYTES;
	s->file_bytes += input_file_size(in);
	if (!named && detect(s, source, &found, e) == -1)
		goto out;
	source->first_time_us = found.first_time_us;
	source->has_time = found.has_time;
	if (source->is_stdin) {
		source->opened = in;
		in = NULL; /* handed over */
	}
	rc = 0;
out:
	input_close(in);
	return (rc);
}

static int
by_time(const void *left, const void *right)
{
	const struct app_source *a = left, *b = right;

	if (a->has_time != b->has_time)
		return (a->has_time ? -1 : 1);
	if (a->has_time && a->first_time_us != b->first_time_us)
		return (a->first_time_us < b->first_time_us ? -1 : 1);
	return (a->order < b->order ? -1 : 1);
}

int
app_sources_open(struct app_sources *s, char **paths, int count, const struct parse_format *format,
    struct err *e)
{
	char *scratch = malloc(PARSE_LINE_MAX);
	int rc = -1;

	memset(s, 0, sizeof(*s));
	s->format = format;
	s->list = calloc((size_t)count + 1, sizeof(*s->list));
	if (scratch == NULL || s->list == NULL) {
		(void)err_set(e, ERR_IO, "out of memory for %d files", count);
		goto out;
	}
	for (int i = 0; i < count; i++) {
		s->list[i].path = paths[i];
		s->list[i].order = (unsigned)i;
		s->count++;
		if (look_at(s, &s->list[i], format != NULL, scratch, e) == -1)
			goto out;
	}
	if (s->format == NULL) /* only empty files: any format reads them */
		s->format = &parse_formats[0];
	qsort(s->list, s->count, sizeof(*s->list), by_time);
	rc = 0;
out:
	free(scratch);
	return (rc);
}

void
app_sources_close(struct app_sources *s)
{
	for (size_t i = 0; i < s->count; i++)
		input_close(s->list[i].opened);
	free(s->list);
	memset(s, 0, sizeof(*s));
}

/* Has an earlier one of the list the same first bytes? */
static bool
named_twice(const struct app_sources *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!s->list[j].skip && s->list[j].head == s->list[i].head &&
		    memcmp(s->list[j].fp, s->list[i].fp, sizeof(s->list[i].fp)) == 0)
			return (true);
	return (false);
}

/* What the newest cursor says of one source. */
static int
resume_one(
    struct app_source *source, const struct seal_source *cursor, struct input *in, struct err *e)
{
	source->start = cursor->at;
	memcpy(source->fp, cursor->fp, sizeof(source->fp));
	source->head = cursor->head;
	source->note = "continued where the sealed part ends";
	if (input_skip(in, cursor->at, e) == -1) {
		if (e->code != ERR_INPUT)
			return (-1);
		return (err_set(e, ERR_INPUT,
		    "%s is shorter than the %llu bytes of it that are "
		    "sealed already; --again imports it as a new file",
		    source->path, (unsigned long long)cursor->at));
	}
	return (0);
}

static int
resume_source(struct app_sources *s, size_t i, const struct store_stream *st,
    const unsigned char *key, bool again, struct err *e)
{
	struct app_source *source = &s->list[i];
	struct input *in = source->opened;
	struct seal_source cursor;
	struct span head, rest;
	int rc = -1;

	if ((in == NULL && input_open(source->path, NULL, &in, e) == -1) ||
	    input_peek(in, INPUT_HEAD_BYTES, &head, e) == -1)
		goto out;
	store_fingerprint(key, head, source->fp);
	source->head = head.len;
	if (head.len > 0 && named_twice(s, i)) {
		source->skip = true;
		source->note = "the same file twice";
	} else if (!again && head.len > 0 && store_stream_source(st, key, head, &cursor)) {
		if (resume_one(source, &cursor, in, e) == -1 || input_peek(in, 1, &rest, e) == -1)
			goto out;
		source->skip = rest.len == 0 && cursor.end;
		if (source->skip)
			source->note = "sealed already";
	}
	rc = 0;
out:
	if (in != source->opened)
		input_close(in);
	return (rc);
}

int
app_sources_resume(struct app_sources *s, const struct store_stream *st,
    const unsigned char fingerprint_key[static 32], bool again, struct err *e)
{
	for (size_t i = 0; i < s->count; i++)
		if (resume_source(s, i, st, fingerprint_key, again, e) == -1)
			return (-1);
	return (0);
}

bool
app_sources_rereadable(const struct app_sources *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].is_stdin)
			return (false);
	return (true);
}

void
app_sources_rewind(struct app_sources *s)
{
	s->next = 0;
}

int
app_sources_next(void *arg, struct input **in, struct err *e)
{
	struct app_sources *s = arg;
	struct app_source *source;

	*in = NULL;
	while (s->next < s->count && s->list[s->next].skip)
		s->next++;
	if (s->next == s->count)
		return (0);
	source = &s->list[s->next++];
	if (source->opened != NULL) {
		*in = source->opened;
		source->opened = NULL; /* handed over, already positioned */
		return (0);
	}
	if (input_open(source->path, NULL, in, e) == -1)
		return (-1);
	if (source->start > 0 && input_skip(*in, source->start, e) == -1) {
		input_close(*in);
		*in = NULL;
		return (-1);
	}
	return (0);
}

const char *
app_sources_name(void *arg, size_t number)
{
	const struct app_source *source = app_sources_at(arg, number);

	return (source != NULL ? source->path : "input");
}

const struct app_source *
app_sources_at(const struct app_sources *s, size_t number)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->list[i].skip && number-- == 0)
			return (&s->list[i]);
	return (NULL);
}
