#include "app/watch/selfcheck.h"

#include <sys/prctl.h>

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/names.h"
#include "app/say.h"
#include "app/watch/offline.h"
#include "audit/verify.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"

#define LOOK_NS INT64_C(60000000000) /* at the clock, which may leap */
#define TOLD_MAX 20
#define PATIENCE_NS INT64_C(3000000000)
#define LOOK_END_NS 5000000

/* ---- one time ---- */

static uint64_t
checked(void *arg, const char *stream)
{
	const struct app_selfcheck *s = arg;

	for (unsigned i = 0; i < s->checked_count; i++)
		if (strcmp(s->checked[i].name, stream) == 0)
			return (s->checked[i].entries);
	return (0);
}

/* What was good is not read again, but once a week. */
static void
remember(struct app_selfcheck *s, int code)
{
	s->checked_count = 0;
	for (unsigned i = 0; code == 0 && i < s->snapshot->count; i++) {
		struct app_checked *c = &s->checked[s->checked_count++];

		memcpy(c->name, s->snapshot->streams[i].name, sizeof(c->name));
		c->entries = s->snapshot->streams[i].entries;
	}
}

static void
tell(const struct audit_result *r, const struct app_verified *v)
{
	char hash[65];

	hash[text_hex(hash, v->hash, sizeof(v->hash))] = '\0';
	for (size_t i = 0; i < r->finding_count && i < TOLD_MAX; i++) {
		const struct audit_finding *f = &r->findings[i];
		const char *stream = f->stream[0] != '\0' ? f->stream : NULL;

		if (audit_code_severity[f->code] == AUDIT_ERROR)
			app_error(stream, "verify: %s %s: %s", audit_code_names[f->code], f->file,
			    f->text);
		else
			app_warn_log(stream, "verify: %s %s: %s", audit_code_names[f->code],
			    f->file, f->text);
	}
	app_info(NULL, "verified %s: %s, %llu segment%s and %llu record%s read, report sha256:%s",
	    v->full ? "all of the store" : "what was new",
	    v->code == 0               ? "good" :
		v->code == ERR_FINDING ? "IT DOES NOT VERIFY" :
					 "not all could be checked",
	    (unsigned long long)v->segments, v->segments == 1 ? "" : "s",
	    (unsigned long long)v->records, v->records == 1 ? "" : "s", hash);
}

static int
verify(struct app_selfcheck *s, struct app_verified *v, struct buf *report, struct err *e)
{
	const struct audit_options how = { .jobs = 1,
		.names = app_names(),
		.checked = v->full ? NULL : checked,
		.checked_arg = s,
		.stop = &s->stop };
	int64_t start_ns = clock_mono_ns();
	struct audit_result r;

	if (audit_verify(s->board->store, &how, &r, e) == -1)
		return (-1);
	audit_print_json(&r, report);
	v->at_us = clock_now_us();
	v->took_ns = clock_mono_ns() - start_ns;
	v->code = r.exit_code;
	v->segments = r.coverage.segments;
	v->records = r.coverage.records;
	crypto_sha256(report->data, report->len, v->hash);
	if (!atomic_load(&s->stop))
		tell(&r, v);
	audit_result_free(&r);
	return (buf_ok(report) ? 0 : err_memory(e));
}

static void
check_once(struct app_selfcheck *s)
{
	int64_t now_us = clock_now_us();
	struct app_verified v = { .full =
		app_rhythm_is_full(s->every_us, s->full_us, now_us) };
	struct err e = { ERR_NONE, "" };
	struct buf report = { 0 };

	app_board_snapshot(s->board, s->snapshot); /* what is sealed before is read */
	if (verify(s, &v, &report, &e) == -1)
		app_error(NULL, "the store could not be verified: %s", e.text);
	else if (!atomic_load(&s->stop)) {
		remember(s, v.code);
		if (v.full)
			s->full_us = now_us;
		app_board_verified(s->board, &v, &report);
		app_board_report(s->board, &v);
	}
	buf_free(&report);
	(void)malloc_trim(0);
}

/* ---- when ---- */

/*
 * How far a daemon before us came: of the streams that it had, for of those
 * that are gone nothing was reported any more.
 */
static void
take_up(struct app_selfcheck *s)
{
	for (unsigned i = 0; i < s->snapshot->count; i++) {
		const struct app_seen *seen = &s->snapshot->streams[i];
		const struct app_rhythm *r = &seen->rhythm;
		struct app_checked *c = &s->checked[s->checked_count];

		if (r->full_us == 0 ||
		    memcmp(r->hash, s->snapshot->verified.hash, sizeof(r->hash)) != 0)
			continue;
		if (s->full_us == 0 || r->full_us < s->full_us)
			s->full_us = r->full_us;
		memcpy(c->name, seen->name, sizeof(c->name));
		c->entries = r->checked;
		s->checked_count++;
	}
}

/* By what was sealed before: a start is no reason to read all of it at once. */
static void
find_due(struct app_selfcheck *s)
{
	const struct app_verified *v = &s->snapshot->verified;
	bool known =
	    app_offline_snapshot(s->board->store, s->every_us, s->snapshot, NULL) == 0;

	s->due_us = app_rhythm_due(s->every_us, known ? v->at_us : 0, clock_now_us());
	if (!known || v->at_us == 0)
		return;
	take_up(s);
	app_board_verified(s->board, v, NULL);
}

/* false: told to stop. */
static bool
wait_for_due(struct app_selfcheck *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	while (!(stop = atomic_load(&s->stop)) && clock_now_us() < s->due_us) {
		int64_t left_ns = (s->due_us - clock_now_us()) * 1000;
		struct timespec until;

		left_ns = left_ns < 0 ? 0 : left_ns < LOOK_NS ? left_ns : LOOK_NS;
		clock_mono_after(left_ns, &until);
		(void)pthread_cond_clockwait(&s->wake, &s->lock, CLOCK_MONOTONIC, &until);
	}
	pthread_mutex_unlock(&s->lock);
	return (!stop);
}

static void *
selfcheck_main(void *arg)
{
	const struct sched_param none = { .sched_priority = 0 };
	struct app_selfcheck *s = arg;

	(void)prctl(PR_SET_NAME, "verify");
	(void)sched_setscheduler(0, SCHED_IDLE, &none);
	find_due(s);
	while (wait_for_due(s)) {
		check_once(s);
		s->due_us = clock_now_us() + s->every_us;
	}
	return (NULL);
}

int
app_selfcheck_start(
    struct app_selfcheck *s, struct app_board *board, int64_t every_us, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->board = board;
	s->every_us = every_us;
	if (every_us == 0 || board->store[0] == '\0')
		return (0);
	if ((s->snapshot = calloc(1, sizeof(*s->snapshot))) == NULL)
		return (err_memory(e));
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->wake, NULL);
	if ((errno = pthread_create(&s->thread, NULL, selfcheck_main, s)) != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	s->started = true;
	return (0);
}

bool
app_selfcheck_stop(struct app_selfcheck *s)
{
	const struct timespec look = { 0, LOOK_END_NS };
	int64_t until_ns = clock_mono_ns() + PATIENCE_NS;

	if (s->started) {
		pthread_mutex_lock(&s->lock);
		atomic_store(&s->stop, true);
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		while (pthread_tryjoin_np(s->thread, NULL) != 0) {
			if (clock_mono_ns() > until_ns)
				return (false);
			(void)nanosleep(&look, NULL);
		}
	}
	s->started = false;
	free(s->snapshot);
	s->snapshot = NULL;
	return (true);
}
