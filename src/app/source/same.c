/* app: files of one import that have the same content. */
#include <string.h>

#include "app/say.h"
#include "app/source/same.h"
#include "app/sources.h"
#include "base/err.h"
#include "input/input.h"

#define STEP_BYTES ((size_t)1 << 20)

enum sameness { GOES_ON, DIFFERENT, EQUAL, FIRST_BEGINS, SECOND_BEGINS };

/* What comes next of in; a damaged end is an end. */
static int
peek(struct input *in, struct span *head, struct err *e)
{
	*head = span_of(NULL, 0);
	return (input_peek(in, STEP_BYTES, head, e) == -1 && e->code != ERR_INPUT ? -1 : 0);
}

static int
step(struct input *one, struct input *two, enum sameness *how, struct err *e)
{
	struct span a, b;
	size_t both;

	if (peek(one, &a, e) == -1 || peek(two, &b, e) == -1)
		return (-1);
	both = a.len < b.len ? a.len : b.len;
	if (both == 0)
		*how = a.len == b.len ? EQUAL : a.len == 0 ? FIRST_BEGINS : SECOND_BEGINS;
	else if (memcmp(a.ptr, b.ptr, both) != 0)
		*how = DIFFERENT;
	else
		return (input_skip(one, both, e) == -1 || input_skip(two, both, e) == -1 ? -1 : 0);
	return (0);
}

static int
compare(const struct app_sources *s, const char *one, const char *two, enum sameness *how,
    struct err *e)
{
	struct input *a = NULL, *b = NULL;
	int rc = -1;

	*how = GOES_ON;
	if (input_open(one, s->stop, &a, e) == -1 || input_open(two, s->stop, &b, e) == -1)
		goto out;
	while (*how == GOES_ON)
		if (step(a, b, how, e) == -1)
			goto out;
	rc = 0;
out:
	input_close(a);
	input_close(b);
	return (rc);
}

/* May one be the beginning of the other, or be the other? */
static bool
alike(const struct app_source *one, const struct app_source *two)
{
	if (one->head == 0 || two->head == 0)
		return (false);
	if (one->head == two->head)
		return (memcmp(one->fp, two->fp, sizeof(one->fp)) == 0);
	/* One is short: its head is its all. */
	return (one->stem_len != two->stem_len ||
	    memcmp(one->stem, two->stem, sizeof(one->stem)) == 0);
}

static void
skip(struct app_source *source, const struct app_source *other, const char *note)
{
	source->skip = true;
	source->note = note;
	source->other = other->path;
}

static int
pair(struct app_sources *s, struct app_source *one, struct app_source *two, struct err *e)
{
	enum sameness how;

	if (one->inode == two->inode && one->device == two->device) {
		skip(two, one, "the same file as");
		return (0);
	}
	if (!alike(one, two))
		return (0);
	if (one->is_stdin || two->is_stdin) {
		app_warn("import", "%s begins like %s and cannot be compared: is it the same?",
		    two->path, one->path);
		return (0);
	}
	if (compare(s, one->path, two->path, &how, e) == -1)
		return (-1);
	if (how == EQUAL)
		skip(two, one, "the same content as");
	else if (how == SECOND_BEGINS)
		skip(two, one, "the beginning of");
	else if (how == FIRST_BEGINS)
		skip(one, two, "the beginning of");
	return (0);
}

int
app_sources_same(struct app_sources *s, struct err *e)
{
	for (size_t i = 0; i < s->count; i++)
		for (size_t j = 0; j < i && !s->list[i].skip; j++)
			if (!s->list[j].skip && pair(s, &s->list[j], &s->list[i], e) == -1)
				return (-1);
	return (0);
}
