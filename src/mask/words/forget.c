/*
 * mask: words that people add and take away.
 *
 * A word that was taken away must not come back, and must not stay on disk
 * either: what is kept of it is a mark under a key that lies in KEYS, so that
 * who has the store alone cannot test a guess.
 */
#include <string.h>

#include "base/err.h"
#include "mask/url/render.h"
#include "mask/words.h"
#include "mask/words/inside.h"

void
mask_words_secret(struct mask_words *words, const unsigned char key[static 32])
{
	crypto_hmac_key_init(&words->secret, key, 32);
	words->has_secret = true;
}

bool
mask_words_stopped(const struct mask_words *words)
{
	return (words->closed);
}

void
mask_words_learn_again(struct mask_words *words)
{
	words->closed = false;
}

size_t
mask_words_forgotten(const struct mask_words *words)
{
	return (words->forgotten_count);
}

int
mask_words_class_of(struct span position)
{
	if (position.len == 0)
		return (-1);
	if (position.ptr[0] == '/')
		return (MASK_WORD_PATH);
	return (position.ptr[0] == '?' ? MASK_WORD_PARAM : MASK_WORD_HOST);
}

/* ---- marks ---- */

/* "/a/{int}/b" and "/a/x/b" with a hidden x are one place: "/a/X/b", X being "*". */
static size_t
common_place(struct span position, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < position.len; i++) {
		out[len++] = position.ptr[i];
		if (position.ptr[i] != '/' || i + 1 == position.len || position.ptr[i + 1] != '{')
			continue;
		out[len++] = '*';
		while (i + 1 < position.len && position.ptr[i + 1] != '/')
			i++;
	}
	return (len);
}

/* Of a word everywhere class and position are empty. */
static void
make_mark(const struct mask_words *w, const char *class_name, struct span position,
    struct span word, unsigned char mark[static WORDS_MARK_BYTES])
{
	char place[MASK_WORDS_POSITION_BYTES];
	unsigned char mac[32];
	struct span parts[5] = { span_str(class_name), SPAN("\t"), { place, 0 }, SPAN("\t"), word };

	if (position.len > sizeof(place))
		position.len = sizeof(place);
	parts[2].len = common_place(position, place);
	crypto_hmac_parts(&w->secret, parts, sizeof(parts) / sizeof(parts[0]), mac);
	memcpy(mark, mac, WORDS_MARK_BYTES);
}

/* Where mark stands, or would stand. */
static size_t
find_mark(const struct mask_words *w, const unsigned char mark[static WORDS_MARK_BYTES],
    bool *found)
{
	size_t low = 0, high = w->forgotten_count;

	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = memcmp(mark, w->forgotten[middle], WORDS_MARK_BYTES);

		if (order == 0) {
			*found = true;
			return (middle);
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (low);
}

static int
add_mark(struct mask_words *w, const unsigned char mark[static WORDS_MARK_BYTES], struct err *e)
{
	bool found;
	size_t at = find_mark(w, mark, &found);

	if (found)
		return (0);
	if (w->forgotten_count == WORDS_FORGOTTEN_MAX)
		return (
		    err_set(e, ERR_CONFIG, "more than %d forgotten words", WORDS_FORGOTTEN_MAX));
	memmove(w->forgotten[at + 1], w->forgotten[at],
	    (w->forgotten_count - at) * sizeof(w->forgotten[0]));
	memcpy(w->forgotten[at], mark, WORDS_MARK_BYTES);
	w->forgotten_count++;
	return (0);
}

static void
drop_mark(struct mask_words *w, const unsigned char mark[static WORDS_MARK_BYTES])
{
	bool found;
	size_t at = find_mark(w, mark, &found);

	if (!found)
		return;
	w->forgotten_count--;
	memmove(w->forgotten[at], w->forgotten[at + 1],
	    (w->forgotten_count - at) * sizeof(w->forgotten[0]));
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

int
mask_words_load_mark(struct mask_words *w, struct span hex, struct err *e)
{
	unsigned char mark[WORDS_MARK_BYTES];

	for (size_t i = 0; i < WORDS_MARK_BYTES; i++) {
		int high = hex.len == 2 * sizeof(mark) ? hex_value(hex.ptr[2 * i]) : -1;
		int low = high == -1 ? -1 : hex_value(hex.ptr[2 * i + 1]);

		if (low == -1)
			return (err_set(e, ERR_CONFIG, "no mark of a forgotten word"));
		mark[i] = (unsigned char)(high << 4 | low);
	}
	return (add_mark(w, mark, e));
}

bool
mask_words_is_forgotten(
    const struct mask_words *w, enum mask_word_class c, struct span position, struct span word)
{
	unsigned char mark[WORDS_MARK_BYTES];
	bool found;

	if (w->forgotten_count == 0)
		return (false);
	if (!w->has_secret)
		return (true);
	make_mark(w, "", span_of("", 0), word, mark);
	(void)find_mark(w, mark, &found);
	if (found || position.len == 0)
		return (found);
	make_mark(w, mask_words_class_names[c], position, word, mark);
	(void)find_mark(w, mark, &found);
	return (found);
}

void
mask_words_deny_common(struct mask_words *w)
{
	enum mask_word_class c;
	struct span word;

	if (w->forgotten_count == 0 || !w->has_secret)
		return;
	for (size_t i = 0; mask_words_common(i, &c, &word); i++)
		if (mask_words_is_forgotten(w, c, span_of("", 0), word))
			mask_words_deny(w, mask_words_anywhere(w, c, word));
}

/* ---- by hand ---- */

int
mask_words_add(struct mask_words *words, enum mask_word_class c, struct span position,
    struct span word, const char since[static MASK_WORDS_SINCE_BYTES], struct err *e)
{
	unsigned char mark[WORDS_MARK_BYTES];
	uint64_t at, key;

	if (!mask_word_plain(word))
		return (err_set(e, ERR_USAGE,
		    "a word has 1 to 64 letters, digits and -_.+,: and looks like no identifier"));
	if (!mask_words_position(words, c, position, &at) ||
	    position.len > MASK_WORDS_POSITION_BYTES || memchr(position.ptr, '\t', position.len))
		return (err_set(e, ERR_USAGE, "no position of a %s", mask_words_class_names[c]));
	make_mark(words, "", span_of("", 0), word, mark);
	drop_mark(words, mark);
	make_mark(words, mask_words_class_names[c], position, word, mark);
	drop_mark(words, mark);
	key = mask_words_key(words, c, at, word);
	for (size_t i = 0; i < words->entry_count; i++)
		if (words->entries[i].class_id == (uint8_t)c &&
		    span_equal(words_entry_word(words, &words->entries[i]), word) &&
		    span_equal(words_entry_parent(words, &words->entries[i]), position))
			return (0);
	if (!mask_words_insert(words, key, 0) ||
	    !mask_words_enter(words, c, position, word, since))
		return (err_set(e, ERR_CONFIG, "more than %u promoted words", WORDS_MAX));
	words->entries[words->entry_count - 1].added = true;
	return (0);
}

/* Does word stand in the place itself, where it is forgotten? */
static bool
is_above(const struct mask_words *w, enum mask_word_class c, struct span place, struct span word)
{
	static const char *const roots[MASK_WORD_CLASS_COUNT] = { "/", "?", "." };
	size_t at = c == MASK_WORD_HOST ? 0 : 1;

	while (at < place.len) {
		struct span rest = span_from(place, at);
		size_t len = c == MASK_WORD_PATH ? span_find(rest, '/') : rest.len;

		if (span_equal(span_of(rest.ptr, len), word) &&
		    mask_words_is_forgotten(w, c,
			at <= 1 ? span_str(roots[c]) : span_of(place.ptr, at - 1), word))
			return (true);
		at += len + 1;
	}
	return (false);
}

static bool
is_gone(const struct mask_words *w, const struct words_entry *entry, struct span word)
{
	enum mask_word_class c = (enum mask_word_class)entry->class_id;
	struct span place = words_entry_parent(w, entry);

	return ((span_equal(words_entry_word(w, entry), word) &&
		    mask_words_is_forgotten(w, c, place, word)) ||
	    is_above(w, c, place, word));
}

/* Its key is no longer one that is seen. */
static void
deny_entry(struct mask_words *w, const struct words_entry *entry)
{
	enum mask_word_class c = (enum mask_word_class)entry->class_id;
	uint64_t at;

	if (mask_words_position(w, c, words_entry_parent(w, entry), &at))
		mask_words_deny(w, mask_words_key(w, c, at, words_entry_word(w, entry)));
}

int
mask_words_forget(
    struct mask_words *words, struct span position, struct span word, struct err *e)
{
	int c = mask_words_class_of(position), gone = 0;
	unsigned char mark[WORDS_MARK_BYTES];

	if (!words->has_secret)
		return (err_set(e, ERR_CONFIG, "the key of forgotten words is not there"));
	if (word.len == 0 || word.len > MASK_WORDS_WORD_BYTES)
		return (err_set(e, ERR_USAGE, "no word, or a too long one"));
	make_mark(words, c == -1 ? "" : mask_words_class_names[c], position, word, mark);
	if (add_mark(words, mark, e) == -1)
		return (-1);
	for (size_t i = 0; i < words->entry_count;) {
		if (!is_gone(words, &words->entries[i], word)) {
			i++;
			continue;
		}
		deny_entry(words, &words->entries[i]);
		words->entries[i] = words->entries[--words->entry_count];
		gone++;
	}
	mask_words_deny_common(words);
	return (gone);
}

void
mask_words_each(const struct mask_words *words,
    void (*fn)(void *arg, const struct mask_words_row *row), void *arg)
{
	struct mask_words_row row = { .added = false };

	for (size_t i = 0; i < words->entry_count; i++) {
		const struct words_entry *entry = &words->entries[i];

		row.class_id = (enum mask_word_class)entry->class_id;
		row.position = words_entry_parent(words, entry);
		row.word = words_entry_word(words, entry);
		row.since =
		    span_of(entry->since, entry->since[0] == '\0' ? 0 : sizeof(entry->since));
		row.added = entry->added;
		fn(arg, &row);
	}
}

void
mask_words_shipped(void (*fn)(void *arg, const struct mask_words_row *row), void *arg)
{
	struct mask_words_row row = { .position = { "", 0 }, .since = { "", 0 } };

	for (size_t i = 0; mask_words_common(i, &row.class_id, &row.word); i++)
		fn(arg, &row);
}
