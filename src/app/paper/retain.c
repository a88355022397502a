/* How long records are to stay, and what is there for longer. */
#include <stdlib.h>
#include <string.h>

#include "app/paper/inside.h"
#include "app/retain/plan.h"
#include "base/err.h"
#include "store/layout.h"

/* A daemon prunes once a day: what is due since less than that is not late. */
static int
see_plan(const struct paper *p, struct paper_stream *s, struct app_retain *r, struct err *e)
{
	struct err why = { ERR_NONE, "" };
	int rc;

	r->store = p->store;
	r->stream = s->name;
	r->now_us = p->now_us - PAPER_DAY_US;
	if ((rc = app_retain_read(r, &why)) == 0) {
		app_lines_rules(r, s->rule, sizeof(s->rule));
		s->due_segments = r->plan.sums[RETAIN_PRUNE].segments;
		s->due_lines = r->lines.plan.sums[RETAIN_PRUNE].segments;
		s->due_records = r->plan.sums[RETAIN_PRUNE].records;
		s->held_segments = r->plan.sums[RETAIN_HELD].segments;
		s->next_us = r->plan.next_us;
	}
	app_retain_free(r);
	if (rc == 0 || why.code != ERR_IO)
		return (0); /* what cannot be read was said before */
	*e = why;
	return (-1);
}

/* What no configuration says has the term of one that says nothing. */
int
app_paper_see_retain(struct paper *p, const struct config *config, struct err *e)
{
	struct config_stream *fallback = malloc(sizeof(*fallback));
	struct config *none = NULL;
	int rc = fallback == NULL ? err_memory(e) : 0;

	if (rc == 0 && config == NULL) {
		rc = config_default(&none, e);
		config = none;
	}
	for (size_t i = 0; i < p->stream_count && rc == 0; i++) {
		struct paper_stream *s = &p->streams[i];
		struct app_retain r = { .now_us = 0 };

		if (strcmp(s->name, STORE_OWN_STREAM) == 0 || s->problem[0] != '\0')
			continue;
		if (strncmp(s->name, "cretula.", 8) == 0 && config->stream_count > 0)
			app_retain_access(config, &r.policy);
		else
			r.policy = config_stream_find(config, s->name, fallback)->retain;
		rc = see_plan(p, s, &r, e);
		if (strncmp(s->name, "cretula.", 8) == 0)
			continue;
		p->due_segments += s->due_segments + s->due_lines;
		p->due_records += s->due_records;
	}
	config_free(none);
	free(fallback);
	return (rc);
}
