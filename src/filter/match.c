/* match: does a record fit a compiled filter? */
#include "filter/filter.h"
#include "filter/inside.h"

/* order: of the record's value to the literal, as memcmp says it. */
static bool
order_holds(enum filter_op op, int order)
{
	switch (op) {
	case FILTER_EQ: return (order == 0);
	case FILTER_LT: return (order < 0);
	case FILTER_LE: return (order <= 0);
	case FILTER_GT: return (order > 0);
	case FILTER_GE: return (order >= 0);
	default: return (false);
	}
}

bool
filter_number_holds(const struct filter_term *term, int64_t value)
{
	if (!term->is_number)
		return (false);
	return (order_holds(term->op, (value > term->number) - (value < term->number)));
}

static bool
text_holds(const struct filter_term *term, struct span value)
{
	if (term->op == FILTER_PREFIX)
		return (span_starts(value, term->text));
	if (term->op == FILTER_HAS)
		return (term->text.len == 0 ||
		    (value.len > 0 &&
			memmem(value.ptr, value.len, term->text.ptr, term->text.len) != NULL));
	return (order_holds(term->op, span_order(value, term->text)));
}

static bool
list_holds(const struct filter_term *term, const struct record *r)
{
	for (size_t i = 0; i < r->forwarded_count; i++)
		if (text_holds(term, r->forwarded[i]))
			return (true);
	return (false);
}

static bool
flags_hold(const struct filter_term *term, uint64_t flags)
{
	for (; flags != 0; flags &= flags - 1)
		if (text_holds(term, span_str(record_flags[__builtin_ctzll(flags)].name)))
			return (true);
	return (false);
}

static bool
extra_holds(const struct filter_term *term, const struct record *r)
{
	for (size_t i = 0; i < r->extra_count; i++) {
		const struct record_extra *x = &r->extra[i];

		if (x->is_number ? filter_number_holds(term, x->number) : text_holds(term, x->text))
			return (true);
	}
	return (false);
}

/* Without regard to negate. */
static bool
term_holds(const struct filter_term *term, const struct record *r)
{
	if (!record_has(r, term->field)) {
		/* A record that says nothing of its state is parsed. */
		return (term->field == RECORD_FIELD_STATE && text_holds(term, span_str("parsed")));
	}
	switch (record_fields[term->field].type) {
	case RECORD_TIME: return (filter_number_holds(term, r->time_us));
	case RECORD_INT: return (filter_number_holds(term, r->number[term->field]));
	case RECORD_LIST: return (list_holds(term, r));
	case RECORD_EXTRA: return (extra_holds(term, r));
	case RECORD_FLAGS: return (flags_hold(term, r->flags));
	default: return (text_holds(term, r->text[term->field]));
	}
}

/* As deep as terms: each join is one level of the left side. */
static bool
node_holds(const struct filter *filter, const struct record *r, uint8_t at)
{
	const struct filter_node *node = &filter->nodes[at];

	while (node->joins) {
		if (node_holds(filter, r, node->left) == node->any)
			return (node->any);
		node = &filter->nodes[node->right];
	}
	return (term_holds(&filter->terms[node->term], r) != filter->terms[node->term].negate);
}

bool
filter_match(const struct filter *filter, const struct record *r)
{
	return (node_holds(filter, r, filter->root));
}
