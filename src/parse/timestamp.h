/* parse: times as servers write them, to microseconds UTC. */
#ifndef CRETULA_PARSE_TIMESTAMP_H
#define CRETULA_PARSE_TIMESTAMP_H

#include <stdint.h>

#include "base/span.h"

/* "24/Nov/2025:10:11:12 +0000" (CLF), fraction of the second allowed.  0 or -1. */
int parse_time_clf(struct span text, int64_t *t_us);

#endif
