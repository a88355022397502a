/* mask, inside: what batches add up to. */
#ifndef CRETULA_MASK_METHOD_COUNT_H
#define CRETULA_MASK_METHOD_COUNT_H

#include "mask/pseudonym.h"
#include "tally/batch.h"

struct mask;

/*
 * The subject of the line, by its canonical value; nothing if nobody counts.  What it
 * is counted by stays beside its token, kept; NULL: it has none, and is not known.
 */
void mask_count_subject(
    struct mask *m, enum mask_slot slot, struct span value, struct mask_token_slot *kept);

/* The peer of the line will be the subject, as it mostly is. */
void mask_count_ahead(struct mask *m);

/* The line has other epochs than the one before: what stays there is of other keys. */
void mask_count_epochs(struct mask *m);

/* mask_render gave text, which is about to be set: the table knows where it was counted last. */
void mask_count_text(struct mask *m, struct tally_text *given, struct span text);

/* The record, which was encoded as line; of other parts there is none. */
void mask_count_record(struct mask *m, enum tally_part part, struct span line);

#endif
