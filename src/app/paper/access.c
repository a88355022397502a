/* Who looked: the records of cretula.access, by role. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/paper/inside.h"
#include "app/records.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"

#define STREAM "cretula.access"
#define OPERATORS_MAX 4096

struct seeing {
	struct paper *p;
	struct operator
	{
		const struct paper_role *role;
		const char *name;
	}
	*operators; /* each once for a role; more than there is room for are not told apart */
	size_t count;
};

static struct paper_role *
find_role(struct paper *p, struct span name, struct span tier)
{
	struct paper_role *r = p->roles;

	while (r < p->roles + p->role_count && (!span_is(name, r->role) || !span_is(tier, r->tier)))
		r++;
	if (r == p->roles + PAPER_ROLES_MAX)
		return (r - 1); /* the last one takes the rest */
	if (r == p->roles + p->role_count) {
		p->role_count++;
		(void)snprintf(r->role, sizeof(r->role), "%.*s", (int)name.len, name.ptr);
		(void)snprintf(r->tier, sizeof(r->tier), "%.*s", (int)tier.len, tier.ptr);
		r->first_us = INT64_MAX;
	}
	return (r);
}

static void
see_operator(struct seeing *s, struct paper_role *role, struct span name)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->operators[i].role == role && span_is(name, s->operators[i].name))
			return;
	if (s->count == OPERATORS_MAX)
		return;
	s->operators[s->count++] = (struct operator){ role, app_paper_keep(s->p, name) };
	role->operators++;
}

static struct span
text_of(const struct json_value *object, const char *key)
{
	struct span text;

	return (json_get_str(object, key, &text) ? text : span_of("", 0));
}

static int
see_record(void *arg, struct span line, struct err *e)
{
	struct seeing *s = arg;
	struct json_value record, extra;
	struct paper_role *role;
	struct span time;
	uint64_t rows;
	int64_t t_us;

	(void)e;
	if (json_parse(line, &record, NULL) == -1 || !json_get_str(&record, "time", &time) ||
	    clock_parse_rfc3339(time.ptr, time.len, &t_us) == -1 || !app_paper_in(s->p, t_us) ||
	    !json_get(&record, "extra", &extra))
		return (0);
	if (s->p->stream != NULL && !span_is(text_of(&record, "object"), s->p->stream))
		return (0);
	role = find_role(s->p, text_of(&extra, "role"), text_of(&extra, "tier"));
	role->requests++;
	role->refused += span_is(text_of(&record, "outcome"), "failure");
	role->rows += json_get_u64(&extra, "rows", &rows) ? rows : 0;
	role->first_us = t_us < role->first_us ? t_us : role->first_us;
	role->last_us = t_us > role->last_us ? t_us : role->last_us;
	see_operator(s, role, text_of(&record, "user"));
	return (0);
}

static int
compare(const void *a, const void *b)
{
	const struct paper_role *x = a, *y = b;
	int order = strcmp(x->role, y->role);

	return (order != 0 ? order : strcmp(x->tier, y->tier));
}

int
app_paper_see_access(struct paper *p, const struct app_paper *how, struct err *e)
{
	struct seeing seeing = { .p = p };
	struct app_records r = { .stream_fd = -1 };
	struct err why = { ERR_NONE, "" };

	for (size_t i = 0; i < p->stream_count; i++)
		p->has_access = p->has_access || strcmp(p->streams[i].name, STREAM) == 0;
	if (!p->has_access)
		return (0);
	if ((seeing.operators = calloc(OPERATORS_MAX, sizeof(seeing.operators[0]))) == NULL)
		return (err_memory(e));
	if (app_records_open(&r, how->store, STREAM, how->since, how->until, &why) == -1 ||
	    app_records_walk(&r, see_record, &seeing, &why) == -1)
		(void)snprintf(p->access_problem, sizeof(p->access_problem), "%s", why.text);
	if (why.code == ERR_IO)
		*e = why;
	app_records_close(&r);
	if (p->role_count > 1)
		qsort(p->roles, p->role_count, sizeof(p->roles[0]), compare);
	free(seeing.operators);
	return (why.code == ERR_IO ? -1 : 0);
}
