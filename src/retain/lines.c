#include "retain/lines.h"

#include <stdlib.h>

#include "base/err.h"

static bool
goes_with_records(const struct retain_lines *lines, size_t at)
{
	enum retain_action action = lines->records->rows[at].action;

	return (action == RETAIN_PRUNE || action == RETAIN_ROOM || action == RETAIN_GONE);
}

int
retain_lines_plan(const struct retain_lines *lines, struct retain_plan *plan, struct err *e)
{
	struct retain_ask ask = *lines->ask;
	struct retain_segment *segments = reallocarray(NULL, ask.count + 1, sizeof(*segments));
	int rc;

	*plan = (struct retain_plan){ .rows = NULL };
	if (segments == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < ask.count; i++) {
		segments[i] = ask.segments[i];
		segments[i].gone = lines->counts[i] == 0 || goes_with_records(lines, i) ||
		    lines->term_us >= ask.term_us;
		segments[i].records = lines->counts[i];
		segments[i].bytes = 0; /* a file without them is another one, of about that size */
	}
	ask.segments = segments;
	ask.term_us = lines->term_us;
	ask.room = false;
	rc = retain_plan_make(&ask, plan, e);
	free(segments);
	return (rc);
}

size_t
retain_lines_done(const struct retain_plan *plan, const struct retain_segment *segments,
    const bool *failed, size_t *at, struct seal_range *runs, size_t max)
{
	size_t count = 0, i = *at;
	bool joined = false; /* nothing that has lines is between the last run and here */

	for (; i < plan->count; i++) {
		enum retain_action action = plan->rows[i].action;

		if (action == RETAIN_GONE)
			continue;
		if (action != RETAIN_PRUNE || (failed != NULL && failed[i])) {
			joined = false;
			continue;
		}
		if (joined)
			runs[count - 1].last = segments[i].seg;
		else if (count == max)
			break;
		else
			runs[count++] = (struct seal_range){ segments[i].seg, segments[i].seg };
		joined = true;
	}
	*at = i;
	return (count);
}
