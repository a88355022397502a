#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "view/view.h"

/* In the order of enum view_role. */
static const struct {
	const char *name;
	const char *instead; /* what it may use, if it sees no records */
} roles[VIEW_ROLE_COUNT] = {
	[VIEW_DEVELOPER] = { "developer", NULL },
	[VIEW_ANALYST] = { "analyst", "cretula stats" },
	[VIEW_PUBLIC] = { "public", "cretula publish" },
	[VIEW_AUDITOR] = { "auditor", "cretula verify and cretula evidence" },
};

int
view_role_find(const char *name, enum view_role *role, struct err *e)
{
	for (int i = 0; i < VIEW_ROLE_COUNT; i++) {
		if (strcmp(name, roles[i].name) == 0) {
			*role = (enum view_role)i;
			return (0);
		}
	}
	return (err_set(e, ERR_USAGE,
	    "no role of this name: the roles are developer, analyst, public and auditor"));
}

int
view_role_records(enum view_role role, struct err *e)
{
	assert(role < VIEW_ROLE_COUNT);
	if (roles[role].instead == NULL)
		return (0);
	return (err_set(e, ERR_USAGE, "role %s sees no single records: use %s", roles[role].name,
	    roles[role].instead));
}
