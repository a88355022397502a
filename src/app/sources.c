/* app: the files of an import. */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/source/detect.h"
#include "app/source/parser.h"
#include "app/source/resume.h"
#include "app/source/same.h"
#include "app/sources.h"
#include "base/buf.h"
#include "base/err.h"
#include "input/input.h"
#include "parse/piece.h"
#include "store/store.h"

void
app_evidence_print(const struct parse_evidence *evidence, struct buf *out)
{
	if (evidence->fit_count == 0)
		buf_str(out, "no known format fits");
	for (unsigned i = 0; i < evidence->fit_count; i++)
		buf_fmt(out, "%s%s (%u of %u lines)", i == 0 ? "" : ", ",
		    evidence->fits[i].format->name, evidence->fits[i].parsed,
		    evidence->fits[i].records);
}

void
app_envelope_print(
    const enum parse_envelope envelope[static PARSE_ENVELOPES_MAX], struct buf *out)
{
	for (unsigned i = 0; i < PARSE_ENVELOPES_MAX && envelope[i] != PARSE_ENVELOPE_NONE; i++)
		buf_fmt(out, "%s > ", parse_envelope_name(envelope[i]));
}

static bool
wrapped_alike(const struct app_sources *s, const struct parse_evidence *found)
{
	return (memcmp(found->envelope, s->parser.envelope, sizeof(found->envelope)) == 0);
}

/* The format of one head, into s for the first file, compared for the others. */
static int
detect(struct app_sources *s, struct app_source *source, const struct parse_evidence *found,
    struct err *e)
{
	struct buf text = { 0 };
	unsigned fit = 0, seen = found->lines;

	source->first_time_us = found->first_time_us;
	source->has_time = found->has_time;
	if (found->lines == 0)
		return (0);
	if (s->parser.format == NULL && found->format == NULL) {
		app_evidence_print(found, &text);
		(void)err_set(e, ERR_INPUT,
		    "%s: format not clear: %s; name it with --format (cretula help "
		    "formats), or give what the server was told with --format-string",
		    source->path, buf_ok(&text) ? text.data : "");
		buf_free(&text);
		return (-1);
	}
	if (s->parser.format == NULL) {
		s->parser.format = found->format;
		memcpy(s->parser.envelope, found->envelope, sizeof(found->envelope));
		if (app_parser_check(&s->parser, e) == -1)
			return (-1);
	}
	for (unsigned i = 0; i < found->fit_count; i++)
		if (found->fits[i].format == s->parser.format) {
			fit = found->fits[i].parsed + found->fits[i].partial;
			seen = found->fits[i].records;
		}
	if (2 * fit < seen || (found->format == s->parser.format && !wrapped_alike(s, found)))
		return (err_set(e, ERR_INPUT,
		    "%s: %u of its first %u lines are %s like the files "
		    "before it; import it by itself",
		    source->path, fit, seen, s->parser.format->name));
	s->detect_fit += fit;
	s->detect_lines += seen;
	return (0);
}

/* Which file it is; one that can be read only once may be named only once. */
static int
identify(const struct app_sources *s, struct app_source *source, struct err *e)
{
	bool given = strcmp(source->path, "-") == 0;
	struct stat st;

	if ((given ? fstat(STDIN_FILENO, &st) : stat(source->path, &st)) == -1)
		return (err_sys(e, ERR_INPUT, "%s", source->path));
	source->is_stdin = given || !S_ISREG(st.st_mode);
	source->device = st.st_dev;
	source->inode = st.st_ino;
	for (const struct app_source *other = s->list; other < source; other++)
		if (source->is_stdin && other->is_stdin && other->inode == source->inode &&
		    other->device == source->device)
			return (err_set(e, ERR_USAGE,
			    "%s: named twice, but it can be read only once", source->path));
	return (0);
}

static int
look_at(struct app_sources *s, struct app_source *source, bool named, struct err *e)
{
	struct app_look look = { .path = source->path, .stop = s->stop };
	struct parser parser = s->parser; /* envelopes are those of the first file */
	struct parse_evidence found;
	struct input *in = NULL;
	int rc = -1;

	if (identify(s, source, e) == -1)
		return (-1);
	/* A pipe may be slow: do not wait for more than is needed. */
	look.bytes = named && source->is_stdin ? INPUT_HEAD_BYTES : APP_DETECT_BYTES;
	look.named = named ? &parser : NULL;
	if (app_detect(&look, &in, &found, e) == -1)
		return (-1);
	s->file_bytes += input_file_size(in);
	if (named && source == s->list)
		s->parser = parser;
	if (!named && detect(s, source, &found, e) == -1)
		goto out;
	source->first_time_us = found.first_time_us;
	source->has_time = found.has_time;
	if (source->is_stdin) {
		if (s->parser.format != NULL && s->parser.format->context != NULL)
			input_remember(in, s->parser.format->context);
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

/* Those not skipped, as the pipeline counts them. */
static void
settle(struct app_sources *s)
{
	s->active_count = 0;
	for (size_t i = 0; i < s->count; i++)
		if (!s->list[i].skip)
			s->active[s->active_count++] = &s->list[i];
	s->next = 0;
}

int
app_sources_open(struct app_sources *s, char **paths, int count, const struct parser *parser,
    const atomic_bool *stop, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->parser = *parser;
	s->stop = stop;
	s->list = calloc((size_t)count + 1, sizeof(*s->list));
	s->active = calloc((size_t)count + 1, sizeof(struct app_source *));
	if (s->list == NULL || s->active == NULL)
		return (err_set(e, ERR_IO, "out of memory for %d files", count));
	for (int i = 0; i < count; i++) {
		s->list[i].path = paths[i];
		s->list[i].order = (unsigned)i;
		s->count++;
		if (look_at(s, &s->list[i], parser->format != NULL, e) == -1)
			return (-1);
	}
	if (s->parser.format == NULL) /* only empty files: any format reads them */
		s->parser.format = &parse_formats[0];
	qsort(s->list, s->count, sizeof(*s->list), by_time);
	settle(s);
	return (0);
}

void
app_sources_close(struct app_sources *s)
{
	for (size_t i = 0; i < s->count; i++)
		input_close(s->list[i].opened);
	free(s->active);
	free(s->list);
	memset(s, 0, sizeof(*s));
}

static int
fingerprint(
    const struct app_sources *s, struct app_source *source, const unsigned char *key, struct err *e)
{
	struct input *in = source->opened;
	struct span head;
	int rc = -1;

	if ((in == NULL && input_open(source->path, s->stop, &in, e) == -1) ||
	    input_peek(in, INPUT_HEAD_BYTES, &head, e) == -1)
		goto out;
	store_fingerprint(key, head, source->fp);
	source->head = head.len;
	if (head.len > APP_STEM_BYTES)
		head.len = APP_STEM_BYTES;
	store_fingerprint(key, head, source->stem);
	source->stem_len = head.len;
	rc = 0;
out:
	if (in != source->opened)
		input_close(in);
	return (rc);
}

int
app_sources_resume(struct app_sources *s, const struct store_stream *st,
    const unsigned char fingerprint_key[static 32], bool again, bool final, struct err *e)
{
	s->leave_unfinished = !again && !final;
	for (size_t i = 0; i < s->count; i++)
		if (fingerprint(s, &s->list[i], fingerprint_key, e) == -1)
			return (-1);
	if (app_sources_same(s, e) == -1)
		return (-1);
	for (size_t i = 0; i < s->count && !again; i++) {
		struct app_source *source = &s->list[i];

		if (!source->skip && source->head > 0 &&
		    app_source_resume(s, source, st, fingerprint_key, e) == -1)
			return (-1);
	}
	settle(s);
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

static size_t
whole(const void *arg, struct span bytes, bool last)
{
	return (parse_whole(arg, bytes, INPUT_BATCH_LINES, last));
}

static bool
item_begins(void *arg, struct span bytes, size_t *start, size_t *value)
{
	struct app_sources *s = arg;

	return (parse_beyond_begin(&s->parser, bytes, &s->beyond, start, value));
}

static bool
item_ends(void *arg, struct span bytes, size_t *len)
{
	struct app_sources *s = arg;

	return (parse_beyond(&s->beyond, bytes, len));
}

int
app_sources_next(void *arg, struct input **in, struct err *e)
{
	struct app_sources *s = arg;
	struct app_source *source;

	*in = NULL;
	if (s->next == s->active_count)
		return (0);
	source = s->active[s->next++];
	if (source->opened != NULL)
		*in = source->opened;
	else if (input_open(source->path, s->stop, in, e) == -1)
		return (-1);
	if (parse_pieces(&s->parser) != NULL) {
		input_by_records(*in, whole, &s->parser);
		input_by_items(*in, &(struct input_items){ item_begins, item_ends, s });
	}
	if (s->parser.format->context != NULL)
		input_remember(*in, s->parser.format->context);
	if (source->opened != NULL) {
		source->opened = NULL; /* handed over, already positioned */
		return (0);
	}
	if (s->leave_unfinished && !source->is_stdin)
		(void)input_leave_unfinished(*in);
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
	return (number < s->active_count ? s->active[number] : NULL);
}
