#include "stats/counts.h"

#include <string.h>

#define COUNTED false
#define LOST true

const char *const stats_cause_names[STATS_CAUSE_COUNT] = {
#define CAUSE(name, text, of, help) [STATS_CAUSE_##name] = (text),
#include "stats/causes.def"
#undef CAUSE
};

bool
stats_cause_is_loss(enum stats_cause cause)
{
	static const bool losses[STATS_CAUSE_COUNT] = {
#define CAUSE(name, text, of, help) [STATS_CAUSE_##name] = (of),
#include "stats/causes.def"
#undef CAUSE
	};

	return (losses[cause]);
}

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
	numbers_add(into->causes, more->causes, STATS_CAUSE_COUNT);
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

void
stats_counts_lose(struct stats_counts *c, enum stats_cause cause, uint64_t n)
{
	c->lost += n;
	c->causes[cause] += n;
}

bool
stats_counts_caused(const struct stats_counts *c)
{
	uint64_t counted = 0, lost = 0;
	bool over = false;

	for (int i = 0; i < STATS_CAUSE_COUNT; i++)
		if (stats_cause_is_loss((enum stats_cause)i))
			lost = sum(lost, c->causes[i], &over);
		else
			counted = sum(counted, c->causes[i], &over);
	return (lost <= c->lost && counted <= sum(c->in.counted, c->split.counted, &over) && !over);
}
