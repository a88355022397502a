#include "app/tally/series.h"

#include "base/err.h"

/* The last start of a period that is not behind t_us. */
static int64_t
floor_of(enum tally_period period, int64_t t_us)
{
	return (t_us <= INT64_MIN / 2 || t_us >= INT64_MAX / 2 ?
		t_us :
		tally_start_us(period, tally_index(period, t_us)));
}

static int64_t
ceiling_of(enum tally_period period, int64_t t_us)
{
	int64_t start_us = floor_of(period, t_us);

	return (start_us == t_us ? t_us : tally_start_us(period, tally_index(period, t_us) + 1));
}

struct series {
	struct tally_reader *db;
	const struct tally_window *w;
	enum tally_period unit;
	tally_total_each each;
	void *arg;
};

/* A part of a period as one row, if anything happened in it. */
static int
add_part(const struct series *s, int64_t since_us, int64_t until_us, struct err *e)
{
	struct tally_window w = *s->w;
	struct tally_total total = { .start_us = since_us };

	w.period = s->unit;
	w.since_us = since_us;
	w.until_us = until_us;
	if (since_us >= until_us)
		return (0);
	if (tally_sum(s->db, &w, &total.sums, e) == -1)
		return (-1);
	return (total.sums.requests == 0 ? 0 : s->each(s->arg, &total, e));
}

int
app_tally_series(struct tally_reader *db, const struct tally_window *w, enum tally_period unit,
    tally_total_each each, void *arg, struct err *e)
{
	const struct series s = { db, w, unit, each, arg };
	struct tally_window whole = *w;
	int64_t since_us = ceiling_of(unit, w->since_us), until_us = ceiling_of(unit, w->until_us);
	int rc;

	if (w->period <= unit)
		return (tally_totals(db, w, each, arg, e));
	whole.since_us = ceiling_of(w->period, since_us);
	whole.until_us = floor_of(w->period, until_us);
	if (whole.since_us > whole.until_us) /* all of it lies in one */
		return (add_part(&s, since_us, until_us, e));
	if ((rc = add_part(&s, since_us, whole.since_us, e)) != 0 ||
	    (rc = tally_totals(db, &whole, each, arg, e)) != 0)
		return (rc);
	return (add_part(&s, whole.until_us, until_us, e));
}
