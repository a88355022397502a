/*
 * mask: the learning half of the vocabulary.
 *
 * Two tables: what one batch saw (struct mask_candidates, one per batch in
 * flight) and, behind it, what is on its way to be promoted (struct
 * words_learner, one per vocabulary, in locked memory, for 24 hours).
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "crypto/random.h"
#include "key/key.h"
#include "mask/words.h"
#include "mask/words/inside.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* ---- of the vocabulary ---- */

#define LEARNER_TEXT_BYTES (6u << 20)
#define LEARNER_TABLE_BYTES (9u << 20)
#define LEARNER_POSITIONS (1u << 15)
/*
 * More than k, by 1 to 6: whoever has k - 1 networks of his own, and asks for
 * a word that one more client used, must not see it promoted (docs/adr/0013).
 */
#define LEARNER_LEAST 1
#define LEARNER_SPREAD 6
/* A parameter can be made up, and the answer is 200 all the same: more have to use it. */
#define LEARNER_PARAM_MORE 5

struct candidate {
	uint64_t key, parent_key, position;
	uint32_t text_at;
	uint16_t parent_len, word_len;
	uint16_t count;
	uint8_t class_id;
	bool done;
	uint32_t subjects[];
};

struct position {
	uint64_t id;
	uint32_t children;
};

_Static_assert(
    LEARNER_TEXT_BYTES + LEARNER_TABLE_BYTES + LEARNER_POSITIONS * sizeof(struct position) <=
	MASK_WORDS_CANDIDATE_BYTES,
    "candidates stay within their memory");

struct words_learner {
	struct arena memory;
	char *table; /* slots of stride bytes */
	size_t stride, slots, used;
	struct position *positions;
	size_t positions_used;
	char *text;
	size_t text_used;
	int64_t window_us; /* start of the 24 hours */
	bool has_window;
	char since[16]; /* the day of the batch at hand */
};

struct words_learner *
mask_words_learner_open(unsigned k, struct err *e)
{
	struct words_learner *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		err_set(e, ERR_CONFIG, "vocabulary: no memory");
		return (NULL);
	}
	l->stride = (sizeof(struct candidate) +
			(k + LEARNER_LEAST + LEARNER_SPREAD + LEARNER_PARAM_MORE) *
			    sizeof(uint32_t) +
			7) &
	    ~(size_t)7;
	for (l->slots = 64; l->slots * 2 * l->stride <= LEARNER_TABLE_BYTES;)
		l->slots *= 2;
	if (arena_open(&l->memory, MASK_WORDS_CANDIDATE_BYTES, ARENA_SECRET, e) == -1) {
		free(l);
		return (NULL);
	}
	l->table = arena_take(&l->memory, l->slots * l->stride);
	l->positions = arena_take(&l->memory, LEARNER_POSITIONS * sizeof(*l->positions));
	l->text = arena_take(&l->memory, LEARNER_TEXT_BYTES);
	return (l);
}

void
mask_words_learner_close(struct words_learner *l)
{
	if (l == NULL)
		return;
	arena_close(&l->memory);
	free(l);
}

bool
mask_words_learner_locked(const struct words_learner *l)
{
	return (l->memory.locked);
}

static struct candidate *
candidate_at(const struct words_learner *l, size_t slot)
{
	return ((struct candidate *)(void *)(l->table + slot * l->stride));
}

static void
refuse(struct mask_words *w, uint64_t n)
{
	atomic_fetch_add(&w->refused, n);
}

static void
forget(struct words_learner *l)
{
	memset(l->table, 0, l->slots * l->stride);
	memset(l->positions, 0, LEARNER_POSITIONS * sizeof(*l->positions));
	crypto_wipe(l->text, l->text_used);
	l->used = l->positions_used = l->text_used = 0;
}

static unsigned
threshold(const struct mask_words *w, enum mask_word_class c, uint64_t key)
{
	return (w->k + LEARNER_LEAST + (c == MASK_WORD_PARAM ? LEARNER_PARAM_MORE : 0u) +
	    (unsigned)(words_mix(w->seed_k, key) % LEARNER_SPREAD));
}

/* A parent that is still hidden hides its children: they wait for it. */
static void
promote(struct mask_words *w, struct candidate *c, uint64_t since)
{
	const char *text = w->learner->text + c->text_at;
	struct span parent, word;

	if (c->parent_key != 0 && !mask_words_has(w, c->parent_key, UINT64_MAX))
		return;
	c->done = true;
	parent = span_of(text, c->parent_len);
	word = span_of(text + c->parent_len, c->word_len);
	if (w->closed ||
	    mask_words_is_forgotten(w, (enum mask_word_class)c->class_id, parent, word))
		return;
	if (!mask_words_enter(
		w, (enum mask_word_class)c->class_id, parent, word, w->learner->since)) {
		refuse(w, 1);
		return;
	}
	if (!mask_words_insert(w, c->key, since)) {
		w->entry_count--;
		refuse(w, 1);
	}
}

/* Count a new child of position; false: there are too many, or no room. */
static bool
count_child(struct mask_words *w, uint64_t position, uint64_t since)
{
	struct words_learner *l = w->learner;

	for (uint64_t at = position;; at++) {
		struct position *p = &l->positions[(at * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
		    (LEARNER_POSITIONS - 1)];

		if (p->id == 0) {
			if (l->positions_used >= LEARNER_POSITIONS / 4 * 3)
				return (false);
			p->id = position;
			l->positions_used++;
		}
		if (p->id != position)
			continue;
		if (++p->children <= MASK_WORDS_CHILDREN_MAX)
			return (true);
		(void)mask_words_insert(w, mask_words_closed_key(w, position), since);
		return (false);
	}
}

/* Paths and values: a place with too many children holds no words, but data. */
static bool
is_counted(const struct mask_words *w, const struct mask_sighting *seen)
{
	return (seen->class_id == MASK_WORD_PATH ||
	    (seen->class_id == MASK_WORD_PARAM &&
		seen->position != mask_words_root(w, MASK_WORD_PARAM)));
}

/* The candidate of key, made if there is none; NULL if it cannot be. */
static struct candidate *
candidate_of(struct mask_words *w, uint64_t key, const struct mask_sighting *seen, uint64_t since)
{
	struct words_learner *l = w->learner;
	struct candidate *c;

	for (size_t at = key;; at++) {
		c = candidate_at(l, at & (l->slots - 1));
		if (c->key == key)
			return (c);
		if (c->key == 0)
			break;
	}
	if (l->used >= l->slots / 4 * 3 ||
	    l->text_used + seen->parent.len + seen->word.len > LEARNER_TEXT_BYTES) {
		refuse(w, 1);
		return (NULL);
	}
	if (is_counted(w, seen) && !count_child(w, seen->position, since))
		return (NULL);
	c->key = key;
	c->parent_key = seen->parent_key;
	c->position = seen->position;
	c->class_id = (uint8_t)seen->class_id;
	c->text_at = (uint32_t)l->text_used;
	c->parent_len = (uint16_t)seen->parent.len;
	c->word_len = (uint16_t)seen->word.len;
	memcpy(l->text + l->text_used, seen->parent.ptr, seen->parent.len);
	memcpy(l->text + l->text_used + seen->parent.len, seen->word.ptr, seen->word.len);
	l->text_used += seen->parent.len + seen->word.len;
	l->used++;
	return (c);
}

static void
learn(struct mask_words *w, const struct mask_sighting *seen, uint64_t subject, uint64_t since)
{
	uint64_t key = mask_words_key(w, seen->class_id, seen->position, seen->word);
	unsigned k = threshold(w, seen->class_id, key);
	uint32_t mark = (uint32_t)subject;
	struct candidate *c;

	if (mask_words_has(w, key, UINT64_MAX) ||
	    mask_words_closed(w, seen->position, UINT64_MAX) ||
	    (c = candidate_of(w, key, seen, since)) == NULL || c->done)
		return;
	for (unsigned i = 0; i < c->count && c->count < k; i++)
		if (c->subjects[i] == mark)
			return;
	if (c->count < k)
		c->subjects[c->count++] = mark;
	if (c->count >= k)
		promote(w, c, since);
}

void
mask_words_learner_settle(struct mask_words *w)
{
	struct words_learner *l = w->learner;
	size_t before;

	/* Each round may free children of what the round before promoted. */
	do {
		before = w->entry_count;
		for (size_t i = 0; i < l->slots; i++) {
			struct candidate *c = candidate_at(l, i);

			if (c->key != 0 && !c->done &&
			    c->count >= threshold(w, (enum mask_word_class)c->class_id, c->key) &&
			    !mask_words_closed(w, c->position, UINT64_MAX))
				promote(w, c, 0);
		}
	} while (w->entry_count != before);
}

/* ---- of one batch ---- */

#define BATCH_WORDS (1u << 14)
#define BATCH_PAIRS (1u << 16)
#define BATCH_TEXT_BYTES (1u << 20)

struct batch_word {
	struct mask_sighting seen;
	uint32_t round;
};

struct batch_pair {
	uint64_t key;
	uint32_t round;
};

struct batch_use {
	uint32_t word; /* slot */
	uint32_t subject;
};

struct mask_candidates {
	struct arena memory;
	uint32_t round; /* slots of other rounds are empty */
	struct batch_word *words;
	struct batch_pair *pairs;
	struct batch_use *uses; /* in the order of the batch */
	char *text;
	size_t word_count, use_count, text_used;
	uint64_t refused;
	int64_t time_us;
	bool has_time;
};

int
mask_candidates_open(struct mask_candidates **c, struct err *e)
{
	struct mask_candidates *made = calloc(1, sizeof(*made));
	size_t words = BATCH_WORDS * sizeof(struct batch_word);
	size_t pairs = BATCH_PAIRS * sizeof(struct batch_pair);
	size_t uses = BATCH_PAIRS * sizeof(struct batch_use);

	if (made == NULL)
		return (err_set(e, ERR_CONFIG, "vocabulary: no memory"));
	if (arena_open(&made->memory, words + pairs + uses + BATCH_TEXT_BYTES + 64,
		ARENA_SECRET | ARENA_LAZY, e) == -1) {
		free(made);
		return (-1);
	}
	made->words = arena_take(&made->memory, words);
	made->pairs = arena_take(&made->memory, pairs);
	made->uses = arena_take(&made->memory, uses);
	made->text = arena_take(&made->memory, BATCH_TEXT_BYTES);
	made->round = 1;
	*c = made;
	return (0);
}

void
mask_candidates_close(struct mask_candidates *c)
{
	if (c == NULL)
		return;
	arena_close(&c->memory);
	free(c);
}

void
mask_candidates_reset(struct mask_candidates *c)
{
	crypto_wipe(c->text, c->text_used);
	c->word_count = c->use_count = c->text_used = 0;
	c->refused = 0;
	c->has_time = false;
	if (++c->round != 0)
		return;
	memset(c->words, 0, BATCH_WORDS * sizeof(*c->words));
	memset(c->pairs, 0, BATCH_PAIRS * sizeof(*c->pairs));
	c->round = 1;
}

static uint32_t
word_slot(const struct mask_candidates *c, uint64_t key)
{
	for (uint64_t at = key;; at++) {
		const struct batch_word *word = &c->words[at & (BATCH_WORDS - 1)];

		if (word->round != c->round || word->seen.key == key)
			return ((uint32_t)(at & (BATCH_WORDS - 1)));
	}
}

/* Subject used the word of slot: once is enough. */
static void
use(struct mask_candidates *c, uint32_t slot, uint64_t subject)
{
	uint64_t key = words_mix(c->words[slot].seen.key, subject);
	struct batch_pair *pair;

	for (uint64_t at = key;; at++) {
		pair = &c->pairs[at & (BATCH_PAIRS - 1)];
		if (pair->round != c->round)
			break;
		if (pair->key == key)
			return;
	}
	if (c->use_count >= BATCH_PAIRS / 4 * 3) {
		c->refused++;
		return;
	}
	pair->key = key;
	pair->round = c->round;
	c->uses[c->use_count].word = slot;
	c->uses[c->use_count].subject = (uint32_t)subject;
	c->use_count++;
}

bool
mask_candidates_again(struct mask_candidates *c, uint64_t key, uint64_t subject)
{
	uint32_t slot = word_slot(c, key);

	if (c->words[slot].round != c->round)
		return (false);
	use(c, slot, subject);
	return (true);
}

void
mask_candidates_see(struct mask_candidates *c, const struct mask_sighting *seen, uint64_t subject)
{
	uint32_t slot = word_slot(c, seen->key);
	struct batch_word *word = &c->words[slot];
	char *text = c->text + c->text_used;

	if (word->round == c->round) {
		use(c, slot, subject);
		return;
	}
	if (c->word_count >= BATCH_WORDS / 4 * 3 || seen->parent.len > UINT16_MAX ||
	    seen->word.len > UINT16_MAX ||
	    c->text_used + seen->parent.len + seen->word.len > BATCH_TEXT_BYTES) {
		c->refused++;
		return;
	}
	word->seen = *seen;
	word->round = c->round;
	memcpy(text, seen->parent.ptr, seen->parent.len);
	memcpy(text + seen->parent.len, seen->word.ptr, seen->word.len);
	word->seen.parent.ptr = text;
	word->seen.word.ptr = text + seen->parent.len;
	c->text_used += seen->parent.len + seen->word.len;
	c->word_count++;
	use(c, slot, subject);
}

void
mask_candidates_add(struct mask_candidates *c, enum mask_word_class k, uint64_t position,
    struct span parent, struct span word, uint64_t subject)
{
	struct mask_sighting seen = {
		.class_id = k,
		.position = position,
		.parent = parent,
		.word = word,
		.key = words_mix(hash_span(word, (uint64_t)k), position),
	};

	mask_candidates_see(c, &seen, subject);
}

void
mask_candidates_time(struct mask_candidates *c, int64_t t_us)
{
	c->time_us = t_us;
	c->has_time = true;
}

/* 24 hours of event time, forwards or backwards, end what was collected. */
static void
turn(struct words_learner *l, const struct mask_candidates *c)
{
	if (!c->has_time)
		return;
	(void)key_epoch_name(KEY_DAY, key_epoch_index(KEY_DAY, c->time_us), l->since);
	if (l->has_window && c->time_us - l->window_us < DAY_US &&
	    l->window_us - c->time_us < DAY_US)
		return;
	if (l->has_window)
		forget(l);
	l->window_us = c->time_us;
	l->has_window = true;
}

void
mask_words_merge(struct mask_words *words, const struct mask_candidates *c, uint64_t batch)
{
	turn(words->learner, c);
	if (c->refused > 0)
		refuse(words, c->refused);
	for (size_t i = 0; i < c->use_count; i++)
		learn(words, &c->words[c->uses[i].word].seen, c->uses[i].subject,
		    batch + MASK_WORDS_LAG);
}
