#include "seal/proof.h"

#include <assert.h>

#include "crypto/sha256.h"
#include "seal/tree.h"

/* ---- making ---- */

static void
range_root(
    const unsigned char (*nodes)[32], size_t first, size_t end, unsigned char root[static 32])
{
	struct seal_tree tree;

	seal_tree_init(&tree);
	(void)seal_tree_add(&tree, nodes + first, end - first, NULL);
	seal_tree_root(&tree, root);
}

/* The largest power of two below n, which is above 1. */
static size_t
split(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return (k);
}

/* Proofs are defined from the root down and written from the leaf up. */
static void
turn(struct seal_proof *proof, size_t from)
{
	for (size_t i = from, k = proof->count; i + 1 < k; i++) {
		unsigned char held[32];

		k--;
		memcpy(held, proof->hashes[i], sizeof(held));
		memcpy(proof->hashes[i], proof->hashes[k], sizeof(held));
		memcpy(proof->hashes[k], held, sizeof(held));
	}
}

/* RFC 9162, 2.1.3.1, added to proof. */
static void
add_path(const unsigned char (*nodes)[32], size_t count, size_t index, struct seal_proof *proof)
{
	size_t first = 0, end = count, from = proof->count;

	assert(index < count);
	while (end - first > 1) {
		size_t middle = first + split(end - first);
		unsigned char *out = proof->hashes[proof->count++];

		if (index < middle) {
			range_root(nodes, middle, end, out);
			end = middle;
		} else {
			range_root(nodes, first, middle, out);
			first = middle;
		}
	}
	turn(proof, from);
}

void
seal_proof_inclusion(
    const unsigned char (*leaves)[32], size_t count, size_t index, struct seal_proof *proof)
{
	proof->count = 0;
	add_path(leaves, count, index, proof);
}

/* Block roots are the nodes of one level of the tree, but for the last. */
void
seal_proof_in_block(const unsigned char (*roots)[32], uint64_t count,
    const unsigned char (*block)[32], uint64_t index, struct seal_proof *proof)
{
	uint64_t number = index / SEAL_BLOCK, blocks = (count + SEAL_BLOCK - 1) / SEAL_BLOCK;
	size_t size = SEAL_BLOCK;

	assert(index < count);
	if (number == blocks - 1)
		size = (size_t)(count - number * SEAL_BLOCK);
	proof->count = 0;
	add_path(block, size, (size_t)(index % SEAL_BLOCK), proof);
	add_path(roots, (size_t)blocks, (size_t)number, proof);
}

/* RFC 9162, 2.1.4.1. */
void
seal_proof_consistency(
    const unsigned char (*leaves)[32], size_t count, size_t old, struct seal_proof *proof)
{
	size_t first = 0, end = count;
	bool whole = true; /* is what is left of the old tree all of it? */

	assert(old >= 1 && old <= count);
	proof->count = 0;
	while (old < end) {
		size_t middle = first + split(end - first);
		unsigned char *out = proof->hashes[proof->count++];

		if (old <= middle) {
			range_root(leaves, middle, end, out);
			end = middle;
		} else {
			range_root(leaves, first, middle, out);
			first = middle;
			whole = false;
		}
	}
	if (!whole)
		range_root(leaves, first, end, proof->hashes[proof->count++]);
	turn(proof, 0);
}

/* ---- checking ---- */

static void
node(const unsigned char *left, const unsigned char *right, unsigned char out[static 32])
{
	unsigned char both[2][32];

	memcpy(both[0], left, 32);
	memcpy(both[1], right, 32);
	crypto_sha256_pairs((const unsigned char(*)[32])both, 1, (unsigned char(*)[32])out);
}

/* RFC 9162, 2.1.3.2. */
bool
seal_proof_included(const struct seal_proof *proof, const unsigned char leaf[static 32],
    uint64_t index, uint64_t size, const unsigned char root[static 32])
{
	uint64_t fn = index, sn = size - 1;
	unsigned char r[32];

	if (index >= size)
		return (false);
	memcpy(r, leaf, sizeof(r));
	for (size_t i = 0; i < proof->count; i++) {
		if (sn == 0)
			return (false);
		if ((fn & 1) == 1 || fn == sn) {
			node(proof->hashes[i], r, r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else
			node(r, proof->hashes[i], r);
		fn >>= 1;
		sn >>= 1;
	}
	return (sn == 0 && memcmp(r, root, sizeof(r)) == 0);
}

/* RFC 9162, 2.1.4.2, behind its first step: the hash to begin with is given. */
static bool
consistent_from(const unsigned char *start, const struct seal_proof *proof, size_t at,
    uint64_t fn, uint64_t sn, unsigned char roots[static 2][32])
{
	memcpy(roots[0], start, 32);
	memcpy(roots[1], start, 32);
	for (; at < proof->count; at++) {
		const unsigned char *c = proof->hashes[at];

		if (sn == 0)
			return (false);
		if ((fn & 1) == 1 || fn == sn) {
			node(c, roots[0], roots[0]);
			node(c, roots[1], roots[1]);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else
			node(roots[1], c, roots[1]);
		fn >>= 1;
		sn >>= 1;
	}
	return (sn == 0);
}

bool
seal_proof_consistent(const struct seal_proof *proof, uint64_t size1,
    const unsigned char root1[static 32], uint64_t size2, const unsigned char root2[static 32])
{
	const unsigned char *start = root1;
	unsigned char roots[2][32];
	uint64_t fn = size1 - 1, sn = size2 - 1;
	size_t at = 0;

	if (size1 == 0 || size1 > size2)
		return (false);
	if (size1 == size2)
		return (proof->count == 0 && memcmp(root1, root2, 32) == 0);
	if (proof->count == 0)
		return (false);
	if ((size1 & (size1 - 1)) != 0)
		start = proof->hashes[at++];
	for (; (fn & 1) == 1; fn >>= 1)
		sn >>= 1;
	return (consistent_from(start, proof, at, fn, sn, roots) &&
	    memcmp(roots[0], root1, 32) == 0 && memcmp(roots[1], root2, 32) == 0);
}
