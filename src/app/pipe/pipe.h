/*
 * app: lines from a live input into a live stream.
 *
 * One thread ("cr-read") drains the input, masks, and fills an area with
 * records; the calling thread commits the other one, cuts segments and turns
 * epochs.  All memory is taken before the first byte; a full area pushes
 * back on the input.
 */
#ifndef CRETULA_APP_PIPE_PIPE_H
#define CRETULA_APP_PIPE_PIPE_H

#include <sys/stat.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/pipe/area.h"
#include "app/pipe/clock.h"
#include "app/pipe/over.h"
#include "app/pipe/raise.h"
#include "app/pipe/rotate.h"
#include "base/err.h"
#include "key/key.h"
#include "mask/mask.h"
#include "store/live.h"
#include "store/periods.h"

enum { APP_PIPE_SEAL = 1, APP_PIPE_ROTATE = 2 }; /* of seal */
#define APP_PIPE_DETACH (-1) /* the input goes on with another pipe */

struct app_capture;
struct input_live;
struct app_pipe {
	/* in */
	struct input_live *in;
	struct app_capture *capture; /* made before there is an input; NULL: by app_pipe_run */
	struct store_live_options how; /* next.epochs is filled in at each open */
	struct store_live *live; /* NULL: it could not be opened again */
	struct mask_setup setup; /* parser.format NULL: decided on the first lines */
	struct key_ring *ring;
	const int64_t *grace_us; /* by period */
	unsigned char fingerprint_key[32]; /* of files */
	unsigned char escrow[32]; /* of how, if the ratchet is in memory */
	char policy_hash[65];
	int64_t seal_every_ns;
	struct app_rotate rotate;
	struct app_clock clock; /* started; of the writer from then on */
	uint64_t rate; /* limits.rate; 0: none */
	bool learn;
	uint64_t lost, lost_files; /* lines that a run before could not write; 1: a file is gone */
	const atomic_int *stop; /* not 0: drain and end; APP_PIPE_DETACH: only end */
	atomic_int *seal; /* bits: cut now; end the period as well.  Cleared here */
	const char *daemon; /* the stream's name for its log; NULL: `pipe` speaks */
	struct app_counter *counter; /* NULL: nobody counts */
	struct app_keeper *keeper; /* NULL: nothing goes meanwhile */
	struct app_figures *figures; /* who watches; NULL: nobody */
	/* out */
	struct stats_counts counts;
	uint64_t words_seen, words_clear; /* of paths; by the reader, for when it has ended */
	uint64_t records, flushes, segments; /* segments: of a live that is closed */
	uint64_t unwritten; /* lines that came, after an error */
	unsigned full_waits;
	int64_t slowest_flush_ns, slowest_cut_ns;
	int64_t longest_wait_ns, longest_turn_ns; /* in which the reader stood still */
	bool unlocked;
	/* both threads, under lock */
	pthread_mutex_t lock;
	pthread_cond_t to_main, to_reader;
	struct app_area areas[2];
	unsigned filling; /* the area of the reader */
	bool ready; /* the other one waits for its commit */
	bool push, pushed; /* hand over what is there; done */
	bool turn; /* the reader waits for the epochs of turn_us */
	bool changed; /* the keys are others: the reader shall ask for a turn */
	int64_t turn_us;
	struct app_raising raising;
	atomic_bool full; /* no space: the writer waits for it */
	atomic_bool over_budget; /* none that it may take: what was read waits */
	bool quit, ended, failed; /* the writer has failed; the reader is done */
	struct err error;
	pthread_mutex_t words_lock; /* the vocabulary: merging or saving */
	/* of the writer */
	struct mask_epochs epochs; /* of the open segment */
	int64_t opened_ns, flushed_ns;
	struct app_clock_break broke; /* which the chain does not tell yet */
	bool has_broken, rotate_asked; /* rotate_asked: the next cut ends the period */
	int64_t period_us; /* a time of the running period */
	uint64_t period_bytes, period_number;
	struct app_over over; /* limits.rate, as people are told */
	uint64_t left_bytes; /* of a segment that a full disk left open */
	struct stat keyring; /* of the keyring when it was looked at last */
};

/* To standard error: a line for people, of a daemon one in logfmt. */
void app_pipe_warn(const struct app_pipe *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The epochs of now for every class, as JSON: what a record may be of. */
void app_pipe_epochs(
    const struct mask_policy *policy, const struct key_ring *ring, int64_t now_us, struct buf *out);

/* Has another process changed the keys since the last turn?  The caller's thread is the writer. */
bool app_pipe_keys_changed(struct app_pipe *p);

/*
 * Live epochs of now_us; of those that were destroyed, by us or another
 * process, the chain says so.  By a clock that is not sure none is destroyed.
 */
int app_pipe_turn(struct app_pipe *p, int64_t now_us, struct err *e);

/* The same before the first record; what was opened may name keys of before. */
int app_pipe_turn_first(struct app_pipe *p, struct err *e);

/* Say in the store's chain how far the stream goes; a failure is only warned of. */
void app_pipe_head(struct app_pipe *p);

/* The period of what is sealed may have ended before the start. */
int app_pipe_rotate_start(struct app_pipe *p, struct err *e);

/* Open p->live as p->how says, for records of turn_us; close: its segments are counted. */
int app_pipe_open_live(struct app_pipe *p, struct store_live_found *found, struct err *e);
void app_pipe_close_live(struct app_pipe *p);

/*
 * After a call on live that failed for lack of space (e says which): seal what
 * is open, wait, open again.  0: the call may be made again; -1 with e.
 */
int app_pipe_wait_for_space(struct app_pipe *p, struct err *e);
/* Wait, less if APP_PIPE_SEAL of *seal asks for a look now; it is cleared.  false: told to stop. */
bool app_pipe_pause(struct app_pipe *p, int64_t ns);
/* Is the disk budget over, or no longer?  The chain says so.  0; -1 with e. */
int app_pipe_budget(struct app_pipe *p, struct err *e);
bool app_pipe_takes(const struct app_pipe *p); /* what is ready: not while it is over */

/* To the end of the input, or *stop: what was read is committed.  -1: what was committed stays. */
int app_pipe_run(struct app_pipe *p, struct err *e);

/* What a cut or stop has to say of the open segment; free both. */
int app_pipe_facts(struct app_pipe *p, struct buf *epochs, struct buf *words,
    struct store_live_facts *facts, struct err *e);

/* The reader's thread. */
int app_capture_open(struct app_pipe *p, struct app_capture **c, struct err *e);
void app_capture_close(struct app_capture *c); /* NULL is legal */
uint64_t app_capture_waiting(const struct app_capture *c); /* lines that are not masked */
void *app_capture_main(void *capture);

#endif
