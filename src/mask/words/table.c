#include "mask/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "crypto/random.h"
#include "mask/words/inside.h"

/* One bucket in four stays empty, so that probes are short and end. */
#define SLOTS_USED_MAX (WORDS_SLOTS / 4 * 3)

/* The position of words that are clear everywhere. */
#define ANYWHERE UINT64_C(0)

#define CLOSED UINT64_C(0x636c6f736564)
#define VARIABLE UINT64_C(0x2a2a2a2a2a2a)

static const struct {
	enum mask_word_class class_id;
	const char *word;
} common_words[] = {
#define WORD(class, text) { MASK_WORD_##class, text },
#include "mask/words/common.def"
#undef WORD
};

static int
words_take(struct mask_words *w, struct err *e)
{
	size_t marks = WORDS_FORGOTTEN_MAX * sizeof(*w->forgotten);
	size_t table =
	    WORDS_SLOTS * sizeof(*w->slots) + WORDS_MAX * sizeof(*w->entries) + marks +
	    WORDS_BITS / 8 + 64;

	if (arena_open(&w->table, table, ARENA_PLAIN, e) == -1 ||
	    arena_open(&w->text, WORDS_TEXT_BYTES, ARENA_LAZY, e) == -1)
		return (-1);
	w->bits = arena_take(&w->table, WORDS_BITS / 8);
	w->slots = arena_take(&w->table, WORDS_SLOTS * sizeof(*w->slots));
	w->entries = arena_take(&w->table, WORDS_MAX * sizeof(*w->entries));
	w->forgotten = arena_take(&w->table, marks);
	if (w->bits == NULL || w->slots == NULL || w->entries == NULL || w->forgotten == NULL)
		return (err_set(e, ERR_CONFIG, "vocabulary: no memory"));
	if ((w->learner = mask_words_learner_open(w->k, e)) == NULL)
		return (-1);
	return (0);
}

int
mask_words_open(unsigned k, struct mask_words **words, struct err *e)
{
	struct mask_words *w = NULL;
	int rc = -1;

	if (k < 10 || k > 1000)
		return (err_set(e, ERR_CONFIG, "words.k: %u is not in 10..1000", k));
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		err_set(e, ERR_CONFIG, "vocabulary: no memory");
		goto out;
	}
	w->k = k;
	crypto_random(w->seed, sizeof(w->seed));
	crypto_random(&w->seed_position, sizeof(w->seed_position));
	crypto_random(&w->seed_subject, sizeof(w->seed_subject));
	crypto_random(&w->seed_k, sizeof(w->seed_k));
	crypto_random(w->nonce, sizeof(w->nonce));
	if (words_take(w, e) == -1)
		goto out;
	for (size_t i = 0; i < sizeof(common_words) / sizeof(common_words[0]); i++)
		(void)mask_words_insert(w,
		    mask_words_anywhere(
			w, common_words[i].class_id, span_str(common_words[i].word)),
		    0);
	*words = w;
	w = NULL;
	rc = 0;
out:
	mask_words_close(w);
	return (rc);
}

void
mask_words_close(struct mask_words *words)
{
	if (words == NULL)
		return;
	mask_words_learner_close(words->learner);
	arena_close(&words->table);
	arena_close(&words->text);
	crypto_wipe(words, sizeof(*words));
	free(words);
}

bool
mask_words_locked(const struct mask_words *words)
{
	return (mask_words_learner_locked(words->learner));
}

void
mask_words_nonce(const struct mask_words *words, unsigned char out[static 16])
{
	memcpy(out, words->nonce, sizeof(words->nonce));
}

/* ---- names of things ---- */

uint64_t
mask_words_root(const struct mask_words *words, enum mask_word_class c)
{
	return (words_mix(words->seed_position, (uint64_t)c + 1) | 1);
}

/*
 * What stands for many texts is one position, whatever shape it has: below
 * /users/{int} and /users/{uuid} the same words are learned together.
 */
uint64_t
mask_words_child(const struct mask_words *words, uint64_t position, struct span text)
{
	uint64_t hash = VARIABLE;

	if (text.len == 0 || (text.ptr[0] != '{' && !span_is(text, "*")))
		hash = hash_span(text, words->seed_position);
	return (words_mix(position + UINT64_C(0x9e3779b97f4a7c15), hash) | 1);
}

static uint64_t
key_of(uint64_t hash, uint64_t position)
{
	uint64_t key = words_mix(hash, position);

	return (key == 0 ? 1 : key);
}

uint64_t
mask_words_key(
    const struct mask_words *words, enum mask_word_class c, uint64_t position, struct span word)
{
	return (key_of(hash_span(word, words->seed[c]), position));
}

uint64_t
mask_words_closed_key(const struct mask_words *w, uint64_t position)
{
	return (key_of(w->seed_position ^ CLOSED, position));
}

uint64_t
mask_words_subject(const struct mask_words *words, const unsigned char *bytes, size_t len)
{
	size_t keep = len == 4 ? 3 : 5;

	/* 6to4: who has an IPv4 address has that network too, and must not count twice. */
	if (len == 16 && memcmp(bytes, "\x20\x02", 2) == 0)
		return (mask_words_subject(words, bytes + 2, 4));
	/* Teredo: what follows is the server, which the client chooses. */
	if (len == 16 && memcmp(bytes, "\x20\x01\0\0", 4) == 0)
		keep = 4;
	return (hash_bytes(bytes, keep, words->seed_subject + len));
}

/* ---- the table ---- */

/* The slot that holds key, or the empty one where it would go. */
static struct words_slot *
slot_of(const struct mask_words *w, uint64_t key, bool *found)
{
	for (uint64_t at = key;; at++) {
		struct words_slot *slot = &w->slots[at & (WORDS_SLOTS - 1)];
		uint64_t have = atomic_load_explicit(&slot->key, memory_order_acquire);

		if (have == key || have == 0) {
			*found = have == key;
			return (slot);
		}
	}
}

/* One bit of the upper half of the key, which slots do not use. */
static inline uint64_t
bit_of(uint64_t key)
{
	return (UINT64_C(1) << (key >> 32 & 63));
}

static inline _Atomic uint64_t *
bits_of(const struct mask_words *w, uint64_t key)
{
	return (&w->bits[key >> 38 & (WORDS_BITS / 64 - 1)]);
}

/* Most words that are asked for are not there: the bits say so without a look at a slot. */
bool
mask_words_has(const struct mask_words *w, uint64_t key, uint64_t batch)
{
	bool found;
	struct words_slot *slot;

	if ((atomic_load_explicit(bits_of(w, key), memory_order_relaxed) & bit_of(key)) == 0)
		return (false);
	slot = slot_of(w, key, &found);
	return (found && atomic_load_explicit(&slot->since, memory_order_relaxed) <= batch);
}

bool
mask_words_insert(struct mask_words *w, uint64_t key, uint64_t since)
{
	bool found;
	struct words_slot *slot = slot_of(w, key, &found);

	if (!found && w->slots_used >= SLOTS_USED_MAX)
		return (false);
	if (found && (atomic_load_explicit(&slot->since, memory_order_relaxed) <= since ||
			atomic_load_explicit(&slot->since, memory_order_relaxed) == WORDS_NEVER))
		return (true);
	atomic_store_explicit(&slot->since, since, memory_order_relaxed);
	if (!found) {
		(void)atomic_fetch_or_explicit(bits_of(w, key), bit_of(key), memory_order_relaxed);
		atomic_store_explicit(&slot->key, key, memory_order_release);
		w->slots_used++;
	}
	if (since == 0)
		atomic_fetch_add(&w->settled, 1);
	else
		atomic_store(&w->changes[since % WORDS_CHANGES], since);
	return (true);
}

void
mask_words_deny(struct mask_words *w, uint64_t key)
{
	bool found;
	struct words_slot *slot;

	(void)mask_words_insert(w, key, WORDS_NEVER - 1);
	slot = slot_of(w, key, &found);
	if (found)
		atomic_store_explicit(&slot->since, WORDS_NEVER, memory_order_relaxed);
}

bool
mask_words_common(size_t i, enum mask_word_class *c, struct span *word)
{
	if (i >= sizeof(common_words) / sizeof(common_words[0]))
		return (false);
	*c = common_words[i].class_id;
	*word = span_str(common_words[i].word);
	return (true);
}

uint64_t
mask_words_anywhere(const struct mask_words *w, enum mask_word_class c, struct span word)
{
	return (mask_words_key(w, c, ANYWHERE, word));
}

bool
mask_words_clear(const struct mask_words *words, enum mask_word_class c, uint64_t position,
    struct span word, uint64_t batch)
{
	uint64_t hash = hash_span(word, words->seed[c]);

	return (mask_words_has(words, key_of(hash, ANYWHERE), batch) ||
	    mask_words_has(words, key_of(hash, position), batch));
}

bool
mask_words_clear_at(const struct mask_words *words, enum mask_word_class c, uint64_t position,
    struct span word, uint64_t batch)
{
	return (mask_words_has(words, mask_words_key(words, c, position, word), batch));
}

bool
mask_words_closed(const struct mask_words *words, uint64_t position, uint64_t batch)
{
	return (mask_words_has(words, mask_words_closed_key(words, position), batch));
}

bool
mask_words_changed(const struct mask_words *words, uint64_t from, uint64_t to)
{
	if (to - from >= WORDS_CHANGES)
		return (true);
	for (uint64_t n = from + 1; n <= to; n++)
		if (atomic_load(&words->changes[n % WORDS_CHANGES]) == n)
			return (true);
	return (false);
}

uint64_t
mask_words_settled(const struct mask_words *words)
{
	return (atomic_load(&words->settled));
}

void
mask_words_settle(struct mask_words *words)
{
	mask_words_learner_settle(words);
	for (size_t i = 0; i < WORDS_SLOTS; i++)
		if (atomic_load_explicit(&words->slots[i].since, memory_order_relaxed) !=
		    WORDS_NEVER)
			atomic_store_explicit(&words->slots[i].since, 0, memory_order_relaxed);
	atomic_fetch_add(&words->settled, 1);
}

/* ---- the texts of promoted words ---- */

bool
mask_words_enter(struct mask_words *w, enum mask_word_class c, struct span parent, struct span word,
    const char *since)
{
	struct words_entry *entry = &w->entries[w->entry_count];
	char *text;

	if (w->entry_count == WORDS_MAX || parent.len > UINT16_MAX || word.len > UINT16_MAX ||
	    (text = arena_take(&w->text, parent.len + word.len)) == NULL)
		return (false);
	memcpy(text, parent.ptr, parent.len);
	memcpy(text + parent.len, word.ptr, word.len);
	entry->parent_at = (uint32_t)(text - w->text.base);
	entry->word_at = entry->parent_at + (uint32_t)parent.len;
	entry->parent_len = (uint16_t)parent.len;
	entry->word_len = (uint16_t)word.len;
	entry->class_id = (uint8_t)c;
	entry->added = false;
	memset(entry->since, 0, sizeof(entry->since));
	if (since != NULL)
		memcpy(entry->since, since, sizeof(entry->since));
	w->entry_count++;
	return (true);
}

size_t
mask_words_promoted(const struct mask_words *words)
{
	return (words->entry_count);
}

uint64_t
mask_words_refused(const struct mask_words *words)
{
	return (atomic_load(&words->refused));
}
