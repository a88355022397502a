/* Under which policies the records were masked, and what is known of these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/paper/inside.h"
#include "base/err.h"
#include "base/text.h"
#include "seal/entry.h"

/* The names of streams, each once, as many as there is room for. */
static void
add_stream(struct paper_policy *policy, const char *name)
{
	size_t used = strlen(policy->streams), len = strlen(name);
	const char *rest = policy->streams;

	while ((rest = strstr(rest, name)) != NULL) {
		if ((rest == policy->streams || rest[-1] == ' ') &&
		    (rest[len] == '\0' || rest[len] == ','))
			return;
		rest += len;
	}
	if (used + len + 3 > sizeof(policy->streams))
		return;
	(void)snprintf(policy->streams + used, sizeof(policy->streams) - used, "%s%s",
	    used > 0 ? ", " : "", name);
}

/* -1: there are too many. */
int
app_paper_see_policy(struct paper *p, const struct paper_stream *s, const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	struct paper_policy *policy = p->policies;

	while (policy < p->policies + p->policy_count && !span_is(segment->policy, policy->hash))
		policy++;
	if (policy == p->policies + PAPER_POLICIES_MAX)
		return (-1);
	if (policy == p->policies + p->policy_count) {
		p->policy_count++;
		policy->first_us = entry->t_us;
		(void)snprintf(policy->hash, sizeof(policy->hash), "%.*s", (int)segment->policy.len,
		    segment->policy.ptr);
	}
	policy->segments++;
	if (entry->t_us < policy->first_us)
		policy->first_us = entry->t_us;
	if (entry->t_us > policy->last_us)
		policy->last_us = entry->t_us;
	add_stream(policy, s->name);
	return (0);
}

/* Does any segment have it? */
static int
know(struct paper *p, const struct mask_policy *policy, const char *from, struct err *e)
{
	unsigned char hash[32];
	char hex[65];

	mask_policy_hash(policy, hash);
	hex[text_hex(hex, hash, sizeof(hash))] = '\0';
	for (unsigned i = 0; i < p->policy_count; i++) {
		struct paper_policy *row = &p->policies[i];

		if (row->known != NULL || strcmp(row->hash, hex) != 0)
			continue;
		if ((row->known = malloc(sizeof(*row->known))) == NULL)
			return (err_memory(e));
		memcpy(row->known, policy, sizeof(*row->known));
		(void)snprintf(row->from, sizeof(row->from), "%s", from);
		p->policies_known++;
	}
	return (0);
}

int
app_paper_know(struct paper *p, const struct config *config, struct err *e)
{
	struct config_stream *fallback = malloc(sizeof(*fallback));
	struct config *none = NULL;
	char from[PAPER_NAME_BYTES + 32];
	int rc = -1;

	if (fallback == NULL)
		(void)err_memory(e);
	else if (config_default(&none, e) == 0)
		rc = know(p, &config_stream_find(none, "default", fallback)->policy,
		    "the defaults of this version", e);
	for (unsigned i = 0; config != NULL && i < config->stream_count && rc == 0; i++) {
		(void)snprintf(
		    from, sizeof(from), "the configuration, stream %.39s", config->streams[i].name);
		rc = know(p, &config->streams[i].policy, from, e);
	}
	config_free(none);
	free(fallback);
	return (rc);
}
