/* The set of rules as it lies in memory: compiled, and sorted by where they are tried. */
#ifndef CRETULA_LEAK_RULES_SET_H
#define CRETULA_LEAK_RULES_SET_H

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include "leak/leak.h"
#include "leak/rules/own.h"
#include "leak/rules/table.h"
#include "leak/view/marks.h"

struct leak_rule {
	const struct leak_row *row; /* NULL: one's own */
	char name[32];
	pcre2_code *code; /* NULL: skipped */
};

/* A planted value in one of its forms. */
struct leak_needle {
	unsigned char *bytes;
	uint32_t len;
	uint32_t next; /* of the same key, + 1; 0 ends */
	uint32_t value; /* from 1 */
	bool folded; /* letters of either case */
	bool whole; /* short: only where no letter or digit goes on */
	const char *form; /* "" raw, "reversed", "base64" ... */
};

struct leak_values {
	struct leak_needle *needles;
	size_t count, size;
	uint64_t *filter; /* a bit a hash of four folded bytes */
	uint32_t *buckets; /* first needle of a hash, + 1 */
};

struct leak_rules {
	struct leak_rule rule[LEAK_RULES_MAX];
	size_t count, own_first; /* those from own_first on are run over everything */
	size_t value_rule; /* the number that planted values are counted under */
	unsigned flags;
	struct leak_teddy teddy;
	size_t by_kind[LEAK_KINDS][LEAK_RULES_MAX]; /* rules to try there */
	size_t by_kind_count[LEAK_KINDS];
	/* Hashes of the last three letters of names, a bit each; of the literals' rare bytes. */
	uint64_t name_ends[1 << LEAK_THREE_HASH_BITS >> 6];
	uint64_t literals[1 << LEAK_THREE_HASH_BITS >> 6];
	struct leak_values values;
};

void leak_values_free(struct leak_values *values);

#endif
