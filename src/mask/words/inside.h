/* mask, inside: what the units of the vocabulary share, and the mask asks. */
#ifndef CRETULA_MASK_WORDS_INSIDE_H
#define CRETULA_MASK_WORDS_INSIDE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "crypto/hmac.h"
#include "mask/words.h"

/* 16 random bytes of this process, the same for all threads. */
void mask_words_nonce(const struct mask_words *words, unsigned char out[static 16]);
/* Did what batch numbers from..to see differ?  from < to. */
bool mask_words_changed(const struct mask_words *words, uint64_t from, uint64_t to);
/* Counts what changed for every batch at once: loading and settling. */
uint64_t mask_words_settled(const struct mask_words *words);
/* As mask_words_clear, but only words of this very position. */
bool mask_words_clear_at(const struct mask_words *words, enum mask_word_class c,
    uint64_t position, struct span word, uint64_t batch);
/* More than MASK_WORDS_CHILDREN_MAX distinct children: nothing more is promoted. */
bool mask_words_closed(const struct mask_words *words, uint64_t position, uint64_t batch);
/* Keyed hash of a client network: what k counts. */
uint64_t mask_words_subject(const struct mask_words *words, const unsigned char *bytes,
    size_t len);

/* Key of a word at a position in the tables below; never 0. */
uint64_t mask_words_key(const struct mask_words *words, enum mask_word_class c,
    uint64_t position, struct span word);

/* One use of a word that is not in clear. */
struct mask_sighting {
	enum mask_word_class class_id;
	uint64_t key;        /* names position and word within the batch */
	uint64_t parent_key; /* mask_words_key of the parent, if that is not in clear yet */
	uint64_t position;
	struct span parent;  /* template of the position, or the parents as they are */
	struct span word;
};

/* A word that the batch already holds, used by one more subject; false if it does not. */
bool mask_candidates_again(struct mask_candidates *c, uint64_t key, uint64_t subject);
void mask_candidates_see(struct mask_candidates *c, const struct mask_sighting *seen,
    uint64_t subject);

/* ---- the tables ---- */

#define WORDS_SLOTS (1u << 17)
#define WORDS_MAX (1u << 16)
#define WORDS_TEXT_BYTES (6u << 20)
#define WORDS_CHANGES 1024
#define WORDS_BITS (1u << 19)

/* Insert-only; one writer.  since is written before key is published. */
struct words_slot {
	_Atomic uint64_t key;
	_Atomic uint64_t since; /* number of the first batch that sees it */
};

struct words_entry { /* what mask_words_save prints */
	uint32_t parent_at, word_at;
	uint16_t parent_len, word_len;
	uint8_t class_id;
	bool added;     /* by hand, not learned */
	char since[MASK_WORDS_SINCE_BYTES]; /* "2026-11-25"; zeros: nobody knows */
};

#define WORDS_FORGOTTEN_MAX 4096
#define WORDS_MARK_BYTES 16

struct words_learner; /* learn.c */

static inline uint64_t
words_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(a ^ UINT64_C(0xa0761d6478bd642f)) *
	    (b ^ UINT64_C(0xe7037ed1a0b428db));

	return ((uint64_t)product ^ (uint64_t)(product >> 64));
}

struct mask_words {
	unsigned k;
	uint64_t seed[MASK_WORD_CLASS_COUNT];
	uint64_t seed_position, seed_subject, seed_k;
	unsigned char nonce[16];
	struct words_slot *slots;
	_Atomic uint64_t *bits; /* of keys that may be there: near, where slots are far */
	size_t slots_used;
	struct words_entry *entries;
	size_t entry_count;
	struct arena text;  /* of the entries */
	struct arena table; /* slots and entries */
	_Atomic uint64_t changes[WORDS_CHANGES]; /* [n % size] = n: batch n sees new words */
	_Atomic uint64_t settled;
	_Atomic uint64_t refused;
	struct words_learner *learner;
	/* What shall not be shown again: keyed hashes, sorted. */
	unsigned char (*forgotten)[WORDS_MARK_BYTES];
	size_t forgotten_count;
	bool has_secret, closed; /* closed: some may be missing, nothing is learned */
	struct crypto_hmac_key secret;
};

/* words.c, for the writer.  false when full. */
bool mask_words_insert(struct mask_words *w, uint64_t key, uint64_t since);
bool mask_words_has(const struct mask_words *w, uint64_t key, uint64_t batch);
uint64_t mask_words_closed_key(const struct mask_words *w, uint64_t position);
/* Position that a printable template names; false if it is none of class c. */
bool mask_words_position(const struct mask_words *w, enum mask_word_class c, struct span text,
    uint64_t *position);
/* Keep the text of a promoted word; since NULL: unknown.  false when full. */
bool mask_words_enter(struct mask_words *w, enum mask_word_class c, struct span parent,
    struct span word, const char *since);

static inline struct span
words_entry_parent(const struct mask_words *w, const struct words_entry *entry)
{
	return (span_of(w->text.base + entry->parent_at, entry->parent_len));
}

static inline struct span
words_entry_word(const struct mask_words *w, const struct words_entry *entry)
{
	return (span_of(w->text.base + entry->word_at, entry->word_len));
}

/* A key that no batch sees, and that nothing is promoted to. */
#define WORDS_NEVER UINT64_MAX
void mask_words_deny(struct mask_words *w, uint64_t key);
/* Words that are clear everywhere, one by one; false at the end. */
bool mask_words_common(size_t i, enum mask_word_class *c, struct span *word);
uint64_t mask_words_anywhere(const struct mask_words *w, enum mask_word_class c, struct span word);

/* forget.c: a line of the file, "forgotten TAB HEX". */
int mask_words_load_mark(struct mask_words *w, struct span hex, struct err *e);
/* After loading: what is clear everywhere may be forgotten, too. */
void mask_words_deny_common(struct mask_words *w);
/* Must word not be shown at position?  Without the key nothing may, once something is forgotten. */
bool mask_words_is_forgotten(const struct mask_words *w, enum mask_word_class c,
    struct span position, struct span word);

/* learn.c */
struct words_learner *mask_words_learner_open(unsigned k, struct err *e);
void mask_words_learner_close(struct words_learner *l);
bool mask_words_learner_locked(const struct words_learner *l);
void mask_words_learner_settle(struct mask_words *w);

#endif
