#include "app/role/counts.h"

#include <string.h>

#include "app/args.h"
#include "app/records.h"
#include "app/say.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/layout.h"
#include "tally/tally.h"

static int
read_counts(struct app_counts *c, const char *path, const struct view_question *q, struct err *e)
{
	struct tally_reader *reader = NULL;
	struct tally_reach reach;
	int rc = -1;

	if (tally_reader_open(path, &reader, e) == -1)
		return (-1);
	if (tally_reach(reader, c->stream, &reach, e) == 0) {
		if (!reach.known)
			(void)err_set(
			    e, ERR_INPUT, "nothing was ever counted of stream %s", c->stream);
		else
			rc = view_counts_read(reader, q, &c->counts, e);
	}
	tally_reader_close(reader);
	return (rc);
}

int
app_counts_open(struct app_counts *c, const struct app_args *args, struct err *e)
{
	const char *store = app_arg(args, "store"), *stream = app_arg(args, "stream");
	struct view_question q = { .stream = stream,
		.dims = VIEW_DIMS_ALL,
		.grant = &c->grant,
		.now_us = clock_now_us() };
	struct buf path = { 0 };
	int rc = -1;

	if (!store_name_known(span_str(stream)))
		return (err_set(e, ERR_USAGE, "--stream: '%s' is no stream name", stream));
	c->stream = stream;
	if (app_records_window(
		app_arg(args, "since"), app_arg(args, "until"), &q.since_us, &q.until_us, e) == -1)
		return (-1);
	buf_fmt(&path, "%s/%s", store, TALLY_FILE);
	if (buf_ok(&path))
		rc = read_counts(c, path.data, &q, e);
	else
		(void)err_set(e, ERR_IO, "no memory");
	buf_free(&path);
	return (rc);
}

void
app_counts_close(struct app_counts *c)
{
	view_counts_free(&c->counts);
}

const char *
app_counts_noun(const struct app_counts *c)
{
	bool told = false, some = c->counts.tables[VIEW_STATUSES].cell_count > 0;

	for (size_t i = 0; i < c->counts.day_count; i++) {
		told = told || !c->counts.days[i].hidden;
		some = some || c->counts.days[i].has_other; /* that are not shown */
	}
	return (c->counts.shown[VIEW_STATUSES] && told && !some ? "events" : "requests");
}

bool
app_counts_serves(const struct view_grant *grant)
{
	return (grant->tier == VIEW_ANALYST || grant->tier == VIEW_PUBLIC);
}

/* What is of records, or changes something, is not for such a role. */
static int
check_options(const struct app_args *args, const struct view_grant *grant, struct err *e)
{
	static const char *const others[] = { "csv", "forget-pruned", "rebuild", "words" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (app_arg(args, others[i]) != NULL)
			return (
			    err_set(e, ERR_USAGE, "role %s has no --%s", grant->name, others[i]));
	return (0);
}

int
app_counts_stats(const struct app_args *args, const struct view_grant *grant)
{
	struct app_counts c = { .grant = *grant, .top = 10 };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (check_options(args, grant, &e) == -1 ||
	    app_arg_count(args, "top", 0, UINT32_MAX, &c.top, &e) == -1 ||
	    app_counts_open(&c, args, &e) == -1)
		return (app_fail("stats", &e));
	(args->json ? app_counts_json : app_counts_text)(&c, &out);
	app_counts_close(&c);
	return (app_finish("stats", &out, 0));
}
