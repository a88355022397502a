/* app, inside: what the thread that counts shares with who gives to it. */
#ifndef CRETULA_APP_TALLY_INSIDE_H
#define CRETULA_APP_TALLY_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/tally/counter.h"
#include "base/arena.h"

#define ITEMS 16 /* that wait for the thread */
#define ITEMS_LIVE 4 /* where nobody waits for them: each stream has its own */
#define KEYS_MAX 512
#define COPIES_BYTES ((size_t)64 << 20) /* of lines, where nobody waits */

enum kind { NOTHING, ADD, SEAL, REOPEN, IMPORT_ENDS };

struct item {
	enum kind kind;
	struct tally_batch *batch; /* of this place; empty while it is free */
	struct span lines; /* that a full batch does not hold: who gave it waits, or a copy */
	uint64_t segment, records;
	unsigned char origin[32];
};

struct keys {
	size_t count;
	struct key_epoch_times list[KEYS_MAX];
};

struct app_counter {
	struct app_counter_options how;
	struct tally_book *book; /* of the thread */
	bool behind; /* of the thread: batches are not counted until a segment ends */
	uint64_t open, records; /* of the thread: segment, and its records, that are added */
	bool dirty; /* of the thread: since the last commit */
	int64_t since_ns; /* of the thread: when it began */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t to_thread, to_giver;
	/* under lock */
	struct item items[ITEMS];
	unsigned places; /* of items that are used; always as many */
	unsigned first, count;
	struct arena copies; /* of lines of items; it is emptied when none is left */
	unsigned copy_count;
	uint64_t given, served; /* items so far */
	bool lost_batch; /* one found no room, since */
	uint64_t lost_seal; /* the end of this segment, which found none either; 0: none */
	bool lost; /* one of both */
	bool quit;
	bool whole; /* all of the input was given */
	bool done; /* the thread does nothing more */
	bool keys_changed;
	struct keys keys;
	struct keys there; /* of the thread: as of the last change */
	struct stats_usual usual; /* of errors */
	int64_t usual_hour; /* of the thread: that it was asked for */
	atomic_bool stop; /* quit, for who does not hold the lock */
};

/* give.c: the lines of an item are counted.  Under the lock. */
void app_counter_put_back(struct app_counter *c, struct item *item);

/*
 * show.c: what comes late is told from what does not (docs/adr/0050), from now on.  What roles
 * below developers are shown moves on; ends: nothing more comes, now.  true: by the next commit.
 */
int app_counter_guard(struct app_counter *c, struct err *e);
bool app_counter_show(struct app_counter *c, bool ends);

/* usual.c: look up what is usual, if it is another hour now.  Without the lock. */
void app_counter_look_up(struct app_counter *c);

#endif
