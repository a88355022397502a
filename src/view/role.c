#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "filter/filter.h"
#include "view/tier/tier.h"
#include "view/view.h"

#define BIT(field) (UINT64_C(1) << RECORD_FIELD_##field)
#define ALL (((UINT64_C(1) << (RECORD_FIELD_COUNT - 1)) << 1) - 1)
#define NOBODY UINT64_MAX
_Static_assert(RECORD_FIELD_COUNT < 64, "nobody is granted all bits");

/*
 * What counts are shown by: no two of these of which one says the other (the system that an
 * agent runs on, say), or taking one from the other would tell (ADR 30).
 */
#define COUNTED (BIT(PATH) | BIT(STATUS) | BIT(REFERER) | BIT(AGENT) | BIT(COUNTRY) | BIT(EVENT))

const char *const view_role_names[VIEW_ROLE_COUNT] = {
	[VIEW_DEVELOPER] = "developer",
	[VIEW_ANALYST] = "analyst",
	[VIEW_PUBLIC] = "public",
	[VIEW_AUDITOR] = "auditor",
};

/* In the order of enum view_role. */
static const struct {
	const char *instead; /* what it may use, if it sees no records */
	unsigned k;
	uint64_t most, fields; /* that it can be granted, and that it is */
	bool records;
	uint64_t entries; /* fields that it has to see to be shown entries; NOBODY: it never is */
} roles[VIEW_ROLE_COUNT] = {
	[VIEW_DEVELOPER] = { NULL, 1, ALL, ALL, true, ALL },
	[VIEW_ANALYST] = { "cretula stats", VIEW_K_ANALYST, COUNTED, COUNTED, false, NOBODY },
	[VIEW_PUBLIC] = { "cretula publish", VIEW_K_PUBLIC, COUNTED, COUNTED, false, NOBODY },
	[VIEW_AUDITOR] = { "cretula verify and cretula evidence", 1, ALL, 0, true, 0 },
};

int
view_role_find(const char *name, enum view_role *role, struct err *e)
{
	for (int i = 0; i < VIEW_ROLE_COUNT; i++) {
		if (strcmp(name, view_role_names[i]) == 0) {
			*role = (enum view_role)i;
			return (0);
		}
	}
	return (err_set(e, ERR_USAGE,
	    "no role of this name: the roles are developer, analyst, public and auditor"));
}

uint64_t
view_role_fields(enum view_role role)
{
	assert(role < VIEW_ROLE_COUNT);
	return (roles[role].most);
}

struct view_grant
view_grant_of(enum view_role role)
{
	assert(role < VIEW_ROLE_COUNT);
	return (
	    (struct view_grant){ view_role_names[role], role, roles[role].k, roles[role].fields });
}

int
view_grant_records(const struct view_grant *grant, struct err *e)
{
	assert(grant->tier < VIEW_ROLE_COUNT);
	if (roles[grant->tier].records && grant->fields != 0)
		return (0);
	return (err_set(e, ERR_USAGE, "role %s sees no single records: use %s", grant->name,
	    roles[grant->tier].instead));
}

int
view_grant_filter(const struct view_grant *grant, const struct filter *filter, struct err *e)
{
	uint64_t more = filter_fields(filter) & ~(grant->fields | BIT(TIME));

	if (more == 0)
		return (0);
	return (err_set(e, ERR_USAGE, "role %s does not see %s, which the filter asks for",
	    grant->name, record_fields[__builtin_ctzll(more)].name));
}

bool
view_grant_entries(const struct view_grant *grant)
{
	assert(grant->tier < VIEW_ROLE_COUNT);
	return ((roles[grant->tier].entries & ~grant->fields) == 0);
}

void
view_grant_narrow(const struct view_grant *grant, struct record *r, struct span *line, char *room)
{
	struct record_encoder encoder = { 0 };
	uint64_t kept = r->present & (grant->fields | BIT(TIME));

	if (kept == r->present)
		return;
	r->present = kept;
	r->agent = span_of(NULL, 0); /* bytes that are not looked at */
	r->plain = 0;
	if (!record_has(r, RECORD_FIELD_FLAGS))
		r->flags = 0;
	if (!record_has(r, RECORD_FIELD_FORWARDED))
		r->forwarded_count = 0;
	if (!record_has(r, RECORD_FIELD_EXTRA))
		r->extra_count = 0;
	*line = span_of(room, record_encode(&encoder, r, room) - 1);
}
