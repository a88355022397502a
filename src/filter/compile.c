/* filter: words to terms.  Errors name the column; literals are not quoted. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "filter/filter.h"
#include "filter/inside.h"

struct parser {
	struct span text;
	size_t at;
	unsigned depth; /* of ! and ( */
	struct filter *filter;
	struct err *e;
};

#define DEPTH_MAX 16

/* Characters, not bytes: what a caret under the text needs. */
static unsigned
column_of(struct span text, size_t at)
{
	unsigned column = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		column += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return (column);
}

static int
bad(const struct parser *p, size_t at, const char *what)
{
	return (err_set(p->e, ERR_USAGE, "column %u: %s", column_of(p->text, at), what));
}

static struct span
rest(const struct parser *p)
{
	return (span_from(p->text, p->at));
}

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\n');
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->text.len && is_blank(p->text.ptr[p->at]))
		p->at++;
}

/* ---- field ---- */

static bool
is_name(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' || c == '.' || c == '-');
}

#define NAME_BYTES_MAX 24

/* Edits that make b of a; both are short. */
static size_t
distance(struct span a, struct span b)
{
	size_t row[NAME_BYTES_MAX + 1];

	for (size_t k = 0; k <= b.len; k++)
		row[k] = k;
	for (size_t i = 0; i < a.len; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < b.len; k++) {
			size_t least = corner + (a.ptr[i] != b.ptr[k]);

			corner = row[k + 1];
			if (row[k] + 1 < least)
				least = row[k] + 1;
			if (corner + 1 < least)
				least = corner + 1;
			row[k + 1] = least;
		}
	}
	return (row[b.len]);
}

static int
no_field(const struct parser *p, size_t at, struct span name)
{
	const char *near = NULL;
	size_t nearest = 3;
	char what[128];

	for (int f = 0; f < RECORD_FIELD_COUNT && name.len <= NAME_BYTES_MAX; f++) {
		size_t edits = distance(name, span_str(record_fields[f].name));

		if (edits < nearest && edits < name.len) {
			nearest = edits;
			near = record_fields[f].name;
		}
	}
	if (near == NULL)
		return (bad(p, at, "no field of this name"));
	(void)snprintf(what, sizeof(what), "no field of this name; did you mean %s?", near);
	return (bad(p, at, what));
}

static int
read_field(struct parser *p, struct filter_term *term)
{
	size_t start = p->at;
	struct span name;
	int f;

	while (p->at < p->text.len && is_name(p->text.ptr[p->at]))
		p->at++;
	name = span_of(p->text.ptr + start, p->at - start);
	if (name.len == 0)
		return (bad(p, start, "a field name is missing"));
	if ((f = record_field_by_name(name)) == -1)
		return (no_field(p, start, name));
	term->field = (enum record_field)f;
	return (0);
}

/* ---- operator ---- */

static const struct {
	struct span text;
	enum filter_op op;
	bool negate, for_numbers;
} ops[] = {
	{ SPAN("!="), FILTER_EQ, true, true },
	{ SPAN("<="), FILTER_LE, false, true },
	{ SPAN("<"), FILTER_LT, false, true }, /* behind <=, which starts like it */
	{ SPAN("=="), FILTER_EQ, false, true },
	{ SPAN(">="), FILTER_GE, false, true },
	{ SPAN(">"), FILTER_GT, false, true },
	{ SPAN("^="), FILTER_PREFIX, false, false },
	{ SPAN("~="), FILTER_HAS, false, false },
};

static bool
holds_number(enum record_field field)
{
	return (
	    record_fields[field].type == RECORD_INT || record_fields[field].type == RECORD_TIME);
}

static int
read_op(struct parser *p, struct filter_term *term)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!span_starts(rest(p), ops[i].text))
			continue;
		if (!ops[i].for_numbers && holds_number(term->field))
			return (bad(p, p->at, "^= and ~= are for texts"));
		term->op = ops[i].op;
		term->negate = ops[i].negate;
		p->at += ops[i].text.len;
		return (0);
	}
	if (span_starts(rest(p), span_str("=")))
		return (bad(p, p->at, "no operator = ; did you mean ==?"));
	return (bad(p, p->at, "an operator is missing: == != < <= > >= ^= ~="));
}

/* ---- literal ---- */

static void
keep(struct filter *filter, char c)
{
	filter->literals[filter->used++] = c;
}

/* In quotes; \" and \\ are the escapes. */
static int
read_quoted(struct parser *p)
{
	size_t start = p->at++;

	for (; p->at < p->text.len && p->text.ptr[p->at] != '"'; p->at++) {
		if (p->text.ptr[p->at] == '\\') {
			p->at++;
			if (p->at == p->text.len || strchr("\"\\", p->text.ptr[p->at]) == NULL)
				return (bad(p, p->at - 1, "the escapes are \\\" and \\\\"));
		}
		keep(p->filter, p->text.ptr[p->at]);
	}
	if (p->at == p->text.len)
		return (bad(p, start, "the text does not end"));
	p->at++;
	return (0);
}

static int
read_word(struct parser *p)
{
	size_t start = p->at;

	while (p->at < p->text.len && !is_blank(p->text.ptr[p->at]) &&
	    strchr("\"&|()!<>=~^", p->text.ptr[p->at]) == NULL)
		keep(p->filter, p->text.ptr[p->at++]);
	return (p->at > start ? 0 : bad(p, start, "a value is missing"));
}

/* -9223372036854775808 to 9223372036854775807; 0 or -1. */
static int
text_int(struct span text, int64_t *number)
{
	bool negative = span_starts(text, span_str("-"));
	uint64_t n, most = negative ? UINT64_C(1) << 63 : INT64_MAX;

	if (num_u64(span_from(text, negative ? 1 : 0), &n) != 0 || n > most)
		return (-1);
	*number = (int64_t)(negative ? 0 - n : n);
	return (0);
}

static bool
is_flag(struct span name)
{
	for (int i = 0; i < RECORD_FLAG_COUNT; i++)
		if (span_is(name, record_flags[i].name))
			return (true);
	return (false);
}

/* A literal that no record can equal is a mistake, where the list is closed. */
static int
check_closed(const struct parser *p, size_t at, const struct filter_term *term)
{
	if (term->op != FILTER_EQ)
		return (0);
	if (term->field == RECORD_FIELD_FLAGS && !is_flag(term->text))
		return (bad(p, at, "no flag of this name"));
	if (term->field == RECORD_FIELD_STATE && !span_is(term->text, "parsed") &&
	    !span_is(term->text, "partial") && !span_is(term->text, "unparsed"))
		return (bad(p, at, "the states are parsed, partial and unparsed"));
	return (0);
}

static int
read_literal(struct parser *p, struct filter_term *term)
{
	size_t start = p->at, from = p->filter->used;
	bool quoted = p->at < p->text.len && p->text.ptr[p->at] == '"';

	if ((quoted ? read_quoted(p) : read_word(p)) != 0)
		return (-1);
	term->text = span_of(p->filter->literals + from, p->filter->used - from);
	if (record_fields[term->field].type == RECORD_TIME) {
		term->is_number = true;
		if (clock_parse_rfc3339(term->text.ptr, term->text.len, &term->number) != 0)
			return (bad(p, start, "no RFC 3339 time, as 2026-11-25T03:00:00Z"));
		return (0);
	}
	term->is_number = text_int(term->text, &term->number) == 0;
	if (record_fields[term->field].type == RECORD_INT && !term->is_number)
		return (bad(p, start, "this field takes a whole number"));
	return (check_closed(p, start, term));
}

/* ---- the whole ---- */

#define JOINED "terms are joined by && or ||"

static int
read_term(struct parser *p, bool negate, uint8_t *node)
{
	struct filter *filter = p->filter;
	struct filter_term *term = &filter->terms[filter->term_count];

	if (filter->term_count == FILTER_TERMS_MAX)
		return (bad(p, p->at, "too many terms"));
	if (read_field(p, term) != 0)
		return (-1);
	skip_blanks(p);
	if (read_op(p, term) != 0)
		return (-1);
	skip_blanks(p);
	if (read_literal(p, term) != 0)
		return (-1);
	term->negate = term->negate != negate;
	*node = filter->node_count++;
	filter->nodes[*node] = (struct filter_node) { .term = filter->term_count++ };
	return (0);
}

static int read_joined(struct parser *p, bool negate, bool any, uint8_t *node);

/* ! FILTER, ( FILTERS ) or a term. */
static int
read_one(struct parser *p, bool negate, uint8_t *node)
{
	size_t start;
	char c;

	skip_blanks(p);
	start = p->at;
	c = start < p->text.len ? p->text.ptr[start] : '\0';
	if (c != '!' && c != '(')
		return (read_term(p, negate, node));
	if (++p->depth > DEPTH_MAX)
		return (bad(p, start, "nested too deeply"));
	p->at++;
	if (c == '!') {
		if (read_one(p, !negate, node) != 0)
			return (-1);
	} else {
		if (read_joined(p, negate, true, node) != 0)
			return (-1);
		if (!span_starts(rest(p), span_str(")")))
			return (p->at == p->text.len ? bad(p, start, "this ( is not closed")
						     : bad(p, p->at, JOINED));
		p->at++;
	}
	p->depth--;
	return (0);
}

/*
 * any: by ||, of what is joined by &&, which binds tighter.  negate: !(a || b)
 * is !a && !b, so that the contrary of a whole is one of its terms.
 */
static int
read_joined(struct parser *p, bool negate, bool any, uint8_t *node)
{
	struct filter *filter = p->filter;
	uint8_t right;

	if ((any ? read_joined(p, negate, false, node) : read_one(p, negate, node)) != 0)
		return (-1);
	while (skip_blanks(p), span_starts(rest(p), span_str(any ? "||" : "&&"))) {
		p->at += 2;
		if ((any ? read_joined(p, negate, false, &right)
			 : read_one(p, negate, &right)) != 0)
			return (-1);
		filter->nodes[filter->node_count] = (struct filter_node) { .joins = true,
			.any = any != negate, .left = *node, .right = right };
		*node = filter->node_count++;
	}
	return (0);
}

static int
read_all(struct parser *p)
{
	if (read_joined(p, false, true, &p->filter->root) != 0)
		return (-1);
	if (p->at == p->text.len)
		return (0);
	return (bad(p, p->at, p->text.ptr[p->at] == ')' ? "this ) closes nothing" : JOINED));
}

int
filter_compile(const char *text, struct filter **filter, struct err *e)
{
	struct parser p = { .text = span_str(text), .e = e };

	/* No literal is longer than the text that holds it. */
	p.filter = calloc(1, sizeof(*p.filter) + p.text.len);
	if (p.filter == NULL)
		return (err_set(e, ERR_IO, "no memory for a filter"));
	if (read_all(&p) != 0) {
		filter_free(p.filter);
		return (-1);
	}
	*filter = p.filter;
	return (0);
}

void
filter_free(struct filter *filter)
{
	free(filter);
}

uint64_t
filter_fields(const struct filter *filter)
{
	uint64_t fields = 0;

	for (size_t i = 0; i < filter->term_count; i++)
		fields |= UINT64_C(1) << filter->terms[i].field;
	return (fields);
}

void
filter_caret(const char *text, const struct err *e, struct buf *out)
{
	const char *at = strstr(e->text, "column ");
	unsigned column;

	if (at == NULL || sscanf(at, "column %u:", &column) != 1)
		return;
	for (const char *c = text; *c != '\0'; c++) {
		unsigned char byte = (unsigned char)*c;

		buf_char(out, is_blank(*c) ? ' ' : byte < 0x20 || byte == 0x7f ? '?' : *c);
	}
	buf_char(out, '\n');
	for (unsigned i = 1; i < column && i <= column_of(span_str(text), strlen(text)); i++)
		buf_char(out, ' ');
	buf_str(out, "^\n");
}
