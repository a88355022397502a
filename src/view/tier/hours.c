/* hours: of which of them a total may be shown. */
#include "view/tier/tier.h"

static void
join(struct view_window *to, const struct view_window *from)
{
	for (size_t m = 0; m < VIEW_MEASURES; m++)
		to->count[m] += from->count[m];
	to->end_us = from->end_us;
	if (from->subjects > to->subjects)
		to->subjects = from->subjects;
}

size_t
view_tier_hours(
    struct view_window *hours, size_t count, unsigned k, bool over, unsigned day_subjects)
{
	size_t blocks = 0; /* full ones; behind them the one that grows */
	bool growing = false;

	for (size_t i = 0; i < count; i++) {
		if (growing)
			join(&hours[blocks], &hours[i]);
		else
			hours[blocks] = hours[i];
		growing = hours[blocks].subjects < k;
		blocks += !growing;
	}
	if (!over)
		return (blocks > 0 ? blocks - 1 : 0);
	if (!growing)
		return (blocks);
	if (blocks > 0)
		join(&hours[blocks - 1], &hours[blocks]);
	else if (day_subjects >= k) {
		hours[0].subjects = day_subjects;
		blocks = 1;
	}
	return (blocks);
}

static int64_t
floor_to(int64_t t, int64_t window)
{
	int64_t part = t % window;

	return (t - (part < 0 ? part + window : part));
}

/* Far from the ends of time, where nothing could be rounded. */
#define TIME_MAX_US (INT64_MAX / 4)

void
view_tier_whole(int64_t window_us, int64_t now_us, int64_t *since_us, int64_t *until_us)
{
	if (*since_us < -TIME_MAX_US)
		*since_us = -TIME_MAX_US;
	if (*since_us > TIME_MAX_US)
		*since_us = TIME_MAX_US;
	if (*until_us > now_us)
		*until_us = now_us;
	if (*until_us < *since_us)
		*until_us = *since_us;
	*since_us = floor_to(*since_us + window_us - 1, window_us);
	*until_us = floor_to(*until_us, window_us);
	if (*until_us < *since_us)
		*until_us = *since_us;
}
