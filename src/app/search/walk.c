#include "app/search/walk.h"

#include <assert.h>

#include "app/restrict/left_out.h"
#include "app/search/search.h"
#include "base/err.h"
#include "base/scan.h"
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

int
app_walk_lines_back(struct app_records *r, struct app_walk *w, struct span lines, struct err *e)
{
	size_t begin;
	int rc;

	while (lines.len > 0) {
		lines.len--; /* its LF */
		begin = scan_last(lines, '\n');
		begin = begin == lines.len ? 0 : begin + 1;
		r->number--;
		if (r->number < w->below) {
			if ((rc = walk_line(r, span_from(lines, begin), w->each, w->arg, e)) != 0)
				return (rc);
			w->below = r->number;
		}
		lines.len = begin;
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

/* Down to that one, it too. */
static void
pass_over_back(struct app_records *r, struct app_walk *w, uint64_t number)
{
	while (r->number > number && !r->all && r->left != NULL) {
		r->number--;
		r->restricted += r->number < w->below && is_left_out(r);
	}
	r->number = number;
	if (w->below > number)
		w->below = number;
}

/* ---- one frame ---- */

static int
walk_frame(
    struct app_records *r, const struct app_walk *w, const struct app_frame *frame, struct err *e)
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

static int
walk_frame_back(
    struct app_records *r, struct app_walk *w, const struct app_frame *frame, struct err *e)
{
	size_t scanned, i = frame->kept_count;
	const uint64_t count = scan_count_lines(frame->lines, SIZE_MAX, &scanned);
	uint64_t first;
	struct span line;
	int rc = 0;

	if (count > r->number - w->segment->first)
		return (err_set(e, ERR_FINDING, "more records than their entry says"));
	first = r->number - count;
	for (; i > 0 && rc == 0; i--) {
		line = span_from(frame->lines, frame->kept[i - 1].at);
		if (!frame->full || i < frame->kept_count) {
			line.len = span_find(line, '\n') + 1;
			pass_over_back(r, w, first + frame->kept[i - 1].number + 1);
		}
		rc = app_walk_lines_back(r, w, line, e);
	}
	if (rc == 0)
		pass_over_back(r, w, first);
	return (rc);
}

/* ---- all of them ---- */

/* Where the reading of frames has got to: so many were added. */
struct frames_ahead {
	size_t added, count;
	uint64_t number; /* of the first record of the next one; back: behind its last */
};

/* As many as there is room for; those that hold nothing are left out. */
static void
add_frames(struct app_records *r, const struct app_walk *w, struct frames_ahead *ahead)
{
	struct app_search *s = r->search;
	uint64_t count;

	for (; ahead->added < ahead->count && app_frames_room(s->frames); ahead->added++) {
		if (app_search_may(s, ahead->added, ahead->number, &count) &&
		    (count == 0 || ahead->number + count > w->from))
			app_frames_add(s->frames, ahead->added, ahead->number, count);
		ahead->number += count;
	}
}

static void
add_frames_back(struct app_records *r, const struct app_walk *w, struct frames_ahead *ahead)
{
	struct app_search *s = r->search;
	uint64_t count;
	size_t frame;

	assert(s->may == NULL); /* which is asked in order */
	for (; ahead->added < ahead->count && app_frames_room(s->frames); ahead->added++) {
		frame = ahead->count - ahead->added - 1;
		if (app_search_may(s, frame, 0, &count) &&
		    (count == 0 || ahead->number - count < w->below))
			app_frames_add(s->frames, frame, ahead->number, count);
		ahead->number -= count;
	}
}

static int
walk_added(struct app_records *r, struct app_walk *w, const char *path, size_t count, struct err *e)
{
	struct app_search *s = r->search;
	struct frames_ahead ahead = { 0, count, r->number };
	const struct app_frame *frame;
	uint64_t number;
	int rc = 0, end;

	while (rc == 0) {
		(w->back ? add_frames_back : add_frames)(r, w, &ahead);
		if ((end = app_frames_next(s->frames, &frame, e)) == -1)
			return (err_in(e, "%s", path));
		/* Frames that hold nothing are counted as others: else the figure tells of them. */
		number = end == 1 ? ahead.number : frame->first;
		if (s->has_skip && w->back)
			pass_over_back(r, w, number);
		else if (s->has_skip)
			pass_over(r, w, number);
		if (end == 1)
			break;
		rc = w->back ? walk_frame_back(r, w, frame, e) : walk_frame(r, w, frame, e);
		if (rc == 0)
			app_search_frame(s, frame);
		app_frames_drop(s->frames);
	}
	if (rc == 0 && w->back && r->number > w->segment->first)
		return (err_set(e, ERR_FINDING, "%s: fewer records than its entry says", path));
	return (rc);
}

/* Frame by frame, those left out that hold nothing. */
int
app_walk_frames(struct app_records *r, struct app_walk *w, const char *path, struct err *e)
{
	const struct store_skip_of of = { w->segment->seg, w->segment->n, w->segment->root };
	struct store_seek *seek = NULL;
	int rc = 2;

	if (store_seek_open(r->stream_fd, path, &seek, e) == -1)
		return (w->back ? -1 : 2);
	r->search->chain_bytes = r->chain.bytes;
	r->search->back = w->back;
	if (app_search_begin(r->search, w->revision == 0 ? &of : NULL, seek) == 0) {
		rc = walk_added(r, w, path, store_seek_frames(seek), e);
		app_search_end(r->search, rc == 0);
	} else if (w->back)
		rc = err_memory(e);
	store_seek_close(seek);
	return (rc);
}
