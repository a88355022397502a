/*
 * mask: EXTRA, what the record has no field for.
 *
 * Keys are ours, or are written as names of parameters are: only if every
 * part between dots is a word of the vocabulary.  Values are what their kind
 * says (parse/event.h); of those of no kind only that they were there.
 */
#ifndef CRETULA_MASK_EXTRA_EXTRA_H
#define CRETULA_MASK_EXTRA_EXTRA_H

#include "mask/inside.h"

/* A member, if there is room and text is not empty. */
void mask_extra_add(struct mask *m, struct span key, struct span text);

/* Everything in ev->extra. */
void mask_extra(struct mask *m, const struct event *ev);

/* Free text, under a key of ours. */
void mask_extra_message(struct mask *m, struct span text);

/* A token of text, or what the method of its class says; empty if that is drop. */
struct span mask_extra_token(struct mask *m, enum mask_slot slot, const char *position,
    struct span text);

/* The same, of a text or a value of EXTRA of the record: computed with those of other lines. */
struct span mask_extra_token_later(struct mask *m, enum mask_slot slot, const char *position,
    struct span text);

/* word.c: the word as it stands in the list of those written in clear; empty: it does not. */
#define MASK_EXTRA_WORD_BYTES 63
struct span mask_extra_word(struct span text);

/* client.c: one hop that a header asserts; user.c: a user's name.  Empty: dropped. */
struct span mask_hop(struct mask *m, struct span hop);
struct span mask_user_text(struct mask *m, struct span user);

/*
 * Is it the number of a payment card, where a count or a time belongs?  Then
 * it is counted and flagged, and not to be written.
 */
bool mask_extra_card(struct mask *m, int64_t number);
static inline bool
mask_extra_is_card(struct mask *m, int64_t number)
{
	const int64_t least = INT64_C(1000000000000); /* of thirteen digits */

	return ((number >= least || number <= -least) && mask_extra_card(m, number));
}

#endif
