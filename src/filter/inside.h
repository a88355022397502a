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

/* A term, or two nodes of which both (any: at least one) must hold. */
struct filter_node {
	bool joins, any;
	uint8_t term;
	uint8_t left, right;
};

struct filter {
	struct filter_term terms[FILTER_TERMS_MAX];
	struct filter_node nodes[2 * FILTER_TERMS_MAX - 1];
	uint8_t term_count, node_count, root;
	size_t used;
	char literals[];
};

/* Of a number, without regard to negate. */
bool filter_number_holds(const struct filter_term *term, int64_t value);

#endif
