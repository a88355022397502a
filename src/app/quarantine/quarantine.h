/*
 * app: cretula quarantine: lines that could not be read, and what became of
 * them.  A skeleton record may hold its line, sealed to a key that is not
 * here (mask/method/seal.h); who brings the secret can have it read again.
 */
#ifndef CRETULA_APP_QUARANTINE_H
#define CRETULA_APP_QUARANTINE_H

#include "app/args.h"
#include "app/records.h"
#include "parse/parse.h"
#include "record/record.h"

struct err;

/* A record of a line that could not be read. */
struct app_held {
	uint64_t number;     /* of the record, in the stream */
	uint64_t line_bytes; /* how long the line was */
	uint64_t by;         /* the record that the line became; if replayed */
	int64_t time_us;     /* when it came */
	unsigned reason;     /* enum parse_reason; PARSE_REASON_COUNT: not known */
	unsigned parts;      /* records that hold it, this one and those behind it */
	bool held, whole;    /* the line is there, all of it */
	bool replayed;
};

struct app_quarantine {
	/* in: as of app_records; NULL: none */
	int (*file)(void *arg, uint64_t seg, const unsigned char hash[static 32], struct err *e);
	void *file_arg;
	/* out */
	struct app_records records;
	struct record_decoder decoder;
	struct app_held *list; /* ascending */
	size_t count, size;
};

/* A record that was replayed says so: extra.replay_of is the number of the skeleton. */
#define APP_REPLAY_OF "replay_of"

/*
 * Look through a stream; q is all zero but for what goes in.  records stays open for another
 * walk.  app_quarantine_close in any case.
 */
int app_quarantine_scan(
    struct app_quarantine *q, const char *store, const char *stream, struct err *e);
void app_quarantine_close(struct app_quarantine *q);
/* The item of that number; NULL if there is none. */
struct app_held *app_quarantine_find(struct app_quarantine *q, uint64_t number);

/* Each answers with an exit code. */
int app_quarantine_list(const struct app_args *args);
int app_quarantine_replay(const struct app_args *args);

#endif
