/* app: walk the sealed records of a stream, segment by segment. */
#ifndef CRETULA_APP_RECORDS_H
#define CRETULA_APP_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "seal/entry.h"
#include "seal/history.h"
#include "store/chain.h"

struct app_left_out;
struct app_search;
struct err;
struct store_reader;

struct app_records {
	int stream_fd;
	struct store_chain chain;
	int64_t since_us, until_us; /* half open */
	struct seal_history *history; /* of the chain; made when it is first needed */
	uint64_t from; /* records of lower numbers are left out */
	uint64_t below; /* ... of this one and higher: by those who go back from the newest */
	uint64_t number; /* of the record at hand, in the stream */
	uint64_t erased; /* records that the walk left out */
	/*
	 * Those of restricted persons are left out; without KEYS, or where one cannot be
	 * opened, whole segments (hidden), as app/restrict/left_out.h says.
	 */
	bool all; /* also these are wanted: for the person, or to take them away */
	uint64_t restricted, hidden; /* records */
	const char *store; /* borrowed */
	struct app_left_out *left;
	size_t left_count; /* so many entries had the chain, and one more; 0: not looked yet */
	struct app_search *search; /* passes frames over; NULL: all are read */
	/* SHA-256 of a segment's file, once all its records were handed out; may be NULL. */
	int (*file)(void *arg, uint64_t seg, const unsigned char hash[static 32], struct err *e);
	void *file_arg;
	bool placeholders; /* hand out the lines as they are, also of what was erased */
};

/* "--name TEXT" as those: *t_us stays if text is NULL.  0; or -1 with ERR_USAGE. */
int app_records_time(const char *name, const char *text, int64_t *t_us, struct err *e);

/* A window that no record can be in. */
#define APP_RECORDS_EMPTY "--until must be after --since"

/* Both as above; NULL: no limit.  ERR_USAGE, too, with APP_RECORDS_EMPTY. */
int app_records_window(
    const char *since, const char *until, int64_t *since_us, int64_t *until_us, struct err *e);

/*
 * Open stream of store for reading, from since until then (see above).  ERR_INPUT if
 * there is none.
 */
int app_records_open(struct app_records *r, const char *store, const char *stream,
    const char *since, const char *until, struct err *e);
void app_records_close(struct app_records *r);
/* Read the chain again: somebody may have sealed or erased records since.  0 or -1. */
int app_records_again(struct app_records *r, struct err *e);

/*
 * Every segment entry that may hold records of the window, in order; not of
 * segments that were pruned.  0, 1 at the end, -1.
 */
int app_records_entry(struct app_records *r, size_t *at, struct seal_entry *entry, struct err *e);
/* What was done to the segment of the entry. */
const struct seal_past *app_records_past(
    const struct app_records *r, const struct seal_entry *entry);

/* Warn of what the walk left out, as the command name. */
void app_records_warn(const struct app_records *r, const char *name);

/* May records of the segment of the entry be restricted?  1, 0 or -1.  No keys are needed. */
int app_records_restricted(struct app_records *r, const struct seal_entry *entry, struct err *e);

/*
 * Call each with every record (a line, no LF) of those segments: what was
 * replaced as it is now, and not what was erased, unless with placeholders.
 * each says 0 to go on, 1 to stop, -1 with e.  0, 1 if each said so, -1.
 */
typedef int (*app_record_each)(void *arg, struct span line, struct err *e);
int app_records_walk(struct app_records *r, app_record_each each, void *arg, struct err *e);
/* The same from the newest one back, by r->search, which is open; adds to what is left out. */
int app_records_back(struct app_records *r, app_record_each each, void *arg, struct err *e);
/* As app_records_walk, of one segment; adds to erased. */
int app_records_segment(struct app_records *r, struct store_reader *reader,
    const struct seal_segment *segment, app_record_each each, void *arg, struct err *e);

#endif
