/* app: what the chain of an archive says of its source. */
#ifndef CRETULA_APP_ARCHIVE_STATE_H
#define CRETULA_APP_ARCHIVE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "seal/lists.h"
#include "store/chain.h"

struct err;

#define APP_ARCHIVE_KIND "archive"   /* of the config entry in front of each segment */
#define APP_ARCHIVE_TRANSFORM "archive" /* of the derive entry behind it */

struct app_archive_state {
	struct buf taken;  /* struct seal_range, as the entries say */
	bool begun;        /* segs are announced, and no derive names them */
	uint64_t made;     /* the segment that holds them; 0: it was not sealed */
	struct buf segs;   /* raw JSON ranges */
	bool unsaid;       /* a key is not said to be gone */
};

/*
 * origin: of the source.  ERR_CONFIG if that is no archive, or one of another
 * source; ERR_FINDING if the chain cannot be read.  Free it in any case.
 */
int app_archive_state_read(const struct store_chain *chain, struct span origin,
    struct app_archive_state *state, struct err *e);
void app_archive_state_free(struct app_archive_state *state);

bool app_archive_state_has(const struct app_archive_state *state, uint64_t seg);

#endif
