#include "seal/tree.h"

#include <assert.h>
#include <string.h>

#include "crypto/sha256.h"

#define LEVELS 64

void
seal_tree_init(struct seal_tree *t)
{
	memset(t, 0, sizeof(*t));
}

static void
node(const unsigned char left[static 32], const unsigned char right[static 32],
    unsigned char out[static 32])
{
	unsigned char both[2][32];

	memcpy(both[0], left, 32);
	memcpy(both[1], right, 32);
	crypto_sha256_pairs((const unsigned char(*)[32])both, 1, (unsigned char(*)[32])out);
}

/*
 * Root of count leaves, which are overwritten.  Pairing level by level and
 * carrying an odd last node up is what RFC 9162's recursion comes to.
 */
static void
reduce(unsigned char (*nodes)[32], size_t count, unsigned char root[static 32])
{
	while (count > 1) {
		size_t pairs = count / 2;

		crypto_sha256_pairs((const unsigned char(*)[32])nodes, pairs, nodes);
		if (count % 2 != 0)
			memcpy(nodes[pairs], nodes[count - 1], sizeof(nodes[0]));
		count = pairs + count % 2;
	}
	memcpy(root, nodes[0], sizeof(nodes[0]));
}

/* A full block, given by its leaves; its root is stored. */
static void
block_root(const unsigned char (*leaves)[32], unsigned char root[static 32])
{
	unsigned char nodes[SEAL_BLOCK / 2][32];

	crypto_sha256_pairs(leaves, SEAL_BLOCK / 2, nodes);
	reduce(nodes, SEAL_BLOCK / 2, root);
}

/* Put the root of block number (from 0) on the stack of complete subtrees. */
static void
push(struct seal_tree *t, uint64_t number, const unsigned char root[static 32])
{
	unsigned char sum[32];
	unsigned level = 0;

	memcpy(sum, root, sizeof(sum));
	for (; (number >> level & 1) != 0; level++)
		node(t->stack[level], sum, sum);
	assert(level < LEVELS);
	memcpy(t->stack[level], sum, sizeof(sum));
}

size_t
seal_tree_add(struct seal_tree *t, const unsigned char (*leaves)[32], size_t count,
    unsigned char (*roots)[32])
{
	size_t made = 0;

	while (count > 0) {
		const unsigned char(*block)[32] = leaves;
		unsigned char root[32];
		size_t take = SEAL_BLOCK - t->pending;

		if (take > count)
			take = count;
		if (take < SEAL_BLOCK) {
			memcpy(t->block[t->pending], leaves, take * sizeof(leaves[0]));
			block = (const unsigned char(*)[32])t->block;
		}
		t->pending += (unsigned)take;
		t->count += take;
		leaves += take;
		count -= take;
		if (t->pending < SEAL_BLOCK)
			break;
		block_root(block, root);
		push(t, t->count / SEAL_BLOCK - 1, root);
		t->pending = 0;
		if (roots != NULL)
			memcpy(roots[made], root, sizeof(root));
		made++;
	}
	return (made);
}

int
seal_tree_tail(const struct seal_tree *t, unsigned char root[static 32])
{
	unsigned char nodes[SEAL_BLOCK][32];

	if (t->pending == 0)
		return (0);
	memcpy(nodes, t->block, t->pending * sizeof(nodes[0]));
	reduce(nodes, t->pending, root);
	return (1);
}

void
seal_tree_root(const struct seal_tree *t, unsigned char root[static 32])
{
	uint64_t blocks = t->count / SEAL_BLOCK;
	unsigned char sum[32];
	int have = seal_tree_tail(t, sum);

	if (t->count == 0) {
		crypto_sha256(NULL, 0, root);
		return;
	}
	for (unsigned level = 0; level < LEVELS; level++) {
		if ((blocks >> level & 1) == 0)
			continue;
		if (have)
			node(t->stack[level], sum, sum);
		else
			memcpy(sum, t->stack[level], sizeof(sum));
		have = 1;
	}
	memcpy(root, sum, sizeof(sum));
}

void
seal_entry_leaf(const void *line, size_t len, unsigned char leaf[static 32])
{
	const struct crypto_message m = { .head_len = 1, .body = span_of(line, len) };

	crypto_sha256_many(&m, 1, (unsigned char(*)[32])leaf);
}
