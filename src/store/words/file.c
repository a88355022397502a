/*
 * The line that seals a vocabulary, and who is believed: docs/format.md 8.
 *
 * The chain says which file is the newest.  The line is for what the chain
 * cannot tell: a file that a crash kept from being sealed, or the salts that
 * are gone.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/text.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "key/key.h"
#include "store/inside.h"
#include "store/sweep.h"
#include "store/words/inside.h"
#include "store/writer.h"

#define MAC_BYTES STORE_WORDS_MAC_BYTES
#define MARK_DIGITS 32
#define MARKS_MAX 2048 /* half of what a vocabulary holds: there is room to say them again */

static const char sealed[] = "sealed\t", forgotten[] = "forgotten\t";

/* ---- the last line ---- */

static bool
begins(struct span line, const char *word)
{
	size_t len = strlen(word);

	return (line.len >= len && memcmp(line.ptr, word, len) == 0);
}

/* Where the last line of file begins; it ends with LF, or file is not whole. */
static size_t
last_line(struct span file)
{
	size_t at;

	if (file.len == 0)
		return (0);
	at = scan_last(span_of(file.ptr, file.len - 1), '\n');
	return (at == file.len - 1 ? 0 : at + 1);
}

struct span
store_words_body(struct span file)
{
	for (;;) {
		size_t at = last_line(file);

		if (!begins(span_from(file, at), sealed))
			return (file);
		file.len = at;
	}
}

/* Of the bytes up to the MAC itself. */
static int
make_mac(const struct store_stream *st, struct span bytes, unsigned char mac[static MAC_BYTES],
    struct err *e)
{
	struct span parts[] = { SPAN("cretula words file v1\n"), SPAN("cretula/"),
		span_str(st->store->id), SPAN("/"), span_str(st->name), SPAN("\n"), bytes };
	unsigned char secret[32], whole[32];
	struct crypto_hmac_key key;

	if (key_words_read(st->store->keys_fd, secret, e) == -1)
		return (-1);
	crypto_hmac_key_init(&key, secret, sizeof(secret));
	crypto_hmac_parts(&key, parts, sizeof(parts) / sizeof(parts[0]), whole);
	memcpy(mac, whole, MAC_BYTES);
	crypto_wipe(secret, sizeof(secret));
	crypto_wipe(&key, sizeof(key));
	return (0);
}

int
store_words_end(
    const struct store_stream *st, uint64_t seg, uint64_t change, struct buf *file, struct err *e)
{
	unsigned char mac[MAC_BYTES];

	file->len = store_words_body(buf_view(file)).len;
	buf_fmt(file, "%s%ju\t%ju\t", sealed, (uintmax_t)seg, (uintmax_t)change);
	if (!buf_ok(file))
		return (err_set(e, ERR_IO, "out of memory"));
	if (make_mac(st, buf_view(file), mac, e) == -1 ||
	    store_words_note(st, mac, false, e) == -1)
		return (-1);
	buf_hex(file, mac, sizeof(mac));
	buf_char(file, '\n');
	return (buf_ok(file) ? 0 : err_set(e, ERR_IO, "out of memory"));
}

/* The number in front of the next TAB of *rest, which is taken off. */
static bool
take_number(struct span *rest, uint64_t *n)
{
	size_t len = span_find(*rest, '\t');
	bool good = len < rest->len && num_u64(span_of(rest->ptr, len), n) == 0;

	*rest = span_from(*rest, len + 1);
	return (good);
}

/* 1: the line is ours, and it says *seg and *change; 0; or -1. */
static int
read_end(const struct store_stream *st, struct span file, uint64_t *seg, uint64_t *change,
    unsigned char said[static MAC_BYTES], struct err *e)
{
	struct span rest = span_from(file, last_line(file));
	unsigned char mac[MAC_BYTES];
	size_t len;

	if (!begins(rest, sealed))
		return (0);
	rest = span_from(rest, sizeof(sealed) - 1);
	if (!take_number(&rest, seg) || !take_number(&rest, change) ||
	    rest.len != (size_t)2 * MAC_BYTES + 1 || rest.ptr[rest.len - 1] != '\n' ||
	    text_unhex(span_of(rest.ptr, rest.len - 1), said, MAC_BYTES, &len) == -1)
		return (0);
	if (make_mac(st, span_of(file.ptr, (size_t)(rest.ptr - file.ptr)), mac, e) == -1)
		return (-1);
	return (crypto_equal(mac, said, sizeof(mac)) ? 1 : 0);
}

/* ---- who is believed ---- */

int
store_words_judge(const struct store_stream *st, const struct store_words_said *said,
    struct span file, enum store_words_left *left, const char **why, struct err *e)
{
	unsigned char hash[32], mac[MAC_BYTES];
	uint64_t seg = 0, change = 0;
	int has_hash = store_words_hash(st, said, file, hash, NULL), ours;
	bool same, newest = false;

	*why = NULL;
	*left = STORE_WORDS_SEALED;
	if (has_hash == 1 && said->has_words && memcmp(hash, said->hash, sizeof(hash)) == 0)
		return (0);
	if (file.len == 0 && said->seg == 0 && said->changes == 0)
		return (0);
	if ((ours = read_end(st, file, &seg, &change, mac, e)) == -1 ||
	    (ours == 1 && store_words_is_newest(st, mac, &newest, e) == -1))
		return (-1);
	if (newest && seg == said->seg + 1 && change == said->changes)
		*left = STORE_WORDS_SEGMENT;
	if (newest && seg == said->seg && change == said->changes + 1)
		*left = STORE_WORDS_CHANGE;
	same = seg == said->seg && change == said->changes;
	if (*left != STORE_WORDS_SEALED ||
	    (newest && same && (has_hash != 1 || !said->has_words)))
		return (0);
	*why = file.len == 0 ? "it is gone" :
	    ours == 1        ? "it is not the newest one" :
			       "it was changed, and not by cretula";
	return (0);
}

int
store_words_clear(const struct store_stream *st, const char **what, struct err *e)
{
	int words = st->store->words_fd;
	struct stat file;
	bool was;

	*what = NULL;
	if (store_make_room(words, st->name, &was, e) == -1)
		return (-1);
	if (was)
		*what = "it is no file";
	if (fstatat(words, st->name, &file, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (uint64_t)file.st_size <= STORE_WORDS_BYTES_MAX)
		return (0);
	*what = "it is larger than a vocabulary may be";
	return (io_unlink(words, st->name, e));
}

int
store_words_read(const struct store_stream *st, struct buf *file, struct err *e)
{
	if (io_read_file(st->store->words_fd, st->name, STORE_WORDS_BYTES_MAX, file, e) == 0)
		return (0);
	return (errno == ENOENT ? 0 : -1);
}

int
store_words_write(const struct store_stream *st, struct buf *file, uint64_t *lines, struct err *e)
{
	const char *was;
	size_t at;

	if (store_words_clear(st, &was, e) == -1 ||
	    store_words_end(st, st->segments + 1, st->word_changes, file, e) == -1 ||
	    io_replace(st->store->words_fd, st->name, buf_view(file), STORE_FILE_MODE, false, e) ==
		-1)
		return (err_in(e, "vocabulary of stream %s", st->name));
	*lines = scan_count_lines(buf_view(file), SIZE_MAX, &at);
	return (0);
}

/* ---- what is kept of a file that is not believed ---- */

static bool
is_mark(struct span line)
{
	unsigned char mark[MARK_DIGITS / 2];
	size_t len;

	return (begins(line, forgotten) && line.len == sizeof(forgotten) - 1 + MARK_DIGITS &&
	    text_unhex(span_from(line, sizeof(forgotten) - 1), mark, sizeof(mark), &len) == 0);
}

/* A mark that somebody made up hides a word; one that is dropped shows it. */
static void
keep_marks(struct span file, struct store_words_found *found, struct buf *out)
{
	for (struct span rest = file; rest.len > 0; found->lines++) {
		size_t len = span_find(rest, '\n');
		struct span line = span_of(rest.ptr, len);

		rest = span_from(rest, len + 1);
		if (!is_mark(line) || found->marks == MARKS_MAX)
			continue;
		buf_span(out, line);
		buf_char(out, '\n');
		found->marks++;
	}
}

static int
refuse(struct store_stream *st, const struct store_words_said *said, struct span file,
    struct store_words_found *found, struct buf *text, struct err *e)
{
	struct store_words_change change = { .policy_hash = said->policy };
	struct buf why = { 0 };
	bool changed;
	int rc = -1;

	if (store_words_by_hand(st, &found->closed, e) == -1)
		return (-1);
	if (found->closed)
		buf_str(text, "closed\tmarks\n");
	keep_marks(file, found, text);
	buf_fmt(&why, STORE_WORDS_REFUSED "%s", found->refused);
	change.file = buf_view(text);
	change.text = buf_view(&why);
	if (!buf_ok(text) || !buf_ok(&why))
		(void)err_set(e, ERR_IO, "out of memory");
	else
		rc = store_words_change(st, &change, &changed, e);
	buf_free(&why);
	return (rc);
}

int
store_words_note_alone(const struct store_stream *st, struct span file, struct err *e)
{
	unsigned char mac[MAC_BYTES];
	uint64_t seg, change;
	int ours = read_end(st, file, &seg, &change, mac, e);

	if (ours == 0)
		memset(mac, 0, sizeof(mac)); /* of none */
	return (ours == -1 ? -1 : store_words_note(st, mac, true, e));
}

int
store_words_settle(
    struct store_stream *st, struct buf *text, struct store_words_found *found, struct err *e)
{
	struct store_words_said said;
	enum store_words_left left;
	struct buf file = { 0 };
	const char *odd;
	int rc = -1;

	memset(found, 0, sizeof(*found));
	if (store_words_said(st, &said, e) == -1 || store_words_clear(st, &odd, e) == -1 ||
	    store_words_read(st, &file, e) == -1 ||
	    store_words_judge(st, &said, buf_view(&file), &left, &found->refused, e) == -1)
		goto out;
	if (odd != NULL)
		found->refused = odd;
	if (found->refused != NULL) {
		rc = refuse(st, &said, buf_view(&file), found, text, e);
		goto out;
	}
	if (store_words_note_alone(st, buf_view(&file), e) == -1)
		goto out;
	found->said = left == STORE_WORDS_CHANGE;
	if (found->said && store_words_say(st, &said, buf_view(&file), e) == -1)
		goto out;
	buf_span(text, store_words_body(buf_view(&file)));
	rc = buf_ok(text) ? 0 : err_set(e, ERR_IO, "out of memory");
out:
	buf_free(&file);
	return (rc == -1 ? err_in(e, "vocabulary of stream %s", st->name) : 0);
}
