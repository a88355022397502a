/* app: how far roles below developers are shown what is counted. */
#include "app/tally/inside.h"

#include "base/clock.h"
#include "base/err.h"
#include "view/counts/counts.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US (24 * HOUR_US)

/* Before what is read as ended is shown: who writes has to know it first. */
#define STILL_US (VIEW_STILL_US - DAY_US)

int
app_counter_guard(struct app_counter *c, struct err *e)
{
	const struct tally_guard guard = { .import = c->how.origin != NULL,
		.k = VIEW_K_ANALYST,
		.still_hour = tally_index(TALLY_HOUR, clock_now_us() - STILL_US) };

	return (tally_book_guarded(c->book) ? 0 : tally_book_guard(c->book, &guard, e));
}

/* The first hour that nothing more comes into, once all has been read. */
static int64_t
end_of(int64_t last_hour, int64_t now_us)
{
	int64_t over = tally_index(TALLY_HOUR, now_us - VIEW_SETTLE_US);
	int64_t day_us = tally_start_us(
	    TALLY_DAY, tally_index(TALLY_DAY, tally_start_us(TALLY_HOUR, last_hour)));
	int64_t next_day = tally_index(TALLY_HOUR, day_us + DAY_US);

	if (next_day <= over)
		return (next_day);
	return (last_hour + 1 < over ? last_hour + 1 : over);
}

bool
app_counter_show(struct app_counter *c, bool ends)
{
	int64_t now_us = clock_now_us(), last;

	if (app_counter_guard(c, NULL) == -1)
		return (false);
	if (ends) {
		if (!tally_book_last(c->book, &last))
			return (false);
		return (tally_book_show(c->book, end_of(last, now_us)));
	}
	/* For so long what waited at the start may take, of several sources. */
	if (c->how.origin != NULL || clock_mono_ns() - c->since_ns < VIEW_SETTLE_US * 1000)
		return (false);
	return (tally_book_show(c->book, tally_index(TALLY_HOUR, now_us - VIEW_SETTLE_US)));
}
