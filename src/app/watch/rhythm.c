#include "app/watch/rhythm.h"

#define FIRST_US (INT64_C(600) * 1000000) /* behind the start, at the latest */
#define FULL_EVERY 7 /* times of every_us */

bool
app_rhythm_is_full(int64_t every_us, int64_t full_us, int64_t now_us)
{
	return (full_us == 0 || now_us < full_us ||
	    now_us - full_us >= FULL_EVERY * every_us - every_us / 2);
}

void
app_rhythm_see(struct app_rhythm *r, uint64_t index, int64_t t_us, int code)
{
	if (app_rhythm_is_full(r->every_us, r->full_us, t_us))
		r->full_us = t_us;
	r->checked = code == 0 ? r->next : 0;
	r->next = code == 0 ? index : 0;
}

int64_t
app_rhythm_due(int64_t every_us, int64_t last_us, int64_t now_us)
{
	int64_t due_us = now_us + (every_us < FIRST_US ? every_us : FIRST_US);

	if (last_us != 0 && last_us <= now_us && last_us + every_us > due_us)
		due_us = last_us + every_us;
	return (due_us);
}
