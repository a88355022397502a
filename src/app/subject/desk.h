/*
 * app: what a request of a person needs: store, keys, the value from standard
 * input, and the request itself with its approvals.
 */
#ifndef CRETULA_APP_SUBJECT_DESK_H
#define CRETULA_APP_SUBJECT_DESK_H

#include "app/key/live.h"
#include "app/subject/find.h"
#include "app/subject/forms.h"
#include "app/subject/request.h"

struct store_asked;

struct app_desk {
	const struct app_args *args;
	struct app_key_live live; /* configuration, store, keys */
	struct key_ring *import; /* NULL: no import's keys are kept */
	unsigned char seed[32]; /* the commitment of that import */
	struct buf anchor; /* the auditor's line */
	struct mask_value *value; /* secret memory */
	struct buf text; /* of the request */
	struct app_request request;
	struct seal_note note;
	unsigned char hash[32];
	struct buf by; /* what its entry says */
	char (*streams)[40]; /* which it is of */
	size_t stream_count;
	const struct app_epoch *only; /* of app_forms_epochs, for app_desk_find */
	struct buf *alive;
	bool counts; /* of app_desk_find: how many is all that is asked */
};

/* Store and keys.  All zero is closed. */
int app_desk_open(struct app_desk *d, const struct app_args *args, struct err *e);
void app_desk_close(struct app_desk *d);

/* The value on standard input; ERR_USAGE: not of its kind. */
int app_desk_value(struct app_desk *d, enum mask_value_kind kind, struct err *e);

/* Read the file of --request into text, request and note; nothing more is looked at. */
int app_desk_file(struct app_desk *d, struct err *e);
/*
 * An open desk: read the request, which must be of kind, and the value; check
 * approvals, store, time, value, and that nothing was done by it before.
 */
int app_desk_request(struct app_desk *d, enum app_request_kind kind, struct err *e);

/* As masks use them. */
struct app_form_keys app_desk_keys(const struct app_desk *d);

/* What the chain says of it. */
struct store_asked app_desk_asked(const struct app_desk *d);

/* Find the streams that the request is of.  ERR_INPUT: there is no such stream. */
int app_desk_streams(struct app_desk *d, struct err *e);

/* Search one of them; r is opened, and the caller's to close, also after -1. */
int app_desk_find(struct app_desk *d, const char *stream, struct app_records *r,
    struct app_found *found, struct err *e);

#endif
