/* app: one stream that records are taken from. */
#include "app/subject/taking.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "app/names.h"
#include "app/retain/erasing.h"
#include "app/say.h"
#include "app/tally/less.h"
#include "app/watch/control.h"
#include "base/text.h"
#include "config/config.h"
#include "store/read/unsealed.h"

#define LOOKS 1500 /* for what is sealed: half a minute */
#define LOOK_NS 20000000

int
app_taking_read(struct app_taking *t, const char *since, const char *until, struct err *e)
{
	t->subject.records = &t->records;
	if (app_records_open(&t->records, t->store_path, t->stream, since, until, e) == -1)
		return (-1);
	t->records.all = true;
	return (0);
}

/* A live stream is of the process that writes it. */
static int
say_busy(const struct app_taking *t, struct err *e)
{
	return (err_set(e, ERR_BUSY,
	    "stream %s: another cretula process is writing it; stop that (SIGTERM seals what is "
	    "open), then try again",
	    t->stream));
}

/* ---- a stream of the daemon ---- */

static bool
is_listed(const struct store_unsealed *one, const struct store_unsealed *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].number == one->number)
			return (true);
	return (false);
}

/* Until no segment is open that has records now. */
static int
wait_sealed(const struct app_taking *t, struct err *e)
{
	struct store_unsealed first[STORE_UNSEALED_MAX], now[STORE_UNSEALED_MAX];
	const struct timespec look = { 0, LOOK_NS };
	size_t first_count, count;
	bool open = true;

	if (store_unsealed_list(t->records.stream_fd, first, &first_count, e) == -1)
		return (-1);
	for (int i = 0; i < LOOKS && open; i++) {
		if (store_unsealed_list(t->records.stream_fd, now, &count, e) == -1)
			return (-1);
		open = false;
		for (size_t k = 0; k < first_count; k++)
			open |= first[k].records > 0 && is_listed(&first[k], now, count);
		if (open)
			(void)nanosleep(&look, NULL);
	}
	if (!open)
		return (0);
	return (err_set(e, ERR_BUSY,
	    "stream %s: the daemon does not seal what is open; see `cretula status`", t->stream));
}

/* e says that the stream is busy; whose is it?  What the daemon has open is sealed first. */
static int
use_daemon(struct app_taking *t, struct err *e)
{
	struct app_erasing nothing = { .order = { .count = 0 } };
	struct err why = { ERR_NONE, "" };
	uint64_t entry;
	int rc = -1;

	(void)snprintf(nothing.stream, sizeof(nothing.stream), "%s", t->stream);
	if (t->subject.rescrub)
		return (say_busy(t, e));
	if (app_erasing_ask(t->store_path, &nothing, &entry, &why) == -1) {
		*e = why;
		return (why.code == ERR_INCOMPLETE ? say_busy(t, e) : -1);
	}
	if (app_records_open(&t->records, t->store_path, t->stream, NULL, NULL, e) == 0 &&
	    app_control_signal(t->store_path, SIGUSR1, e) == 0)
		rc = wait_sealed(t, e);
	app_records_close(&t->records);
	if (rc == -1)
		return (-1);
	t->daemon = true;
	t->subject.daemon = t->store_path;
	t->subject.stream = t->stream;
	return (0);
}

int
app_taking_open(
    struct app_taking *t, struct store *s, const struct config_stream *config, struct err *e)
{
	unsigned char hash[32];
	char policy[65];

	mask_policy_hash(&config->policy, hash);
	policy[text_hex(policy, hash, sizeof(hash))] = '\0';
	if (store_seal_left(s, t->stream, app_names(), &t->sealed, e) == -1 ||
	    store_stream_open(s, t->stream, policy, app_names(), &t->st, e) == -1)
		return (e->code == ERR_BUSY ? use_daemon(t, e) : -1);
	return (store_eraser_open(t->st, &t->eraser, e));
}

/*
 * What was counted of the records goes with them (ADR 31): words of their paths
 * are in stats.db.  That this fails does not hold an erasure up.
 */
int
app_taking_do(struct app_taking *t, struct err *e)
{
	struct app_subject *s = &t->subject;
	struct app_tally_less less = { .store = t->store_path,
		.stream = t->stream,
		.ranges = (const struct seal_range *)(const void *)s->numbers.data,
		.count = s->numbers.len / sizeof(struct seal_range),
		.lines = t->lines,
		.live = t->daemon };
	int rc;

	if (s->chosen > 0)
		(void)app_tally_less_begin(&less, &t->counted);
	t->apart = less.apart;
	rc = app_subject_carry_out(s, t->eraser, e);
	if (less.there && t->counted.code == ERR_NONE)
		(void)app_tally_less_end(&less, rc == 0 && s->done == s->chosen, &t->counted);
	if (rc == -1 || s->done == 0 || t->daemon)
		return (rc);
	/* An older copy of the stream, from before the erasure, shows. */
	return (store_stream_head(t->st, e));
}

void
app_taking_close(struct app_taking *t)
{
	store_eraser_close(t->eraser);
	store_stream_close(t->st);
	app_records_close(&t->records);
	buf_free(&t->subject.ranges);
	buf_free(&t->subject.plan);
	buf_free(&t->subject.numbers);
	buf_free(&t->subject.entries);
}

void
app_taking_warn(const struct app_taking *t)
{
	if (t->sealed > 0)
		app_warn("subject",
		    "stream %s: the last writer did not stop; %ju records that it left open were "
		    "sealed",
		    t->stream, (uintmax_t)t->sealed);
	if (t->subject.damaged > 0)
		app_warn("subject",
		    "stream %s: %ju of these records had been replaced, and what stood there was "
		    "not what is sealed: somebody wrote into them; the stream says so for good, "
		    "and `cretula verify`, too",
		    t->stream, (uintmax_t)t->subject.damaged);
	if (t->subject.done > 0 && t->counted.code != ERR_NONE)
		app_warn("subject",
		    "STORE/stats.db still has what was counted of such records, words of their "
		    "paths too (%s): see `cretula stats --rebuild`",
		    t->counted.text);
	else if (t->subject.done > 0 && t->apart)
		app_warn("subject",
		    "STORE/stats.db keeps what was counted of events of stream %s that have no "
		    "record (detail rules `count` and `slim`), words of their paths too: nobody "
		    "knows whose they were",
		    t->stream);
}
