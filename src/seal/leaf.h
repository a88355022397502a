/*
 * seal: a run of records becomes tamper-evident.  This unit: salts, leaves.
 *
 * docs/format.md 3.  Knows bytes, not fields.
 */
#ifndef CRETULA_SEAL_LEAF_H
#define CRETULA_SEAL_LEAF_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_SEED_BYTES 16
#define SEAL_HASH_BYTES 32
#define SEAL_SALT_FILE UINT32_MAX         /* salt index that commits to the file */
#define SEAL_SALT_WORDS (UINT32_MAX - 1)  /* ... and to the vocabulary */
/* Of the line that replaced record's, k being how often it was replaced before. */
#define SEAL_SALT_REPLACED(record, k) \
	((uint32_t)(UINT32_C(1) << 31 | (uint32_t)(k) << 20 | (uint32_t)(record)))
#define SEAL_REPLACED_MAX 2047            /* k is below it: the two above stay apart */
#define SEAL_RECORDS_MAX (1u << 20)       /* of a segment */
#define SEAL_BYTES_MAX (256u << 20)       /* of a segment's lines */

/* A node of the tree of salts. */
struct seal_node {
	unsigned level; /* 0 .. 32 */
	uint32_t index; /* below 2^level */
	unsigned char bytes[16];
};

/* One salt, by 32 compressions. */
void seal_salt(const unsigned char seed[static 16], uint32_t index, unsigned char salt[static 16]);

/*
 * Salts first .. first + count - 1, about one compression each.  memory has
 * room for SEAL_SALTS_MEMORY(count) bytes and must not overlap salts.
 */
#define SEAL_SALTS_MEMORY(count) (((size_t)(count) + 64) * 64)
void seal_salts(const unsigned char seed[static 16], uint32_t first, size_t count,
    unsigned char (*salts)[16], void *memory);

/*
 * The same from a node further down: of level 0 (the seed) .. 32, the
 * index-th of its level.  The salts must lie below it.
 */
void seal_salt_below(const struct seal_node *node, uint32_t index,
    unsigned char salt[static 16]);
void seal_salts_below(const struct seal_node *node, uint32_t first, size_t count,
    unsigned char (*salts)[16], void *memory);

/*
 * leaves[i] = SHA-256(0x00 | salts[i] | line i without its LF).  Line i ends
 * behind ends[i] - 1, which is its LF; the first starts at lines.
 */
void seal_leaves(const char *lines, const uint32_t *ends, size_t count,
    const unsigned char (*salts)[16], unsigned char (*leaves)[32]);

#endif
