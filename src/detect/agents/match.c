/*
 * Which rules a text can match at all is decided by the literals in it; the
 * programs of the few that are left run in the order of the rules.
 */
#include "detect/agents/match.h"

#include <stdlib.h>
#include <string.h>

#define RULES_MAX 1024
#define LITERALS_MAX 8192
#define MARKS_MAX 1024 /* branches of a rule */
#define STACK_MAX 2048
#define GROUPS_MAX 3
#define NAME_MAX_BYTES 64
#define RESTORE 0x8000u /* in a place of the stack: no step, but what a group was before */
#define NO_PLACE UINT16_MAX

struct detect_agents_memory {
	uint64_t candidates[RULES_MAX / 64];
	uint64_t literals[LITERALS_MAX / 64]; /* that are in the text */
	uint64_t seen[MARKS_MAX * (AGENTS_TEXT_MAX + 1) / 64 + 1]; /* branch and place */
	struct {
		uint16_t step, place;
	} stack[STACK_MAX];
	size_t depth;
	uint16_t groups[2 * GROUPS_MAX];
	unsigned budget;
};

struct detect_agents_memory *
detect_agents_memory_open(void)
{
	return (calloc(1, sizeof(struct detect_agents_memory)));
}

void
detect_agents_memory_close(struct detect_agents_memory *m)
{
	free(m);
}

static inline bool
has_bit(const uint64_t *bits, size_t i)
{
	return ((bits[i / 64] >> (i % 64) & 1) != 0);
}

static inline void
set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* ---- literals ---- */

static void
add_literal(struct detect_agents_memory *m, size_t number)
{
	const struct detect_agents_literal *literal = &detect_agents_literals[number];

	if (has_bit(m->literals, number))
		return;
	set_bit(m->literals, number);
	for (unsigned i = 0; i < literal->waiting; i++)
		set_bit(m->candidates, detect_agents_waiting[literal->first_waiting + i]);
}

/* Longer ones begin with the same three bytes, or share a bucket by chance. */
static inline bool
is_at(const struct detect_agents_literal *literal, const unsigned char *p, size_t left)
{
	const unsigned char *text = (const unsigned char *)literal->text;
	size_t i = literal->len;

	if (i > left || text[0] != p[0] || text[1] != p[1] || text[2] != p[2])
		return (false);
	while (i > 3 && text[i - 1] == p[i - 1])
		i--;
	return (i <= 3);
}

static void
find_literals(struct detect_agents_memory *m, struct span text)
{
	for (size_t i = 0; i + 3 <= text.len; i++) {
		const unsigned char *p = (const unsigned char *)text.ptr + i;
		uint32_t first = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
		uint32_t bucket = first * UINT32_C(0x9e3779b1) >> (32 - AGENTS_BUCKET_BITS);

		for (size_t k = detect_agents_buckets[bucket];
		     k < detect_agents_buckets[bucket + 1]; k++)
			if (is_at(&detect_agents_literals[k], p, text.len - i))
				add_literal(m, k);
	}
}

/* Of each group that the rule needs, is one in the text? */
static bool
has_needs(const struct detect_agents_memory *m, const struct detect_agents_rule *rule)
{
	const uint16_t *need = &detect_agents_needs[rule->first_need];

	for (unsigned i = 0; i < rule->needs; i++) {
		bool found = false;
		unsigned count = *need++;

		for (unsigned k = 0; k < count; k++)
			found = found || has_bit(m->literals, need[k]);
		if (!found)
			return (false);
		need += count;
	}
	return (true);
}

/* ---- programs ---- */

static inline bool
in_set(unsigned number, char c)
{
	return (has_bit(detect_agents_sets[number], (unsigned char)c));
}

static bool
is_word(struct span text, size_t i)
{
	char c;

	if (i >= text.len)
		return (false);
	c = text.ptr[i];
	return (
	    (unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 26 || c == '_');
}

static bool
is_border(struct span text, size_t place)
{
	return ((place > 0 && is_word(text, place - 1)) != is_word(text, place));
}

static bool
is_end(struct span text, size_t place)
{
	return (place == text.len || (place + 1 == text.len && text.ptr[place] == '\n'));
}

/* Later, if what is tried now fails.  A full stack ends the search. */
static void
push(struct detect_agents_memory *m, unsigned step, size_t place)
{
	if (m->depth == STACK_MAX) {
		m->budget = 0;
		return;
	}
	m->stack[m->depth].step = (uint16_t)step;
	m->stack[m->depth].place = (uint16_t)place;
	m->depth++;
}

/* Was the branch taken at this place before?  It failed then, and would again. */
static bool
is_again(struct detect_agents_memory *m, const struct detect_agents_step *step, struct span text,
    size_t place)
{
	size_t bit = step->mark * (text.len + 1) + place;

	if (has_bit(m->seen, bit))
		return (true);
	set_bit(m->seen, bit);
	return (false);
}

static void
save(struct detect_agents_memory *m, unsigned group, size_t place)
{
	push(m, RESTORE | group, m->groups[group]);
	m->groups[group] = (uint16_t)place;
}

/* One step at *place.  Where it goes on; or -1: it fails. */
static int
take_step(struct detect_agents_memory *m, const struct detect_agents_step *code, unsigned at,
    struct span text, size_t *place)
{
	const struct detect_agents_step *step = &code[at];
	int next = (int)at + 1;
	bool first;

	switch (step->op) {
	case AGENTS_BYTE:
		return (*place < text.len && (unsigned char)text.ptr[*place] == step->argument ?
			((*place)++, next) :
			-1);
	case AGENTS_SET:
		return (*place < text.len && in_set(step->argument, text.ptr[*place]) ?
			((*place)++, next) :
			-1);
	case AGENTS_GUARD:
		if (*place == text.len || !in_set(step->argument, text.ptr[*place]))
			return (step->y);
		/* FALLTHROUGH */
	case AGENTS_SPLIT:
	case AGENTS_LAZY:
		if (is_again(m, step, text, *place))
			return (-1);
		first = step->op != AGENTS_LAZY;
		push(m, first ? step->y : step->x, *place);
		return (first ? step->x : step->y);
	case AGENTS_CASE:
		return (*place < text.len && in_set(step->argument, text.ptr[*place]) ? step->x :
											step->y);
	case AGENTS_JUMP: return (step->x);
	case AGENTS_SAVE: save(m, step->argument, *place); return (next);
	case AGENTS_BEGIN: return (*place == 0 ? next : -1);
	case AGENTS_END: return (is_end(text, *place) ? next : -1);
	case AGENTS_BORDER: return (is_border(text, *place) ? next : -1);
	default: return (is_border(text, *place) ? -1 : next);
	}
}

/* Go back to the newest branch; -1: there is none left. */
static int
pop(struct detect_agents_memory *m, size_t *place)
{
	while (m->depth > 0) {
		unsigned step = m->stack[--m->depth].step;

		if ((step & RESTORE) == 0) {
			*place = m->stack[m->depth].place;
			return ((int)step);
		}
		m->groups[step & ~RESTORE] = m->stack[m->depth].place;
	}
	return (-1);
}

/* Does the program match from place on? */
static bool
run_from(struct detect_agents_memory *m, const struct detect_agents_step *code, struct span text,
    size_t place)
{
	int at = 0;

	m->depth = 0;
	while (at != -1 && m->budget > 0) {
		if (code[at].op == AGENTS_MATCH)
			return (true);
		m->budget--;
		at = take_step(m, code, (unsigned)at, text, &place);
		if (at == -1)
			at = pop(m, &place);
	}
	return (false);
}

static bool
run(struct detect_agents_memory *m, const struct detect_agents_rule *rule, struct span text)
{
	const struct detect_agents_step *code = &detect_agents_code[rule->code];
	size_t last = code[0].op == AGENTS_BEGIN ? 0 : text.len;

	memset(m->seen, 0, (rule->marks * (text.len + 1) / 64 + 1) * sizeof(m->seen[0]));
	memset(m->groups, 0xff, sizeof(m->groups));
	for (size_t i = 0; i <= last && m->budget > 0; i++) {
		if (i < text.len && !in_set(rule->first, text.ptr[i]))
			continue;
		if (run_from(m, code, text, i))
			return (true);
	}
	return (false);
}

/* ---- what a rule says ---- */

static struct span
group_text(const struct detect_agents_memory *m, int group, struct span text)
{
	uint16_t from, to;

	if (group < 0)
		return (span_of(NULL, 0));
	from = m->groups[2 * group];
	to = m->groups[2 * group + 1];
	return (from == NO_PLACE || to == NO_PLACE ? span_of(NULL, 0) :
						     span_of(text.ptr + from, to - from));
}

static struct span
find_name(struct span name)
{
	size_t low = 0, high = detect_agents_name_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct span row = detect_agents_names[middle];
		int order = span_order(name, row);

		if (order == 0)
			return (row);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (span_of(NULL, 0));
}

/* The rule's name with what its group took; nothing if that is none of the names we know. */
static struct span
name_of(
    const struct detect_agents_memory *m, const struct detect_agents_rule *rule, struct span text)
{
	struct span taken = group_text(m, rule->name_group, text);
	char name[NAME_MAX_BYTES];
	size_t len = 0;

	for (const char *c = rule->name; *c != '\0'; c++) {
		struct span part = *c == '\001' ? taken : span_of(c, 1);

		if (part.len > sizeof(name) - len)
			return (span_of(NULL, 0));
		if (part.len > 0)
			memcpy(name + len, part.ptr, part.len);
		len += part.len;
	}
	while (len > 0 && name[len - 1] == ' ')
		len--;
	return (find_name(span_of(name, len)));
}

static int
major_of(
    const struct detect_agents_memory *m, const struct detect_agents_rule *rule, struct span text)
{
	struct span digits = group_text(m, rule->major_group, text);
	int major = 0;

	if (rule->major >= 0)
		return (rule->major);
	if (digits.len == 0 || digits.len > 3)
		return (-1);
	for (size_t i = 0; i < digits.len; i++) {
		if ((unsigned char)(digits.ptr[i] - '0') >= 10)
			return (-1);
		major = major * 10 + (digits.ptr[i] - '0');
	}
	return (major);
}

/* The first rule of from .. to - 1 that matches; NULL. */
static const struct detect_agents_rule *
first_rule(struct detect_agents_memory *m, struct span text, size_t from, size_t to)
{
	for (size_t at = from / 64; at * 64 < to; at++) {
		uint64_t left = m->candidates[at];

		for (; left != 0; left &= left - 1) {
			size_t i = at * 64 + (size_t)__builtin_ctzll(left);
			const struct detect_agents_rule *rule = &detect_agents_rules[i];

			if (i >= from && i < to && has_needs(m, rule) && run(m, rule, text))
				return (rule);
		}
	}
	return (NULL);
}

void
detect_agents_find(
    struct detect_agents_memory *m, struct span text, struct detect_agents_found *found)
{
	const struct detect_agents_rule *rule;

	*found = (struct detect_agents_found){ .major = -1 };
	if (text.len > AGENTS_TEXT_MAX)
		text.len = AGENTS_TEXT_MAX;
	memset(m->candidates, 0, sizeof(m->candidates));
	memset(m->literals, 0, sizeof(m->literals));
	m->budget = AGENTS_BUDGET;
	find_literals(m, text);
	for (size_t i = 0; i < detect_agents_always_count; i++)
		set_bit(m->candidates, detect_agents_always[i]);
	if ((rule = first_rule(m, text, 0, detect_agents_system_first)) != NULL) {
		found->family = name_of(m, rule, text);
		found->major = found->family.len > 0 ? major_of(m, rule, text) : -1;
	}
	if ((rule = first_rule(m, text, detect_agents_system_first, detect_agents_rule_count)) !=
	    NULL)
		found->os = name_of(m, rule, text);
}
