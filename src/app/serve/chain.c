/* app: GET /api/v1/chain, checkpoint and streams: what lies in the store as it is. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/records.h"
#include "app/serve/trust.h"
#include "app/tally/tally.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "store/layout.h"
#include "store/read/streams.h"
#include "view/counts/counts.h"

#define LIMIT_DEFAULT 100
#define NOTE_BYTES_MAX 65536

/* ---- chain ---- */

static void
print_chain(const struct store_chain *chain, const struct serve_call *call, struct serve_answer *a,
    uint64_t *rows)
{
	const struct serve_params *q = &call->params;
	uint64_t limit = q->text[SERVE_LIMIT] != NULL ? q->number[SERVE_LIMIT] : LIMIT_DEFAULT,
		 from = chain->count > limit ? chain->count - limit : 0;

	if (q->text[SERVE_FROM] != NULL)
		from = q->number[SERVE_FROM] < chain->count ? q->number[SERVE_FROM] : chain->count;
	if (limit > chain->count - from)
		limit = chain->count - from;
	buf_char(&a->body, '{');
	json_str(&a->body, "stream", span_str(q->text[SERVE_STREAM]));
	json_u64(&a->body, "size", chain->count);
	json_u64(&a->body, "from", from);
	json_array(&a->body, "entries");
	for (uint64_t i = 0; i < limit; i++) {
		struct span line = store_chain_line(chain, from + i);

		buf_str(&a->body, i == 0 ? "" : ",");
		buf_span(
		    &a->body, line.len == 0 ? span_str("null") : line); /* it changed just now */
	}
	buf_char(&a->body, ']');
	if (from + limit < chain->count)
		json_u64(&a->body, "next", from + limit);
	buf_str(&a->body, "}\n");
	*rows = limit;
}

void
app_serving_chain(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	struct app_records r = { .stream_fd = -1 };
	struct serve_problem_place place = { .parameter = "limit" };
	struct err e = { ERR_NONE, "" };

	if (!view_grant_entries(&call->who.role->grant))
		serve_problem_set(a, SERVE_PROBLEM_TIER, NULL);
	else if (call->params.text[SERVE_LIMIT] != NULL && call->params.number[SERVE_LIMIT] > 1000)
		serve_problem_set(a, SERVE_PROBLEM_PARAMETER, &place);
	else if (app_records_open(&r, v->store, call->params.text[SERVE_STREAM], NULL, NULL, &e) ==
	    -1)
		app_serving_failed(&e, a);
	else {
		a->status = 200;
		print_chain(&r.chain, call, a, &n->rows);
		n->has_rows = true;
	}
	app_records_close(&r);
}

void
app_serving_checkpoint(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	struct app_records r = { .stream_fd = -1 };
	struct err e = { ERR_NONE, "" };

	(void)n;
	if (app_records_open(&r, v->store, call->params.text[SERVE_STREAM], NULL, NULL, &e) == -1 ||
	    io_read_file(r.stream_fd, "checkpoint", NOTE_BYTES_MAX, &a->body, &e) == -1)
		app_serving_failed(&e, a);
	else {
		a->status = 200;
		a->type = "text/plain; charset=utf-8";
	}
	app_records_close(&r);
}

/* ---- streams ---- */

int
app_serving_names(
    const char *store, char (*names)[SERVE_NAME_BYTES], unsigned *count, struct err *e)
{
	struct buf all = { 0 };
	const char *name;
	int rc = store_streams(store, &all, e);

	*count = 0;
	while (rc == 0 && *count < CONFIG_STREAMS_MAX &&
	    (name = store_streams_name(&all, *count)) != NULL)
		memcpy(names[(*count)++], name, strlen(name) + 1);
	buf_free(&all);
	return (rc);
}

/* What has no counts has no ends: the page is told nothing. */
static void
add_ends(struct tally_reader *db, const struct view_grant *grant, const char *name, struct buf *out)
{
	static const char *const keys[] = { "first", "last" };
	unsigned k = grant->tier == VIEW_DEVELOPER ? 0 : grant->k;
	char text[CLOCK_RFC3339_BYTES];
	int64_t ends_us[2], over_us;

	if (db == NULL || view_counts_over(db, name, clock_now_us(), &over_us, NULL) == -1 ||
	    tally_ends(db, name, k, over_us, ends_us, NULL) != 1)
		return;
	for (int i = 0; i < 2; i++)
		json_str(out, keys[i], span_of(text, clock_rfc3339(text, ends_us[i])));
}

static struct tally_reader *
open_counts(const char *store)
{
	struct tally_reader *db = NULL;
	struct buf path = { 0 };

	if (app_tally_path(store, &path, NULL) == 0)
		(void)tally_reader_open(path.data, &db, NULL);
	buf_free(&path);
	return (db);
}

static void
add_stream(
    const struct serve_role *role, const char *name, struct tally_reader *db, struct buf *out)
{
	enum view_role tier = role->grant.tier;
	bool sees = serve_may_see(role, name), own = strncmp(name, "cretula.", 8) == 0,
	     counted = tier != VIEW_AUDITOR && sees && !own;

	json_item(out);
	json_str(out, "name", span_str(name));
	json_bool(out, "records",
	    view_grant_records(&role->grant, NULL) == 0 && sees &&
		strcmp(name, STORE_OWN_STREAM) != 0);
	json_bool(out, "aggregates", counted);
	if (counted)
		add_ends(db, &role->grant, name, out);
	buf_char(out, '}');
}

void
app_serving_streams(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	const struct serve_role *role = call->who.role;
	bool chain = role->grant.tier == VIEW_DEVELOPER || role->grant.tier == VIEW_AUDITOR;
	char names[CONFIG_STREAMS_MAX][SERVE_NAME_BYTES];
	struct tally_reader *db;
	struct err e = { ERR_NONE, "" };
	unsigned count;

	(void)n;
	if (app_serving_names(v->store, names, &count, &e) == -1) {
		serve_problem_set(a, SERVE_PROBLEM_STORE, NULL);
		return;
	}
	db = open_counts(v->store);
	a->status = 200;
	buf_char(&a->body, '{');
	json_array(&a->body, "streams");
	for (unsigned i = 0; i < count; i++)
		if (serve_may_see(role, names[i]) ||
		    (chain && strncmp(names[i], "cretula.", 8) == 0))
			add_stream(role, names[i], db, &a->body);
	buf_str(&a->body, "]}\n");
	tally_reader_close(db);
}
