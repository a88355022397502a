#include "app/role/grant.h"

#include <string.h>

#include "app/args.h"
#include "base/err.h"
#include "store/layout.h"

static uint64_t
fields_of(const struct config_role *role)
{
	uint64_t fields = 0;
	int field;

	for (unsigned i = 0; i < role->field_count; i++)
		if ((field = record_field_by_name(span_str(role->fields[i]))) != -1)
			fields |= UINT64_C(1) << field;
	return (fields);
}

struct view_grant
app_grant_of(const struct config_role *role)
{
	struct view_grant grant = view_grant_of((enum view_role)role->tier);

	grant.name = role->name;
	if (grant.k > 1 && role->k > grant.k)
		grant.k = role->k;
	if (role->field_count > 0)
		grant.fields = fields_of(role) & view_role_fields(grant.tier);
	return (grant);
}

/* Does the role see the stream?  0; or -1 with ERR_USAGE. */
static int
check_stream(const struct config_role *role, const char *stream, struct err *e)
{
	for (unsigned i = 0; i < role->stream_count; i++)
		if (strcmp(role->streams[i], stream) == 0)
			return (0);
	if (role->stream_count == 0 && store_name_ok(span_str(stream)))
		return (0); /* not those of cretula itself */
	return (err_set(e, ERR_USAGE, "role %s does not see stream %s", role->name, stream));
}

int
app_grant(const struct app_args *args, struct view_grant *grant, struct buf *report, struct err *e)
{
	const char *name = app_arg(args, "role"), *path = app_arg(args, "config");
	const char *stream = app_arg(args, "stream");
	const struct config_role *role = NULL;
	enum view_role tier = VIEW_DEVELOPER;
	struct config *config = NULL;
	int rc = -1;

	if (path != NULL && config_load(path, &config, report, e) == -1)
		return (-1);
	if (config != NULL && name != NULL)
		role = config_role_find(config, name);
	if (role != NULL) {
		*grant = app_grant_of(role);
		rc = stream == NULL ? 0 : check_stream(role, stream, e);
	} else if (name == NULL || view_role_find(name, &tier, e) == 0) {
		*grant = view_grant_of(tier);
		rc = 0;
	}
	if (name != NULL)
		grant->name = name; /* role goes with the configuration */
	config_free(config);
	return (rc);
}
