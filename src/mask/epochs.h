/* mask: which key epochs the tokens of a run of records come from. */
#ifndef CRETULA_MASK_EPOCHS_H
#define CRETULA_MASK_EPOCHS_H

#include <stdint.h>

#include "base/buf.h"
#include "mask/policy.h"
#include "record/record.h"

#define MASK_EPOCH_RANGES 32

/*
 * Per class sorted, disjoint, non-adjacent ranges of epoch indices.  When a
 * class needs more than MASK_EPOCH_RANGES, the two ranges with the smallest
 * gap become one: the statement stays true, only wider.
 */
struct mask_epochs {
	struct {
		uint8_t count;
		struct {
			int32_t first, last;
		} range[MASK_EPOCH_RANGES];
	} of[RECORD_CLASS_COUNT];
};

void mask_epochs_clear(struct mask_epochs *e);
void mask_epochs_add(struct mask_epochs *e, enum record_class c, int64_t index);
void mask_epochs_merge(struct mask_epochs *into, const struct mask_epochs *more);

/*
 * Add the JSON object of an entry to out, classes by token prefix in
 * alphabetical order, e.g. {"ip":["2026-W47","2026-W48"],"se":["2026-11-20..2026-11-25"]}:
 * a range of one is a name, of more is "first..last".  Classes with the same
 * prefix are merged; the policy says of which period each is.
 */
void mask_epochs_print(const struct mask_epochs *e, const struct mask_policy *policy,
    struct buf *out);

#endif
