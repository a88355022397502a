/* app, inside: what the forms of a report share. */
#ifndef CRETULA_APP_STATS_INSIDE_H
#define CRETULA_APP_STATS_INSIDE_H

#include "app/stats/report.h"
#include "record/record.h"
#include "tally/usual.h"

struct tally_window app_report_window(const struct app_report *r, enum tally_period period);
/* In the longest periods that its ends allow: the same sums from fewer rows. */
struct tally_window app_report_whole(const struct app_report *r);
/* One a period, oldest first; what of the first and the last lies in the window, in whole hours. */
int app_report_rows(const struct app_report *r, enum tally_period period, tally_total_each each,
    void *arg, struct err *e);
/* The shortest period that gives no more than a screen of rows. */
int app_report_step(const struct app_report *r, enum tally_period *period, struct err *e);
/* What a report has of the whole window, a row each; what the role does not see has none. */
int app_report_sums(const struct app_report *r, struct buf *out, struct err *e);
/* The newest rows of a period, each with its bar.  0 or -1. */
int app_report_curve(const struct app_report *r, enum tally_period period, unsigned rows,
    struct buf *out, struct err *e);
/* The largest cells of a dimension, below its name; nothing if there are none to be shown. */
int app_report_list(
    const struct app_report *r, enum tally_dim dim, unsigned limit, struct buf *out, struct err *e);
/*
 * Where no event has a status they are no requests, and 0 errors, robots and bytes are
 * none that anybody counted: they are called events, and these fields not shown.
 */
int app_report_for_people(struct app_report *r, struct err *e);
/* At most top of them; the list is for the caller to free. */
int app_report_bursts(const struct app_report *r, struct tally_bursts *b, struct err *e);
/* May the dimension be shown? */
bool app_report_shows(const struct app_report *r, enum tally_dim dim);
/* Does the role see the field?  What is counted of another one is not shown either. */
bool app_report_has(const struct app_report *r, enum record_field field);

#endif
