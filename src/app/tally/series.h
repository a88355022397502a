/* app: a window by day, week or month, whose ends lie anywhere. */
#ifndef CRETULA_APP_TALLY_SERIES_H
#define CRETULA_APP_TALLY_SERIES_H

#include "tally/query.h"

/*
 * As tally_totals, but the first and the last period have what of them lies in the window, in
 * whole units: so that the rows add up to the sum of the window in that unit.  Of the first one
 * start_us is where the window begins.
 */
int app_tally_series(struct tally_reader *db, const struct tally_window *w, enum tally_period unit,
    tally_total_each each, void *arg, struct err *e);

#endif
