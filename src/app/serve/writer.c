/* app: the process that writes access records, and does nothing else. */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "app/pipe/clock.h"
#include "app/retain/keeper.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/serve/access.h"
#include "base/clock.h"
#include "base/err.h"
#include "record/record.h"
#include "stats/counts.h"
#include "store/live.h"
#include "store/periods.h"
#include "store/store.h"

#define BATCH_MAX 64 /* notes of one commit */
#define SEAL_NS (INT64_C(3600) * 1000000000)
#define BEAT_NS (INT64_C(60) * 1000000000)

struct writer {
	const struct app_writer_options *how;
	struct store *store;
	struct store_live *live;
	struct record_encoder encoder;
	struct stats_counts counts;
	char lines[BATCH_MAX * RECORD_BYTES_MAX];
	uint32_t ends[BATCH_MAX];
	uint64_t ids[BATCH_MAX];
	size_t count, len;
	int64_t opened_ns, flushed_ns;
	uint64_t refused;
	struct app_clock clock; /* as it was at the start */
	struct app_keeper *keeper;
	bool dirty; /* something was flushed since the last cut */
};

/* ---- a record ---- */

static void
set(struct record *r, enum record_field field, const char *text)
{
	if (text[0] != '\0')
		record_set_text(r, field, span_str(text));
}

static void
add(struct record *r, const char *key, const char *text)
{
	if (text[0] == '\0')
		return;
	r->extra[r->extra_count].key = span_str(key);
	r->extra[r->extra_count].text = span_str(text);
	r->extra[r->extra_count++].is_number = false;
}

static void
make_record(const struct app_access_note *n, struct record *r)
{
	record_clear(r);
	r->time_us = n->time_us;
	record_set_text(r, RECORD_FIELD_EVENT, span_str(APP_ACCESS_STREAM));
	set(r, RECORD_FIELD_USER, n->operator);
	set(r, RECORD_FIELD_ACTION, n->action);
	set(r, RECORD_FIELD_OBJECT, n->stream);
	set(r, RECORD_FIELD_OUTCOME, n->reason[0] == '\0' ? "success" : "failure");
	set(r, RECORD_FIELD_REASON, n->reason);
	add(r, "role", n->role);
	if (n->has_rows) {
		r->extra[r->extra_count].key = span_str("rows");
		r->extra[r->extra_count].number = (int64_t)n->rows;
		r->extra[r->extra_count++].is_number = true;
	}
	add(r, "since", n->since);
	add(r, "tier", n->tier);
	add(r, "until", n->until);
	add(r, "via", n->via);
	add(r, "where", n->filter);
	add(r, "window", n->window);
	r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
}

static void
take(struct writer *w, struct app_access_note *n)
{
	struct record record;
	size_t len;

	n->time_us = clock_now_us(); /* its clock is ours */
	make_record(n, &record);
	len = record_encode(&w->encoder, &record, w->lines + w->len);
	w->len += len;
	w->ends[w->count] = (uint32_t)w->len;
	w->ids[w->count++] = n->id;
	w->counts.lines++;
	w->counts.bytes += len;
	w->counts.in.parsed++;
	stats_counts_record(&w->counts, -1, n->time_us);
}

/* ---- the segment ---- */

static struct store_live_facts
facts_of(void)
{
	return ((struct store_live_facts){ .epochs = span_str("{}") });
}

static int
cut(struct writer *w, struct err *e)
{
	const struct store_live_facts facts = facts_of();
	const struct store_live_next next = { w->how->policy, span_str("{}") };

	w->opened_ns = clock_mono_ns();
	w->dirty = false;
	return (store_live_cut(w->live, &facts, &next, e));
}

static int
flush(struct writer *w, struct err *e)
{
	const struct store_live_run run = {
		.lines = w->lines, .ends = w->ends, .count = w->count, .counts = &w->counts
	};

	if (!store_live_fits(w->live, w->count, w->len) && cut(w, e) == -1)
		return (-1);
	if (store_live_flush(w->live, &run, e) == -1)
		return (-1);
	w->flushed_ns = clock_mono_ns();
	w->dirty = w->dirty || w->count > 0;
	return (0);
}

/* Say of all of them how it ended.  What has no answer was not committed. */
static void
answer(struct writer *w, bool good)
{
	for (size_t i = 0; good && i < w->count; i++)
		(void)!send(w->how->fd, &w->ids[i], sizeof(w->ids[i]), MSG_NOSIGNAL);
	w->count = w->len = 0;
	stats_counts_clear(&w->counts);
}

/* Said once: it is our mistake, or the other process is no longer ours. */
static void
refuse(struct writer *w)
{
	if (w->refused++ == 0)
		app_warn_log(APP_ACCESS_STREAM, "asked for a record that nobody may ask for");
}

/* 1: something came; 0: nothing; -1: nobody is there any more. */
static int
receive(struct writer *w)
{
	static struct app_access_note note;
	ssize_t n;

	while (w->count < BATCH_MAX) {
		n = recv(w->how->fd, &note, sizeof(note), w->count > 0 ? MSG_DONTWAIT : 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (w->count > 0);
		if (n == 0)
			return (-1);
		/* Who asks is another process.  What has no answer is not shown. */
		if (n == sizeof(note) && app_access_note_ok(&note))
			take(w, &note);
		else
			refuse(w);
	}
	return (1);
}

static int
beat(struct writer *w, struct err *e)
{
	int64_t now_ns = clock_mono_ns();

	if (store_live_check(w->live, e) == -1)
		return (-1);
	if (w->dirty && now_ns - w->opened_ns >= SEAL_NS)
		return (cut(w, e));
	return (now_ns - w->flushed_ns >= BEAT_NS ? flush(w, e) : 0);
}

static int
serve(struct writer *w, struct err *e)
{
	struct pollfd want = { .fd = w->how->fd, .events = POLLIN };
	int rc, got;

	for (;;) {
		rc = poll(&want, 1, 1000);
		if (rc == -1 && errno != EINTR)
			return (err_sys(e, ERR_IO, "poll"));
		if (rc > 0) {
			got = receive(w);
			if (w->count > 0) {
				if (flush(w, e) == -1) {
					answer(w, false);
					return (-1);
				}
				answer(w, true);
			}
			if (got == -1)
				return (0);
		}
		if (beat(w, e) == -1)
			return (-1);
	}
}

/* ---- start, stop ---- */

/* Files of the store stay those of its owner. */
static int
become_owner(const char *store, struct err *e)
{
	struct app_user u = { .given = false };
	const struct passwd *owner;
	struct stat st;

	if (geteuid() == 0 && stat(store, &st) == 0 && st.st_uid != 0) {
		u = (struct app_user){ .given = true, .uid = st.st_uid, .gid = st.st_gid };
		/* One without a name is in no group but that of the directory. */
		if ((owner = getpwuid(st.st_uid)) != NULL)
			(void)snprintf(u.name, sizeof(u.name), "%s", owner->pw_name);
		else
			(void)snprintf(u.name, sizeof(u.name), "user %u", (unsigned)st.st_uid);
	}
	return (app_user_become(&u, e));
}

static int
open_live(struct writer *w, struct err *e)
{
	const struct store_live_options how = { .name = APP_ACCESS_STREAM,
		.mode = "serve",
		.names = app_names(),
		.next = { w->how->policy, span_str("{}") } };
	struct store_live_options with = how;
	struct store_live_found found;
	struct app_clock_break broke;
	struct store_last last;
	bool created;

	if (store_open(w->how->store, w->how->keys, &w->store, &created, e) == -1 ||
	    store_last(w->store, APP_ACCESS_STREAM, app_names(), &last, e) == -1)
		return (-1);
	(void)app_clock_start(
	    &w->clock, clock_now_us(), last.t_us, last.expected_us, &broke);
	with.store = w->store;
	if (store_live_open(&with, &w->live, &found, e) == -1 ||
	    store_live_raw_at_rest(w->live, w->how->policy, "none", e) == -1)
		return (-1);
	w->opened_ns = w->flushed_ns = clock_mono_ns();
	return (store_live_head(w->live, e));
}

static int
confine(const struct app_writer_options *how, struct err *e)
{
	struct app_places *places = calloc(1, sizeof(*places));
	struct buf done = { 0 };
	int rc;

	if (places == NULL)
		return (err_memory(e));
	app_places_store(how->store, how->keys, places);
	rc = app_confine(places, (enum app_sandbox)how->sandbox, APP_CALLS_SERVE, &done, e);
	if (rc == 0)
		app_info(APP_ACCESS_STREAM, "the writer is %.*s", (int)done.len, done.data);
	buf_free(&done);
	free(places);
	return (rc);
}

static void
say_ready(const struct app_writer_options *how, const struct err *e)
{
	struct err said = { ERR_NONE, "" };

	if (e != NULL)
		said = *e;
	(void)!write(how->ready_fd, &said, sizeof(said));
	(void)close(how->ready_fd);
}

static void
warn_retained(void *arg, const char *text)
{
	(void)arg;
	app_warn_log(APP_ACCESS_STREAM, "%s", text);
}

/* What is over its term goes, as of each stream that is written live. */
static void
start_keeper(struct writer *w)
{
	struct app_keeper_options how = { .store_path = w->how->store,
		.stream = APP_ACCESS_STREAM,
		.policy = w->how->retain,
		.clock = w->clock,
		.warn = warn_retained };

	w->keeper = app_keeper_start(&how);
	app_keeper_live(w->keeper, w->live);
}

static int
stop(struct writer *w, const char *reason, struct err *e)
{
	const struct store_live_facts facts = facts_of();

	if (store_live_broken(w->live) || store_live_stop(w->live, &facts, reason, e) == -1)
		return (-1);
	return (store_live_head(w->live, e));
}

int
app_writer_run(const struct app_writer_options *how)
{
	static struct writer w;
	struct err e = { ERR_NONE, "" };
	int rc;

	(void)prctl(PR_SET_NAME, "access");
	w.how = how;
	stats_counts_clear(&w.counts);
	if (become_owner(how->store, &e) == -1 || open_live(&w, &e) == -1 ||
	    confine(how, &e) == -1) {
		say_ready(how, &e);
		rc = -1;
	} else {
		say_ready(how, NULL);
		start_keeper(&w);
		if ((rc = serve(&w, &e)) == -1)
			app_error(APP_ACCESS_STREAM, "%s", e.text);
		app_keeper_stop(w.keeper);
		if (stop(&w, rc == 0 ? "term" : "error", &e) == -1 && rc == 0) {
			app_error(APP_ACCESS_STREAM, "%s", e.text);
			rc = -1;
		}
	}
	store_live_close(w.live);
	store_close(w.store);
	return (rc == 0 ? 0 : (int)e.code);
}
