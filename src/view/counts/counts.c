#include "view/counts/counts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "view/counts/inside.h"

const struct view_dim_row view_dims[VIEW_DIM_COUNT] = {
	[VIEW_PATHS] = { "paths", "path", RECORD_FIELD_PATH, TALLY_PATH, TALLY_SAMPLE_PATH },
	[VIEW_STATUSES] = { "statuses", "status", RECORD_FIELD_STATUS, TALLY_STATUS,
	    TALLY_SAMPLE_STATUS },
	[VIEW_REFERERS] = { "referers", "referer", RECORD_FIELD_REFERER, TALLY_REFERER,
	    TALLY_SAMPLE_REFERER },
	[VIEW_AGENTS] = { "agents", "agent", RECORD_FIELD_AGENT, TALLY_AGENT, TALLY_SAMPLE_AGENT },
	[VIEW_COUNTRIES] = { "countries", "country", RECORD_FIELD_COUNTRY, TALLY_COUNTRY,
	    TALLY_SAMPLE_COUNTRY },
	[VIEW_EVENTS] = { "events", "event", RECORD_FIELD_EVENT, TALLY_EVENT, TALLY_SAMPLE_EVENT },
};

#define CHUNK_BYTES ((size_t)64 << 10)

struct view_keys {
	struct view_keys *next;
	size_t used;
	char bytes[];
};

struct span
view_keys_copy(struct view_keys **keys, struct span key)
{
	struct view_keys *at = *keys;
	char *to;

	if (at == NULL || CHUNK_BYTES - at->used < key.len) {
		size_t size = key.len > CHUNK_BYTES ? key.len : CHUNK_BYTES;

		if ((at = malloc(sizeof(*at) + size)) == NULL)
			return (span_of(NULL, 0));
		at->next = *keys;
		at->used = 0;
		*keys = at;
	}
	to = at->bytes + at->used;
	if (key.len > 0)
		memcpy(to, key.ptr, key.len);
	at->used += key.len;
	return (span_of(to, key.len));
}

void
view_keys_free(struct view_keys *keys)
{
	while (keys != NULL) {
		struct view_keys *next = keys->next;

		free(keys);
		keys = next;
	}
}

/* In steps of powers of two. */
void *
view_grow(void *rows, size_t count, size_t size, struct err *e)
{
	if ((count & (count - 1)) == 0 && (count == 0 || count >= 16))
		rows = realloc(rows, (count == 0 ? 16 : 2 * count) * size);
	if (rows == NULL)
		(void)err_set(e, ERR_IO, "counts: no memory");
	return (rows);
}

static int64_t
day_of(int64_t t_us)
{
	return (tally_start_us(TALLY_DAY, tally_index(TALLY_DAY, t_us)));
}

/* Nothing begins before the first sum: since then becomes the day of it. */
static int
read_sums(struct view_reading *r, struct err *e)
{
	struct view_counts *c = r->c;
	int64_t until_us = day_of(c->until_us);

	if (until_us < c->until_us)
		until_us += VIEW_DAY_US;
	if (view_sums_read(r, TALLY_DAY, day_of(c->since_us), until_us, &r->days, e) == -1 ||
	    view_sums_read(r, TALLY_HOUR, day_of(c->since_us), until_us, &r->hours, e) == -1)
		return (-1);
	if (r->q->grant->tier == VIEW_PUBLIC &&
	    view_samples_read(r, day_of(c->since_us), until_us, e) == -1)
		return (-1);
	for (size_t i = 0; i < r->days.count; i++)
		c->unknown_days += view_sum_unknown(&r->days.rows[i]);
	if (r->days.count == 0)
		c->since_us = c->until_us;
	else if (c->since_us < r->days.rows[0].begin_us)
		c->since_us = r->days.rows[0].begin_us;
	return (0);
}

int64_t
view_shown_us(const struct tally_shown *shown, int64_t now_us)
{
	int64_t us = tally_start_us(TALLY_HOUR, shown->hour);

	if (us < now_us - VIEW_STILL_US && !shown->filling)
		us = now_us - VIEW_STILL_US;
	return (us);
}

int
view_counts_over(
    struct tally_reader *r, const char *stream, int64_t now_us, int64_t *over_us, struct err *e)
{
	struct tally_shown shown;
	int64_t until_us;

	if (tally_shown(r, stream, &shown, e) == -1)
		return (-1);
	*over_us = view_shown_us(&shown, now_us);
	if (*over_us > now_us - VIEW_SETTLE_US)
		*over_us = now_us - VIEW_SETTLE_US;
	until_us = tally_start_us(TALLY_HOUR, shown.until);
	if (shown.filling && until_us < *over_us)
		*over_us = until_us;
	return (0);
}

static int
read_all(struct view_reading *r, struct err *e)
{
	bool public = r->q->grant->tier == VIEW_PUBLIC;
	struct view_counts *c = r->c;

	if (view_counts_over(r->reader, r->q->stream, r->q->now_us, &r->over_us, e) == -1)
		return (-1);
	view_tier_whole(
	    public ? VIEW_DAY_US : VIEW_HOUR_US, r->over_us, &c->since_us, &c->until_us);
	return (
	    read_sums(r, e) == -1 || view_points_read(r, e) == -1 || view_days_read(r, e) == -1 ?
		-1 :
		0);
}

int
view_counts_read(struct tally_reader *reader, const struct view_question *q, struct view_counts *c,
    struct err *e)
{
	struct view_reading r = { .reader = reader, .q = q, .c = c };
	int rc = -1;

	assert(q->grant->tier == VIEW_PUBLIC || q->grant->tier == VIEW_ANALYST);
	assert(q->grant->k >= VIEW_K_ANALYST && q->grant->k <= VIEW_SUBJECTS_MAX);
	memset(c, 0, sizeof(*c));
	c->since_us = q->since_us;
	c->until_us = q->until_us;
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		c->shown[d] =
		    (q->grant->fields >> view_dims[d].field & 1) != 0 && (q->dims >> d & 1) != 0;
	/* Days and their tables are of one state, whoever counts meanwhile. */
	if (tally_hold(reader, e) == 0)
		rc = read_all(&r, e);
	tally_release(reader);
	for (int d = 0; rc == 0 && d < VIEW_DIM_COUNT; d++)
		if (view_tier_merge(&c->tables[d]) == -1)
			rc = err_memory(e);
	free(r.hours.rows);
	free(r.days.rows);
	free(r.samples.rows);
	if (rc == -1)
		view_counts_free(c);
	return (rc);
}

void
view_counts_free(struct view_counts *c)
{
	free(c->points);
	free(c->days);
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		view_tier_free(&c->tables[d]);
	view_keys_free(c->keys);
	memset(c, 0, sizeof(*c));
}
