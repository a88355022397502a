#include "filter/literals.h"

#include "base/scan.h"
#include "filter/inside.h"

/* How little a literal is likely to be in a line that is not meant. */
enum { NONE = 0, EVERY_LINE = 1, TEXT = 2 };

static bool
is_range(const struct filter_term *term)
{
	return (term->op == FILTER_LT || term->op == FILTER_LE || term->op == FILTER_GT ||
	    term->op == FILTER_GE);
}

static void
add(struct filter_literal *out, const char *bytes, size_t len)
{
	size_t room = FILTER_LITERAL_BYTES - out->len;

	len = len < room ? len : room;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void
add_key(struct filter_literal *out, enum record_field field)
{
	add(out, ",\"", 2);
	add(out, record_fields[field].name, strlen(record_fields[field].name));
	add(out, "\":", 2);
}

static void
add_number(struct filter_literal *out, int64_t number)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t n = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (number < 0)
		*--at = '-';
	add(out, at, (size_t)(digits + sizeof(digits) - at));
}

/* In quotes, as far as the condition says where it begins and ends. */
static void
add_text(struct filter_literal *out, const struct filter_term *term, bool key)
{
	if (term->op != FILTER_HAS && key)
		add_key(out, term->field);
	if (term->op != FILTER_HAS)
		add(out, "\"", 1);
	add(out, term->text.ptr, term->text.len);
	if (term->op == FILTER_EQ)
		add(out, "\"", 1);
}

/* What stands in the line if the term holds, into out, which is empty; how good it is. */
static int
put_term(const struct filter_term *term, struct filter_literal *out)
{
	enum record_type type = record_fields[term->field].type;

	if (term->negate)
		return (NONE);
	if (type == RECORD_INT && (term->op == FILTER_EQ || is_range(term))) {
		add_key(out, term->field);
		if (term->op == FILTER_EQ)
			add_number(out, term->number);
		return (term->op == FILTER_EQ ? TEXT : EVERY_LINE);
	}
	if (type == RECORD_TIME || type == RECORD_INT || is_range(term) ||
	    scan_json_plain(term->text) < term->text.len)
		return (NONE);
	/* A record that says nothing of its state is parsed; members of extra may be numbers. */
	if (term->field == RECORD_FIELD_STATE &&
	    (term->op != FILTER_EQ || span_is(term->text, "parsed")))
		return (NONE);
	if (type == RECORD_EXTRA && term->op == FILTER_EQ && term->is_number)
		return (NONE);
	add_text(out, term, type == RECORD_TEXT);
	return (out->len < FILTER_LITERAL_LEAST ? NONE : TEXT);
}

static int
rank(const struct filter *filter, uint8_t at)
{
	const struct filter_node *node = &filter->nodes[at];
	struct filter_literal out;
	int left, right;

	if (!node->joins) {
		out.len = 0;
		left = put_term(&filter->terms[node->term], &out);
		return (left == TEXT ? left + (int)out.len : left);
	}
	left = rank(filter, node->left);
	right = rank(filter, node->right);
	return ((left < right) == node->any ? left : right);
}

/* Of two that must hold the one that says more. */
static void
add_node(struct filter_literals *l, const struct filter *filter, uint8_t at)
{
	const struct filter_node *node = &filter->nodes[at];
	const struct filter_term *term = &filter->terms[node->term];
	struct filter_literal *out = &l->list[l->count];

	if (!node->joins) {
		out->len = 0;
		out->number = put_term(term, out) == EVERY_LINE ? term : NULL;
		l->text[l->count++] = span_of(out->bytes, out->len);
		return;
	}
	if (node->any || rank(filter, node->left) >= rank(filter, node->right))
		add_node(l, filter, node->left);
	if (node->any || rank(filter, node->left) < rank(filter, node->right))
		add_node(l, filter, node->right);
}

_Static_assert(FILTER_LITERALS_MAX >= FILTER_TERMS_MAX, "one a term");

bool
filter_literals_make(struct filter_literals *l, const struct filter *filter)
{
	l->count = 0;
	if (rank(filter, filter->root) == NONE)
		return (false);
	add_node(l, filter, filter->root);
	return (true);
}

/* The number at the front of text; what is none is not looked at here. */
static bool
number_may(const struct filter_term *term, struct span text)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	uint64_t n = 0;

	text = span_from(text, negative);
	if (text.len > 18)
		text.len = 18; /* what fits, whatever its digits are */
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return (filter_number_holds(term, negative ? -(int64_t)n : (int64_t)n));
		n = n * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	return (true);
}

bool
filter_literals_stand(const struct filter_literals *l, struct span from)
{
	for (size_t i = 0; i < l->count; i++)
		if (span_starts(from, l->text[i]) &&
		    (l->list[i].number == NULL ||
			number_may(l->list[i].number, span_from(from, l->text[i].len))))
			return (true);
	return (false);
}
