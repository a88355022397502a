/* app: records that a daemon is asked to erase: one line of its control socket. */
#ifndef CRETULA_APP_RETAIN_ERASING_H
#define CRETULA_APP_RETAIN_ERASING_H

#include "base/buf.h"
#include "store/erase/erase.h"
#include "store/layout.h"

struct err;
struct store_live;

struct app_erasing {
	char stream[STORE_NAME_MAX + 1];
	struct store_erase_order order; /* none of its items has a line; all borrowed */
};

/* "erase {...}" and LF, added to out. */
void app_erasing_print(const struct app_erasing *a, struct buf *out);

/*
 * What stands behind "erase ", foreign bytes: texts, and room for items, are
 * the caller's.  No item: it is only asked whether the stream is there.  -1:
 * it is none.
 */
int app_erasing_read(struct span json, struct app_erasing *a, struct buf *text,
    struct store_erase_item items[static SEAL_ERASED_MAX]);

/* In a stream that is open. */
int app_erasing_do(
    const struct app_erasing *a, struct store_live *live, uint64_t *entry, struct err *e);

/*
 * Ask the daemon of a store, which may take a while; ERR_INCOMPLETE: there is
 * none; ERR_BUSY: it is not who writes the stream, or cannot do it just now.
 */
int app_erasing_ask(const char *store, const struct app_erasing *a, uint64_t *entry, struct err *e);

#endif
