/* Segments of a store made by hand. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "build.h"
#include "crypto/sha256.h"
#include "record/record.h"
#include "seal/leaf.h"
#include "store/compress.h"
#include "store/layout.h"

struct packed {
	uint32_t *ends;
	size_t count;
	struct buf file;
};

static void
add_u32(struct buf *out, uint32_t n)
{
	unsigned char bytes[4] = { (unsigned char)n, (unsigned char)(n >> 8),
		(unsigned char)(n >> 16), (unsigned char)(n >> 24) };

	buf_add(out, bytes, sizeof(bytes));
}

static void
find_ends(const char *lines, size_t len, struct packed *p)
{
	p->ends = calloc(len + 1, sizeof(*p->ends));
	assert(p->ends != NULL);
	for (size_t i = 0; i < len; i++)
		if (lines[i] == '\n')
			p->ends[p->count++] = (uint32_t)i + 1;
}

/* Lines to frames and their table.  Bytes behind the last LF are left away. */
static void
pack(const char *lines, size_t len, struct packed *p)
{
	struct store_part part = { .lines = lines };
	struct store_compressor *c;
	struct err e;

	*p = (struct packed){ 0 };
	find_ends(lines, len, p);
	assert(store_compressor_open(1, &c, &e) == 0);
	part.ends = p->ends;
	part.count = p->count;
	part.packed = malloc(store_compress_bound(len) + 1);
	part.frames = calloc(store_compress_frames(len) + 1, sizeof(*part.frames));
	assert(part.packed != NULL && part.frames != NULL);
	store_compress(c, &part);
	buf_add(&p->file, part.packed, part.packed_len);
	add_u32(&p->file, 0x184d2a5e);
	add_u32(&p->file, (uint32_t)(8 * part.frame_count + 9));
	for (size_t i = 0; i < part.frame_count; i++) {
		add_u32(&p->file, part.frames[i].compressed);
		add_u32(&p->file, part.frames[i].decompressed);
	}
	add_u32(&p->file, (uint32_t)part.frame_count);
	buf_char(&p->file, '\0');
	add_u32(&p->file, 0x8f92eab1);
	store_compressor_close(c);
	free(part.packed);
	free(part.frames);
}

static void
write_segment_file(const struct build_stream *s, const char *suffix, struct span bytes)
{
	char path[STORE_PATH_BYTES], full[256];

	store_segment_path(path, s->seg, suffix);
	build_stream_path(s, path, full);
	build_write_file(full, bytes.ptr, bytes.len);
}

static void
seal_lines(const struct packed *p, const char *lines, const unsigned char seed[static 16],
    unsigned char root[static 32], struct buf *idx)
{
	unsigned char(*salts)[16] = calloc(p->count + 1, sizeof(*salts));
	unsigned char(*leaves)[32] = calloc(p->count + 1, sizeof(*leaves));
	unsigned char(*roots)[32] = calloc(p->count / SEAL_BLOCK + 2, sizeof(*roots));
	void *memory = malloc(SEAL_SALTS_MEMORY(p->count));
	static struct seal_tree tree;
	size_t root_count;

	assert(salts != NULL && leaves != NULL && roots != NULL && memory != NULL);
	if (p->count > 0) {
		seal_salts(seed, 0, p->count, salts, memory);
		seal_leaves(lines, p->ends, p->count, (const unsigned char(*)[16])salts, leaves);
	}
	seal_tree_init(&tree);
	root_count = seal_tree_add(&tree, (const unsigned char(*)[32])leaves, p->count, roots);
	root_count += (size_t)seal_tree_tail(&tree, roots[root_count]);
	seal_tree_root(&tree, root);
	for (size_t i = 0; i < p->count; i++)
		buf_add(idx, leaves[i], 2);
	buf_add(idx, roots, 32 * root_count);
	free(salts);
	free(leaves);
	free(roots);
	free(memory);
}

static void
salted_hash(const char *head, const unsigned char seed[static 16], uint32_t index,
    struct span bytes, unsigned char hash[static 32])
{
	unsigned char salt[16];
	struct crypto_sha256 h;

	seal_salt(seed, index, salt);
	crypto_sha256_init(&h);
	crypto_sha256_add(&h, head, strlen(head));
	crypto_sha256_add(&h, salt, sizeof(salt));
	crypto_sha256_add(&h, bytes.ptr, bytes.len);
	crypto_sha256_end(&h, hash);
}

static void
count_lines(const struct packed *p, const char *lines, struct seal_segment *facts)
{
	struct stats_counts *c = &facts->counts;
	uint32_t from = 0;

	stats_counts_clear(c);
	for (size_t i = 0; i < p->count; from = p->ends[i++]) {
		struct record_facts peeked;

		c->lines++;
		c->bytes += p->ends[i] - from;
		if (record_peek(span_of(lines + from, p->ends[i] - from - 1), &peeked, NULL) ==
		    -1) {
			c->in.parsed++;
			c->status[0]++;
			continue;
		}
		c->in.parsed += peeked.state == RECORD_PARSED;
		c->in.partial += peeked.state == RECORD_PARTIAL;
		c->in.unparsed += peeked.state == RECORD_UNPARSED;
		stats_counts_record(c, peeked.status, peeked.time_us);
	}
	if (c->time_min_us <= c->time_max_us) {
		c->time_min_us = c->time_min_us / 60000000 * 60000000;
		c->time_max_us = (c->time_max_us + 59999999) / 60000000 * 60000000;
	}
	facts->has_by = p->count >= 20;
}

static void
fill_facts(const struct build_stream *s, const struct build_segment *segment,
    const struct packed *p, const unsigned char seed[static 16], struct seal_segment *facts)
{
	struct span words = segment->words == NULL ? span_of("", 0) : span_str(segment->words);

	facts->seg = s->seg;
	facts->first = s->first;
	facts->n = p->count;
	facts->bytes = p->count == 0 ? 0 : p->ends[p->count - 1];
	facts->file_size = p->file.len;
	salted_hash(
	    "cretula file v1\n", seed, SEAL_SALT_FILE, buf_view(&p->file), facts->file_hash);
	salted_hash("cretula words v1\n", seed, SEAL_SALT_WORDS, words, facts->words_hash);
	for (size_t i = 0; i < words.len; i++)
		facts->words_count += words.ptr[i] == '\n';
	count_lines(p, segment->lines, facts);
	facts->policy = span_str(BUILD_POLICY);
	facts->mask_epochs = span_str(segment->mask_epochs == NULL ? "{}" : segment->mask_epochs);
	facts->has_mask_seed = segment->import;
}

void
build_segment(struct build_stream *s, const struct build_segment *segment)
{
	static struct seal_entry entry;
	unsigned char seed[32];
	struct buf idx = { 0 }, salt = { 0 };
	struct packed p;

	build_make_seed(s->name, "salt", segment->seed != 0 ? segment->seed : s->seg, 0, seed);
	pack(segment->lines, segment->len, &p);
	build_common(s, SEAL_SEGMENT, &entry);
	fill_facts(s, segment, &p, seed, &entry.of.segment);
	seal_lines(&p, segment->lines, seed, entry.of.segment.root, &idx);
	crypto_sha256(idx.data, idx.len, entry.of.segment.idx);
	buf_str(&salt, "0 0 ");
	buf_base64(&salt, seed, 16);
	buf_char(&salt, '\n');
	write_segment_file(s, "jsonl.zst", buf_view(&p.file));
	write_segment_file(s, "idx", buf_view(&idx));
	write_segment_file(s, "salt", buf_view(&salt));
	if (segment->change != NULL)
		segment->change(&entry);
	s->seg = entry.of.segment.seg + 1;
	s->first = entry.of.segment.first + entry.of.segment.n;
	build_append(s, &entry, true);
	buf_free(&p.file);
	buf_free(&idx);
	buf_free(&salt);
	free(p.ends);
}

void
build_repack(const struct build *b, const char *path, const void *lines, size_t len)
{
	struct packed p;

	pack(lines, len, &p);
	build_write(b, path, p.file.data, p.file.len);
	buf_free(&p.file);
	free(p.ends);
}
