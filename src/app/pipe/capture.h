/* app, inside: what the units of a pipe's reader share. */
#ifndef CRETULA_APP_PIPE_CAPTURE_H
#define CRETULA_APP_PIPE_CAPTURE_H

#include "app/pipe/pipe.h"
#include "input/live.h"
#include "seal/segment.h"

struct app_capture {
	struct app_pipe *p;
	struct arena memory;
	char *raw;
	size_t have;
	bool eof;
	bool begun; /* how lines are read is known */
	bool unclear; /* and was looked for in vain; said */
	bool push; /* the writer wants what is there */
	bool touched; /* raw has pages */
	bool changed; /* and has seen other keys */
	size_t added; /* bytes of raw that nobody sent: line ends */
	struct input_more more; /* of the last read; cut and item_at are places in raw */
	struct input_more held; /* the same of a cut behind that one, which is not masked yet */
	bool again; /* raw came before, up to edge (0: all of it); then it is the other way round */
	size_t edge;
	uint64_t ticket; /* not 0: with raw that is whole */
	bool flush; /* a file has ended with these lines */
	struct input_position position; /* behind raw; its head is not looked at */
	struct seal_source source; /* of the file, as of the last area */
	uint64_t source_file;
	int64_t first_ns; /* when the oldest of raw came */
	int64_t last_ns; /* and the newest */
	bool silent; /* in the last turn we listened, and nothing came */
	int64_t handed_ns;
	struct detail_bucket bucket; /* of limits.rate */
	struct stats_gaps *gaps; /* NULL: nobody looks for them */
	struct app_clock clock;
	int64_t now_us; /* what it believed when records were masked last */
	char *scratch;
	struct mask *mask;
	struct mask_candidates *learn;
	uint64_t number; /* of the next batch */
};

/* ---- hand.c ---- */

bool app_capture_full(const struct app_area *a);
void app_capture_note_wait(int64_t *longest_ns, int64_t start_ns);
/* Give the area to the writer; wait until it has no other.  false: told to quit. */
bool app_capture_hand(struct app_capture *c);
/* If it is time for it, or the writer wants it. */
bool app_capture_hand_in_time(struct app_capture *c);
/* How long to wait for more; what was asked for meanwhile is seen so late. */
/* Shall no more be read, whatever there is? */
bool app_capture_ends(const struct app_capture *c);
int app_capture_patience_ms(const struct app_capture *c);
/* Nothing came for a while: memory that a burst has filled goes back. */
void app_capture_give_back(struct app_capture *c);

#endif
