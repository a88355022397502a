/* input: batches of whole lines. */
#include <assert.h>
#include <string.h>

#include "base/scan.h"
#include "input/reader.h"

#define READ_STEP_BYTES (256u << 10) /* bounds what a full batch gives back */

size_t
input_fetch(struct input *in, char *out, size_t size)
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
	in->ready_len += input_fetch(in, in->ready + in->ready_len, size);
}

void
input_passed(struct input *in, const char *bytes, size_t len)
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
		return (input_fetch(in, out, size));
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

/* The batch holds the start of a line that does not fit: skip to its end. */
static int
read_overlong(struct input *in, size_t line_max, struct input_batch *batch, struct err *e)
{
	size_t keep = line_max < INPUT_BATCH_BYTES ? line_max + 1 : INPUT_BATCH_BYTES;
	uint64_t total = batch->len, newline = 0;
	size_t spare_len = in->tail_len;

	memcpy(in->spare, in->tail, spare_len);
	input_passed(in, batch->bytes, batch->len);
	while (newline == 0) {
		struct span left;
		size_t at;

		if (in->ready_at == in->ready_len)
			input_more(in, READ_STEP_BYTES);
		left = span_of(in->ready + in->ready_at, in->ready_len - in->ready_at);
		if (left.len == 0)
			break;
		at = span_find(left, '\n');
		newline = at < left.len;
		total += at;
		input_passed(in, left.ptr, at + newline);
		in->ready_at += at + newline;
	}
	if (in->broken && newline == 0)
		return (input_damage(in, e));
	if (in->leave && newline == 0) {
		memcpy(in->tail, in->spare, spare_len);
		in->tail_len = spare_len;
		batch->len = 0;
		batch->unfinished = true;
		return (0);
	}
	if (total == batch->len) /* it just fits, without or with its line end */
		keep = batch->len;
	batch->dropped = total - keep;
	batch->read = total + newline;
	batch->len = keep;
	batch->bytes[batch->len++] = '\n';
	batch->line_count = 1;
	return (0);
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
	return (whole > 0 ? whole : cut);
}

/* A full or last batch: cut it, or end it. */
static void
read_cut(struct input *in, size_t cut, struct input_batch *batch)
{
	size_t rest = batch->len - cut;
	bool part = rest > 0 && memchr(batch->bytes + cut, '\n', rest) == NULL;
	bool last = part && read_is_last(in, batch);

	batch->read = batch->len;
	if ((last && !in->broken && !in->leave && in->whole == NULL) ||
	    (rest == 0 && cut > 0 && batch->bytes[cut - 1] != '\n')) {
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
	size_t cut;

	batch->len = 0;
	batch->line_count = 0;
	batch->at = in->at;
	batch->read = 0;
	batch->dropped = 0;
	batch->unfinished = false;
	cut = read_fill(in, batch);
	if (in->whole != NULL && batch->len > 0)
		cut = read_whole(in, cut, batch);
	if (cut == 0 && in->broken)
		return (input_damage(in, e));
	if (cut == 0 && batch->len == INPUT_BATCH_BYTES) {
		if (read_overlong(in, line_max, batch, e) == -1)
			return (-1);
	} else {
		read_cut(in, cut, batch);
		input_passed(in, batch->bytes, (size_t)batch->read);
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
			input_passed(in, in->ready + in->ready_at, (size_t)some);
			in->ready_at += (size_t)some;
		} else {
			in->tail_len = 0; /* sought: the rest is long enough to fill it */
		}
		in->at += some;
		bytes -= some;
	}
	return (0);
}
