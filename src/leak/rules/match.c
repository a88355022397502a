/* Running rules, and saying what they found. */
#include <stdio.h>
#include <string.h>

#include "leak/inside.h"
#include "leak/rules/own.h"

#define TRIES_MAX 16 /* matches that a check refuses, at one place */
#define ANYWHERE SIZE_MAX
#define NEAR 8 /* bytes beside a match that decide over it */
#define NAME_GAP_MAX 6 /* what may stand between a name and its sign: quotes, a bracket */
#define NAME_BYTES_MAX 80

static const struct {
	unsigned way;
	const char *name;
} ways[] = { { LEAK_WAY_PERCENT, "percent" }, { LEAK_WAY_ESCAPE, "escape" },
	{ LEAK_WAY_ENTITY, "entity" }, { LEAK_WAY_UNICODE, "unicode" },
	{ LEAK_WAY_QUOTED, "quoted-printable" }, { LEAK_WAY_SHARP, "sharp" },
	{ LEAK_WAY_BASE64, "base64" }, { LEAK_WAY_HEX, "hex" }, { LEAK_WAY_WIDE, "utf-16" } };

static void
append(char *out, size_t *len, const char *glue, const char *name)
{
	int n = snprintf(out + *len, LEAK_VIEW_BYTES - *len, "%s%s", *len > 0 ? glue : "", name);

	if (n > 0)
		*len = *len + (size_t)n < LEAK_VIEW_BYTES ? *len + (size_t)n : LEAK_VIEW_BYTES - 1;
}

/* "zst > base64 > percent+escape": outermost first. */
static void
describe(const struct leak_scanner *s, const struct leak_view *view, const char *form, char *out)
{
	const struct leak_view *chain[DEPTH_MAX + 1];
	size_t count = 0, len = 0;

	out[0] = '\0';
	for (; view->parent != NULL; view = view->parent)
		chain[count++] = view;
	if (s->container[0] != '\0')
		append(out, &len, "", s->container);
	while (count > 0) {
		const char *glue = " > ";

		count--;
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			if ((chain[count]->kinds & ways[i].way) == 0)
				continue;
			append(out, &len, glue, ways[i].name);
			glue = "+";
		}
	}
	if (form[0] != '\0')
		append(out, &len, " > ", form);
}

static uint64_t
offset_of(const struct leak_view *view, size_t at)
{
	for (; view->parent != NULL; view = view->parent)
		at = view->map[at];
	return (view->base + at);
}

/* Was the same found already, in another view? */
static bool
is_new(struct leak_scanner *s, size_t rule, uint64_t value, uint64_t at)
{
	uint64_t key = (at + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (rule + 1) << 48 ^ value << 20;
	uint64_t *slot = &s->seen[(key * UINT64_C(0xff51afd7ed558ccd) >> 51) % SEEN_COUNT];

	if (*slot == key)
		return (false);
	*slot = key;
	return (true);
}

void
leak_report(struct leak_scanner *s, const struct leak_view *view, size_t rule, uint64_t value,
    const char *form, size_t at)
{
	char text[LEAK_VIEW_BYTES];
	struct leak_finding finding = {
		.rule = rule, .value = value, .at = offset_of(view, at), .view = text
	};

	if (!is_new(s, rule, value, finding.at))
		return;
	describe(s, view, form, text);
	s->found(s->arg, &finding);
}

/* A rule that runs away is done with in this text, and the text counts as not read. */
static void
give_up(struct leak_scanner *s, size_t rule)
{
	s->gave_up[rule] = true;
	snprintf(
	    s->gap, sizeof(s->gap), "rule %s ran into the match limit", s->rules->rule[rule].name);
}

static bool
holds(const struct leak_row *row, const struct leak_match *m)
{
	if (row->check != NULL && !row->check(m))
		return (false);
	return ((row->flags & LEAK_ROW_NOISE) == 0 || !leak_is_noise(m));
}

/*
 * Escapes are decoded with some bytes in clear around them.  What lies in
 * those was seen in the parent already, and whole: here it may be cut.
 */
static bool
is_untouched(const struct leak_view *view, const struct leak_match *m)
{
	size_t from = m->start > NEAR ? m->start - NEAR : 0;
	size_t to = view->len - m->end > NEAR ? m->end + NEAR : view->len;

	if (view->parent == NULL ||
	    (view->kinds & (LEAK_WAY_BASE64 | LEAK_WAY_HEX | LEAK_WAY_WIDE)) != 0)
		return (false);
	for (size_t i = from; i < to; i++)
		if (view->map[i + 1] != view->map[i] + 1)
			return (false);
	return (true);
}

/* One rule at one place: a match that covers it, and begins at from if that is known. */
static void
match_one(struct leak_scanner *s, struct leak_view *view, size_t number, size_t from, size_t p)
{
	const struct leak_rule *rule = &s->rules->rule[number];
	const struct leak_row *row = rule->row;
	size_t end = view->len - p > row->ahead ? p + row->ahead : view->len;
	PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
	bool anchored = from != ANYWHERE;

	if (!anchored)
		from = p > row->back ? p - row->back : 0;
	if (anchored && from < view->rule_done[number])
		return;
	if (from < view->rule_done[number])
		from = view->rule_done[number];
	for (int tries = 0; tries < TRIES_MAX && from <= p && !s->gave_up[number]; tries++) {
		struct leak_match m = { view->bytes, view->len, 0, 0 };
		int rc = pcre2_match(
		    rule->code, view->bytes, end, from, PCRE2_NOTEMPTY, s->match, s->context);

		if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
			give_up(s, number);
		if (rc < 0 || found[0] > p)
			return;
		m.start = found[0];
		m.end = found[1];
		if (m.end > p && holds(row, &m)) {
			view->rule_done[number] = (uint32_t)m.end;
			if (!is_untouched(view, &m))
				leak_report(s, view, number, 0, "", m.start);
			return;
		}
		if (anchored)
			return;
		from = m.end <= p && m.end > from ? m.end : m.start + 1;
	}
}

/* Is the rule compiled to begin at from, or else anywhere before p? */
static bool
is_tried(const struct leak_row *row, enum leak_kind kind, size_t from)
{
	return (kind != LEAK_KIND_LITERAL ||
	    ((row->flags & LEAK_ROW_BEFORE) != 0) == (from == ANYWHERE));
}

static void
match_kind(
    struct leak_scanner *s, struct leak_view *view, enum leak_kind kind, size_t from, size_t p)
{
	for (size_t i = 0; i < s->rules->by_kind_count[kind]; i++) {
		size_t number = s->rules->by_kind[kind][i];

		if (s->rules->rule[number].code != NULL &&
		    is_tried(s->rules->rule[number].row, kind, from))
			match_one(s, view, number, from, p);
	}
}

/* Which literals have their rare bytes at p; rules are tried where those begin. */
static void
match_literal(struct leak_scanner *s, struct leak_view *view, size_t p)
{
	const unsigned char *bytes = view->bytes;
	unsigned hash = leak_three_hash(bytes + p);

	if ((s->rules->literals[hash / 64] >> hash % 64 & 1) == 0)
		return;
	for (size_t i = 0; leak_literals[i].text != NULL; i++) {
		const char *text = leak_literals[i].text;
		size_t rare = leak_literals[i].rare, len;

		if (bytes[p] != (unsigned char)text[rare] || p < rare)
			continue;
		len = strlen(text);
		if (view->len - (p - rare) < len || memcmp(bytes + p - rare, text, len) != 0)
			continue;
		/* What ends with it begins anywhere before. */
		match_kind(s, view, LEAK_KIND_LITERAL, text[0] == 'i' ? ANYWHERE : p - rare, p);
		return;
	}
}

/* Does what stands before the sign at p end like one of the names? Where does it begin? */
static void
match_name(struct leak_scanner *s, struct leak_view *view, size_t p)
{
	const unsigned char *bytes = view->bytes;
	size_t end = p, from;
	unsigned hash;

	while (end > 3 && p - end < NAME_GAP_MAX && !leak_is_alnum(bytes[end - 1]))
		end--;
	if (end < 3)
		return;
	hash = leak_name_hash(bytes + end - 1);
	if ((s->rules->name_ends[hash / 64] >> hash % 64 & 1) == 0)
		return;
	from = end;
	while (from > 0 && end - from < NAME_BYTES_MAX &&
	    (leak_is_alnum(bytes[from - 1]) || memchr("_.-", bytes[from - 1], 3) != NULL))
		from--;
	match_kind(s, view, LEAK_KIND_NAME, from, p);
}

void
leak_match_at(struct leak_scanner *s, struct leak_view *view, enum leak_kind kind, size_t p)
{
	if (kind == LEAK_KIND_LITERAL)
		match_literal(s, view, p);
	else if (kind == LEAK_KIND_NAME)
		match_name(s, view, p);
	else
		match_kind(s, view, kind, ANYWHERE, p);
}

/* Rules of one's own: nobody knows what they look for, so over everything. */
void
leak_match_own(struct leak_scanner *s, struct leak_view *view)
{
	PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);

	for (size_t i = s->rules->own_first; i < s->rules->count; i++) {
		size_t from = view->begin > view->rule_done[i] ? view->begin : view->rule_done[i];
		int rc = 0;

		while (s->rules->rule[i].code != NULL && !s->gave_up[i] && from < view->limit) {
			rc = pcre2_match(s->rules->rule[i].code, view->bytes, view->len, from,
			    PCRE2_NOTEMPTY, s->match, s->context);
			if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
				give_up(s, i);
			if (rc < 0 || found[0] >= view->limit)
				break;
			leak_report(s, view, i, 0, "", found[0]);
			from = found[1] > from ? found[1] : from + 1;
		}
		view->rule_done[i] = (uint32_t)from;
	}
}
