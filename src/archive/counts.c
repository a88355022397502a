/* archive: what an entry says of records that a second pass left. */
#include <stddef.h>
#include <string.h>

#include "archive/archive.h"
#include "stats/counts.h"

#define STATES 3

static uint64_t *
state_of(struct stats_outcome *o, unsigned state)
{
	uint64_t *const of[STATES] = { &o->parsed, &o->partial, &o->unparsed };

	return (of[state]);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}

/* One state has less: of lines first, then of events in lines, then of replays. */
static void
take(struct stats_counts *c, unsigned state, uint64_t n)
{
	struct stats_outcome *const from[] = { &c->in, &c->split, &c->replay };

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		uint64_t *at = state_of(from[i], state), some = least(*at, n);

		*at -= some;
		from[i]->counted += some;
		n -= some;
	}
}

/* Another one has more: what was replaced is still there. */
static void
give(struct stats_counts *c, unsigned state, uint64_t n)
{
	struct stats_outcome *const to[] = { &c->replay, &c->split, &c->in };

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		uint64_t some = least(to[i]->counted, n);

		*state_of(to[i], state) += some;
		to[i]->counted -= some;
		n -= some;
	}
}

void
archive_counts_settle(struct stats_counts *sum, const struct stats_counts *found)
{
	struct stats_outcome want = found->in;
	uint64_t more[STATES] = { 0 };

	sum->replay.counted = 0;
	for (unsigned s = 0; s < STATES; s++) {
		uint64_t have = *state_of(&sum->in, s) + *state_of(&sum->split, s) +
		    *state_of(&sum->replay, s);

		if (have > *state_of(&want, s))
			take(sum, s, have - *state_of(&want, s));
		else
			more[s] = *state_of(&want, s) - have;
	}
	for (unsigned s = 0; s < STATES; s++)
		give(sum, s, more[s]);
	sum->replay.counted = 0; /* of replays nothing is only counted */
	memcpy(sum->status, found->status, sizeof(sum->status));
	memcpy(sum->reasons, found->reasons, sizeof(sum->reasons));
	sum->time_min_us = found->time_min_us;
	sum->time_max_us = found->time_max_us;
}
