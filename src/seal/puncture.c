#include "seal/puncture.h"

#include <assert.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

#define DEPTH 32

static const unsigned char prefix[16] = "cretula salt v1";

void
seal_cover_free(struct seal_cover *cover)
{
	if (cover == NULL)
		return;
	if (cover->nodes != NULL)
		crypto_wipe(cover->nodes, cover->size * sizeof(cover->nodes[0]));
	free(cover->nodes);
	*cover = (struct seal_cover){ .nodes = NULL };
}

/* Not realloc, which leaves the old nodes in free memory. */
static int
make_room(struct seal_cover *cover, size_t more, struct err *e)
{
	struct seal_cover wider = { .count = cover->count, .size = 2 * cover->size };

	if (cover->count + more <= cover->size)
		return (0);
	if (wider.size < cover->count + more)
		wider.size = cover->count + more;
	if ((wider.nodes = calloc(wider.size, sizeof(wider.nodes[0]))) == NULL)
		return (err_memory(e));
	if (cover->count > 0)
		memcpy(wider.nodes, cover->nodes, cover->count * sizeof(cover->nodes[0]));
	seal_cover_free(cover);
	*cover = wider;
	return (0);
}

int
seal_cover_seed(struct seal_cover *cover, const unsigned char seed[static 16], struct err *e)
{
	if (make_room(cover, 1, e) == -1)
		return (-1);
	cover->count = 1;
	cover->nodes[0].level = 0;
	cover->nodes[0].index = 0;
	memcpy(cover->nodes[0].bytes, seed, sizeof(cover->nodes[0].bytes));
	return (0);
}

/* ---- the nodes of a leaf ---- */

static uint64_t
first_leaf(const struct seal_node *node)
{
	return ((uint64_t)node->index << (DEPTH - node->level));
}

static uint64_t
end_leaf(const struct seal_node *node)
{
	return (((uint64_t)node->index + 1) << (DEPTH - node->level));
}

/* The first node that ends behind index: it covers index, or what follows. */
static size_t
node_from(const struct seal_cover *cover, uint64_t index)
{
	size_t low = 0, high = cover->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (end_leaf(&cover->nodes[middle]) > index)
			high = middle;
		else
			low = middle + 1;
	}
	return (low);
}

static const struct seal_node *
node_above(const struct seal_cover *cover, uint32_t index)
{
	size_t at = node_from(cover, index);

	if (at == cover->count || first_leaf(&cover->nodes[at]) > index)
		return (NULL);
	return (&cover->nodes[at]);
}

bool
seal_cover_whole(const struct seal_cover *cover, const unsigned char **seed)
{
	if (cover->count != 1 || cover->nodes[0].level != 0)
		return (false);
	if (seed != NULL)
		*seed = cover->nodes[0].bytes;
	return (true);
}

bool
seal_cover_salt(const struct seal_cover *cover, uint32_t index, unsigned char salt[static 16])
{
	const struct seal_node *node = node_above(cover, index);

	if (node == NULL)
		return (false);
	seal_salt_below(node, index, salt);
	return (true);
}

size_t
seal_cover_salts(const struct seal_cover *cover, uint32_t first, size_t count,
    unsigned char (*salts)[16], bool *known, void *memory)
{
	uint64_t end = (uint64_t)first + count;
	size_t sum = 0;

	assert(end <= (uint64_t)UINT32_MAX + 1);
	if (count == 0)
		return (0);
	memset(salts, 0, count * sizeof(salts[0]));
	memset(known, 0, count * sizeof(known[0]));
	for (size_t n = node_from(cover, first); n < cover->count; n++) {
		const struct seal_node *node = &cover->nodes[n];
		uint64_t from = first_leaf(node), to = end_leaf(node);

		if (from >= end)
			break;
		if (from < first)
			from = first;
		if (to > end)
			to = end;
		seal_salts_below(
		    node, (uint32_t)from, (size_t)(to - from), salts + (from - first), memory);
		for (uint64_t i = from; i < to; i++)
			known[i - first] = true;
		sum += (size_t)(to - from);
	}
	return (sum);
}

/* ---- puncturing ---- */

/*
 * The co-path of leaf index below top, by position; how many nodes that are.
 * Left siblings come top down, right siblings bottom up.
 */
static size_t
co_path(const struct seal_node *top, uint32_t index, struct seal_node path[static DEPTH])
{
	size_t left = 0, right = DEPTH;
	unsigned char node[1][16], children[1][32];

	memcpy(node[0], top->bytes, sizeof(node[0]));
	for (unsigned level = top->level + 1; level <= DEPTH; level++) {
		uint32_t place = index >> (DEPTH - level), bit = place & 1;
		struct seal_node *sibling = bit == 1 ? &path[left++] : &path[--right];

		crypto_sha256_seeds(prefix, (const unsigned char(*)[16])node, 1, children);
		sibling->level = level;
		sibling->index = place ^ 1;
		memcpy(sibling->bytes, children[0] + 16 * (1 - bit), sizeof(sibling->bytes));
		memcpy(node[0], children[0] + 16 * bit, sizeof(node[0]));
	}
	memmove(path + left, path + right, (DEPTH - right) * sizeof(path[0]));
	crypto_wipe(node, sizeof(node));
	crypto_wipe(children, sizeof(children));
	return (left + DEPTH - right);
}

int
seal_cover_puncture(struct seal_cover *cover, uint32_t index, struct err *e)
{
	const struct seal_node *above = node_above(cover, index);
	struct seal_node path[DEPTH];
	size_t at, more;

	if (above == NULL)
		return (0);
	at = (size_t)(above - cover->nodes);
	more = DEPTH - above->level; /* in the place of one */
	if (cover->count - 1 + more > SEAL_COVER_NODES_MAX)
		return (err_set(e, ERR_CONFIG, "salts: more than %d nodes", SEAL_COVER_NODES_MAX));
	if (cover->count - 1 + more == 0)
		return (err_set(e, ERR_CONFIG, "salts: the last one"));
	if (make_room(cover, more, e) == -1)
		return (-1);
	(void)co_path(&cover->nodes[at], index, path);
	memmove(cover->nodes + at + more, cover->nodes + at + 1,
	    (cover->count - at - 1) * sizeof(path[0]));
	memcpy(cover->nodes + at, path, more * sizeof(path[0]));
	cover->count += more;
	cover->count--;
	crypto_wipe(cover->nodes + cover->count,
	    (cover->size - cover->count) * sizeof(cover->nodes[0]));
	crypto_wipe(path, sizeof(path));
	return (0);
}

int
seal_cover_erase(struct seal_cover *cover, uint32_t record, unsigned replaced, struct err *e)
{
	assert(record < SEAL_RECORDS_MAX && replaced <= SEAL_REPLACED_MAX);
	if (seal_cover_puncture(cover, SEAL_SALT_FILE, e) == -1)
		return (-1);
	for (unsigned k = 0; k < replaced; k++)
		if (seal_cover_puncture(cover, SEAL_SALT_REPLACED(record, k), e) == -1)
			return (-1);
	return (seal_cover_puncture(cover, record, e));
}

/* ---- the file ---- */

void
seal_cover_print(const struct seal_cover *cover, struct buf *out)
{
	for (size_t i = 0; i < cover->count; i++) {
		const struct seal_node *node = &cover->nodes[i];

		buf_u64(out, node->level);
		buf_char(out, ' ');
		buf_u64(out, node->index);
		buf_char(out, ' ');
		buf_base64(out, node->bytes, sizeof(node->bytes));
		buf_char(out, '\n');
	}
}

/* A number without leading zeros and the blank behind it, at most max. */
static bool
take_number(struct span *rest, uint64_t max, uint64_t *n)
{
	size_t len = span_find(*rest, ' ');
	struct span digits = span_of(rest->ptr, len);

	if (len == rest->len || (len > 1 && digits.ptr[0] == '0') || num_u64(digits, n) == -1)
		return (false);
	*rest = span_from(*rest, len + 1);
	return (*n <= max);
}

/* NULL, or what is wrong with the line. */
static const char *
read_node(struct span line, struct seal_node *node)
{
	uint64_t level, index;
	size_t len;

	if (!take_number(&line, DEPTH, &level))
		return ("no level");
	if (!take_number(&line, (UINT64_C(1) << level) - 1, &index))
		return ("no index in its level");
	node->level = (unsigned)level;
	node->index = (uint32_t)index;
	if (text_unbase64(line, node->bytes, sizeof(node->bytes), &len) == -1 ||
	    len != sizeof(node->bytes))
		return ("not base64 of 16 bytes");
	return (NULL);
}

static const char *
read_nodes(struct span rest, struct seal_cover *cover)
{
	const struct seal_node *before = NULL;

	while (rest.len > 0) {
		size_t len = span_find(rest, '\n');
		struct seal_node *node = &cover->nodes[cover->count];
		const char *why;

		if (len == rest.len)
			return ("no LF at the end");
		if ((why = read_node(span_of(rest.ptr, len), node)) != NULL)
			return (why);
		if (before != NULL && first_leaf(node) < end_leaf(before))
			return ("not sorted, or overlapping");
		if (before != NULL && before->level == node->level &&
		    (before->index ^ 1) == node->index)
			return ("siblings");
		before = node;
		cover->count++;
		rest = span_from(rest, len + 1);
	}
	return (cover->count == 0 ? "empty" : NULL);
}

int
seal_cover_read(struct span text, struct seal_cover *cover, struct err *e)
{
	size_t lines = 0;
	const char *why;

	assert(cover->nodes == NULL);
	if (text.len > SEAL_COVER_BYTES_MAX)
		return (err_set(e, ERR_FINDING, "salts: too long"));
	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	if (lines > SEAL_COVER_NODES_MAX)
		return (err_set(e, ERR_FINDING, "salts: too many lines"));
	if (make_room(cover, lines + 1, e) == -1)
		return (-1);
	if ((why = read_nodes(text, cover)) == NULL)
		return (0);
	(void)err_set(e, ERR_FINDING, "salts: line %zu: %s", cover->count + 1, why);
	seal_cover_free(cover);
	return (-1);
}
