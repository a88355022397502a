#include "stats/gaps.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4
#define SETS 4096

/* A source.  The window ends at last: bit i is last - i. */
struct source {
	uint64_t who;
	uint64_t seen;
	uint32_t last;
	uint32_t back;  /* a number far behind last came: is it another life? */
	uint32_t stamp; /* when it spoke last; 0: nobody */
	uint32_t life;  /* of the table: of another one nothing is known */
};

struct stats_gaps {
	struct source sets[SETS][WAYS];
	uint64_t excused;
	uint32_t stamp, life;
};

struct stats_gaps *
stats_gaps_open(void)
{
	return (calloc(1, sizeof(struct stats_gaps)));
}

void
stats_gaps_close(struct stats_gaps *g)
{
	free(g);
}

void
stats_gaps_excuse(struct stats_gaps *g, uint64_t lines)
{
	if (__builtin_add_overflow(g->excused, lines, &g->excused))
		g->excused = UINT64_MAX;
}

void
stats_gaps_forget(struct stats_gaps *g)
{
	g->excused = 0;
	if (++g->life == 0)
		memset(g->sets, 0, sizeof(g->sets));
}

static uint32_t
silence(const struct stats_gaps *g, const struct source *s)
{
	return (s->stamp == 0 || s->life != g->life ? UINT32_MAX : g->stamp - s->stamp);
}

/* The source; or the place of the one of its set that has been silent for longest. */
static struct source *
find(struct stats_gaps *g, uint64_t who)
{
	struct source *set = g->sets[who % SETS], *oldest = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].who == who)
			return (&set[i]);
		if (silence(g, &set[i]) > silence(g, oldest))
			oldest = &set[i];
	}
	return (oldest);
}

static uint64_t
begin(struct source *s, uint32_t number)
{
	s->last = number;
	s->seen = UINT64_MAX; /* what came before is not our business */
	s->back = 0;
	return (0);
}

/* by more than last.  What falls out of the window unseen is lost. */
static uint64_t
go_on(struct source *s, uint32_t by, bool in_order)
{
	uint64_t lost = 0;

	s->last += by;
	s->back = 0;
	if (in_order)
		return (by - 1);
	if (by >= STATS_GAPS_WINDOW) {
		lost = (uint64_t)__builtin_popcountll(~s->seen) + by - STATS_GAPS_WINDOW;
		s->seen = 0;
	} else {
		lost = (uint64_t)__builtin_popcountll(~s->seen >> (STATS_GAPS_WINDOW - by));
		s->seen <<= by;
	}
	s->seen |= 1;
	return (lost);
}

static uint64_t
fall_back(struct source *s, uint32_t number, bool in_order)
{
	uint32_t behind = s->last - number;

	if (in_order)
		return (behind == 0 ? 0 : begin(s, number));
	if (behind < STATS_GAPS_WINDOW) {
		s->seen |= UINT64_C(1) << behind;
		return (0);
	}
	/* One may come very late; two in a row are another life. */
	if (s->back != 0 && number == s->back + 1)
		return (begin(s, number));
	s->back = number;
	return (0);
}

uint64_t
stats_gaps_see(struct stats_gaps *g, uint64_t who, uint64_t number, bool in_order)
{
	struct source *s;
	uint64_t lost, excused;

	if (number == 0 || number > STATS_GAPS_MAX)
		return (0);
	s = find(g, who);
	g->stamp += g->stamp == UINT32_MAX ? 2 : 1; /* never 0 */
	if (s->who != who || s->stamp == 0 || s->life != g->life)
		lost = begin(s, (uint32_t)number);
	else if (number <= s->last)
		lost = fall_back(s, (uint32_t)number, in_order);
	else if (number - s->last > STATS_GAPS_LEAP)
		lost = begin(s, (uint32_t)number);
	else
		lost = go_on(s, (uint32_t)(number - s->last), in_order);
	s->who = who;
	s->stamp = g->stamp;
	s->life = g->life;
	excused = lost < g->excused ? lost : g->excused;
	g->excused -= excused;
	return (lost - excused);
}
