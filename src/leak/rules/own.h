/* What rules of one's own need of the others. */
#ifndef CRETULA_LEAK_RULES_OWN_H
#define CRETULA_LEAK_RULES_OWN_H

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include "base/span.h"

struct err;

/* NULL with e (ERR_CONFIG) if pattern is none. */
pcre2_code *leak_compile(struct span pattern, struct err *e);

/* Limits of time and memory for one match; NULL: no memory. */
pcre2_match_context *leak_match_context(pcre2_jit_stack **stack);

/* A hash below 1024 of three bytes; of the three letters that end at last, of any case. */
unsigned leak_three_hash(const unsigned char *three);
unsigned leak_name_hash(const unsigned char *last);

#endif
