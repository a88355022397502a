/* What goes, and stands in no archive although the stream has one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/archive/state.h"
#include "app/retain/plan.h"

static uint64_t
count_untaken(const struct app_retain *r, const struct app_archive_state *state)
{
	uint64_t count = 0;

	for (size_t i = 0; i < r->plan.count; i++) {
		enum retain_action action = r->plan.rows[i].action;

		count += (action == RETAIN_PRUNE || action == RETAIN_ROOM) &&
		    r->segments[i].records > 0 &&
		    !app_archive_state_has(state, r->segments[i].seg);
	}
	return (count);
}

/* Else there is no archive of the stream yet.  A daemon may not open it (sandbox). */
static bool
is_there(const struct app_retain *r)
{
	char path[CONFIG_PATH_BYTES + 64];

	(void)snprintf(path, sizeof(path), "%s/streams/%s", r->archive, r->stream);
	return (access(path, F_OK) == 0);
}

int
app_retain_untaken(struct app_retain *r, struct err *e)
{
	struct app_archive_state state;
	struct app_records archived;
	int rc = 0;

	r->untaken = 0;
	memset(&state, 0, sizeof(state));
	if (r->archive == NULL || r->archive[0] == '\0' ||
	    r->plan.sums[RETAIN_PRUNE].segments + r->plan.sums[RETAIN_ROOM].segments == 0)
		return (0);
	if (app_records_open(&archived, r->archive, r->stream, NULL, NULL, e) == 0)
		rc = app_archive_state_read(&archived.chain, span_str(r->origin), &state, e);
	else if (e->code != ERR_INPUT || is_there(r))
		rc = -1;
	if (rc == 0)
		r->untaken = count_untaken(r, &state);
	app_archive_state_free(&state);
	app_records_close(&archived);
	return (rc == 0 ? 0 : err_in(e, "archive %s", r->archive));
}
