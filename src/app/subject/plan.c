/* app: which records of a stream are meant. */
#include <stdlib.h>

#include "app/names.h"
#include "app/subject/subject.h"
#include "base/err.h"
#include "base/num.h"
#include "store/reader.h"

#define RANGES_MAX 100000

/* ---- numbers ---- */

static int
read_range(struct span text, struct seal_range *range)
{
	size_t dash = span_find(text, '-');

	if (num_u64(span_of(text.ptr, dash), &range->first) == -1)
		return (-1);
	range->last = range->first;
	if (dash < text.len && num_u64(span_from(text, dash + 1), &range->last) == -1)
		return (-1);
	return (range->first <= range->last && range->last < UINT64_MAX ? 0 : -1);
}

int
app_subject_numbers(const char *text, struct buf *ranges, struct err *e)
{
	struct span rest = span_str(text);
	struct seal_range range;

	for (unsigned count = 1;; count++) {
		size_t len = span_find(rest, ',');

		if (count > RANGES_MAX || read_range(span_of(rest.ptr, len), &range) == -1)
			return (err_set(e, ERR_USAGE, "--record: numbers and ranges, like 5,9-12"));
		buf_add(ranges, &range, sizeof(range));
		if (len == rest.len)
			break;
		rest = span_from(rest, len + 1);
	}
	if (!buf_ok(ranges))
		return (err_set(e, ERR_IO, "out of memory"));
	seal_ranges_merge(ranges);
	return (0);
}

/* The first range that ends at number or behind; NULL: none does. */
static const struct seal_range *
range_from(const struct app_subject *s, uint64_t number)
{
	const struct seal_range *list = (const struct seal_range *)(const void *)s->ranges.data;

	return (seal_ranges_find(list, s->ranges.len / sizeof(*list), number));
}

/* Is one of the count records from first on among the numbers? */
static bool
is_named(const struct app_subject *s, uint64_t first, uint64_t count)
{
	const struct seal_range *range;

	if (s->ranges.len == 0)
		return (true);
	range = range_from(s, first);
	return (range != NULL && count > 0 && range->first < first + count);
}

/* Numbers that were given must be there. */
static int
check_numbers(struct app_subject *s, struct err *e)
{
	const struct seal_history *history = s->records->history;
	const struct seal_past *past;
	uint64_t first = 0;

	if (s->ranges.len == 0)
		return (0);
	for (uint64_t seg = 1; (past = seal_history_segment(history, seg)) != NULL; seg++) {
		bool named = is_named(s, first, past->n);

		if (named && past->pruned)
			return (err_set(e, ERR_INPUT,
			    "records %ju to %ju were pruned: nothing of them is left",
			    (uintmax_t)first, (uintmax_t)(first + past->n - 1)));
		for (size_t i = 0; named && i < past->touched_count; i++)
			s->already += past->touched[i].erased &&
			    is_named(s, first + past->touched[i].record, 1);
		first += past->n;
	}
	if (range_from(s, first) != NULL)
		return (err_set(
		    e, ERR_INPUT, "the stream has %ju sealed records, from 0", (uintmax_t)first));
	return (0);
}

/* ---- records of a segment ---- */

struct walk {
	struct app_subject *s;
	app_subject_each each;
	void *arg;
	struct record_decoder decoder;
	struct record_encoder encoder;
	struct record record;
	char line[RECORD_BYTES_MAX];
};

static bool
is_chosen(const struct walk *w)
{
	const struct app_records *records = w->s->records;

	return (w->record.time_us >= records->since_us && w->record.time_us < records->until_us &&
	    (w->s->filter == NULL || filter_match(w->s->filter, &w->record)));
}

static int
see_record(void *arg, struct span line, struct err *e)
{
	struct walk *w = arg;
	struct app_subject *s = w->s;
	uint64_t number = s->records->number, changed;
	struct span fresh;

	if (number < s->from || !is_named(s, number, 1))
		return (0);
	if (record_decode(&w->decoder, line, &w->record, e) == -1)
		return (err_in(e, "record %ju", (uintmax_t)number));
	if (!is_chosen(w))
		return (0);
	if (!s->rescrub)
		return (w->each(w->arg, number, 0, span_of(NULL, 0), e));
	if ((changed = mask_again(&s->again, &w->record)) == 0)
		return (0);
	fresh = span_of(w->line, record_encode(&w->encoder, &w->record, w->line) - 1);
	if (span_equal(fresh, line))
		return (0);
	return (w->each(w->arg, number, changed, fresh, e));
}

/*
 * Are numbers all that is asked?  Then nothing is read: what somebody wrote into
 * a record does not keep it from being erased.
 */
static bool
is_by_number(const struct app_subject *s)
{
	return (s->exact ||
	    (!s->rescrub && s->ranges.len > 0 && s->filter == NULL &&
		s->records->since_us == INT64_MIN && s->records->until_us == INT64_MAX));
}

/* past: NULL, if somebody wrote into the chain, which nobody has checked. */
static bool
is_erased(const struct seal_past *past, uint64_t record)
{
	const struct seal_touched *touched =
	    past == NULL ? NULL : seal_past_record(past, (uint32_t)record);

	return (touched != NULL && touched->erased);
}

/* The numbers of the segment, as they stand. */
static int
walk_numbers(const struct app_subject *s, const struct seal_segment *segment, app_subject_each each,
    void *arg, struct err *e)
{
	const struct seal_past *past = seal_history_segment(s->records->history, segment->seg);
	uint64_t end = segment->first + segment->n, at = segment->first;
	const struct seal_range *range;
	int rc = 0;

	if (at < s->from)
		at = s->from;
	while (rc == 0 && (range = range_from(s, at)) != NULL && range->first < end) {
		if (at < range->first)
			at = range->first;
		for (; rc == 0 && at <= range->last && at < end; at++)
			if (!is_erased(past, at - segment->first))
				rc = each(arg, at, 0, span_of(NULL, 0), e);
		if (at >= end)
			break;
	}
	return (rc);
}

int
app_subject_walk(struct app_subject *s, struct store_reader *reader,
    const struct seal_segment *segment, app_subject_each each, void *arg, struct err *e)
{
	struct walk *w;
	int rc;

	if (is_by_number(s))
		return (walk_numbers(s, segment, each, arg, e));
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	w->s = s;
	w->each = each;
	w->arg = arg;
	rc = app_records_segment(s->records, reader, segment, see_record, w, e);
	free(w);
	return (rc);
}

/* ---- the plan ---- */

struct counting {
	struct app_subject *s;
	uint64_t count;
};

/* Numbers are ascending. */
static void
note_number(struct buf *numbers, uint64_t number)
{
	const struct seal_range one = { number, number };
	struct seal_range *list = (struct seal_range *)(void *)numbers->data;
	size_t count = numbers->len / sizeof(one);

	if (count > 0 && list[count - 1].last + 1 == number)
		list[count - 1].last = number;
	else
		buf_add(numbers, &one, sizeof(one));
}

static int
count_one(void *arg, uint64_t number, uint64_t changed, struct span line, struct err *e)
{
	struct counting *c = arg;

	(void)line;
	(void)e;
	c->count++;
	if (!c->s->rescrub)
		note_number(&c->s->numbers, number);
	for (unsigned f = 0; changed != 0; f++, changed >>= 1)
		c->s->by_field[f] += changed & 1;
	return (0);
}

static int
plan_segment(struct app_subject *s, struct store_reader *reader, size_t at,
    const struct seal_segment *segment, struct err *e)
{
	struct counting c = { .s = s };
	struct app_subject_part part = { .at = at, .seg = segment->seg };

	if (!is_named(s, segment->first, segment->n))
		return (0);
	if (app_subject_walk(s, reader, segment, count_one, &c, e) == -1)
		return (-1);
	if (c.count == 0)
		return (0);
	if (store_erase_check(s->records->history, segment->seg, e) == -1)
		return (err_in(e, "segment %ju", (uintmax_t)segment->seg));
	part.count = c.count;
	s->chosen += c.count;
	buf_add(&s->plan, &part, sizeof(part));
	return (buf_ok(&s->plan) && buf_ok(&s->numbers) ? 0 : err_set(e, ERR_IO, "out of memory"));
}

int
app_subject_plan(struct app_subject *s, struct err *e)
{
	struct store_reader *reader = NULL;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t at = 0;
	int rc = -1;

	if (entry == NULL)
		(void)err_set(e, ERR_IO, "out of memory");
	else if (store_reader_open(&reader, e) == 0)
		rc = app_records_entry(s->records, &at, entry, e);
	if (rc != -1 && check_numbers(s, e) == -1)
		rc = -1;
	while (rc == 0 && (rc = plan_segment(s, reader, at - 1, &entry->of.segment, e)) == 0)
		rc = app_records_entry(s->records, &at, entry, e);
	store_reader_close(reader);
	free(entry);
	return (rc == -1 ? -1 : 0);
}
