/* filter, inside: what a compiled filter is. */
#ifndef CRETULA_FILTER_INSIDE_H
#define CRETULA_FILTER_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "record/record.h"

enum filter_op { FILTER_EQ, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE, FILTER_PREFIX, FILTER_HAS };

struct filter_term {
	enum record_field field;
	enum filter_op op;
	bool negate; /* != is the contrary of == */
	bool is_number; /* the literal is one; time is a number, too */
	int64_t number;
	struct span text; /* the literal as it was meant, in literals */
};

#define FILTER_TERMS_MAX 32

struct filter {
	struct filter_term terms[FILTER_TERMS_MAX];
	size_t count;
	size_t used;
	char literals[];
};

#endif
