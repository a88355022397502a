/* trigger: more detail for a while. */
#include <assert.h>

#include "detail/detail.h"

const char *const detail_signal_names[DETAIL_SIGNAL_COUNT] = { "error_burst", "login_failures",
	"by_hand" };

/*
 * A clock that goes back must not lengthen what is raised: all moments go
 * back with it.
 */
static void
see_time(struct detail_raised *r, int64_t now_us)
{
	int64_t back = r->now_us - now_us;

	r->now_us = now_us;
	if (back <= 0)
		return;
	for (int i = 0; i < DETAIL_SIGNAL_COUNT; i++) {
		r->one[i].since_us -= back;
		r->one[i].until_us -= back;
		r->one[i].rest_until_us -= back;
	}
}

enum detail_level
detail_least(const struct detail_raised *r)
{
	enum detail_level most = DETAIL_COUNT;

	for (int i = 0; i < DETAIL_SIGNAL_COUNT; i++)
		if (r->one[i].level > most)
			most = r->one[i].level;
	return (most);
}

bool
detail_signal(struct detail_raised *r, const struct detail_trigger *t, int64_t now_us,
    struct detail_change *change)
{
	struct detail_one *one = &r->one[t->when];
	int64_t until_us = now_us + t->for_us;

	assert(t->raise > DETAIL_COUNT && t->for_us > 0 && t->for_us <= DETAIL_RAISE_MAX_US);
	see_time(r, now_us);
	if (one->level == DETAIL_COUNT) {
		if (now_us < one->rest_until_us)
			return (false);
		one->since_us = now_us;
	}
	if (until_us > one->since_us + DETAIL_RAISE_MAX_US)
		until_us = one->since_us + DETAIL_RAISE_MAX_US;
	if (one->level >= t->raise && until_us <= one->until_us)
		return (false);
	change->by = t->when;
	change->before = detail_least(r);
	if (t->raise > one->level)
		one->level = t->raise;
	if (until_us > one->until_us)
		one->until_us = until_us;
	change->after = detail_least(r);
	change->until_us = one->until_us;
	return (true);
}

bool
detail_tick(struct detail_raised *r, int64_t now_us, struct detail_change *change)
{
	see_time(r, now_us);
	for (int i = 0; i < DETAIL_SIGNAL_COUNT; i++) {
		struct detail_one *one = &r->one[i];

		if (one->level == DETAIL_COUNT || now_us < one->until_us)
			continue;
		change->by = (enum detail_signal)i;
		change->before = detail_least(r);
		/* Only a stretch that reached the limit has to rest. */
		one->rest_until_us = one->until_us - one->since_us >= DETAIL_RAISE_MAX_US
		    ? one->until_us + DETAIL_RAISE_MAX_US
		    : one->until_us;
		one->level = DETAIL_COUNT;
		change->after = detail_least(r);
		change->until_us = 0;
		return (true);
	}
	return (false);
}
