#include "detect/rules.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/err.h"

/* Steps of one match; a rule that looks for an identifier needs a few dozen. */
#define MATCH_LIMIT 1000
#define DEPTH_LIMIT 250
#define HEAP_LIMIT_KIB 64
#define FRAMES_BYTES (256u << 10) /* of the interpreter, where a CPU or a sandbox has no JIT */
#define PROBE_BYTES 512

struct rule {
	pcre2_code *code;
	enum record_class class_id;
	uint32_t least; /* bytes of the shortest text that matches */
	int first, last; /* bytes that a match has, or -1 */
};

struct detect_rules {
	pcre2_general_context *memory;
	pcre2_match_context *limits;
	pcre2_match_data *data;
	struct rule rules[DETECT_RULES_MAX];
	unsigned count;
	size_t frames_used;
	_Alignas(16) char frames[FRAMES_BYTES];
};

/* Memory of matches: taken at start, never given back. */
static void *
take(size_t size, void *context)
{
	struct detect_rules *r = context;
	void *taken = r->frames + r->frames_used;

	size = (size + 15) & ~(size_t)15;
	if (FRAMES_BYTES - r->frames_used < size)
		return (NULL);
	r->frames_used += size;
	return (taken);
}

static void
keep(void *taken, void *context)
{
	(void)taken;
	(void)context;
}

static int
other_case(int c)
{
	return ((unsigned)((c | 0x20) - 'a') < 26 ? c ^ 0x20 : c);
}

static bool
has_byte(struct span text, int c)
{
	int other = other_case(c);

	return (c == -1 || memchr(text.ptr, c, text.len) != NULL ||
	    (other != c && memchr(text.ptr, other, text.len) != NULL));
}

/* Most texts lack a byte that a match must have. */
static bool
may_match(const struct rule *rule, struct span text)
{
	return (text.len > 0 && text.len >= rule->least && has_byte(text, rule->last) &&
	    has_byte(text, rule->first));
}

static enum detect_rules_answer
match(struct detect_rules *r, const struct rule *rule, struct span text, size_t from,
    struct detect_hit *hit)
{
	const size_t *ends;
	int rc;

	if (!may_match(rule, span_from(text, from)))
		return (DETECT_RULES_NONE);
	rc = pcre2_match(rule->code, (PCRE2_SPTR)text.ptr, text.len, from, 0, r->data, r->limits);
	if (rc == PCRE2_ERROR_NOMATCH)
		return (DETECT_RULES_NONE);
	ends = pcre2_get_ovector_pointer(r->data);
	if (rc < 0 || ends[1] <= ends[0]) { /* any fault is a text that was not looked at */
		*hit = (struct detect_hit){ 0, text.len, rule->class_id };
		return (DETECT_RULES_LIMIT);
	}
	*hit = (struct detect_hit){ ends[0], ends[1] - ends[0], rule->class_id };
	return (DETECT_RULES_FOUND);
}

enum detect_rules_answer
detect_rules_find(struct detect_rules *r, struct span text, size_t from, struct detect_hit *hit)
{
	enum detect_rules_answer answer = DETECT_RULES_NONE;
	struct detect_hit found;

	for (unsigned i = 0; i < r->count; i++)
		switch (match(r, &r->rules[i], text, from, &found)) {
		case DETECT_RULES_NONE: break;
		case DETECT_RULES_LIMIT: *hit = found; return (DETECT_RULES_LIMIT);
		case DETECT_RULES_FOUND:
			if (answer == DETECT_RULES_NONE || found.at < hit->at)
				*hit = found;
			answer = DETECT_RULES_FOUND;
			break;
		}
	return (answer);
}

/* ---- start ---- */

static void
learn_facts(struct rule *rule)
{
	uint32_t type = 0, unit = 0;

	rule->first = rule->last = -1;
	(void)pcre2_pattern_info(rule->code, PCRE2_INFO_MINLENGTH, &rule->least);
	if (pcre2_pattern_info(rule->code, PCRE2_INFO_FIRSTCODETYPE, &type) == 0 && type == 1 &&
	    pcre2_pattern_info(rule->code, PCRE2_INFO_FIRSTCODEUNIT, &unit) == 0)
		rule->first = (int)unit;
	if (pcre2_pattern_info(rule->code, PCRE2_INFO_LASTCODETYPE, &type) == 0 && type == 1 &&
	    pcre2_pattern_info(rule->code, PCRE2_INFO_LASTCODEUNIT, &unit) == 0)
		rule->last = (int)unit;
}

static int
compile(const struct detect_rule *from, struct rule *rule, size_t *column, struct err *e)
{
	unsigned char why[128];
	int error = 0;
	size_t offset = 0;

	rule->code = pcre2_compile((PCRE2_SPTR)from->pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY,
	    &error, &offset, NULL);
	if (rule->code == NULL) {
		if (pcre2_get_error_message(error, why, sizeof(why)) < 0)
			why[0] = '\0';
		*column = offset + 1;
		return (err_set(e, ERR_CONFIG, "%s", (const char *)why));
	}
	/* Without it the interpreter does the same, in the memory above. */
	(void)pcre2_jit_compile(rule->code, PCRE2_JIT_COMPLETE);
	rule->class_id = from->class_id;
	learn_facts(rule);
	return (0);
}

/* The test over and over and then something that does not belong: what makes patterns backtrack. */
static bool
is_slow(struct detect_rules *r, const struct rule *rule, const char *test)
{
	char probe[PROBE_BYTES];
	size_t len = strlen(test);
	struct detect_hit hit;

	for (size_t unit = 1; unit <= len; unit += unit == 1 && len > 1 ? len - 1 : 1) {
		for (size_t i = 0; i + 1 < sizeof(probe); i++)
			probe[i] = test[i % unit];
		probe[sizeof(probe) - 2] = test[len - 1];
		probe[sizeof(probe) - 1] = '\1';
		if (match(r, rule, span_of(probe, sizeof(probe)), 0, &hit) == DETECT_RULES_LIMIT)
			return (true);
	}
	return (false);
}

static int
try(struct detect_rules *r, const struct rule *rule, const struct detect_rule *from, struct err *e)
{
	uint32_t empty = 0;
	struct detect_hit hit;

	if (pcre2_pattern_info(rule->code, PCRE2_INFO_MATCHEMPTY, &empty) != 0 || empty != 0)
		return (err_set(e, ERR_CONFIG, "it finds empty text"));
	if (match(r, rule, span_str(from->test), 0, &hit) != DETECT_RULES_FOUND)
		return (err_set(e, ERR_CONFIG, "it finds nothing in its test"));
	if (match(r, rule, span_str(from->not_in), 0, &hit) != DETECT_RULES_NONE)
		return (err_set(e, ERR_CONFIG, "it finds something in its not"));
	if (is_slow(r, rule, from->test))
		return (err_set(e, ERR_CONFIG,
		    "it is too slow: more than %d steps on %d bytes like its test", MATCH_LIMIT,
		    PROBE_BYTES));
	return (0);
}

int
detect_rules_open(const struct detect_rule *rules, unsigned count, struct detect_rules **r,
    unsigned *at, size_t *column, struct err *e)
{
	struct detect_rules *made = calloc(1, sizeof(*made));
	int rc = -1;

	*at = 0;
	*column = 0;
	if (made == NULL)
		return (err_set(e, ERR_CONFIG, "rules: no memory"));
	if ((made->memory = pcre2_general_context_create(take, keep, made)) == NULL ||
	    (made->limits = pcre2_match_context_create(made->memory)) == NULL ||
	    (made->data = pcre2_match_data_create(1, made->memory)) == NULL) {
		err_set(e, ERR_CONFIG, "rules: no memory");
		goto out;
	}
	(void)pcre2_set_match_limit(made->limits, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(made->limits, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(made->limits, HEAP_LIMIT_KIB);
	for (unsigned i = 0; i < count && i < DETECT_RULES_MAX; i++) {
		*at = i;
		made->count = i + 1;
		if (compile(&rules[i], &made->rules[i], column, e) == -1 ||
		    try(made, &made->rules[i], &rules[i], e) == -1)
			goto out;
	}
	*r = made;
	made = NULL;
	rc = 0;
out:
	detect_rules_close(made);
	return (rc);
}

void
detect_rules_close(struct detect_rules *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->count; i++)
		pcre2_code_free(r->rules[i].code);
	/* What matches had lies in r itself. */
	free(r);
}
