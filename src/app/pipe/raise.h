/*
 * app: detail that is raised for a while: the reader sees why and does it,
 * the writer tells the chain.
 */
#ifndef CRETULA_APP_PIPE_RAISE_H
#define CRETULA_APP_PIPE_RAISE_H

#include <stdbool.h>
#include <stdint.h>

#include "detail/detail.h"

struct app_capture;
struct app_pipe;
struct err;

#define APP_RAISE_REASON_BYTES 160
#define APP_RAISE_TOLD_MAX 8

/* What somebody asks for by hand. */
struct app_wish {
	enum detail_level raise;
	int64_t for_us;
	uint32_t uid;
	char reason[APP_RAISE_REASON_BYTES];
};

struct app_raising {
	/* of the reader */
	struct detail_raised now;
	struct detail_window window;
	/* under the pipe's lock: what the chain is to tell, the oldest first */
	struct app_told {
		struct detail_change change;
		struct app_wish wish; /* by hand */
	} told[APP_RAISE_TOLD_MAX];
	unsigned count;
};

/* The reader: a batch had these; time went on, or somebody asks. */
void app_raise_see(struct app_capture *c, const struct detail_events *events);
void app_raise_turn(struct app_capture *c);
/* Nothing is read any more: what is raised is over. */
void app_raise_end(struct app_capture *c);

/* The writer: entries of what changed.  0; -1 with e. */
int app_raise_tell(struct app_pipe *p, struct err *e);

#endif
