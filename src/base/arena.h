/*
 * arena: fixed memory handed out front to back and reset as a whole.
 *
 * One mmap at start; no allocator afterwards.  A full arena answers NULL,
 * and the caller degrades (folds, stops learning, masks whole).
 */
#ifndef CRETULA_BASE_ARENA_H
#define CRETULA_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct err;

struct arena {
	char *base;
	size_t used;
	size_t size;
	size_t peak; /* the most used before a reset: what a secret arena wipes */
	bool locked; /* mlock succeeded */
	bool secret;
};

enum arena_flags {
	ARENA_PLAIN = 0,
	ARENA_SECRET = 1, /* mlock (MLOCK_ONFAULT), MADV_DONTDUMP, MADV_WIPEONFORK */
	ARENA_LAZY = 2,   /* MAP_NORESERVE: address space now, pages on touch */
	ARENA_SMALL = 4   /* secret without huge pages, which would be mostly empty */
};

/*
 * Map size bytes.  Return 0; or -1 and fill e.  A refused mlock is not an
 * error: a->locked says false and the caller decides.
 */
int arena_open(struct arena *a, size_t size, int flags, struct err *e);

/* Wipe what was used (secret arenas) and unmap.  All-zero a is legal. */
void arena_close(struct arena *a);

/* size bytes at a multiple of 16, or NULL when full.  Not zeroed on reuse. */
void *arena_take(struct arena *a, size_t size);

void arena_reset(struct arena *a); /* used = 0; the bytes stay */

/*
 * Give pages behind keep bytes back to the system (MADV_DONTNEED); bytes in
 * use stay.
 */
void arena_trim(struct arena *a, size_t keep);

/*
 * The same for pages that were taken, from the first whole one behind from
 * on: what stands there is gone, and they read as zeros.  What was secret in
 * them the caller has wiped.
 */
void arena_forget(struct arena *a, const void *from);

#endif
