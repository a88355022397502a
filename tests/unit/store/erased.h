/*
 * A small verifier for segments of which records were erased or replaced:
 * written from docs/format.md, apart from what the writer does.
 */
#ifndef CRETULA_TEST_STORE_ERASED_H
#define CRETULA_TEST_STORE_ERASED_H

#include "checker.h"
#include "seal/lists.h"
#include "seal/placeholder.h"
#include "seal/puncture.h"

struct erased {
	char wrong[5000];
	uint64_t revision;
	struct buf lines; /* of the segment */
	/* what the chain says */
	struct seal_segment sealed;
	uint64_t file_size;
	struct seal_item items[256]; /* all of all entries */
	size_t item_count;
};

/* The newest item of a record, and how many new before it. */
static inline const struct seal_item *
newest_item(const struct erased *c, uint64_t record, unsigned *k)
{
	const struct seal_item *found = NULL;

	*k = 0;
	for (size_t i = 0; i < c->item_count; i++) {
		if (c->items[i].record != record)
			continue;
		*k += found != NULL && found->has_new;
		found = &c->items[i];
	}
	return (found);
}

static inline int
read_said(struct erased *c, int dirfd, uint64_t seg)
{
	static struct seal_entry entry;
	struct store_chain chain;
	struct err e = { 0 };

	if (store_chain_read(dirfd, &chain, &e) == -1)
		WRONG(c, "%s", e.text);
	c->revision = c->item_count = 0;
	for (size_t i = 0; i < chain.count; i++) {
		struct json_cursor cursor;

		if (seal_entry_read(store_chain_line(&chain, i), &test_names, &entry, &e) == -1)
			WRONG(c, "entry %zu: %s", i, e.text);
		if (entry.type == SEAL_SEGMENT && entry.of.segment.seg == seg) {
			c->sealed = entry.of.segment;
			c->file_size = entry.of.segment.file_size;
		}
		if (entry.type != SEAL_REDACT || entry.of.redact.seg != seg)
			continue;
		if (entry.of.redact.revision != c->revision + 1)
			WRONG(c, "entry %zu: revision", i);
		c->revision++;
		c->file_size = entry.of.redact.file_size;
		seal_items_open(entry.of.redact.items, &cursor);
		while (seal_items_next(&cursor, &c->items[c->item_count]))
			c->item_count++;
	}
	store_chain_free(&chain);
	return (0);
}

static inline int
read_file(struct erased *c, int dirfd, const char *path)
{
	struct store_reader *r = NULL;
	struct err e = { 0 };
	struct span lines;
	uint64_t size;
	int fd = store_open_file(dirfd, path, &size, &e);

	if (fd == -1 || store_reader_open(&r, &e) == -1)
		WRONG(c, "%s: %s", path, e.text);
	store_reader_begin(r, fd, c->sealed.bytes + 100000, NULL, NULL);
	buf_clear(&c->lines);
	do {
		if (store_reader_next(r, &lines, &e) == -1)
			WRONG(c, "%s: %s", path, e.text);
		buf_span(&c->lines, lines);
	} while (lines.len > 0);
	if (store_reader_layout(r) != STORE_LAYOUT_GOOD || size != c->file_size)
		WRONG(c, "%s: layout %d, %ju bytes", path, store_reader_layout(r), (uintmax_t)size);
	store_reader_close(r);
	return (0);
}

/* The leaf that counts for a line, and whether the line is what was said of it. */
static inline int
check_line(struct erased *c, const struct seal_cover *cover, uint32_t record, struct span line,
    unsigned char leaf[static 32])
{
	unsigned k;
	const struct seal_item *item = newest_item(c, record, &k);
	enum seal_line kind = seal_line_read(line, leaf, NULL);
	unsigned char salt[16], commitment[32];
	uint32_t end = (uint32_t)line.len + 1;

	if ((item == NULL) != seal_cover_salt(cover, record, salt))
		WRONG(c, "record %u: its salt", record);
	if (item == NULL) {
		if (kind != SEAL_LINE_RECORD)
			WRONG(c, "record %u: a placeholder", record);
		seal_leaves(line.ptr, &end, 1, (const unsigned char (*)[16])salt,
		    (unsigned char (*)[32])leaf);
		return (0);
	}
	if (kind != (item->has_new ? SEAL_LINE_REPLACED : SEAL_LINE_ERASED) ||
	    memcmp(leaf, item->leaf, 32) != 0)
		WRONG(c, "record %u: another placeholder", record);
	for (unsigned i = 0; i < k; i++)
		if (seal_cover_salt(cover, SEAL_SALT_REPLACED(record, i), salt))
			WRONG(c, "record %u: salt of replacement %u", record, i);
	if (!item->has_new)
		return (0);
	if (!seal_cover_salt(cover, SEAL_SALT_REPLACED(record, k), salt))
		WRONG(c, "record %u: no salt of its line", record);
	seal_replaced_leaf(line, salt, commitment);
	if (memcmp(commitment, item->new_leaf, 32) != 0)
		WRONG(c, "record %u: another new line", record);
	return (0);
}

static inline int
check_erased_lines(struct erased *c, const struct seal_cover *cover)
{
	static struct seal_tree tree;
	unsigned char leaf[1][32], root[32], salt[16];
	struct span rest = buf_view(&c->lines);
	uint32_t n = 0;

	seal_tree_init(&tree);
	for (; rest.len > 0; n++) {
		size_t len = span_find(rest, '\n');

		if (check_line(c, cover, n, span_of(rest.ptr, len), leaf[0]) == -1)
			return (-1);
		(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaf, 1, NULL);
		rest = span_from(rest, len + 1);
	}
	seal_tree_root(&tree, root);
	if (n != c->sealed.n || memcmp(root, c->sealed.root, 32) != 0)
		WRONG(c, "another root");
	if (seal_cover_salt(cover, SEAL_SALT_FILE, salt) != (c->revision == 0) ||
	    !seal_cover_salt(cover, SEAL_SALT_WORDS, salt))
		WRONG(c, "salts of file or vocabulary");
	return (0);
}

/* Exactly the files of that revision begin with the segment's number. */
static inline int
check_names(struct erased *c, int dirfd, uint64_t seg)
{
	int fd = openat(dirfd, "seg", O_RDONLY | O_DIRECTORY), count = 0;
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	char prefix[16];

	(void)snprintf(prefix, sizeof(prefix), "%08ju.", (uintmax_t)seg);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, 9) == 0)
			count++;
		if (len > 4 && strcmp(entry->d_name + len - 4, ".tmp") == 0)
			count = 1000;
	}
	(void)closedir(dir);
	if (count != 3)
		WRONG(c, "%d files of segment %ju", count, (uintmax_t)seg);
	return (0);
}

static inline int
check_erased(struct erased *c, const char *store, const char *name, uint64_t seg)
{
	char path[PATH_MAX], revision[32] = "";
	struct seal_cover cover = { .nodes = NULL };
	struct buf text = { 0 };
	unsigned char digest[32];
	struct err e = { 0 };
	int dirfd, rc = -1;

	(void)snprintf(path, sizeof(path), "%s/streams/%s", store, name);
	if ((dirfd = open(path, O_RDONLY | O_DIRECTORY)) == -1)
		WRONG(c, "%s: none", path);
	if (read_said(c, dirfd, seg) == -1 || check_names(c, dirfd, seg) == -1)
		goto out;
	if (c->revision > 0)
		(void)snprintf(revision, sizeof(revision), ".r%ju", (uintmax_t)c->revision);
	(void)snprintf(path, sizeof(path), "seg/%08ju%s.salt", (uintmax_t)seg, revision);
	if (io_read_file(dirfd, path, SEAL_COVER_BYTES_MAX, &text, &e) == -1 ||
	    seal_cover_read(buf_view(&text), &cover, &e) == -1) {
		(void)snprintf(c->wrong, sizeof(c->wrong), "%s: %s", path, e.text);
		goto out;
	}
	(void)snprintf(path, sizeof(path), "seg/%08ju%s.jsonl.zst", (uintmax_t)seg, revision);
	if (read_file(c, dirfd, path) == -1 || check_erased_lines(c, &cover) == -1)
		goto out;
	(void)snprintf(path, sizeof(path), "seg/%08ju.idx", (uintmax_t)seg);
	if (io_read_file(dirfd, path, 1u << 24, &text, &e) == 0) {
		crypto_sha256(text.data, text.len, digest);
		rc = memcmp(digest, c->sealed.idx, 32) == 0 ? 0 : -1;
	}
	if (rc == -1)
		(void)snprintf(c->wrong, sizeof(c->wrong), "%s: another", path);
out:
	(void)close(dirfd);
	seal_cover_free(&cover);
	buf_free(&text);
	return (rc);
}

#endif
