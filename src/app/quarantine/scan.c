#include <stdlib.h>
#include <string.h>

#include "app/quarantine/quarantine.h"
#include "base/err.h"
#include "mask/method/seal.h"

static struct app_held *
add(struct app_quarantine *q, struct err *e)
{
	if (q->count == q->size) {
		size_t size = q->size == 0 ? 64 : 2 * q->size;
		struct app_held *more = realloc(q->list, size * sizeof(*more));

		if (more == NULL) {
			(void)err_set(e, ERR_IO, "no memory for %zu lines", size);
			return (NULL);
		}
		q->list = more;
		q->size = size;
	}
	q->list[q->count] = (struct app_held){ .reason = PARSE_REASON_COUNT };
	return (&q->list[q->count++]);
}

struct app_held *
app_quarantine_find(struct app_quarantine *q, uint64_t number)
{
	size_t low = 0, high = q->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (q->list[middle].number == number)
			return (&q->list[middle]);
		if (q->list[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return (NULL);
}

/* A number of extra; -1 if there is none. */
static int64_t
number_of(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->extra_count; i++)
		if (r->extra[i].is_number && span_is(r->extra[i].key, key))
			return (r->extra[i].number);
	return (-1);
}

/* Of a line of so many bytes, how many records hold it. */
static unsigned
parts_of(uint64_t line_bytes)
{
	return (line_bytes <= MASK_HELD_BYTES ?
		1 :
		(unsigned)((line_bytes + MASK_HELD_BYTES - 1) / MASK_HELD_BYTES));
}

static bool
is_unparsed(const struct record *r)
{
	return (
	    record_has(r, RECORD_FIELD_STATE) && span_is(r->text[RECORD_FIELD_STATE], "unparsed"));
}

static bool
is_continued(const struct record *r)
{
	return (record_has(r, RECORD_FIELD_REASON) &&
	    span_is(r->text[RECORD_FIELD_REASON], parse_reason_names[PARSE_REASON_CONTINUED]));
}

static bool
holds(const struct record *r)
{
	for (unsigned i = 0; i < r->extra_count; i++)
		if (!r->extra[i].is_number && span_is(r->extra[i].key, "line") &&
		    mask_sealed_at(r->extra[i].text) == r->extra[i].text.len)
			return (true);
	return (false);
}

static bool
is_whole(const struct app_held *held)
{
	return (held->held && held->line_bytes <= PARSE_LINE_MAX &&
	    held->parts == parts_of(held->line_bytes));
}

/* Records of one line follow each other; one that was erased leaves its beginning. */
static void
continue_line(struct app_quarantine *q, const struct record *r)
{
	struct app_held *held = q->count > 0 ? &q->list[q->count - 1] : NULL;

	if (held == NULL || q->records.number != held->number + held->parts ||
	    number_of(r, "line_part") != (int64_t)held->parts + 1 || !holds(r))
		return;
	held->parts++;
	held->whole = is_whole(held);
}

static void
describe(struct app_held *held, const struct record *r)
{
	int64_t bytes = number_of(r, "line_bytes");

	held->time_us = r->time_us;
	held->line_bytes = bytes > 0 ? (uint64_t)bytes : 0;
	for (unsigned i = 0; i < PARSE_REASON_COUNT; i++)
		if (record_has(r, RECORD_FIELD_REASON) &&
		    span_is(r->text[RECORD_FIELD_REASON], parse_reason_names[i]))
			held->reason = i;
	held->held = holds(r);
	held->parts = 1;
	held->whole = is_whole(held);
}

static int
look(void *arg, struct span line, struct err *e)
{
	struct app_quarantine *q = arg;
	struct app_held *held;
	struct record r;
	int64_t of;

	if (record_decode(&q->decoder, line, &r, e) == -1)
		return (err_in(e, "record %llu", (unsigned long long)q->records.number));
	if (is_unparsed(&r) && is_continued(&r))
		continue_line(q, &r);
	else if (is_unparsed(&r)) {
		if ((held = add(q, e)) == NULL)
			return (-1);
		held->number = q->records.number;
		describe(held, &r);
	} else if ((of = number_of(&r, APP_REPLAY_OF)) >= 0 &&
	    (held = app_quarantine_find(q, (uint64_t)of)) != NULL) {
		held->replayed = true;
		held->by = q->records.number;
	}
	return (0);
}

int
app_quarantine_scan(struct app_quarantine *q, const char *store, const char *stream, struct err *e)
{
	q->records.stream_fd = -1;
	if (app_records_open(&q->records, store, stream, NULL, NULL, e) == -1)
		return (-1);
	q->records.file = q->file;
	q->records.file_arg = q->file_arg;
	return (app_records_walk(&q->records, look, q, e) == -1 ? -1 : 0);
}

void
app_quarantine_close(struct app_quarantine *q)
{
	free(q->list);
	q->list = NULL;
	app_records_close(&q->records);
}
