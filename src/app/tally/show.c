/* app: how far roles below developers are shown what is counted. */
#include "app/tally/inside.h"

#include "base/clock.h"
#include "base/err.h"
#include "view/counts/counts.h"

#define DAY_HOURS 24
#define DAY_US INT64_C(86400000000)

/* Before what is read as ended is shown: who writes has to know it first. */
#define STILL_US (VIEW_STILL_US - DAY_US)

int
app_tally_guard(struct tally_book *book, bool import, struct err *e)
{
	const struct tally_guard guard = { .import = import,
		.k = VIEW_K_ANALYST,
		.still_hour = tally_index(TALLY_HOUR, clock_now_us() - STILL_US) };

	return (tally_book_guarded(book) ? 0 : tally_book_guard(book, &guard, e));
}

/* By this process, or by another one that has begun, or did not end. */
bool
app_tally_counts_again(struct tally_book *book)
{
	uint64_t segment, records;
	bool owes = false;

	tally_book_reach(book, &segment, &records);
	return (segment == 0 || (tally_book_owes(book, &owes, NULL) == 0 && owes));
}

int
app_counter_guard(struct app_counter *c, struct err *e)
{
	return (app_tally_guard(c->book, c->how.origin != NULL, e));
}

/*
 * All has been read, and is committed: the next log may go on within the last hour, unless that is
 * the last of its day.  Whoever counted it: one that died may have left nothing to be read.
 */
static bool
show_rest(struct app_counter *c, int64_t over_hour, int64_t next_hour)
{
	int64_t hour;

	/* What is ahead of its time says nothing. */
	if (tally_book_last(c->book, next_hour, &hour, NULL) != 1)
		return (false);
	if ((hour + 1) % DAY_HOURS == 0)
		hour++;
	return (tally_book_show(c->book, hour < over_hour ? hour : over_hour));
}

bool
app_counter_show(struct app_counter *c, bool ends)
{
	int64_t now_us = clock_now_us();
	int64_t over_hour = tally_index(TALLY_HOUR, now_us - VIEW_SETTLE_US), newest;

	if (app_counter_guard(c, NULL) == -1)
		return (false);
	if (ends)
		return (show_rest(c, over_hour, tally_index(TALLY_HOUR, now_us) + 1));
	/* Nothing but what is more than a day old: it still reads what waited. */
	if (tally_book_newest(c->book, &newest) && newest < over_hour - DAY_HOURS)
		return (false);
	/* For so long what waited at the start may take, of several sources. */
	if (c->how.origin != NULL || clock_mono_ns() - c->since_ns < VIEW_SETTLE_US * 1000)
		return (false);
	return (tally_book_show(c->book, over_hour));
}
