/*
 * app: the forms of a person's value in a segment: under each key that the
 * segment names and that is there.  Keys that are not are noted.
 */
#ifndef CRETULA_APP_SUBJECT_FORMS_H
#define CRETULA_APP_SUBJECT_FORMS_H

#include "app/subject/find.h"
#include "mask/method/value.h"

struct err;

/*
 * ring has the live keys; import (may be NULL) those of an import whose
 * commitment is seed.  All outlive what is made of them.
 */
struct app_form_keys {
	const struct key_ring *ring, *import;
	const unsigned char *seed; /* 32 bytes */
	const char *tenant;
};
int app_forms_open(const struct app_form_keys *keys, const struct mask_value *value,
    struct app_forms **forms, struct err *e);
struct app_epoch;
/*
 * alive (struct app_epoch; may be NULL): the epochs of the value that have a key
 * are added, each once.  only (may be NULL): the forms of this one alone, also
 * those without a key, in segments that name it.
 */
void app_forms_epochs(struct app_forms *f, const struct app_epoch *only, struct buf *alive);
void app_forms_close(struct app_forms *f); /* NULL is legal */

/* Begin a stream: what its chain says of keys; found takes those that are gone. */
int app_forms_stream(
    struct app_forms *f, const struct store_chain *chain, struct app_found *found, struct err *e);
/* The forms of the segment of entry, from here on. */
int app_forms_make(struct app_forms *f, const struct seal_entry *entry, struct err *e);

/* What a line that has one has in it, until the next segment; false: that cannot be told. */
bool app_forms_needles(const struct app_forms *f, struct app_needles *needles);
/* May a record of the frame have one? */
bool app_forms_may(const struct app_forms *f, const struct store_skip *skip, size_t frame,
    int64_t since_us, int64_t until_us);
/* Are there some that each record is to be tried with?  Then judge is for one thread alone. */
bool app_forms_bound(const struct app_forms *f);
/* 2: the record is the person's; 1: only the network is the same; 0. */
int app_forms_judge(const struct app_forms *f, const struct record *r);

#endif
