/*
 * store: another vocabulary in the place of a stream's.
 *
 * The old file gets a second name, the new one takes the first (atomically),
 * then the old bytes are overwritten.  Whoever opens the stream after a crash
 * overwrites what a second name still leads to.
 */
#include "store/words.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/puncture.h"
#include "store/inside.h"
#include "store/words/inside.h"
#include "store/writer.h"

#define WORDS_BYTES_MAX ((size_t)64 << 20)

/* What the chain says. */
struct said {
	uint64_t seg, revision; /* the newest segment; 0: none */
	bool has_words;         /* of that segment, or of an entry since */
	uint64_t lines;
	unsigned char hash[32];
};

static void
second_name(const struct store_stream *st, char name[static STORE_PATH_BYTES])
{
	(void)snprintf(name, STORE_PATH_BYTES, ".%s.old.tmp", st->name);
}

int
store_words_sweep(struct store_stream *st, struct err *e)
{
	char old[STORE_PATH_BYTES];
	struct stat one, other;
	int words = st->store->words_fd;

	second_name(st, old);
	if (fstatat(words, old, &one, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? 0 : err_sys(e, ERR_IO, "words/%s", old));
	/* The crash came before the new file: this is the vocabulary itself. */
	if (fstatat(words, st->name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    one.st_ino == other.st_ino && one.st_dev == other.st_dev)
		return (io_unlink(words, old, e));
	return (io_shred(words, old, e));
}

static void
take(struct said *said, const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	const struct seal_config *config = &entry->of.config;

	if (entry->type == SEAL_SEGMENT) {
		*said = (struct said){
			.seg = segment->seg, .has_words = true, .lines = segment->words_count
		};
		memcpy(said->hash, segment->words_hash, sizeof(said->hash));
	} else if (entry->type == SEAL_REDACT && entry->of.redact.seg == said->seg) {
		said->revision = entry->of.redact.revision;
	} else if (entry->type == SEAL_CONFIG && config->has_words) {
		said->lines = config->words_count;
		memcpy(said->hash, config->words_hash, sizeof(said->hash));
	}
}

static int
read_chain(const struct store_stream *st, struct said *said, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(st->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = entry == NULL ? err_sys(e, ERR_IO, "entry") : 0;

	for (size_t i = 0; i < chain->count && rc == 0; i++) {
		if (seal_entry_read(chain->lines[i], &st->names, entry, e) == -1)
			rc = err_in(e, "entry %zu", i);
		else
			take(said, entry);
	}
	free(entry);
	return (rc);
}

/*
 * Of the file under the salt of the newest segment.  1; 0 if there is no
 * segment, or its salts are gone; or -1.
 */
static int
hash_words(const struct store_stream *st, const struct said *said, struct span file,
    unsigned char hash[static 32], struct err *e)
{
	struct seal_cover cover = { .nodes = NULL };
	unsigned char salt[16];
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	struct crypto_sha256 h;
	int rc = 0;

	if (said->seg == 0)
		return (0);
	store_revision_path(path, said->seg, said->revision, "salt");
	if (io_read_file(st->dirfd, path, SEAL_COVER_BYTES_MAX, &text, e) == -1)
		rc = errno == ENOENT ? 0 : -1;
	else if (seal_cover_read(buf_view(&text), &cover, e) == -1)
		rc = err_in(e, "%s", path);
	else if (seal_cover_salt(&cover, SEAL_SALT_WORDS, salt)) {
		crypto_sha256_init(&h);
		crypto_sha256_add(&h, "cretula words v1\n", 17);
		crypto_sha256_add(&h, salt, sizeof(salt));
		crypto_sha256_add(&h, file.ptr, file.len);
		crypto_sha256_end(&h, hash);
		rc = 1;
	}
	buf_wipe(&text);
	seal_cover_free(&cover);
	crypto_wipe(salt, sizeof(salt));
	return (rc);
}

/* Is the file there already, byte by byte? */
static int
is_there(const struct store_stream *st, struct span file, bool *there, struct err *e)
{
	struct buf old = { 0 };
	int rc = io_read_file(st->store->words_fd, st->name, WORDS_BYTES_MAX, &old, e);

	*there = rc == 0 && span_equal(buf_view(&old), file);
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	buf_free(&old);
	return (rc);
}

static int
replace(struct store_stream *st, struct span file, struct err *e)
{
	char old[STORE_PATH_BYTES];
	int words = st->store->words_fd;

	second_name(st, old);
	if (store_words_sweep(st, e) == -1)
		return (-1);
	if (io_link(words, st->name, old, e) == -1 && errno != ENOENT)
		return (-1);
	if (io_replace(words, st->name, file, STORE_FILE_MODE, false, e) == -1)
		return (-1);
	return (store_words_sweep(st, e));
}

static int
append(struct store_stream *st, const struct store_words_change *change, bool has_hash,
    const unsigned char hash[static 32], struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_CONFIG;
	entry->of.config.kind = span_of("words", 5);
	entry->of.config.policy = span_str(change->policy_hash);
	entry->of.config.by = change->by;
	if (has_hash) {
		entry->of.config.has_words = true;
		entry->of.config.words_count = change->lines;
		memcpy(entry->of.config.words_hash, hash, 32);
	}
	rc = store_stream_append(st, entry, e);
	free(entry);
	return (rc);
}

int
store_words_change(
    struct store_stream *st, const struct store_words_change *change, bool *changed, struct err *e)
{
	struct said said = { 0 };
	unsigned char hash[32] = { 0 };
	bool there = false, is_said;
	int has_hash;

	*changed = false;
	if (read_chain(st, &said, e) == -1 ||
	    (has_hash = hash_words(st, &said, change->file, hash, e)) == -1 ||
	    is_there(st, change->file, &there, e) == -1)
		return (err_in(e, "vocabulary of stream %s", st->name));
	is_said = has_hash == 0 ||
	    (said.lines == change->lines && memcmp(said.hash, hash, sizeof(hash)) == 0);
	if (there && is_said)
		return (0);
	if (!there && replace(st, change->file, e) == -1)
		return (err_in(e, "vocabulary of stream %s", st->name));
	*changed = true;
	return (append(st, change, has_hash == 1, hash, e));
}
