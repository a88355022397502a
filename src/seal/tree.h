/* seal: the RFC 9162 tree, appended to in runs; docs/format.md 4. */
#ifndef CRETULA_SEAL_TREE_H
#define CRETULA_SEAL_TREE_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_BLOCK 256 /* leaves under one block root of .idx */

struct seal_tree {
	uint64_t count;                      /* leaves so far */
	unsigned char stack[64][32];         /* complete subtrees, by level of a block */
	unsigned char block[SEAL_BLOCK][32]; /* leaves of the unfinished block */
	unsigned pending;                    /* how many of them */
};

void seal_tree_init(struct seal_tree *t);

/*
 * Append leaves.  For each block of 256 that becomes complete, its root is
 * stored to roots (may be NULL; else room for count / 256 + 1) and counted.
 * Returns how many roots were stored.
 */
size_t seal_tree_add(struct seal_tree *t, const unsigned char (*leaves)[32], size_t count,
    unsigned char (*roots)[32]);

/* Root of what was appended; t stays as it is. */
void seal_tree_root(const struct seal_tree *t, unsigned char root[static 32]);

/* Root of the unfinished block, for the end of .idx; 0 if there is none, else 1. */
int seal_tree_tail(const struct seal_tree *t, unsigned char root[static 32]);

/* SHA-256(0x00 | line): leaf of a chain entry. */
void seal_entry_leaf(const void *line, size_t len, unsigned char leaf[static 32]);

#endif
