/* parts: a window as periods of several lengths. */
#include "tally/read/inside.h"

/* The first period that starts at t_us or later. */
static int64_t
first_from(enum tally_period period, int64_t t_us)
{
	int64_t index;

	if (t_us <= INT64_MIN / 2)
		return (INT64_MIN);
	if (t_us >= INT64_MAX / 2)
		return (INT64_MAX);
	index = tally_index(period, t_us);
	return (tally_start_us(period, index) < t_us ? index + 1 : index);
}

/* The next longer one that whole ones of it add up to. */
static bool
longer_of(enum tally_period period, enum tally_period *longer)
{
	static const enum tally_period of[TALLY_PERIOD_COUNT] = { [TALLY_MINUTE] = TALLY_HOUR,
		[TALLY_HOUR] = TALLY_DAY,
		[TALLY_DAY] = TALLY_MONTH,
		[TALLY_WEEK] = TALLY_WEEK,
		[TALLY_MONTH] = TALLY_MONTH };

	*longer = of[period];
	return (*longer != period);
}

/* Those of a longer period that lie in whole, whose number is wide; false: there is none. */
static bool
widen(const struct tally_part *whole, enum tally_period longer, struct tally_part *wide)
{
	*wide = (struct tally_part){ longer, INT64_MIN, INT64_MAX };
	if (whole->from != INT64_MIN)
		wide->from = first_from(longer, tally_start_us(whole->period, whole->from));
	if (whole->to != INT64_MAX)
		wide->to = tally_index(longer, tally_start_us(whole->period, whole->to));
	return (wide->from < wide->to);
}

struct tally_part
tally_part_of(const struct tally_window *w)
{
	return ((struct tally_part){
	    w->period, first_from(w->period, w->since_us), first_from(w->period, w->until_us) });
}

int
tally_parts_of(const struct tally_window *w, struct tally_part parts[static TALLY_PARTS_MAX])
{
	struct tally_part whole = tally_part_of(w), wide;
	enum tally_period longer;
	int count = 0;

	while (longer_of(whole.period, &longer) && widen(&whole, longer, &wide)) {
		if (wide.from != INT64_MIN)
			parts[count++] = (struct tally_part){ whole.period, whole.from,
				tally_index(whole.period, tally_start_us(longer, wide.from)) };
		if (wide.to != INT64_MAX)
			parts[count++] = (struct tally_part){ whole.period,
				tally_index(whole.period, tally_start_us(longer, wide.to)),
				whole.to };
		whole = wide;
	}
	parts[count++] = whole;
	return (count);
}
