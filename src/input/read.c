/* input: batches of whole lines. */
#include <assert.h>
#include <string.h>

#include "base/scan.h"
#include "input/reader.h"

#define READ_STEP_BYTES (256u << 10) /* bounds what a full batch gives back */

/*
 * Read from the source to out, at most size bytes.  Bytes read; 0 at the end
 * or at damage, which in->ended and in->broken tell apart.
 */
static size_t
fetch(struct input *in, char *out, size_t size)
{
	ssize_t got;

	if (in->ended || in->broken || size == 0)
		return (0);
	got = input_source_read(in->source, out, size, &in->damage);
	in->broken = got == -1;
	in->ended = got == 0;
	return (got > 0 ? (size_t)got : 0);
}

void
input_more(struct input *in, size_t size)
{
	if (in->ready_at == in->ready_len)
		in->ready_at = in->ready_len = 0;
	if (size > INPUT_BATCH_BYTES - in->ready_len)
		size = INPUT_BATCH_BYTES - in->ready_len;
	in->ready_len += fetch(in, in->ready + in->ready_len, size);
}

/* These bytes were consumed: they are, or go to, the tail. */
static void
pass_by(struct input *in, const char *bytes, size_t len)
{
	size_t keep;

	if (in->prefix != NULL)
		input_watch(in, span_of(bytes, len));
	if (len > INPUT_TAIL_BYTES) {
		bytes += len - INPUT_TAIL_BYTES;
		len = INPUT_TAIL_BYTES;
	}
	keep = in->tail_len + len <= INPUT_TAIL_BYTES ? in->tail_len : INPUT_TAIL_BYTES - len;
	memmove(in->tail, in->tail + in->tail_len - keep, keep);
	memcpy(in->tail + keep, bytes, len);
	in->tail_len = keep + len;
}

struct span
input_tail(const struct input *in)
{
	return (span_of(in->tail, in->tail_len));
}

int
input_damage(const struct input *in, struct err *e)
{
	if (e != NULL)
		*e = in->damage;
	return (-1);
}

/* From ready if it has something, else from the source. */
static size_t
read_take(struct input *in, char *out, size_t size)
{
	size_t have = in->ready_len - in->ready_at;

	if (have == 0)
		return (fetch(in, out, size));
	if (size > have)
		size = have;
	memcpy(out, in->ready + in->ready_at, size);
	in->ready_at += size;
	return (size);
}

/*
 * Give back the bytes behind the cut.  If ready still holds bytes, all of the
 * batch came from there and the same bytes stand in front of ready_at.
 */
static void
read_give_back(struct input *in, const char *bytes, size_t len)
{
	if (in->ready_at < in->ready_len) {
		assert(in->ready_at >= len);
		in->ready_at -= len;
		return;
	}
	memcpy(in->ready, bytes, len);
	in->ready_at = 0;
	in->ready_len = len;
}

/* Fill batch up to its bytes or lines.  Returns where it must be cut. */
static size_t
read_fill(struct input *in, struct input_batch *batch)
{
	while (batch->len < INPUT_BATCH_BYTES) {
		size_t room = INPUT_BATCH_BYTES - batch->len, got, stop = 0, lines;
		char *to = batch->bytes + batch->len;

		got = read_take(in, to, room < READ_STEP_BYTES ? room : READ_STEP_BYTES);
		if (got == 0)
			break;
		lines = scan_count_lines(
		    span_of(to, got), INPUT_BATCH_LINES - batch->line_count, &stop);
		batch->line_count += lines;
		batch->len += got;
		if (batch->line_count == INPUT_BATCH_LINES)
			return ((size_t)(to - batch->bytes) + stop);
	}
	if (batch->line_count == 0)
		return (0);
	return (scan_last(span_of(batch->bytes, batch->len), '\n') + 1);
}

/* What is skipped to its end, a line or an item: bytes and line ends so far. */
struct skipped {
	bool item, ended;
	uint64_t bytes, lines;
};

/* How many of bytes belong to it. */
static size_t
skip_some(struct input *in, struct span bytes, struct skipped *s)
{
	size_t len, stop;

	if (s->item) {
		s->ended = in->items.ends(in->items.arg, bytes, &len);
	} else {
		len = span_find(bytes, '\n');
		s->ended = len < bytes.len;
		len += s->ended;
	}
	s->lines += scan_count_lines(span_of(bytes.ptr, len), SIZE_MAX, &stop);
	s->bytes += len;
	return (len);
}

/* From the bytes behind the batch on. */
static void
skip_rest(struct input *in, struct skipped *s)
{
	while (!s->ended) {
		struct span left;
		size_t len;

		if (in->ready_at == in->ready_len)
			input_more(in, READ_STEP_BYTES);
		left = span_of(in->ready + in->ready_at, in->ready_len - in->ready_at);
		if (left.len == 0)
			break;
		len = skip_some(in, left, s);
		pass_by(in, left.ptr, len);
		in->ready_at += len;
	}
}

/* Is what was skipped without end one that may grow?  A whole line never is. */
static bool
may_grow(const struct input *in, const struct skipped *s)
{
	return (in->leave && !s->ended && in->tail[in->tail_len - 1] != '\n');
}

/* The batch holds the start of what does not fit: pass on its first keep bytes, skip all. */
static int
read_overlong(struct input *in, size_t keep, struct skipped *s, struct input_batch *batch,
    struct err *e)
{
	size_t spare_len = in->tail_len;

	memcpy(in->spare, in->tail, spare_len);
	pass_by(in, batch->bytes, batch->len);
	skip_rest(in, s);
	if (in->broken && !s->ended)
		return (input_damage(in, e));
	if (may_grow(in, s)) {
		memcpy(in->tail, in->spare, spare_len);
		in->tail_len = spare_len;
		batch->len = batch->line_count = 0;
		batch->unfinished = true;
		return (0);
	}
	batch->read = s->bytes;
	batch->dropped = s->bytes - keep;
	batch->len = keep;
	return (0);
}

/* The batch holds the start of a line that does not fit: skip to its end. */
static int
read_line(struct input *in, size_t line_max, struct input_batch *batch, struct err *e)
{
	size_t len = batch->len, keep = line_max < len ? line_max + 1 : len;
	struct skipped s = { .bytes = len };

	if (read_overlong(in, keep, &s, batch, e) == -1)
		return (-1);
	if (batch->unfinished)
		return (0);
	if (s.bytes - s.ended == len) { /* it just fits, without or with its line end */
		batch->len = len;
		batch->dropped = 0;
	} else {
		batch->dropped -= s.ended;
	}
	batch->bytes[batch->len++] = '\n';
	batch->line_count = 1;
	return (0);
}

/* If the batch holds the start of an item of which no more fits: skip to its end.  1: so. */
static int
read_item(struct input *in, size_t line_max, struct input_batch *batch, struct err *e)
{
	struct skipped s = { .item = true };
	size_t start, look, keep, stop;

	if (in->items.begins == NULL ||
	    (batch->len < INPUT_BATCH_BYTES && batch->line_count < INPUT_BATCH_LINES) ||
	    !in->items.begins(in->items.arg, span_of(batch->bytes, batch->len), &start, &look))
		return (0);
	keep = start + line_max + 1;
	s.bytes = look;
	(void)skip_some(in, span_of(batch->bytes + look, batch->len - look), &s);
	if (keep >= s.bytes) /* many lines, and yet no long item */
		return (0);
	if (s.ended && s.bytes < batch->len)
		read_give_back(in, batch->bytes + s.bytes, batch->len - (size_t)s.bytes);
	batch->len = s.bytes < batch->len ? (size_t)s.bytes : batch->len;
	s.lines = scan_count_lines(
	    span_of(batch->bytes + keep, batch->len - keep), SIZE_MAX, &stop);
	if (read_overlong(in, keep, &s, batch, e) == -1)
		return (-1);
	if (batch->unfinished)
		return (1);
	batch->item = true;
	batch->dropped_lines = s.lines;
	batch->line_count = scan_count_lines(span_of(batch->bytes, keep), SIZE_MAX, &stop) + 1;
	batch->bytes[batch->len++] = '\n';
	return (1);
}

/* Does nothing follow what the batch holds? */
static bool
read_is_last(const struct input *in, const struct input_batch *batch)
{
	return ((in->ended || in->broken) && in->ready_at == in->ready_len &&
	    batch->line_count < INPUT_BATCH_LINES);
}

/* Where records end, if the lines up to cut are no measure. */
static size_t
read_whole(const struct input *in, size_t cut, const struct input_batch *batch)
{
	bool last = read_is_last(in, batch);
	/* A line that may grow, or runs into damage, is last only if it is whole by itself. */
	bool keep = last && (in->leave || in->broken);
	size_t len = batch->line_count == INPUT_BATCH_LINES ? cut : batch->len;
	size_t whole = in->whole(in->whole_arg, span_of(batch->bytes, len), last && !keep);

	if (keep && whole < cut)
		whole = in->whole(in->whole_arg, span_of(batch->bytes, cut), true);
	return (whole);
}

/* A full or last batch: cut it, or end it. */
static void
read_cut(struct input *in, size_t cut, struct input_batch *batch)
{
	size_t rest = batch->len - cut;
	bool part = rest > 0 && memchr(batch->bytes + cut, '\n', rest) == NULL;
	bool last = part && read_is_last(in, batch);

	batch->read = batch->len;
	if (rest == 0 && cut > 0 && batch->bytes[cut - 1] != '\n') {
		/* Between records, or at the end of all? */
		if (in->ready_at == in->ready_len)
			input_more(in, INPUT_HEAD_BYTES);
		last = read_is_last(in, batch);
	}
	if ((last && !in->broken && !in->leave && in->whole == NULL) || (rest == 0 && last)) {
		batch->bytes[batch->len++] = '\n';
		batch->line_count++;
		return;
	}
	if (rest == 0)
		return;
	batch->len = cut;
	batch->read = cut;
	batch->unfinished = last && in->leave && !in->broken;
	/* Of a line that runs into damage nothing is given. */
	if (!batch->unfinished && !(last && in->broken))
		read_give_back(in, batch->bytes + cut, rest);
}

int
input_read(struct input *in, size_t line_max, struct input_batch *batch, struct err *e)
{
	size_t cut, whole;
	int item = 0;

	batch->len = 0;
	batch->line_count = 0;
	batch->at = in->at;
	batch->read = 0;
	batch->dropped = batch->dropped_lines = 0;
	batch->item = batch->unfinished = false;
	cut = read_fill(in, batch);
	if (in->whole != NULL && batch->len > 0) {
		whole = read_whole(in, cut, batch);
		if (whole == 0 && (item = read_item(in, line_max, batch, e)) == -1)
			return (-1);
		cut = whole > 0 ? whole : cut;
	}
	if (item == 0 && cut == 0 && in->broken)
		return (input_damage(in, e));
	if (item == 0 && cut == 0 && batch->len == INPUT_BATCH_BYTES) {
		if (read_line(in, line_max, batch, e) == -1)
			return (-1);
	} else if (item == 0) {
		read_cut(in, cut, batch);
		pass_by(in, batch->bytes, (size_t)batch->read);
	}
	in->at += batch->read;
	if (in->ready_at == in->ready_len && !in->ended && !in->broken)
		input_more(in, INPUT_HEAD_BYTES);
	batch->end = in->ended && in->ready_at == in->ready_len;
	return (0);
}

int
input_skip(struct input *in, uint64_t bytes, struct err *e)
{
	while (bytes > 0) {
		uint64_t have = in->ready_len - in->ready_at;
		uint64_t some = have < bytes ? have : bytes;

		if (have == 0 && bytes > INPUT_TAIL_BYTES && in->prefix == NULL)
			some = input_source_seek(in->source, bytes - INPUT_TAIL_BYTES);
		if (some == 0) {
			input_more(in, READ_STEP_BYTES);
			if (in->ready_len > 0)
				continue;
			if (in->broken)
				return (input_damage(in, e));
			return (
			    err_set(e, ERR_INPUT, "ends at byte %llu, before the place to go on",
				(unsigned long long)in->at));
		}
		if (have > 0) {
			pass_by(in, in->ready + in->ready_at, (size_t)some);
			in->ready_at += (size_t)some;
		} else {
			in->tail_len = 0; /* sought: the rest is long enough to fill it */
		}
		in->at += some;
		bytes -= some;
	}
	return (0);
}
