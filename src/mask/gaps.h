/* mask, inside: lines that are missing, by the numbers that their source gives them. */
#ifndef CRETULA_MASK_GAPS_H
#define CRETULA_MASK_GAPS_H

#include <stdbool.h>

struct event;
struct event_extra;
struct mask;

/* What is missing in front of the event, to the counts of the batch; it has gaps. */
void mask_gaps_see(struct mask *m, const struct event *ev);

/* Is it one of the numbers?  With gaps: count they have served, and are not kept. */
bool mask_gaps_is_number(const struct event_extra *extra);

#endif
