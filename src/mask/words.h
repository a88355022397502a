/*
 * mask: the vocabulary, the answer to names in paths that no pattern finds.
 *
 * A word is written in clear when it is configured, in the shipped list of
 * common web words, or promoted: used by more than k distinct subjects at that
 * position with 2xx or 304 (design.md 5, docs/adr/0013).  A subject is an IPv4 /24 or an IPv6
 * /40 (one site gets a /48, and a /43 would be 32 of them); who holds a /32
 * counts as 256 (docs/adr/0008).  Parameters, which are answered whatever
 * they are called, need k + 5.
 *
 * One struct is shared by all threads.  Lookups are lock-free; merging is
 * the ordered writer's alone.  Batch i sees words promoted by batches up to
 * i - MASK_WORDS_LAG, so results do not depend on the number of threads.
 */
#ifndef CRETULA_MASK_WORDS_H
#define CRETULA_MASK_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;
struct mask_words;

#define MASK_WORDS_LAG 8
#define MASK_WORDS_CANDIDATE_BYTES (16u << 20)
#define MASK_WORDS_CHILDREN_MAX 200
#define MASK_WORDS_WORD_BYTES 256
#define MASK_WORDS_POSITION_BYTES 2048

enum mask_word_class { MASK_WORD_PATH, MASK_WORD_PARAM, MASK_WORD_HOST, MASK_WORD_CLASS_COUNT };

/* All memory is taken here, candidates in locked memory.  k: 10..1000. */
int mask_words_open(unsigned k, struct mask_words **words, struct err *e);
void mask_words_close(struct mask_words *words); /* NULL is legal */
bool mask_words_locked(const struct mask_words *words);

/*
 * Load lines "class TAB word" (any position) or "class TAB position TAB
 * word", behind which may stand TAB since (2026-11-25) and TAB "added"; '#'
 * starts a comment line.  Positions are "/a/b", "?" for names of parameters,
 * "?sort" for values, ".".  class: path, param, host, forgotten, closed;
 * others are skipped.  name is for errors: ERR_CONFIG "name:line: what".
 */
int mask_words_load(struct mask_words *words, struct span text, const char *name, struct err *e);

/* A word at a place (as in mask_words_load). */
typedef int (*mask_words_fn)(void *arg, enum mask_word_class c, struct span position,
    struct span word, struct err *e);
/* The words of a route: "/users/{id}/orders", "/a/:x/b"; what holds a '{' or '*' is any word. */
int mask_words_route(struct span route, mask_words_fn fn, void *arg, struct err *e);
/* Of routes, one a line; '#' starts a comment line. */
int mask_words_routes(struct span text, const char *name, mask_words_fn fn, void *arg,
    struct err *e);
/* words (arg) shows it from the start, and does not save it. */
int mask_words_configure(void *arg, enum mask_word_class c, struct span position,
    struct span word, struct err *e);

/* Promoted words, sorted, in the format that mask_words_load reads, and marks of forgotten ones. */
void mask_words_save(const struct mask_words *words, struct buf *out);
size_t mask_words_promoted(const struct mask_words *words);
/* Words that could not be considered because memory was full. */
uint64_t mask_words_refused(const struct mask_words *words);

/* Position of the root of paths, of parameter names, of hosts. */
uint64_t mask_words_root(const struct mask_words *words, enum mask_word_class c);
/* Position below a child; text is the word, "{type}" or "*" (a token). */
uint64_t mask_words_child(const struct mask_words *words, uint64_t position, struct span text);

/* May batch see word in clear at position? */
bool mask_words_clear(const struct mask_words *words, enum mask_word_class c, uint64_t position,
    struct span word, uint64_t batch);

/* ---- by hand ---- */

#define MASK_WORDS_SINCE_BYTES 10

/*
 * The key of the marks of forgotten words (key_ring_words), before anything
 * is loaded.  Without it a vocabulary with marks learns nothing.
 */
void mask_words_secret(struct mask_words *words, const unsigned char key[static 32]);
size_t mask_words_forgotten(const struct mask_words *words);
/*
 * A line "closed TAB ..." was loaded: marks may be missing, so nothing is
 * learned until somebody has said again what is forgotten.
 */
bool mask_words_stopped(const struct mask_words *words);
void mask_words_learn_again(struct mask_words *words);
/* 0; or -1: ERR_USAGE for what cannot be shown, ERR_CONFIG for a bad place or a full table. */
int mask_words_add(struct mask_words *words, enum mask_word_class c, struct span position,
    struct span word, const char since[static MASK_WORDS_SINCE_BYTES], struct err *e);
/*
 * Drop word, and what is below it, and leave a mark that keeps it from coming
 * back.  An empty position means everywhere.  Returns how many lines went, or -1.
 */
int mask_words_forget(struct mask_words *words, struct span position, struct span word,
    struct err *e);

struct mask_words_row {
	enum mask_word_class class_id;
	struct span position, word, since; /* since: "" if unknown; position: "" for everywhere */
	bool added;
};
/* The promoted words, in no order. */
void mask_words_each(const struct mask_words *words,
    void (*fn)(void *arg, const struct mask_words_row *row), void *arg);
/* Those that are clear everywhere, unless they were forgotten. */
void mask_words_shipped(void (*fn)(void *arg, const struct mask_words_row *row), void *arg);
extern const char *const mask_words_class_names[MASK_WORD_CLASS_COUNT];
/* The class of a position by its first character; -1 if it is none. */
int mask_words_class_of(struct span position);

/* ---- learning ---- */

/* What one batch saw; fixed memory, reset by mask_candidates_reset. */
struct mask_candidates;
int mask_candidates_open(struct mask_candidates **c, struct err *e);
void mask_candidates_close(struct mask_candidates *c);
void mask_candidates_reset(struct mask_candidates *c);
/* parent: printable template of the position, for the saved file. */
void mask_candidates_add(struct mask_candidates *c, enum mask_word_class k, uint64_t position,
    struct span parent, struct span word, uint64_t subject);
void mask_candidates_time(struct mask_candidates *c, int64_t t_us);

/* In batch order, by one thread at a time. */
void mask_words_merge(struct mask_words *words, const struct mask_candidates *c, uint64_t batch);
/* After a learning pass: everything promoted is visible to every batch. */
void mask_words_settle(struct mask_words *words);

#endif
