/*
 * A small verifier for the tests of store: written from docs/format.md, apart
 * from what the writer does.  Names the first thing that is wrong.
 */
#ifndef CRETULA_TEST_STORE_CHECKER_H
#define CRETULA_TEST_STORE_CHECKER_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "seal/entry.h"
#include "seal/leaf.h"
#include "seal/note.h"
#include "seal/statement.h"
#include "seal/tree.h"
#include "store/chain.h"
#include "store/reader.h"

static const char *const test_classes[] = { "none", "ip.peer" };
static const char *const test_reasons[] = { "grammar" };
static const struct seal_names test_names = { test_classes, 2, test_reasons, 1 };

struct checked {
	char wrong[5000];         /* "" if all is well */
	uint64_t entries, segments, records;
	uint64_t live;            /* segments with tags */
	struct buf lines;         /* all records of the stream */
	struct seal_entry newest;
};

#define WRONG(c, ...) \
	do { \
		(void)snprintf((c)->wrong, sizeof((c)->wrong), __VA_ARGS__); \
		return (-1); \
	} while (0)

static inline int
check_root(struct checked *c, int dirfd, uint64_t size, const struct seal_tree *tree,
    struct span log, struct span epoch)
{
	static struct seal_note note;
	struct seal_vkey log_key, epoch_key;
	struct buf text = { 0 };
	unsigned char root[32];
	char path[64];
	struct err e = { 0 };

	(void)snprintf(path, sizeof(path), "cp/%08ju.note", (uintmax_t)size);
	if (io_read_file(dirfd, path, 65536, &text, &e) == -1)
		WRONG(c, "%s", e.text);
	if (seal_note_read(buf_view(&text), &note, &e) == -1 ||
	    seal_vkey_read(log, &log_key, &e) == -1 || seal_vkey_read(epoch, &epoch_key, &e) == -1 ||
	    seal_note_check(&note, &log_key, &e) == -1 || seal_note_check(&note, &epoch_key, &e) == -1)
		WRONG(c, "%s: %s", path, e.text);
	seal_tree_root(tree, root);
	if (note.size != size || memcmp(root, note.root, 32) != 0 || note.signature_count < 2)
		WRONG(c, "%s: another root or size", path);
	buf_free(&text);
	return (0);
}

static inline int
check_segment_lines(struct checked *c, const struct seal_segment *s, const unsigned char *seed,
    struct span lines, struct buf *idx)
{
	static struct seal_tree tree;
	unsigned char (*leaves)[32] = malloc((s->n + 1) * 32), root[32];
	size_t at = 0, n = 0;

	seal_tree_init(&tree);
	while (at < lines.len) {
		struct span rest = span_from(lines, at);
		size_t len = span_find(rest, '\n');
		unsigned char bytes[17];
		struct crypto_sha256 h;

		if (n == s->n)
			WRONG(c, "segment %ju: records more than %ju", (uintmax_t)s->seg, (uintmax_t)s->n);
		bytes[0] = 0;
		seal_salt(seed, (uint32_t)n, bytes + 1);
		crypto_sha256_init(&h);
		crypto_sha256_add(&h, bytes, 17);
		crypto_sha256_add(&h, rest.ptr, len);
		crypto_sha256_end(&h, leaves[n]);
		buf_add(idx, leaves[n], 2);
		n++;
		at += len + 1;
	}
	for (size_t i = 0; i < n; i += 256) {
		struct seal_tree part;

		seal_tree_init(&part);
		(void)seal_tree_add(&part, (const unsigned char (*)[32])leaves + i,
		    n - i < 256 ? n - i : 256, NULL);
		seal_tree_root(&part, root);
		buf_add(idx, root, 32);
	}
	(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaves, n, NULL);
	seal_tree_root(&tree, root);
	free(leaves);
	if (n != s->n || lines.len != s->bytes || memcmp(root, s->root, 32) != 0)
		WRONG(c, "segment %ju: other records", (uintmax_t)s->seg);
	return (0);
}

static inline void
add_to_hash(void *arg, const void *bytes, size_t len)
{
	crypto_sha256_add(arg, bytes, len);
}

static inline int
check_segment(struct checked *c, int dirfd, const struct seal_segment *s)
{
	struct buf salt = { 0 }, idx = { 0 }, want_idx = { 0 }, want_salt = { 0 };
	struct store_reader *r = NULL;
	unsigned char seed[16], salt_file[16], digest[32];
	struct crypto_sha256 h;
	struct span lines;
	struct err e = { 0 };
	char path[64];
	uint64_t size;
	size_t start = c->lines.len, len;
	int fd;

	(void)snprintf(path, sizeof(path), "seg/%08ju.salt", (uintmax_t)s->seg);
	if (io_read_file(dirfd, path, 1000, &salt, &e) == -1 || salt.len != 29 ||
	    text_unbase64(span_of(salt.data + 4, 24), seed, 16, &len) == -1)
		WRONG(c, "%s: no seed", path);
	buf_str(&want_salt, "0 0 ");
	buf_base64(&want_salt, seed, 16);
	buf_char(&want_salt, '\n');
	if (!span_equal(buf_view(&salt), buf_view(&want_salt)))
		WRONG(c, "%s: form", path);
	(void)snprintf(path, sizeof(path), "seg/%08ju.jsonl.zst", (uintmax_t)s->seg);
	if ((fd = store_open_file(dirfd, path, &size, &e)) == -1 || store_reader_open(&r, &e) == -1)
		WRONG(c, "%s", e.text);
	seal_salt(seed, UINT32_MAX, salt_file);
	crypto_sha256_init(&h);
	crypto_sha256_add(&h, "cretula file v1\n", 16);
	crypto_sha256_add(&h, salt_file, 16);
	store_reader_begin(r, fd, s->bytes, add_to_hash, &h);
	do {
		if (store_reader_next(r, &lines, &e) == -1)
			WRONG(c, "%s: %s", path, e.text);
		buf_span(&c->lines, lines);
	} while (lines.len > 0);
	store_reader_close(r);
	crypto_sha256_end(&h, digest);
	if (size != s->file_size || memcmp(digest, s->file_hash, 32) != 0)
		WRONG(c, "%s: file hash", path);
	if (check_segment_lines(c, s, seed, span_from(buf_view(&c->lines), start), &want_idx) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "seg/%08ju.idx", (uintmax_t)s->seg);
	if (io_read_file(dirfd, path, 1u << 24, &idx, &e) == -1 ||
	    !span_equal(buf_view(&idx), buf_view(&want_idx)))
		WRONG(c, "%s: other bytes", path);
	crypto_sha256(idx.data, idx.len, digest);
	if (memcmp(digest, s->idx, 32) != 0)
		WRONG(c, "%s: hash", path);
	buf_free(&salt);
	buf_free(&want_salt);
	buf_free(&idx);
	buf_free(&want_idx);
	return (0);
}

static inline int
count_names(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY), count = 0;
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	(void)closedir(dir);
	return (count);
}

/* One entry behind those before; epoch becomes the vkey that is in force. */
static inline int
check_entry(struct checked *c, int dirfd, const struct seal_entry *entry)
{
	if (entry->type == SEAL_SEGMENT) {
		const struct seal_segment *s = &entry->of.segment;

		if (s->seg != c->segments + 1 || s->first != c->records)
			WRONG(c, "entry %ju: segment or record gap", (uintmax_t)entry->index);
		c->segments++;
		c->records += s->n;
		c->live += s->has_tags;
		return (check_segment(c, dirfd, s));
	}
	if (entry->type == SEAL_UNKNOWN)
		WRONG(c, "entry %ju: unknown", (uintmax_t)entry->index);
	return (0);
}

/* The vkeys in force; an entry that changes them is judged by those before. */
struct check_keys {
	struct buf origin, log, recovery, epoch;
	struct buf signer; /* a log key that must have signed this note as well */
	uint64_t epoch_number;
};

static inline void
set_buf(struct buf *b, struct span to)
{
	buf_clear(b);
	buf_span(b, to);
}

static inline int
take_keys(struct checked *c, const struct seal_entry *entry, struct check_keys *k)
{
	const struct seal_rekey *rekey = &entry->of.rekey;
	const struct seal_recover *recover = &entry->of.recover;
	struct span origin = buf_view(&k->origin), recovery = buf_view(&k->recovery);
	struct err e = { 0 };

	set_buf(&k->signer, buf_view(&k->log));
	if (entry->type == SEAL_REVOKE &&
	    seal_revoke_check(origin, &entry->of.revoke, recovery, &e) == -1)
		WRONG(c, "entry %ju: %s", (uintmax_t)entry->index, e.text);
	if (entry->type == SEAL_RECOVER && recover->log.len > 0) {
		if (seal_recovery_check(origin, buf_view(&k->log), recover->log, recover->recovery,
			recovery, &e) == -1 || !entry->has_next)
			WRONG(c, "entry %ju: %s", (uintmax_t)entry->index, e.text);
		set_buf(&k->log, recover->log);
		set_buf(&k->signer, recover->log);
		set_buf(&k->epoch, entry->next);
	}
	if (entry->type == SEAL_REKEY) {
		struct buf *key = span_is(rekey->key, "log") ? &k->log : &k->recovery;

		if (seal_rekey_check(origin, rekey, recovery, &e) == -1 ||
		    !span_equal(rekey->old, buf_view(key)))
			WRONG(c, "entry %ju: not the old key, or %s", (uintmax_t)entry->index, e.text);
		set_buf(key, rekey->new);
		if (rekey->has_recovery)
			set_buf(&k->signer, buf_view(&k->log));
	}
	return (0);
}

static inline int
check_chain(struct checked *c, int dirfd, const struct store_chain *chain)
{
	struct check_keys k = { .epoch_number = 0 };
	static struct seal_tree tree;
	unsigned char hash[32] = { 0 };
	int64_t t_us = INT64_MIN;

	seal_tree_init(&tree);
	for (size_t i = 0; i < chain->count; i++) {
		struct seal_entry *entry = &c->newest;
		struct span line = store_chain_line(chain, i);
		unsigned char leaf[1][32];
		struct err e = { 0 };

		if (seal_entry_read(line, &test_names, entry, &e) == -1)
			WRONG(c, "entry %zu: %s", i, e.text);
		if (entry->index != i || memcmp(entry->prev, hash, 32) != 0 || entry->t_us < t_us)
			WRONG(c, "entry %zu: index, prev or t", i);
		if ((entry->type == SEAL_GENESIS) != (i == 0))
			WRONG(c, "entry %zu: genesis", i);
		if (i == 0) {
			buf_span(&k.origin, entry->of.genesis.origin);
			buf_span(&k.log, entry->of.genesis.log);
			buf_span(&k.recovery, entry->of.genesis.recovery);
			buf_span(&k.epoch, entry->next);
		}
		if (take_keys(c, entry, &k) == -1)
			return (-1);
		if (entry->has_next && entry->epoch != k.epoch_number)
			WRONG(c, "entry %zu: epoch", i);
		t_us = entry->t_us;
		crypto_sha256(line.ptr, line.len, hash);
		seal_entry_leaf(line.ptr, line.len, leaf[0]);
		(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaf, 1, NULL);
		if (check_root(c, dirfd, i + 1, &tree, buf_view(&k.log), buf_view(&k.epoch)) == -1 ||
		    check_root(c, dirfd, i + 1, &tree, buf_view(&k.signer), buf_view(&k.epoch)) == -1 ||
		    check_entry(c, dirfd, entry) == -1)
			return (-1);
		if (entry->has_next && i > 0) {
			set_buf(&k.epoch, entry->next);
			k.epoch_number++;
		}
	}
	buf_free(&k.origin);
	buf_free(&k.log);
	buf_free(&k.recovery);
	buf_free(&k.epoch);
	buf_free(&k.signer);
	return (0);
}

/* All of a stream; nothing more and nothing less may lie there. */
static inline int
check_stream(struct checked *c, const char *store, const char *name)
{
	struct store_chain chain;
	struct buf note = { 0 }, newest = { 0 };
	char path[PATH_MAX];
	struct err e = { 0 };
	int dirfd;

	memset(c, 0, sizeof(*c));
	(void)snprintf(path, sizeof(path), "%s/streams/%s", store, name);
	if ((dirfd = open(path, O_RDONLY | O_DIRECTORY)) == -1)
		WRONG(c, "%s: none", path);
	if (store_chain_read(dirfd, &chain, &e) == -1)
		WRONG(c, "%s", e.text);
	if (chain.torn || chain.count == 0)
		WRONG(c, "torn or empty chain");
	c->entries = chain.count;
	if (check_chain(c, dirfd, &chain) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "cp/%08zu.note", chain.count);
	if (io_read_file(dirfd, path, 65536, &newest, &e) == -1 ||
	    io_read_file(dirfd, "checkpoint", 65536, &note, &e) == -1 ||
	    !span_equal(buf_view(&note), buf_view(&newest)))
		WRONG(c, "checkpoint is not the newest note");
	if ((uint64_t)count_names(dirfd, "cp") != c->entries)
		WRONG(c, "cp/ has %d names", count_names(dirfd, "cp"));
	if (strcmp(name, "cretula.store") != 0 &&
	    (uint64_t)count_names(dirfd, "seg") != 3 * c->segments + c->live)
		WRONG(c, "seg/ has %d names", count_names(dirfd, "seg"));
	if (count_names(dirfd, ".") != (strcmp(name, "cretula.store") == 0 ? 3 : 4) +
	    (faccessat(dirfd, "open", F_OK, 0) == 0) + (faccessat(dirfd, "anchor", F_OK, 0) == 0))
		WRONG(c, "the stream has %d names", count_names(dirfd, "."));
	store_chain_free(&chain);
	buf_free(&note);
	buf_free(&newest);
	(void)close(dirfd);
	return (0);
}

#endif
