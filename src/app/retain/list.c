/* app: cretula hold list. */
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "app/retain/hold.h"
#include "app/retain/open.h"
#include "app/say.h"
#include "app/setup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"

struct listing {
	const struct app_args *args;
	const char *stream; /* at hand */
	struct buf out;
	struct app_records records;
	struct seal_entry entry;
	size_t count;
};

/* Segments and records that are there. */
static void
sum(const struct seal_history *history, const struct seal_hold_past *hold, uint64_t *segments,
    uint64_t *records)
{
	const struct seal_past *past;

	*segments = *records = 0;
	for (uint64_t seg = 1; (past = seal_history_segment(history, seg)) != NULL; seg++) {
		bool named = (hold->has_onward && seg >= hold->onward) ||
		    seal_ranges_meet(hold->ranges, hold->range_count, seg, seg);

		*segments += named && !past->pruned;
		*records += named && !past->pruned ? past->n : 0;
	}
}

static void
print_json(struct listing *l, const struct seal_hold_past *hold)
{
	char time[CLOCK_RFC3339_BYTES];
	uint64_t segments, records;

	sum(l->records.history, hold, &segments, &records);
	buf_str(&l->out, l->count == 0 ? "{" : ",{");
	json_str(&l->out, "stream", span_str(l->stream));
	json_str(&l->out, "hold", hold->id);
	json_u64(&l->out, "entry", hold->entry);
	json_str(&l->out, "at", span_of(time, clock_rfc3339(time, l->entry.t_us)));
	json_u64(&l->out, "segments", segments);
	json_u64(&l->out, "records", records);
	if (hold->has_onward)
		json_u64(&l->out, "onward", hold->onward);
	if (hold->has_until)
		json_str(&l->out, "until", span_of(time, clock_rfc3339(time, hold->until_us)));
	json_key(&l->out, "reason");
	buf_fmt(&l->out, "\"%.*s\"", (int)l->entry.of.hold.reason.len, l->entry.of.hold.reason.ptr);
	if (l->entry.of.hold.by.len > 0)
		json_str(&l->out, "by", l->entry.of.hold.by);
	buf_char(&l->out, '}');
}

static void
print_text(struct listing *l, const struct seal_hold_past *hold)
{
	const struct seal_hold *said = &l->entry.of.hold;
	char time[CLOCK_RFC3339_BYTES], count[32];
	uint64_t segments, records;

	sum(l->records.history, hold, &segments, &records);
	buf_fmt(&l->out, "%s  %.*s  since ", l->stream, (int)hold->id.len, hold->id.ptr);
	buf_add(&l->out, time, clock_rfc3339(time, l->entry.t_us));
	if (hold->has_until) {
		buf_str(&l->out, " until ");
		buf_add(&l->out, time, clock_rfc3339(time, hold->until_us));
	}
	num_print_grouped(count, records);
	buf_fmt(&l->out, "\n  %ju segment%s, %s record%s%s; entry %ju\n  reason: %.*s\n",
	    (uintmax_t)segments, segments == 1 ? "" : "s", count, records == 1 ? "" : "s",
	    hold->has_onward ? ", and all that come" : "", (uintmax_t)hold->entry,
	    (int)said->reason.len, said->reason.ptr);
	if (said->by.len > 0)
		buf_fmt(&l->out, "  by: %.*s\n", (int)said->by.len, said->by.ptr);
}

static int
list_stream(struct listing *l, const char *store, struct err *e)
{
	const struct seal_hold_past *hold;

	if (app_records_open(&l->records, store, l->stream, NULL, NULL, e) == -1 ||
	    app_records_again(&l->records, e) == -1)
		return (-1);
	for (size_t i = 0; (hold = seal_history_hold(l->records.history, i)) != NULL; i++) {
		if (!seal_hold_in_force(hold, clock_now_us()))
			continue;
		if (seal_entry_read(store_chain_line(&l->records.chain, hold->entry), app_names(),
			&l->entry, e) == -1)
			return (err_in(e, "entry %ju", (uintmax_t)hold->entry));
		(l->args->json ? print_json : print_text)(l, hold);
		l->count++;
	}
	return (0);
}

static int
list_all(struct listing *l, const char *store, struct err *e)
{
	struct app_retain_names *names = calloc(1, sizeof(*names));
	int rc = names == NULL ? err_memory(e) : app_retain_names(store, names, e);

	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		l->stream = names->name[i];
		rc = list_stream(l, store, e);
		app_records_close(&l->records);
	}
	free(names);
	return (rc);
}

static int
list(struct listing *l, struct err *e)
{
	struct app_setup setup = { .config = NULL };
	const char *store;
	int rc = -1;

	l->stream = app_arg(l->args, "stream");
	/* A file with several streams may be given for the store that it names. */
	if (app_setup_open(l->args, l->stream == NULL ? "cretula.access" : l->stream, &setup, e) ==
		0 &&
	    app_store_path(l->args, &setup, &store, e) == 0)
		rc = l->stream != NULL ? list_stream(l, store, e) : list_all(l, store, e);
	app_setup_close(&setup);
	return (rc);
}

int
app_hold_list(const struct app_args *args)
{
	struct listing *l = calloc(1, sizeof(*l));
	struct err e = { ERR_NONE, "" };
	int code;

	if (l == NULL) {
		(void)err_memory(&e);
		return (app_fail("hold list", &e));
	}
	l->args = args;
	l->records.stream_fd = -1;
	if (args->json)
		buf_str(&l->out, "{\"holds\":[");
	if (list(l, &e) == -1)
		code = app_fail("hold list", &e);
	else {
		if (args->json)
			buf_str(&l->out, "]}\n");
		else if (l->count == 0)
			buf_str(&l->out, "no hold is in force\n");
		code = app_finish("hold list", &l->out, 0);
	}
	app_records_close(&l->records);
	buf_free(&l->out);
	free(l);
	return (code);
}
