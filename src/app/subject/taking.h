/* app: taking records out of one stream: opened for writing, then done. */
#ifndef CRETULA_APP_SUBJECT_TAKING_H
#define CRETULA_APP_SUBJECT_TAKING_H

#include "app/subject/subject.h"
#include "base/err.h"
#include "store/store.h"

struct config_stream;

struct app_taking {
	const char *store_path, *stream;
	struct app_records records;
	struct app_subject subject;
	struct store_stream *st;
	struct store_eraser *eraser;
	uint64_t sealed; /* records that a dead writer left open */
	struct span lines; /* of what goes, as app_tally_less has them; may be empty */
	struct err counted; /* why stats.db still counts what is gone */
	bool daemon; /* it takes them */
	bool apart; /* it has words of paths of what was counted without a record */
};

/* Open its records, for the plan; window as of app_records_open. */
int app_taking_read(struct app_taking *t, const char *since, const char *until, struct err *e);
/*
 * Open the stream for writing, and seal what a dead writer left.  Where the
 * daemon writes it, it seals what is open and erases for us.  ERR_BUSY:
 * another process writes it, or records are to be masked again.
 */
int app_taking_open(
    struct app_taking *t, struct store *s, const struct config_stream *config, struct err *e);
/* Carry out the plan: records, what was counted of them, the stream's head. */
int app_taking_do(struct app_taking *t, struct err *e);
void app_taking_close(struct app_taking *t);

/* Warn of what stats.db still has, and of what was sealed. */
void app_taking_warn(const struct app_taking *t);

#endif
