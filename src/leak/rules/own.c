/* Rules of one's own, from a file; each is tried before it is trusted. */
#include <string.h>

#include "base/err.h"
#include "leak/inside.h"
#include "leak/rules/own.h"

#define TRIAL_BYTES 4096
#define MATCH_LIMIT 200000
#define MATCH_HEAP_KIB 4096

/* What one rule is tried with. */
struct trial {
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

pcre2_match_context *
leak_match_context(pcre2_jit_stack **stack)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (context == NULL)
		return (NULL);
	(void)pcre2_set_match_limit(context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(context, MATCH_LIMIT);
	(void)pcre2_set_heap_limit(context, MATCH_HEAP_KIB);
	*stack = pcre2_jit_stack_create((size_t)32 << 10, (size_t)512 << 10, NULL);
	if (*stack != NULL)
		pcre2_jit_stack_assign(context, NULL, *stack);
	return (context);
}

/* 1 found, 0 not found, -1 it ran away. */
static int
try(const struct trial *trial, const pcre2_code *code, const char *text, size_t len)
{
	int rc = pcre2_match(
	    code, (PCRE2_SPTR)text, len, 0, PCRE2_NOTEMPTY, trial->match, trial->context);

	return (rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1);
}

/* A pattern that finds the empty text, or that runs away on a simple one, is no rule. */
static int
try_all(const struct trial *trial, const pcre2_code *code, struct err *e)
{
	static const char *const fills[] = { "a", "1", "aA1-", " ", ".a", "/a=b&", "\"a\":" };
	char text[TRIAL_BYTES];

	if (pcre2_match(code, (PCRE2_SPTR) "", 0, 0, 0, trial->match, trial->context) >= 0)
		return (err_set(e, ERR_CONFIG, "it finds the empty text"));
	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		size_t len = strlen(fills[i]);

		for (size_t k = 0; k < sizeof(text); k++)
			text[k] = fills[i][k % len];
		text[sizeof(text) - 1] = '!';
		if (try(trial, code, text, sizeof(text)) == -1)
			return (err_set(e, ERR_CONFIG,
			    "it runs into the match limit on %zu simple characters", sizeof(text)));
	}
	return (0);
}

static bool
is_name(struct span name)
{
	if (name.len == 0 || name.len >= sizeof(((struct leak_rule *)0)->name))
		return (false);
	for (size_t i = 0; i < name.len; i++)
		if (!leak_is_alnum((unsigned char)name.ptr[i]) && name.ptr[i] != '-' &&
		    name.ptr[i] != '_' && name.ptr[i] != '.')
			return (false);
	return (true);
}

static int
add_rule(struct leak_rules *rules, const struct trial *trial, struct span line, struct err *e)
{
	size_t end = 0, at;
	struct leak_rule *rule = &rules->rule[rules->count];
	pcre2_code *code;

	while (end < line.len && line.ptr[end] != ' ' && line.ptr[end] != '\t')
		end++;
	for (at = end; at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t'); at++)
		;
	if (!is_name(span_of(line.ptr, end)) || at == line.len)
		return (err_set(e, ERR_CONFIG,
		    "NAME PATTERN is wanted: a name of 1 to 31 letters, "
		    "digits and -_. and then a pattern"));
	for (size_t i = 0; i < rules->count; i++)
		if (span_is(span_of(line.ptr, end), rules->rule[i].name))
			return (err_set(e, ERR_CONFIG, "there is a rule of that name"));
	if (rules->count - rules->own_first == LEAK_OWN_RULES_MAX)
		return (err_set(e, ERR_CONFIG, "more than %d rules", LEAK_OWN_RULES_MAX));
	if ((code = leak_compile(span_from(line, at), 0, e)) == NULL)
		return (-1);
	if (try_all(trial, code, e) == -1) {
		pcre2_code_free(code);
		return (-1);
	}
	memset(rule, 0, sizeof(*rule));
	memcpy(rule->name, line.ptr, end);
	rule->code = code;
	rules->count++;
	return (0);
}

/* "+ TEXT" and "- TEXT": examples of the rule above. */
static int
try_example(struct leak_rules *rules, const struct trial *trial, struct span line, struct err *e)
{
	bool want = line.ptr[0] == '+';
	int got;

	if (rules->count == rules->own_first)
		return (err_set(e, ERR_CONFIG, "an example, but no rule above it"));
	got = try(trial, rules->rule[rules->count - 1].code, line.ptr + 2, line.len - 2);
	if (got != (int)want)
		return (err_set(e, ERR_CONFIG, "rule %s %s this example",
		    rules->rule[rules->count - 1].name,
		    got == -1 ? "runs into the match limit on" :
			want  ? "does not find" :
				"finds"));
	return (0);
}

static int
add_line(struct leak_rules *rules, const struct trial *trial, struct span line, struct err *e)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || line.ptr[0] == '#')
		return (0);
	if (line.len > 2 && (line.ptr[0] == '+' || line.ptr[0] == '-') && line.ptr[1] == ' ')
		return (try_example(rules, trial, line, e));
	return (add_rule(rules, trial, line, e));
}

int
leak_rules_add(struct leak_rules *rules, struct span text, struct err *e)
{
	struct trial trial = { .match = pcre2_match_data_create(8, NULL) };
	size_t number = 1;
	int rc = -1;

	trial.context = leak_match_context(&trial.stack);
	if (trial.match == NULL || trial.context == NULL) {
		(void)err_set(e, ERR_IO, "out of memory");
		goto out;
	}
	for (; text.len > 0; number++) {
		size_t end = span_find(text, '\n');

		if (add_line(rules, &trial, span_of(text.ptr, end), e) == -1) {
			(void)err_in(e, "line %zu", number);
			goto out;
		}
		text = span_from(text, end + 1);
	}
	rc = 0;
out:
	pcre2_match_data_free(trial.match);
	pcre2_match_context_free(trial.context);
	pcre2_jit_stack_free(trial.stack);
	return (rc);
}
