/* mask, inside: the rules of the user. */
#ifndef CRETULA_MASK_TEXT_RULES_H
#define CRETULA_MASK_TEXT_RULES_H

#include "base/span.h"
#include "record/record.h"

struct err;
struct mask;

int mask_rules_open(struct mask *m, struct err *e);

/*
 * The class of the first find of a rule in text (a decoded segment or value);
 * NONE.  A rule that was given up finds everything; the record says unsettled.
 */
enum record_class mask_rules_class(struct mask *m, struct span text);

#endif
