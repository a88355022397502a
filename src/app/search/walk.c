#include "app/search/walk.h"

#include "app/restrict/left_out.h"
#include "app/search/search.h"
#include "base/err.h"
#include "seal/leaf.h"
#include "seal/placeholder.h"
#include "store/seek.h"

static bool
is_left_out(const struct app_records *r)
{
	return (!r->all && r->left != NULL && app_left_out_has(r->left, r->number));
}

static int
walk_line(struct app_records *r, struct span line, app_record_each each, void *arg, struct err *e)
{
	struct span inner;

	if (is_left_out(r)) {
		r->restricted++;
		return (0);
	}
	if (r->placeholders)
		return (each(arg, line, e));
	switch (seal_line_read(line, NULL, &inner)) {
	case SEAL_LINE_RECORD: return (each(arg, line, e));
	case SEAL_LINE_REPLACED: return (each(arg, inner, e));
	case SEAL_LINE_ERASED: r->erased++; return (0);
	default: return (err_set(e, ERR_FINDING, "record %ju: no record", (uintmax_t)r->number));
	}
}

int
app_walk_lines(struct app_records *r, const struct app_walk *w, struct span lines, struct err *e)
{
	size_t len;
	int rc;

	for (; lines.len > 0; r->number++) {
		len = span_find(lines, '\n');
		if (r->number >= w->from &&
		    (rc = walk_line(r, span_of(lines.ptr, len), w->each, w->arg, e)) != 0)
			return (rc);
		lines = span_from(lines, len + 1);
	}
	return (0);
}

/* Up to the record of that number, which are not looked at. */
static void
pass_over(struct app_records *r, const struct app_walk *w, uint64_t number)
{
	for (; r->number < number && !r->all && r->left != NULL; r->number++)
		r->restricted += r->number >= w->from && is_left_out(r);
	r->number = number;
}

static int
walk_frame(struct app_records *r, const struct app_walk *w, const struct app_frame *frame,
    struct err *e)
{
	const uint64_t first = r->number;
	struct span line;
	int rc = 0;

	for (size_t i = 0; i < frame->kept_count && rc == 0; i++) {
		line = span_from(frame->lines, frame->kept[i].at);
		pass_over(r, w, first + frame->kept[i].number);
		if (!frame->full || i + 1 < frame->kept_count)
			line.len = span_find(line, '\n') + 1;
		rc = app_walk_lines(r, w, line, e);
	}
	if (rc == 0 && !frame->full)
		pass_over(r, w, first + frame->count);
	return (rc);
}

/* Where the reading of frames has got to: the next one, and the number of its first record. */
struct frames_ahead {
	size_t next, count;
	uint64_t number;
};

/* As many as there is room for; those that hold nothing are left out. */
static void
add_frames(struct app_records *r, const struct app_walk *w, struct frames_ahead *ahead)
{
	struct app_search *s = r->search;
	uint64_t count;

	for (; ahead->next < ahead->count && app_frames_room(s->frames); ahead->next++) {
		if (app_search_may(s, ahead->next, ahead->number, &count) &&
		    (count == 0 || ahead->number + count > w->from))
			app_frames_add(s->frames, ahead->next, ahead->number, count);
		ahead->number += count;
	}
}

static int
walk_added(struct app_records *r, const struct app_walk *w, const char *path, size_t count,
    struct err *e)
{
	struct app_search *s = r->search;
	struct frames_ahead ahead = { 0, count, r->number };
	const struct app_frame *frame;
	int rc = 0, end;

	while (rc == 0) {
		add_frames(r, w, &ahead);
		if ((end = app_frames_next(s->frames, &frame, e)) == -1)
			return (err_in(e, "%s", path));
		/* Frames that hold nothing are counted as others: else the figure tells of them. */
		if (s->has_skip)
			pass_over(r, w, end == 1 ? ahead.number : frame->first);
		if (end == 1)
			return (0);
		if ((rc = walk_frame(r, w, frame, e)) == 0)
			app_search_frame(s, frame);
		app_frames_drop(s->frames);
	}
	return (rc);
}

/* Frame by frame, those left out that hold nothing.  2: not possible. */
int
app_walk_frames(struct app_records *r, const struct app_walk *w, const char *path, struct err *e)
{
	const struct store_skip_of of = { w->segment->seg, w->segment->n, w->segment->root };
	struct store_seek *seek = NULL;
	int rc = 2;

	if (store_seek_open(r->stream_fd, path, &seek, NULL) == -1)
		return (2);
	r->search->chain_bytes = r->chain.bytes;
	if (app_search_begin(r->search, w->revision == 0 ? &of : NULL, seek) == 0) {
		rc = walk_added(r, w, path, store_seek_frames(seek), e);
		app_search_end(r->search, rc == 0);
	}
	store_seek_close(seek);
	return (rc);
}
