#include "store/inside.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/tree.h"
#include "store/sweep.h"
#include "store/writer.h"

#define FRAMES_MAX_EXPECTED 4096 /* more than that only with tiny batches */
#define BLOCKS_MAX (SEAL_RECORDS_MAX / SEAL_BLOCK)

static const char *const suffixes[] = { "jsonl.zst", "salt", "idx", "tags" };
#define FILES (sizeof(suffixes) / sizeof(suffixes[0]))
#define FILE_TAGS 3 /* of a segment that was live */

struct store_segment {
	struct store_stream *stream;
	uint64_t number, records, bytes, file_bytes;
	unsigned char seed[16];
	bool has_tags;
	struct span tags; /* the caller's */
	int fd; /* of the .jsonl.zst under its .tmp name */
	struct crypto_sha256 file_hash;
	struct seal_tree tree;
	struct buf table; /* seek table: 8 bytes a frame */
	size_t block_count;
	unsigned char (*blocks)[32]; /* block roots of .idx */
	unsigned char (*prefixes)[2]; /* leaf prefixes of .idx */
};

static void
path_of(const struct store_segment *seg, size_t file, bool unfinished,
    char out[static STORE_PATH_BYTES])
{
	char suffix[32];

	(void)snprintf(suffix, sizeof(suffix), "%s%s", suffixes[file], unfinished ? ".tmp" : "");
	store_segment_path(out, seg->number, suffix);
}

/* SHA-256(label | LF | salt of index | ...), to go on with. */
static void
start_hash(
    const struct store_segment *seg, const char *label, uint32_t index, struct crypto_sha256 *h)
{
	unsigned char salt[16];

	seal_salt(seg->seed, index, salt);
	crypto_sha256_init(h);
	crypto_sha256_add(h, label, strlen(label));
	crypto_sha256_add(h, salt, sizeof(salt));
}

static int
begin(struct store_segment *seg, struct err *e)
{
	char path[STORE_PATH_BYTES];

	seg->prefixes = malloc(SEAL_RECORDS_MAX * sizeof(seg->prefixes[0]));
	seg->blocks = malloc((BLOCKS_MAX + 1) * sizeof(seg->blocks[0]));
	if (seg->prefixes == NULL || seg->blocks == NULL ||
	    buf_reserve(&seg->table, FRAMES_MAX_EXPECTED * 8) == -1)
		return (err_set(e, ERR_IO, "out of memory"));
	start_hash(seg, "cretula file v1\n", SEAL_SALT_FILE, &seg->file_hash);
	seal_tree_init(&seg->tree);
	path_of(seg, 0, true, path);
	seg->fd = store_make_file(seg->stream->dirfd, path, e);
	return (seg->fd == -1 ? -1 : 0);
}

int
store_segment_begin_seed(struct store_stream *st, const unsigned char seed[static 16],
    struct store_segment **seg, struct err *e)
{
	struct store_segment *made = calloc(1, sizeof(*made));

	assert(st->segment == NULL);
	if (made == NULL)
		return (err_sys(e, ERR_IO, "stream %s: segment", st->name));
	made->stream = st;
	made->number = st->segments + 1;
	made->fd = -1;
	memcpy(made->seed, seed, sizeof(made->seed));
	st->segment = made;
	if (begin(made, e) == -1) {
		(void)err_in(e, "store %s: stream %s: segment %ju", st->store->dir, st->name,
		    (uintmax_t)made->number);
		store_segment_drop(made);
		return (-1);
	}
	*seg = made;
	return (0);
}

int
store_segment_begin(struct store_stream *st, struct store_segment **seg, struct err *e)
{
	unsigned char seed[16];
	int rc;

	if (store_writer_room(st->writer, e) == -1)
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	crypto_random(seed, sizeof(seed));
	rc = store_segment_begin_seed(st, seed, seg, e);
	crypto_wipe(seed, sizeof(seed));
	return (rc);
}

void
store_segment_tags(struct store_segment *seg, struct span tags)
{
	seg->has_tags = true;
	seg->tags = tags;
}

void
store_segment_root(const struct store_segment *seg, unsigned char root[static 32])
{
	seal_tree_root(&seg->tree, root);
}

const unsigned char *
store_segment_seed(const struct store_segment *seg)
{
	return (seg->seed);
}

uint64_t
store_segment_records(const struct store_segment *seg)
{
	return (seg->records);
}

uint64_t
store_segment_bytes(const struct store_segment *seg)
{
	return (seg->bytes);
}

/* Wipes and frees; the files are the caller's. */
static void
free_segment(struct store_segment *seg)
{
	if (seg->fd != -1)
		(void)close(seg->fd);
	seg->stream->segment = NULL;
	crypto_wipe(seg->seed, sizeof(seg->seed));
	buf_free(&seg->table);
	free(seg->prefixes);
	free(seg->blocks);
	free(seg);
}

static void
unlink_files(const struct store_segment *seg, bool unfinished)
{
	char path[STORE_PATH_BYTES];

	for (size_t i = 0; i < FILES; i++) {
		path_of(seg, i, unfinished, path);
		(void)store_remove_file(seg->stream->dirfd, path, NULL);
	}
}

void
store_segment_drop(struct store_segment *seg)
{
	if (seg == NULL)
		return;
	unlink_files(seg, true);
	free_segment(seg);
}

/* ---- records ---- */

static int
write_file(struct store_segment *seg, struct span bytes, struct err *e)
{
	if (io_write(seg->fd, bytes.ptr, bytes.len, e) == -1)
		return (-1);
	crypto_sha256_add(&seg->file_hash, bytes.ptr, bytes.len);
	seg->file_bytes += bytes.len;
	return (0);
}

int
store_segment_add(struct store_segment *seg, const struct store_part *part, struct err *e)
{
	const unsigned char(*leaves)[32] = (const unsigned char(*)[32])part->leaves;
	uint64_t bytes = part->count == 0 ? 0 : part->ends[part->count - 1];

	assert(part->count <= SEAL_RECORDS_MAX - seg->records);
	assert(bytes <= SEAL_BYTES_MAX - seg->bytes);
	if (write_file(seg, span_of(part->packed, part->packed_len), e) == -1)
		return (err_in(e, "store %s: stream %s: segment %ju", seg->stream->store->dir,
		    seg->stream->name, (uintmax_t)seg->number));
	store_table_add(&seg->table, part->frames, part->frame_count);
	for (size_t i = 0; i < part->count; i++)
		memcpy(seg->prefixes[seg->records + i], leaves[i], sizeof(seg->prefixes[0]));
	seg->block_count +=
	    seal_tree_add(&seg->tree, leaves, part->count, seg->blocks + seg->block_count);
	seg->records += part->count;
	seg->bytes += bytes;
	return (0);
}

/* ---- sealing ---- */

static int
write_table(struct store_segment *seg, struct err *e)
{
	struct buf b = { 0 };
	int rc = -1;

	store_table_print(&seg->table, &b);
	if (buf_ok(&b) && buf_ok(&seg->table))
		rc = write_file(seg, buf_view(&b), e);
	else
		(void)err_set(e, ERR_IO, "out of memory");
	buf_free(&b);
	return (rc);
}

static int
finish_file(int fd, struct err *e)
{
	if (io_fsync(fd, e) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (io_close(fd, e));
}

/* A whole new file under its .tmp name, synced. */
static int
write_side(const struct store_segment *seg, size_t file, const struct span *parts,
    size_t part_count, struct err *e)
{
	char path[STORE_PATH_BYTES];
	int fd;

	path_of(seg, file, true, path);
	if ((fd = store_make_file(seg->stream->dirfd, path, e)) == -1)
		return (-1);
	for (size_t i = 0; i < part_count; i++) {
		if (io_write(fd, parts[i].ptr, parts[i].len, e) == -1) {
			(void)close(fd);
			return (-1);
		}
	}
	return (finish_file(fd, e));
}

static int
write_salt(const struct store_segment *seg, struct err *e)
{
	struct buf text = { 0 };
	struct span part;
	int rc = -1;

	buf_str(&text, "0 0 ");
	buf_base64(&text, seg->seed, sizeof(seg->seed));
	buf_char(&text, '\n');
	part = buf_view(&text);
	if (buf_ok(&text))
		rc = write_side(seg, 1, &part, 1, e);
	else
		(void)err_set(e, ERR_IO, "out of memory");
	buf_wipe(&text);
	return (rc);
}

static int
write_idx(struct store_segment *seg, unsigned char hash[static 32], struct err *e)
{
	size_t blocks = seg->block_count;
	struct span parts[2];
	struct crypto_sha256 h;

	blocks += (size_t)seal_tree_tail(&seg->tree, seg->blocks[blocks]);
	parts[0] = span_of((const char *)seg->prefixes, (size_t)seg->records * 2);
	parts[1] = span_of((const char *)seg->blocks, blocks * 32);
	crypto_sha256_init(&h);
	for (size_t i = 0; i < 2; i++)
		crypto_sha256_add(&h, parts[i].ptr, parts[i].len);
	crypto_sha256_end(&h, hash);
	return (write_side(seg, 2, parts, 2, e));
}

/* From .tmp to the final names; they reach the disk with the directory. */
static int
name_files(const struct store_segment *seg, struct err *e)
{
	char from[STORE_PATH_BYTES], to[STORE_PATH_BYTES];
	int folder, rc;

	for (size_t i = 0; i < FILES; i++) {
		if (i == FILE_TAGS && !seg->has_tags)
			continue;
		path_of(seg, i, true, from);
		path_of(seg, i, false, to);
		if (io_link(seg->stream->dirfd, from, to, e) == -1 ||
		    io_unlink(seg->stream->dirfd, from, e) == -1)
			return (-1);
	}
	if ((folder = io_open_dir(seg->stream->dirfd, "seg", e)) == -1)
		return (-1);
	rc = io_sync_dir(folder, e);
	(void)close(folder);
	return (rc);
}

static void
state_facts(const struct store_segment *seg, struct seal_segment *facts, struct span words)
{
	struct crypto_sha256 h = seg->file_hash;

	facts->seg = seg->number;
	facts->first = seg->stream->records;
	facts->n = seg->records;
	facts->bytes = seg->bytes;
	facts->has_by = seg->records >= SEAL_BY_MIN;
	facts->file_size = seg->file_bytes;
	seal_tree_root(&seg->tree, facts->root);
	crypto_sha256_end(&h, facts->file_hash);
	start_hash(seg, "cretula words v1\n", SEAL_SALT_WORDS, &h);
	crypto_sha256_add(&h, words.ptr, words.len);
	crypto_sha256_end(&h, facts->words_hash);
}

static int
append_entry(struct store_segment *seg, const struct seal_segment *facts, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_SEGMENT;
	entry->of.segment = *facts;
	rc = store_writer_append(seg->stream->writer, entry, true, e);
	free(entry);
	return (rc);
}

static int
seal(struct store_segment *seg, struct seal_segment *facts, struct span words, struct err *e)
{
	int fd = seg->fd;

	if (write_table(seg, e) == -1)
		return (-1);
	seg->fd = -1; /* finish_file closes it in any case */
	if (finish_file(fd, e) == -1 || write_salt(seg, e) == -1 ||
	    write_idx(seg, facts->idx, e) == -1 ||
	    (seg->has_tags && write_side(seg, FILE_TAGS, &seg->tags, 1, e) == -1))
		return (-1);
	state_facts(seg, facts, words);
	if (name_files(seg, e) == -1)
		return (-1);
	return (append_entry(seg, facts, e));
}

int
store_segment_seal(
    struct store_segment *seg, struct seal_segment *facts, struct span words_file, struct err *e)
{
	struct store_stream *st = seg->stream;
	int rc = seal(seg, facts, words_file, e);

	if (rc == 0) {
		st->segments = seg->number;
		st->records += seg->records;
		st->interrupted =
		    facts->source_count > 0 && !facts->sources[facts->source_count - 1].end;
	} else {
		(void)err_in(e, "store %s: stream %s: segment %ju", st->store->dir, st->name,
		    (uintmax_t)seg->number);
		unlink_files(seg, true);
		if (!store_writer_broken(st->writer)) /* else the entry may be there */
			unlink_files(seg, false);
	}
	free_segment(seg);
	return (rc);
}
