/* app: what stats.db says of a stream, for people, programs and spreadsheets. */
#ifndef CRETULA_APP_STATS_REPORT_H
#define CRETULA_APP_STATS_REPORT_H

#include "app/args.h"
#include "base/buf.h"
#include "tally/query.h"

struct err;

struct app_report {
	struct tally_reader *db; /* NULL: nothing is counted */
	const char *stream;
	int64_t since_us, until_us; /* hours that begin there */
	unsigned top; /* so many of each dimension */
	unsigned columns; /* that a row has at most; 0: as it is wide */
	uint64_t fields; /* whose figures are shown: bit per enum record_field */
	struct tally_reach reach;
	const char *noun; /* what people are told was counted: app_report_for_people */
};

/*
 * Open STORE/stats.db if it is there and knows the stream.  -1 with e where it
 * is damaged or another one's; the rest of a report does not need it.
 */
int app_report_open(struct app_report *r, const char *store, struct err *e);
void app_report_close(struct app_report *r);

/* Added to out.  0, or -1 with e. */
int app_report_text(const struct app_report *r, struct buf *out, struct err *e);
/* What of it changes while a stream is written, in so many rows: newest hours, largest cells. */
int app_report_screen(const struct app_report *r, unsigned rows, struct buf *out, struct err *e);
/* Members of an object that is open. */
int app_report_json(const struct app_report *r, struct buf *out, struct err *e);
/* One table: a period (totals), or a dimension.  ERR_USAGE: there is none of that name. */
int app_report_csv(const struct app_report *r, const char *table, struct buf *out, struct err *e);

/* Count sealed segments again, stream NULL: of all, and say so; the exit code, or -1 with e. */
int app_report_rebuild(const struct app_args *args, const char *stream, struct err *e);

/* "  name   12,345   6.7 %" */
void app_report_row(struct buf *out, const char *name, uint64_t n, uint64_t of);

#endif
