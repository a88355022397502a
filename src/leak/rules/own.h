/* What rules of one's own need of the others. */
#ifndef CRETULA_LEAK_RULES_OWN_H
#define CRETULA_LEAK_RULES_OWN_H

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include "base/span.h"

struct err;

/* With options of PCRE2.  NULL with e (ERR_CONFIG) if pattern is none. */
pcre2_code *leak_compile(struct span pattern, uint32_t options, struct err *e);

/* Limits of time and memory for one match; NULL: no memory. */
pcre2_match_context *leak_match_context(pcre2_jit_stack **stack);

/* A hash of three bytes; with 8192 of them few frequent words have that of another. */
#define LEAK_THREE_HASH_BITS 13

static inline unsigned
leak_three_hash(const unsigned char *three)
{
	uint32_t n = (uint32_t)three[0] | (uint32_t)three[1] << 8 | (uint32_t)three[2] << 16;

	return (n * 0x9e3779b1u >> (32 - LEAK_THREE_HASH_BITS));
}

/* Of the three letters that end at last, of any case. */
static inline unsigned
leak_name_hash(const unsigned char *last)
{
	unsigned char three[3] = { last[-2] | 0x20, last[-1] | 0x20, last[0] | 0x20 };

	return (leak_three_hash(three));
}

#endif
