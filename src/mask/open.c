#include <assert.h>

#include "base/err.h"
#include "crypto/random.h"
#include "mask/inside.h"
#include "mask/text/rules.h"

/* Room for rounding each piece up to a multiple of 16. */
#define PIECES 16

static int
open_detail(const struct mask_policy *policy, struct mask *m, struct err *e)
{
	unsigned at;

	if (detail_open(policy->detail, policy->detail_count, &m->detail, &at, e) == 0)
		return (0);
	if (e->code == ERR_USAGE)
		e->code = ERR_CONFIG;
	return (err_in(e, "detail: rule %u", at + 1));
}

/* What the policy wants besides. */
static int
obey(const struct mask_policy *policy, struct mask *m, struct err *e)
{
	m->sealing.used = mask_policy_seals(policy);
	if (m->sealing.used && !policy->has_seal_key)
		return (err_set(e, ERR_CONFIG, "mask: method \"seal\" needs a seal_key"));
	for (unsigned i = 0; i < policy->agent_count; i++)
		if (detect_agent_allow(m->agents, span_str(policy->agents[i])) == -1)
			return (err_set(e, ERR_CONFIG, "agents: %s is no name of a program",
			    policy->agents[i]));
	return (policy->detail_count > 0 ? open_detail(policy, m, e) : 0);
}

/* Entries that start at cache lines first: the memory does. */
static int
open_tables(struct mask *m, bool has_places, struct err *e)
{
	size_t places = has_places ? MASK_PLACES * sizeof(*m->places.slots) : 0;
	struct arena *a = &m->tables;

	if (arena_open(a,
		MASK_TOKENS * sizeof(*m->tokens) + MASK_RENDERS * sizeof(*m->renders) +
		    MASK_SEGMENTS * sizeof(*m->segments) + MASK_ENDS * sizeof(*m->ends) +
		    MASK_DOORS * sizeof(*m->doors) + MASK_PARAMS * sizeof(*m->params) + places +
		    PIECES * 16,
		ARENA_SECRET, e) == -1)
		return (-1);
	m->renders = arena_take(a, MASK_RENDERS * sizeof(*m->renders));
	m->places.slots = arena_take(a, places);
	m->tokens = arena_take(a, MASK_TOKENS * sizeof(*m->tokens));
	m->doors = arena_take(a, MASK_DOORS * sizeof(*m->doors));
	m->params = arena_take(a, MASK_PARAMS * sizeof(*m->params));
	m->segments = arena_take(a, MASK_SEGMENTS * sizeof(*m->segments));
	m->ends = arena_take(a, MASK_ENDS * sizeof(*m->ends));
	return (0);
}

int
mask_open(const struct mask_setup *setup, struct mask **m, struct err *e)
{
	struct arena memory = { .base = NULL };
	struct mask *made;
	int rc = -1;

	assert(setup->line_max <= PARSE_LINE_MAX);
	if (arena_open(&memory,
		sizeof(*made) + 2 * (size_t)PARSE_SCRATCH_BYTES + 4 * (size_t)PARSE_LINE_MAX +
		    PIECES * 16,
		ARENA_SECRET | ARENA_SMALL, e) == -1)
		return (-1);
	made = arena_take(&memory, sizeof(*made));
	made->memory = memory;
	if (open_tables(made, setup->geo != NULL, e) == -1)
		goto out;
	made->policy = setup->policy;
	made->ring = setup->ring;
	made->words = setup->words;
	made->now_us = made->parse.now_us = setup->now_us;
	mask_parser(made, &setup->parser);
	made->epochs = setup->epochs;
	made->line_max = setup->line_max;
	made->places.geo = setup->geo;
	for (int i = 0; i < 2; i++)
		made->lines[i].scratch = arena_take(&made->memory, PARSE_SCRATCH_BYTES);
	made->canon = arena_take(&made->memory, 2 * (size_t)PARSE_LINE_MAX);
	made->canon_value = arena_take(&made->memory, 2 * (size_t)PARSE_LINE_MAX);
	assert(made->canon_value != NULL);
	crypto_random(made->seed, sizeof(made->seed));
	if ((made->keys = mask_keys_open(setup->ring, setup->policy)) == NULL) {
		err_set(e, ERR_CONFIG, "mask: no memory for keys");
		goto out;
	}
	if (detect_hosts_open(&made->hosts) == -1) {
		err_set(e, ERR_CONFIG, "mask: no public suffix list");
		goto out;
	}
	if (detect_agent_cache_open(&made->agents) == -1) {
		err_set(e, ERR_CONFIG, "mask: no memory for agents");
		goto out;
	}
	if (obey(setup->policy, made, e) == -1)
		goto out;
	if (mask_rules_open(made, e) == -1)
		goto out;
	*m = made;
	made = NULL;
	rc = 0;
out:
	mask_close(made);
	return (rc);
}

void
mask_close(struct mask *m)
{
	struct arena memory;

	if (m == NULL)
		return;
	mask_keys_close(m->keys);
	detect_hosts_close(m->hosts);
	detect_agent_cache_close(m->agents);
	detail_close(m->detail);
	detect_rules_close(m->rules);
	arena_close(&m->tables);
	/* The mask lies in its own memory. */
	memory = m->memory;
	arena_close(&memory);
}

void
mask_now(struct mask *m, int64_t now_us)
{
	m->now_us = m->parse.now_us = now_us;
}

void
mask_raise(struct mask *m, enum detail_level least)
{
	m->least = least;
}

void
mask_parser(struct mask *m, const struct parser *parser)
{
	m->parser = *parser;
	parse_begin(&m->parse, &m->parser, m->parse.now_us);
}

void
mask_turned(struct mask *m)
{
	mask_keys_forget(m->keys);
	/* They tell which value had which token, also of keys that are gone. */
	crypto_wipe(m->tokens, MASK_TOKENS * sizeof(*m->tokens));
	assert(m->pending.count == 0);
	crypto_wipe(m->pending.in, sizeof(m->pending.in));
}
