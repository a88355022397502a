/* The set of rules: compiled, and sorted by where they are tried. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "leak/inside.h"
#include "leak/rules/own.h"

static const char value_name[] = "value";

/* Compile for every processor's threads: the code is not changed by matching. */
pcre2_code *
leak_compile(struct span pattern, uint32_t options, struct err *e)
{
	PCRE2_SIZE at = 0;
	int why = 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | options, &why, &at, NULL);
	unsigned char text[120];

	if (code == NULL) {
		(void)pcre2_get_error_message(why, text, sizeof(text));
		(void)err_set(e, ERR_CONFIG, "at character %zu: %s", (size_t)at + 1, (char *)text);
		return (NULL);
	}
	/* Without a JIT for this processor it is slow, and just as right. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return (code);
}

#define BUCKETS 8

/* How often a byte is in texts, about; a bucket is the worse the more it lets through. */
static unsigned
weight_of(unsigned char c)
{
	return (c >= 'a' && c <= 'z' ? 8 : leak_is_alnum(c) ? 3 : c > ' ' && c < 0x7f ? 2 : 1);
}

static uint64_t
cost_of(const struct leak_teddy *teddy, uint8_t bucket)
{
	uint64_t cost = 1;

	for (int k = 0; k < 3; k++) {
		unsigned sum = 0;

		for (unsigned c = 0; c < 256; c++)
			if ((teddy->low[k][c & 15] & teddy->high[k][c >> 4] & bucket) != 0)
				sum += weight_of((unsigned char)c);
		cost *= sum;
	}
	return (cost);
}

static void
add_to_bucket(struct leak_teddy *teddy, const unsigned char *three, uint8_t bucket)
{
	for (int k = 0; k < 3; k++) {
		teddy->low[k][three[k] & 15] |= bucket;
		teddy->high[k][three[k] >> 4] |= bucket;
	}
}

/* Each literal goes where it lets the fewest other bytes through. */
static void
fill_teddy(struct leak_rules *rules)
{
	for (size_t i = 0; leak_literals[i].text != NULL; i++) {
		const unsigned char *three =
		    (const unsigned char *)leak_literals[i].text + leak_literals[i].rare;
		unsigned hash = leak_three_hash(three);
		uint64_t best = UINT64_MAX;
		uint8_t chosen = 1;

		for (unsigned b = 0; b < BUCKETS; b++) {
			struct leak_teddy with = rules->teddy;
			uint8_t bucket = (uint8_t)(1u << b);
			uint64_t more;

			add_to_bucket(&with, three, bucket);
			more = cost_of(&with, bucket) - cost_of(&rules->teddy, bucket);
			if (more < best) {
				best = more;
				chosen = bucket;
			}
		}
		add_to_bucket(&rules->teddy, three, chosen);
		rules->literals[hash / 64] |= UINT64_C(1) << hash % 64;
	}
}

/* "_ga" folds to 0x7f, the same on both sides. */
static void
fill_names(struct leak_rules *rules)
{
	for (size_t i = 0; leak_name_ends[i] != NULL; i++) {
		unsigned hash = leak_name_hash((const unsigned char *)leak_name_ends[i] + 2);

		rules->name_ends[hash / 64] |= UINT64_C(1) << hash % 64;
	}
}

/* When it is said to the match instead, the JIT's code is passed over. */
static uint32_t
anchor_of(const struct leak_row *row)
{
	uint32_t known = UINT32_C(1) << LEAK_KIND_NAME | UINT32_C(1) << LEAK_KIND_LITERAL;

	if ((row->flags & LEAK_ROW_BEFORE) != 0 || (row->kinds & known) == 0)
		return (0);
	return (PCRE2_ANCHORED);
}

static int
add_row(struct leak_rules *rules, const struct leak_row *row, struct err *e)
{
	struct leak_rule *rule = &rules->rule[rules->count];

	if ((rule->code = leak_compile(span_str(row->pattern), anchor_of(row), e)) == NULL)
		return (err_in(e, "rule %s", row->name));
	rule->row = row;
	memcpy(rule->name, row->name, strlen(row->name) + 1);
	for (int k = 0; k < LEAK_KINDS; k++)
		if ((row->kinds >> k & 1) != 0)
			rules->by_kind[k][rules->by_kind_count[k]++] = rules->count;
	rules->count++;
	return (0);
}

int
leak_rules_open(unsigned flags, struct leak_rules **rules, struct err *e)
{
	struct leak_rules *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	made->flags = flags;
	fill_teddy(made);
	fill_names(made);
	for (size_t i = 0; i < leak_row_count && (flags & LEAK_VALUES_ONLY) == 0; i++) {
		if ((leak_rows[i].flags & LEAK_ROW_STRICT) != 0 && (flags & LEAK_STRICT) == 0)
			continue;
		if (add_row(made, &leak_rows[i], e) == -1) {
			leak_rules_close(made);
			return (-1);
		}
	}
	made->value_rule = made->count++;
	memcpy(made->rule[made->value_rule].name, value_name, sizeof(value_name));
	made->own_first = made->count;
	*rules = made;
	return (0);
}

void
leak_rules_close(struct leak_rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->count; i++)
		pcre2_code_free(rules->rule[i].code);
	leak_values_free(&rules->values);
	free(rules);
}

int
leak_rules_skip(struct leak_rules *rules, const char *name, struct err *e)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (i == rules->value_rule || strcmp(rules->rule[i].name, name) != 0)
			continue;
		pcre2_code_free(rules->rule[i].code);
		rules->rule[i].code = NULL;
		return (0);
	}
	return (err_set(e, ERR_USAGE, "no rule '%.31s'", name));
}

size_t
leak_rules_count(const struct leak_rules *rules)
{
	return (rules->count);
}

const char *
leak_rules_name(const struct leak_rules *rules, size_t i)
{
	return (rules->rule[i].name);
}

const char *
leak_rules_help(const struct leak_rules *rules, size_t i)
{
	if (i == rules->value_rule)
		return ("planted or known value (--values)");
	return (rules->rule[i].row != NULL ? rules->rule[i].row->help : "your own (--rules)");
}
