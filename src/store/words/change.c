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
#include "base/scan.h"
#include "store/inside.h"
#include "store/sweep.h"
#include "store/words/inside.h"
#include "store/writer.h"

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
	bool was;

	second_name(st, old);
	if (store_make_room(words, old, &was, e) == -1)
		return (-1);
	if (fstatat(words, old, &one, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? 0 : err_sys(e, ERR_IO, "words/%s", old));
	/* The crash came before the new file: this is the vocabulary itself. */
	if (fstatat(words, st->name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    one.st_ino == other.st_ino && one.st_dev == other.st_dev)
		return (io_unlink(words, old, e));
	return (io_shred(words, old, e));
}

/* Is body there already, in a file that is believed, and is so after the entry to come? */
static int
is_there(const struct store_stream *st, const struct store_words_said *said, struct span body,
    struct buf *old, bool *there, struct err *e)
{
	enum store_words_left left = STORE_WORDS_SEALED;
	const char *why = NULL;
	int rc = store_words_read(st, old, e);

	if (rc == 0)
		rc = store_words_judge(st, said, buf_view(old), &left, &why, e);
	*there = rc == 0 && why == NULL && left == STORE_WORDS_SEALED &&
	    span_equal(store_words_body(buf_view(old)), body);
	return (rc);
}

/* Take the place of a vocabulary, and overwrite it. */
static int
replace(struct store_stream *st, struct span file, struct err *e)
{
	char old[STORE_PATH_BYTES];
	int words = st->store->words_fd;
	const char *was;

	second_name(st, old);
	if (store_words_sweep(st, e) == -1 || store_words_clear(st, &was, e) == -1)
		return (-1);
	if (io_link(words, st->name, old, e) == -1 && errno != ENOENT)
		return (-1);
	if (io_replace(words, st->name, file, STORE_FILE_MODE, false, e) == -1)
		return (-1);
	return (store_words_sweep(st, e));
}

static int
append(struct store_stream *st, const struct store_words_change *change, bool has_hash,
    const struct store_words_said *now, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_CONFIG;
	entry->of.config.kind = span_of("words", 5);
	entry->of.config.policy = span_str(change->policy_hash);
	entry->of.config.text = change->text;
	entry->of.config.by = change->by;
	if (has_hash) {
		entry->of.config.has_words = true;
		entry->of.config.words_count = now->lines;
		memcpy(entry->of.config.words_hash, now->hash, sizeof(now->hash));
	}
	if ((rc = store_stream_append(st, entry, e)) == 0)
		st->word_changes++;
	free(entry);
	return (rc);
}

/* file is on disk, or is to be: what the chain is to say of it, and whether it does. */
static int
compare(const struct store_stream *st, const struct store_words_said *said, struct span file,
    struct store_words_said *now, bool *is_said, struct err *e)
{
	size_t at;
	int has_hash = store_words_hash(st, said, file, now->hash, e);

	now->lines = scan_count_lines(file, SIZE_MAX, &at);
	*is_said = has_hash == 0 ||
	    (said->has_words && said->lines == now->lines &&
		memcmp(said->hash, now->hash, sizeof(now->hash)) == 0);
	return (has_hash);
}

int
store_words_say(
    struct store_stream *st, const struct store_words_said *said, struct span file, struct err *e)
{
	struct store_words_change change = { .policy_hash = said->policy,
		.text = SPAN("a crash came before this entry") };
	struct store_words_said now = { .seg = 0 };
	bool is_said;
	int has_hash = compare(st, said, file, &now, &is_said, e);

	return (has_hash == -1 ? -1 : append(st, &change, has_hash == 1, &now, e));
}

static int
change_words(struct store_stream *st, const struct store_words_change *change, struct buf *file,
    bool *changed, struct err *e)
{
	struct store_words_said said, now = { .seg = 0 };
	bool there = false, is_said;
	int has_hash;

	if (store_words_said(st, &said, e) == -1 ||
	    is_there(st, &said, change->file, file, &there, e) == -1)
		return (-1);
	if (!there) {
		buf_clear(file);
		buf_span(file, change->file);
		if (store_words_end(st, said.seg, said.changes + 1, file, e) == -1)
			return (-1);
	}
	if ((has_hash = compare(st, &said, buf_view(file), &now, &is_said, e)) == -1)
		return (-1);
	if (there && is_said)
		return (0);
	if (!there && replace(st, buf_view(file), e) == -1)
		return (-1);
	*changed = true;
	if (append(st, change, has_hash == 1, &now, e) == -1)
		return (-1);
	return (store_words_note_alone(st, buf_view(file), e));
}

int
store_words_change(
    struct store_stream *st, const struct store_words_change *change, bool *changed, struct err *e)
{
	struct buf file = { 0 };
	int rc;

	*changed = false;
	if ((rc = change_words(st, change, &file, changed, e)) == -1 && !*changed)
		(void)err_in(e, "vocabulary of stream %s", st->name);
	buf_free(&file);
	return (rc);
}
