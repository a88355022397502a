/* app: a hold, or a release, that a daemon is asked for: one line of its control socket. */
#ifndef CRETULA_APP_RETAIN_ORDER_H
#define CRETULA_APP_RETAIN_ORDER_H

#include "base/buf.h"
#include "store/erase/erase.h"
#include "store/layout.h"

struct err;
struct store_live;

#define APP_ORDER_BYTES ((size_t)64 << 10) /* of a request, with LF */

struct app_order {
	bool release;
	char stream[STORE_NAME_MAX + 1];
	struct store_hold_order hold; /* of a release id, reason, by; all borrowed */
};

/* "hold {...}" and LF, added to out. */
void app_order_print(const struct app_order *order, struct buf *out);

/*
 * What stands behind "hold ", foreign bytes: texts, and room for runs, are
 * the caller's.  -1: it is none.
 */
int app_order_read(struct span json, struct app_order *order, struct buf *text,
    struct seal_range ranges[static STORE_HOLD_RANGES_MAX]);

/* "ok ENTRY", or "error CODE TEXT", which becomes e; ERR_BUSY: none of the daemon's streams. */
int app_order_answer(struct span answer, const char *stream, uint64_t *entry, struct err *e);

/* Seal it in a stream that is open. */
int app_order_seal(
    const struct app_order *order, struct store_live *live, uint64_t *entry, struct err *e);

/* ---- texts of a request, unescaped into a buffer whose memory may still move ---- */

struct app_text_place {
	size_t start, len;
};
/* A member that has to be there.  text is not empty.  -1: it is not, or there is no memory. */
int app_text_add(const struct json_value *object, const char *name, struct buf *text,
    struct app_text_place *place);
struct span app_text_at(const struct buf *text, struct app_text_place place);

#endif
