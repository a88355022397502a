/*
 * mask, inside: rendering a path, a query, a host or a referer.
 *
 * Writing such a text has effects beside the text: flags, counts, words to learn, tokens bound
 * to the subject.  They are collected in struct mask_render, which is also what the render table
 * keeps: the text with holes where the tokens of one subject stand.  Beside public text the table
 * holds only what those tokens are made of, position and value, in the mask's secret memory.  It
 * is looked up by 128 bits of keyed hash of the raw bytes.
 */
#ifndef CRETULA_MASK_URL_RENDER_H
#define CRETULA_MASK_URL_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "detect/canon.h"
#include "mask/pseudonym.h"
#include "mask/url/out.h"
#include "mask/words.h"
#include "record/plain.h"
#include "record/record.h"

#define MASK_RENDERS 8192 /* powers of two */
#define MASK_DOORS 16384
#define MASK_RENDER_BYTES 232 /* of text and tails */
#define MASK_RENDER_HOLES 6
#define MASK_RENDER_LEARN 8
#define MASK_RENDER_COUNTS 8

/* Where a bound token stands, and what it is made of beside the subject. */
struct mask_hole {
	uint8_t at;      /* in the text */
	uint8_t tail_at; /* in bytes, of mask_token_tail */
	uint8_t tail_len;
	uint8_t slot;
};

/* What every look-up reads stands first, then the text. */
struct mask_render {
	uint64_t key[2];
	uint32_t generation; /* 0: never used */
	uint16_t len;
	uint8_t hole_count, learn_count, count_count;
	uint8_t words_seen, words_clear;
	bool cacheable;
	bool plain;          /* no byte of the text needs an escape */
	uint8_t tails_len;
	uint16_t params_more; /* of a query, not kept */
	uint64_t flags;
	struct {
		uint8_t class_id, n;
	} counts[MASK_RENDER_COUNTS];
	uint64_t mark;       /* where the text was counted last (tally/batch.h) */
	struct mask_hole holes[MASK_RENDER_HOLES];
	char bytes[MASK_RENDER_BYTES + RECORD_PLAIN_SLACK]; /* the text, then tails */
	uint64_t learn[MASK_RENDER_LEARN];
};
_Static_assert(sizeof(struct mask_render) % 64 == 0, "entries start at a cache line");
_Static_assert(MASK_RENDER_BYTES <= UINT8_MAX, "places of holes fit");

#define MASK_SEGMENTS 2048 /* a power of two */
/* A path segment in clear, by 128 bits of keyed hash of position and bytes. */
struct mask_segment {
	uint64_t key[2];
	uint64_t child;      /* position below it */
	uint32_t generation;
	bool identity;       /* its children bear identities */
	bool below;          /* it stands below a parent that does */
};

struct mask;

enum mask_render_kind {
	MASK_RENDER_PATH, MASK_RENDER_QUERY, MASK_RENDER_REFERER, MASK_RENDER_ORIGIN,
	MASK_RENDER_HOST, MASK_RENDER_TEXT, MASK_RENDER_KINDS
};

/* A text of this line that will be rendered, and its entry on the way. */
struct mask_ahead {
	struct span raw; /* ptr is NULL if there is none */
	uint64_t key[2];
};

/* Writes raw to out and its effects to m->effects. */
typedef void (*mask_render_fn)(struct mask *m, struct span raw, struct mask_out *out);

/*
 * Render raw, through the table.  The text stays where it is until the next line; effects are
 * applied to record and batch.  Empty if it is to be left out.
 */
struct span mask_render(struct mask *m, enum mask_render_kind kind, mask_render_fn fn,
    struct span raw);

/* Fetch the entry of raw into the cache; of a path from byte path on: numbers do not matter. */
void mask_render_ahead(struct mask *m, enum mask_render_kind kind, struct span raw);
void mask_render_path_ahead(struct mask *m, enum mask_render_kind kind, struct span raw,
    size_t path);

void mask_render_path(struct mask *m, struct span raw, struct mask_out *out);
void mask_render_query(struct mask *m, struct span raw, struct mask_out *out);
/* The learning pass: only names, and values that are words. */
void mask_learn_query(struct mask *m, struct span raw);
void mask_render_host(struct mask *m, struct span authority, struct mask_out *out);
void mask_render_text(struct mask *m, struct span raw, struct mask_out *out); /* text/render.c */
#define MASK_NESTED_BYTES 512
/* A URL (canonical) as a value, scrubbed as a referer; at most that long.  false: it is none. */
bool mask_render_nested(struct mask *m, struct span value, struct mask_out *out);

/* ---- what they are made of: all of it is noted in m->effects ---- */

void mask_effect_count(struct mask *m, enum record_class c);
static inline void mask_effect_flag(struct mask_render *r, enum record_flag f)
{
	r->flags |= UINT64_C(1) << f;
}

/* "[class]", counted; secret_found is flagged where it is one. */
void mask_put_redacted(struct mask *m, struct mask_out *out, enum record_class c);
/* "{name}" */
void mask_put_shape(struct mask_out *out, const char *name);
/* A bound token, or what the class's method says; counted. */
void mask_put_bound(struct mask *m, struct mask_out *out, enum mask_slot slot,
    struct span position, struct span value);
/* A global token; the text is then not kept in the table. */
void mask_put_global(struct mask *m, struct mask_out *out, enum mask_slot slot,
    struct span value);

/* Classes that never become a token, wherever they are found. */
bool mask_class_is_secret(enum record_class c);

/* May word be in clear (charset, vocabulary, detectors)?  positional: known at this very place. */
bool mask_word_clear(struct mask *m, enum mask_word_class c, uint64_t position,
    struct span word, bool positional);
/* Could word ever be promoted?  Charset, length, detectors, no token look-alike. */
bool mask_word_plain(struct span word);
struct mask_sighting;
/* Offer a word to the learner (seen->key is filled here), if this line may teach. */
void mask_word_learn(struct mask *m, struct mask_sighting *seen);

enum mask_bytes { MASK_BYTES_CONTROL = 1, MASK_BYTES_HIGH = 2 };
unsigned mask_bytes_of(struct span text); /* what kinds of bytes are in text? */
/* Flags for the same: ctl_in_field, bad_utf8.  Returns true if text is not UTF-8. */
bool mask_effect_bytes(struct mask *m, struct span text);
/* Flags for what detect_canon says of text.  true: mask it whole. */
bool mask_effect_canon(struct mask *m, enum detect_canon_result canon, struct span text);

#endif
