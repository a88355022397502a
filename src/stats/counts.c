#include "stats/counts.h"

#include <string.h>

void
stats_counts_clear(struct stats_counts *c)
{
	memset(c, 0, sizeof(*c));
	c->time_min_us = INT64_MAX;
	c->time_max_us = INT64_MIN;
}

static void
outcome_add(struct stats_outcome *into, const struct stats_outcome *more)
{
	into->parsed += more->parsed;
	into->partial += more->partial;
	into->unparsed += more->unparsed;
	into->counted += more->counted;
}

static void
numbers_add(uint64_t *into, const uint64_t *more, size_t count)
{
	for (size_t i = 0; i < count; i++)
		into[i] += more[i];
}

void
stats_counts_add(struct stats_counts *into, const struct stats_counts *more)
{
	into->lines += more->lines;
	into->bytes += more->bytes;
	into->meta += more->meta;
	into->joined += more->joined;
	into->lost += more->lost;
	outcome_add(&into->in, &more->in);
	outcome_add(&into->split, &more->split);
	outcome_add(&into->replay, &more->replay);
	numbers_add(into->status, more->status, STATS_STATUS_CLASSES);
	numbers_add(into->masked, more->masked, STATS_CLASSES_MAX);
	numbers_add(into->reasons, more->reasons, STATS_REASONS_MAX);
	if (more->time_min_us < into->time_min_us)
		into->time_min_us = more->time_min_us;
	if (more->time_max_us > into->time_max_us)
		into->time_max_us = more->time_max_us;
}

int
stats_status_class(int status)
{
	return (status >= 100 && status <= 599 ? status / 100 : 0);
}

void
stats_counts_record(struct stats_counts *c, int status, int64_t time_us)
{
	c->status[stats_status_class(status)]++;
	if (time_us < c->time_min_us)
		c->time_min_us = time_us;
	if (time_us > c->time_max_us)
		c->time_max_us = time_us;
}

static uint64_t
outcome_records(const struct stats_outcome *o)
{
	return (o->parsed + o->partial + o->unparsed);
}

uint64_t
stats_counts_records(const struct stats_counts *c)
{
	return (outcome_records(&c->in) + outcome_records(&c->split) + outcome_records(&c->replay));
}

bool
stats_counts_misfit(const struct stats_counts *c)
{
	uint64_t all = outcome_records(&c->in) + c->in.counted + outcome_records(&c->split) +
	    c->split.counted;

	return (2 * (c->in.unparsed + c->split.unparsed) > all);
}

/* a + b; *over is set if that does not fit: the counts may come from disk. */
static uint64_t
sum(uint64_t a, uint64_t b, bool *over)
{
	uint64_t total;

	*over |= __builtin_add_overflow(a, b, &total);
	return (total);
}

bool
stats_counts_balanced(const struct stats_counts *c)
{
	const uint64_t parts[] = { c->in.parsed, c->in.partial, c->in.unparsed, c->in.counted,
		c->meta, c->joined };
	uint64_t total = 0;
	bool over = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		total = sum(total, parts[i], &over);
	return (!over && total == c->lines && c->replay.counted == 0);
}
