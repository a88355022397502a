/* store: what a live stream says from time to time: clock, keys, how far it goes, periods. */
#ifndef CRETULA_STORE_PERIODS_H
#define CRETULA_STORE_PERIODS_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/entry.h"

struct err;
struct store;
struct store_chain;
struct store_live;

/* Append that the clock says now_us where was_us came before or was due. */
int store_live_clock(struct store_live *l, int64_t was_us, int64_t now_us, struct err *e);

/* Is there a destroy entry of this epoch? */
bool store_live_says_destroyed(
    struct store_live *l, const char *what, const unsigned char commitment[static 32]);

/* Of a stream that need not be open, or there. */
struct store_last {
	int64_t t_us;        /* of the newest entry; INT64_MIN: none */
	int64_t expected_us; /* what the clock should say by now; 0: not known of this boot */
};
int store_last(const struct store *s, const char *name, const struct seal_names *names,
    struct store_last *last, struct err *e);

/* As store_stream_head. */
int store_live_head(struct store_live *l, struct err *e);

/* ---- retention ---- */

struct store_prune_order;
/*
 * As store_prune (store/erase/erase.h), also by another thread than the one
 * that calls all else: commits go on meanwhile, sealing waits for the entry
 * only.  l must not be closed before it returns.
 */
int store_live_prune(struct store_live *l, const struct store_prune_order *order, uint64_t *entry,
    struct err *e);
/* As store_hold and store_release, by any thread. */
struct store_hold_order;
struct store_release_order;
int store_live_keys_fd(const struct store_live *l); /* of its store; stays its own */
int store_live_add_hold(struct store_live *l, const struct store_hold_order *order, uint64_t *entry,
    struct err *e);
int store_live_end_hold(struct store_live *l, const struct store_release_order *order,
    uint64_t *entry, struct err *e);
/*
 * As store_erase, likewise beside commits: the segment is written anew while
 * they go on.  Not at once with store_live_prune or another of its kind.
 */
struct store_erase_order;
int store_live_erase(struct store_live *l, const struct store_erase_order *order, uint64_t *entry,
    struct err *e);
/*
 * An entry says that something is gone, and of its files some could not be
 * overwritten or removed: is it so?  Tried again, as a start does; not at once
 * with what takes away.
 */
bool store_live_left(const struct store_live *l);
int store_live_settle(struct store_live *l, struct err *e);
/* What look says of the chain as it is, by any thread; nothing is appended meanwhile. */
typedef int store_live_looks(void *arg, const struct store_chain *chain, struct err *e);
int store_live_look(struct store_live *l, store_live_looks *look, void *arg, struct err *e);
/* As store_live_append, by that thread: a failure shows at the next append. */
int store_live_append_aside(struct store_live *l, struct seal_entry *entry, struct err *e);

/* ---- periods (`rotate`) ---- */

/* A name ("2026-11-25", "2026-W48", "2026-11") or a number. */
#define STORE_PERIOD_BYTES 24

/* What is sealed and of no period yet. */
struct store_unrotated {
	uint64_t segments, bytes;
	int64_t t_us; /* of the newest of them, when it was captured; INT64_MIN: none */
	uint64_t number; /* of the newest period that has one; 0: none */
};
int store_live_unrotated(struct store_live *l, struct store_unrotated *u, struct err *e);

/* Append that period ends with the newest sealed segment. */
int store_live_rotate(struct store_live *l, const char *period, struct err *e);

#endif
