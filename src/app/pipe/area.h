/* app: records of whole batches between masking and commit, all of one file if of any. */
#ifndef CRETULA_APP_PIPE_AREA_H
#define CRETULA_APP_PIPE_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "mask/epochs.h"
#include "seal/segment.h"
#include "stats/counts.h"
#include "tally/batch.h"

#define APP_PIPE_BYTES ((size_t)64 << 20) /* records that wait for a flush, at most */
#define APP_PIPE_RECORDS ((size_t)512 << 10)
#define APP_PIPE_FLUSH_BYTES ((size_t)4 << 20) /* flushed without waiting a second */
#define APP_PIPE_FLUSH_NS INT64_C(1000000000)

#define APP_PIPE_ANSWER_NS INT64_C(100000000) /* nor longer, where somebody waits for it */
#define APP_PIPE_QUIET_NS INT64_C(2000000000) /* of silence: then both threads look less often */
#define APP_PIPE_IDLE_NS INT64_C(10000000000) /* then memory goes back */

struct app_area {
	struct arena memory;
	bool touched; /* there is something to give back */
	char *lines;
	uint32_t *ends;
	size_t len, count;
	int64_t since_ns; /* when the oldest line came; 0: it is empty */
	struct stats_counts counts;
	struct mask_epochs epochs;
	struct tally_batch *tally; /* what they add up to; NULL: nobody counts */
	struct seal_source source; /* has_source: where they end in a file */
	uint64_t file; /* of input_position */
	bool has_source, next_source;
	uint64_t ticket; /* not 0: once it is committed, somebody is told (input/given.h) */
};

#endif
