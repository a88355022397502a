/* What the chain says of a vocabulary: its hash, and how often it was changed by hand. */
#include <errno.h>
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

static bool
is_change(const struct seal_entry *entry)
{
	return (entry->type == SEAL_CONFIG && span_is(entry->of.config.kind, "words"));
}

static void
take_policy(struct store_words_said *said, struct span policy)
{
	memcpy(said->policy, policy.ptr, sizeof(said->policy) - 1); /* the reader saw 64 digits */
	said->policy[sizeof(said->policy) - 1] = '\0';
}

static void
take(struct store_words_said *said, const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	const struct seal_config *config = &entry->of.config;

	if (entry->type == SEAL_GENESIS)
		take_policy(said, entry->of.genesis.policy);
	if (entry->type == SEAL_SEGMENT) {
		*said = (struct store_words_said){
			.seg = segment->seg, .has_words = true, .lines = segment->words_count
		};
		memcpy(said->hash, segment->words_hash, sizeof(said->hash));
		take_policy(said, segment->policy);
	} else if (entry->type == SEAL_REDACT && entry->of.redact.seg == said->seg) {
		said->revision = entry->of.redact.revision;
	} else if (is_change(entry)) {
		said->has_words = config->has_words;
		said->lines = config->words_count;
		memcpy(said->hash, config->words_hash, sizeof(said->hash));
		take_policy(said, config->policy);
	}
}

/* Without reading it: a quote within a string is escaped. */
static bool
may_change(struct span line)
{
	static const char type[] = ",\"type\":\"config\",";

	return (memmem(line.ptr, line.len, type, sizeof(type) - 1) != NULL);
}

/* fn is given the entries from the newest segment on; or, of kind `config`, all. */
static int
walk(const struct store_stream *st, bool all, void (*fn)(void *arg, const struct seal_entry *entry),
    void *arg, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(st->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	uint64_t first = chain->count;
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	if ((rc = store_newest_segment(st, &first, entry, e)) != 1 || all)
		first = 0;
	for (uint64_t i = first; i < chain->count && rc != -1; i++) {
		if (all && !may_change(store_chain_line(chain, i)))
			continue;
		if ((rc = seal_entry_read(store_chain_line(chain, i), &st->names, entry, e)) == -1)
			(void)err_in(e, "entry %ju", (uintmax_t)i);
		else
			fn(arg, entry);
	}
	free(entry);
	return (rc == -1 ? -1 : 0);
}

static void
take_any(void *arg, const struct seal_entry *entry)
{
	take(arg, entry);
}

int
store_words_said(const struct store_stream *st, struct store_words_said *said, struct err *e)
{
	memset(said, 0, sizeof(*said));
	if (walk(st, false, take_any, said, e) == -1)
		return (-1);
	said->changes = st->word_changes;
	return (0);
}

static void
count(void *arg, const struct seal_entry *entry)
{
	uint64_t *changes = arg;

	*changes += is_change(entry);
}

int
store_words_count(const struct store_stream *st, uint64_t *changes, struct err *e)
{
	*changes = 0;
	return (walk(st, true, count, changes, e));
}

static void
see(void *arg, const struct seal_entry *entry)
{
	static const char refused[] = STORE_WORDS_REFUSED;
	struct span text = entry->of.config.text;
	bool *ever = arg;

	if (is_change(entry) &&
	    (text.len < sizeof(refused) - 1 || memcmp(text.ptr, refused, sizeof(refused) - 1) != 0))
		*ever = true;
}

int
store_words_by_hand(const struct store_stream *st, bool *ever, struct err *e)
{
	*ever = false;
	return (walk(st, true, see, ever, e));
}

int
store_words_hash(const struct store_stream *st, const struct store_words_said *said,
    struct span file, unsigned char hash[static 32], struct err *e)
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
