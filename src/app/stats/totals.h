/*
 * app: totals of a stream: what its entries say of whole segments, and its records
 * where the entries do not.
 */
#ifndef CRETULA_APP_STATS_TOTALS_H
#define CRETULA_APP_STATS_TOTALS_H

#include "app/records.h"
#include "app/stats/report.h"
#include "record/record.h"
#include "seal/raw.h"
#include "stats/counts.h"

struct err;

struct app_totals {
	struct app_records records;
	struct stats_counts sealed; /* what the entries say, of whole segments */
	struct stats_counts counted; /* what the records of the window say */
	uint64_t record_count, record_bytes, disk_bytes, segments;
	uint64_t partial, unparsed, erased;
	uint64_t words_seen, words_clear; /* of paths */
	struct record_decoder decoder;
	struct seal_raw raw;
	bool window;
	bool words; /* are counted */
	struct app_report report;
	uint64_t fields; /* that the role sees; what is counted of others is left out */
	bool entries; /* it may be told what entries count of every field */
};

/* Of t->records, which are open; window, words, fields and entries are given.  0 or -1. */
int app_totals_collect(struct app_totals *t, struct err *e);

#endif
