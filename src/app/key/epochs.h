/*
 * app: lists of live epochs.  KEYS/NAME/epochs lists those that a stream may
 * have used: one that is on the list and no more in the ring was destroyed, by
 * whomever and whenever, and the chain says so.
 */
#ifndef CRETULA_APP_KEY_EPOCHS_H
#define CRETULA_APP_KEY_EPOCHS_H

#include <stdbool.h>
#include <stddef.h>

#include "key/key.h"
#include "store/epochs.h"

struct err;

struct app_epochs {
	struct store_gone *list; /* free it */
	size_t count;
};

int app_epochs_of_ring(const struct key_ring *ring, struct app_epochs *out, struct err *e);
/* fd: KEYS/NAME.  No list is an empty one. */
int app_epochs_read(int fd, struct app_epochs *out, struct err *e);
int app_epochs_write(int fd, const struct app_epochs *all, struct err *e);
bool app_epochs_have(const struct app_epochs *all, const struct store_gone *one);
bool app_epochs_same(const struct app_epochs *a, const struct app_epochs *b);

/*
 * Those that a stream may have used and that the ring in keys_fd has no more:
 * its chain need not say so yet.
 */
int app_epochs_gone(int keys_fd, const char *stream, struct app_epochs *out, struct err *e);

/*
 * Which epochs of all are held?  held is calloc'ed; free it.  hold (may be
 * NULL) gets the name of one hold.
 */
struct store;
int app_epochs_held(const struct store *s, int64_t now_us, const struct app_epochs *all,
    bool **held, struct buf *hold, struct err *e);

#endif
