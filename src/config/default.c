/* config: what is in force where a file says nothing. */
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/err.h"
#include "config/config.h"
#include "config/fill.h"
#include "key/key.h"
#include "key/sealkey.h"
#include "parse/parse.h"
#include "view/view.h"

#define DAY_US ((int64_t)86400 * 1000000)

void
config_stream_default(struct config_stream *s, const char *name, const char *tenant)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->name, name, strnlen(name, sizeof(s->name) - 1));
	memcpy(s->format, "auto", sizeof("auto"));
	mask_policy_default(&s->policy);
	memset(s->policy.tenant, 0, sizeof(s->policy.tenant));
	memcpy(s->policy.tenant, tenant, strnlen(tenant, sizeof(s->policy.tenant) - 1));
	s->grace_us[KEY_DAY] = DAY_US;
	s->grace_us[KEY_WEEK] = 7 * DAY_US;
	s->grace_us[KEY_MONTH] = 7 * DAY_US;
	s->archive.k = ARCHIVE_K_DEFAULT;
	s->archive.cpu = 25;
	s->archive.client = s->archive.user = s->archive.session = true;
	s->line_max = PARSE_LINE_MAX;
	s->connections = 1024;
	memcpy(s->rotate, "never", sizeof("never"));
	s->seal_every_us = DAY_US / 24;
}

int
config_default(struct config **c, struct err *e)
{
	struct config *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_set(e, ERR_IO, "configuration: no memory"));
	memcpy(made->tenant, "default", sizeof("default"));
	made->verify_every_us = DAY_US;
	made->subject_requests = 20;
	*c = made;
	return (0);
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	free(c->streams);
	free(c->roles);
	free(c);
}

struct config_stream *
config_stream_add(struct config *c, const char *name)
{
	struct config_stream *more;

	if (c->stream_count == CONFIG_STREAMS_MAX)
		return (NULL);
	more = realloc(c->streams, (c->stream_count + 1) * sizeof(*more));
	if (more == NULL)
		return (NULL);
	c->streams = more;
	config_stream_default(&more[c->stream_count], name, c->tenant);
	return (&more[c->stream_count++]);
}

struct config_role *
config_role_add(struct config *c, const char *name)
{
	struct config_role *more;

	if (c->role_count == CONFIG_ROLES_MAX)
		return (NULL);
	more = realloc(c->roles, (c->role_count + 1) * sizeof(*more));
	if (more == NULL)
		return (NULL);
	c->roles = more;
	memset(&more[c->role_count], 0, sizeof(*more));
	memcpy(more[c->role_count].name, name, strnlen(name, CONFIG_NAME_BYTES - 1));
	more[c->role_count].tier = VIEW_PUBLIC;
	more[c->role_count].k = 10;
	return (&more[c->role_count++]);
}

const struct config_stream *
config_stream_find(const struct config *c, const char *name, struct config_stream *fallback)
{
	for (unsigned i = 0; i < c->stream_count; i++)
		if (strcmp(c->streams[i].name, name) == 0)
			return (&c->streams[i]);
	config_stream_default(fallback, name, c->tenant);
	fallback->policy.geo_asn = c->geo_asn[0] != '\0';
	fallback->policy.geo_country = c->geo_country[0] != '\0';
	fallback->policy.has_quarantine_key =
	    key_seal_parse(span_str(c->quarantine_key), fallback->policy.quarantine_key) == 0;
	return (fallback);
}
