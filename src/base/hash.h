/*
 * hash: fast keyed 64-bit hash for tables in memory (never stored).
 *
 * Foreign bytes choose the keys of our tables, so the seed is random per
 * process: whoever writes log lines cannot make buckets collide.
 */
#ifndef CRETULA_BASE_HASH_H
#define CRETULA_BASE_HASH_H

#include <stdint.h>

#include "base/span.h"

/* Any seed works; a random one makes collisions unguessable. */
uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed);

static inline uint64_t
hash_span(struct span s, uint64_t seed)
{
	return (hash_bytes(s.ptr, s.len, seed));
}

/*
 * 128 bits of keyed hash, for tables that keep no text: names of entries are
 * compared, not what they name.  salt tells tables or kinds apart.
 */
void hash_wide(struct span s, const uint64_t seed[static 2], uint64_t salt,
    uint64_t key[static 2]);

#endif
