/* mask, inside: what batches add up to. */
#ifndef CRETULA_MASK_METHOD_COUNT_H
#define CRETULA_MASK_METHOD_COUNT_H

#include "mask/pseudonym.h"
#include "tally/batch.h"

struct mask;

/* The subject of the line, by its canonical value; nothing if nobody counts. */
void mask_count_subject(struct mask *m, enum mask_slot slot, struct span value);

/* The record, which was encoded as line; of other parts there is none. */
void mask_count_record(struct mask *m, enum tally_part part, struct span line);

#endif
