/*
 * detect: rules of the user, expressions of PCRE2 that are matched under
 * limits: however an expression backtracks, it is given up soon.  Bytes are
 * matched, not characters.
 */
#ifndef CRETULA_DETECT_RULES_H
#define CRETULA_DETECT_RULES_H

#include "base/span.h"
#include "detect/text.h"
#include "record/record.h"

struct err;

#define DETECT_RULES_MAX 16
#define DETECT_RULE_BYTES 256
#define DETECT_RULE_NAME_BYTES 64

struct detect_rule {
	char name[DETECT_RULE_NAME_BYTES];
	char pattern[DETECT_RULE_BYTES];
	char test[DETECT_RULE_BYTES];   /* the pattern finds something here */
	char not_in[DETECT_RULE_BYTES]; /* and nothing here; "" if not given */
	enum record_class class_id;     /* what it finds */
};

struct detect_rules; /* one per thread */

/*
 * Compile and test; all memory is taken here.  0; or -1 with e (ERR_CONFIG),
 * *at: which rule, *column: byte of its pattern, if it does not compile, or 0.
 */
int detect_rules_open(const struct detect_rule *rules, unsigned count, struct detect_rules **r,
    unsigned *at, size_t *column, struct err *e);
void detect_rules_close(struct detect_rules *r); /* NULL is legal */

enum detect_rules_answer {
	DETECT_RULES_NONE,
	DETECT_RULES_FOUND,
	DETECT_RULES_LIMIT /* it was given up: the hit is the whole text */
};

/*
 * The first place of text from byte from on that a rule finds; of two at one
 * place the earlier rule's.  Calls no allocator.
 */
enum detect_rules_answer detect_rules_find(struct detect_rules *r, struct span text, size_t from,
    struct detect_hit *hit);

#endif
