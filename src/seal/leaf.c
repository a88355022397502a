#include "seal/leaf.h"

#include <assert.h>
#include <string.h>

#include "crypto/random.h"
#include "crypto/sha256.h"

#define DEPTH 32
#define CHUNK 64

/* With its NUL it fills the 16 bytes in front of a node. */
static const unsigned char prefix[16] = "cretula salt v1";

void
seal_salt_below(const struct seal_node *top, uint32_t index, unsigned char salt[static 16])
{
	unsigned char node[1][16], children[1][32];

	memcpy(node[0], top->bytes, sizeof(node[0]));
	for (unsigned level = top->level + 1; level <= DEPTH; level++) {
		uint32_t right = index >> (DEPTH - level) & 1;

		crypto_sha256_seeds(prefix, (const unsigned char(*)[16])node, 1, children);
		memcpy(node[0], children[0] + 16 * right, sizeof(node[0]));
	}
	memcpy(salt, node[0], sizeof(node[0]));
	crypto_wipe(node, sizeof(node));
	crypto_wipe(children, sizeof(children));
}

static struct seal_node
root_node(const unsigned char seed[static 16])
{
	struct seal_node top = { .level = 0 };

	memcpy(top.bytes, seed, sizeof(top.bytes));
	return (top);
}

void
seal_salt(const unsigned char seed[static 16], uint32_t index, unsigned char salt[static 16])
{
	const struct seal_node top = root_node(seed);

	seal_salt_below(&top, index, salt);
}

/*
 * Level by level only the nodes above the wanted salts are kept: at most two
 * of them lead outside, so all levels together cost little more than the last.
 */
void
seal_salts_below(const struct seal_node *top, uint32_t first, size_t count,
    unsigned char (*salts)[16], void *memory)
{
	unsigned char(*nodes)[16] = memory;
	unsigned char(*children)[16] = nodes + count + 32;
	uint64_t last = (uint64_t)first + count - 1;
	uint64_t at = top->index; /* position of nodes[0] in its level */
	size_t width = 1;

	if (count == 0)
		return;
	assert(last <= UINT32_MAX);
	memcpy(nodes[0], top->bytes, sizeof(nodes[0]));
	for (unsigned level = top->level + 1; level <= DEPTH; level++) {
		uint64_t low = first >> (DEPTH - level), high = last >> (DEPTH - level);
		unsigned char(*spare)[16] = nodes;

		crypto_sha256_seeds(prefix, (const unsigned char(*)[16])nodes, width,
		    (unsigned char(*)[32])children);
		if (low > 2 * at) /* low is 2 * at or one more */
			memmove(children[0], children[1], (2 * width - 1) * 16);
		at = low;
		width = (size_t)(high - low + 1);
		nodes = children;
		children = spare;
	}
	memcpy(salts, nodes, count * sizeof(salts[0]));
}

void
seal_salts(const unsigned char seed[static 16], uint32_t first, size_t count,
    unsigned char (*salts)[16], void *memory)
{
	const struct seal_node top = root_node(seed);

	seal_salts_below(&top, first, count, salts, memory);
}

void
seal_leaves(const char *lines, const uint32_t *ends, size_t count, const unsigned char (*salts)[16],
    unsigned char (*leaves)[32])
{
	struct crypto_message messages[CHUNK];
	uint32_t start = 0;

	for (size_t done = 0; done < count;) {
		size_t run = count - done < CHUNK ? count - done : CHUNK;

		for (size_t i = 0; i < run; i++) {
			struct crypto_message *m = &messages[i];
			uint32_t end = ends[done + i];

			assert(end > start);
			m->head[0] = 0x00;
			memcpy(m->head + 1, salts[done + i], sizeof(salts[0]));
			m->head_len = 1 + sizeof(salts[0]);
			m->body = span_of(lines + start, end - 1 - start);
			start = end;
		}
		crypto_sha256_many(messages, run, leaves + done);
		done += run;
	}
}
