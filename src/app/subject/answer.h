/*
 * app: what is answered to a person: how many records, the records, and of
 * which epochs nobody can tell any more, signed.
 */
#ifndef CRETULA_APP_SUBJECT_ANSWER_H
#define CRETULA_APP_SUBJECT_ANSWER_H

#include "app/subject/desk.h"

/* Of one stream. */
struct app_answer {
	const char *stream;
	struct app_records records;
	struct app_found found;
};

/* All streams of the desk, in order. */
struct app_answers {
	struct app_answer *list;
	size_t count;
	uint64_t records, network, gone, missing;
};
int app_answers_find(struct app_desk *d, struct app_answers *a, struct err *e);
void app_answers_close(struct app_answers *a);

/* ---- statement.c ---- */

/* Added to out: which epochs are gone, signed by the store.  0 or -1. */
int app_statement_make(
    struct app_desk *d, const struct app_answers *a, struct buf *out, struct err *e);

/* ---- page.c, report.c: into files of the directory dirfd, which is empty ---- */

/* Call each with the records of one answer, in order. */
typedef int (*app_answer_each)(void *arg, uint64_t number, struct span line, struct err *e);
int app_answer_walk(struct app_answer *a, app_answer_each each, void *arg, struct err *e);

/* A file that grows; what is added goes to buf and is written now and then. */
struct app_sheet {
	int fd;
	struct buf buf;
};
int app_sheet_write(struct app_sheet *sheet, bool all, struct err *e);

int app_answers_file(struct app_desk *d, struct app_answers *a, int dirfd, struct err *e);
int app_answers_page(struct app_desk *d, struct app_answers *a, int dirfd, struct err *e);
/* {"streams":[...],...} without the records. */
void app_answers_json(const struct app_desk *d, const struct app_answers *a, struct buf *out);
void app_answer_json(const struct app_answer *a, struct buf *out);
/* What belongs to all: id, hash, kind, class, window, time. */
void app_desk_json(const struct app_desk *d, struct buf *out);
/* So many records that say only the network were left as they are; 0: nothing. */
void app_network_text(uint64_t count, struct buf *out);
size_t app_day_text(int64_t day, char out[static 16]);

#endif
