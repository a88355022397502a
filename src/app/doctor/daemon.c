/* Does a daemon run, and how long is there room for what it writes? */
#include <sys/statvfs.h>

#include <stdlib.h>
#include <string.h>

#include "app/doctor/doctor.h"
#include "app/records.h"
#include "app/retain/budget.h"
#include "app/retain/open.h"
#include "app/retain/plan.h"
#include "app/watch/control.h"
#include "app/watch/offline.h"
#include "app/watch/print.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define WEEK_US (7 * DAY_US)
#define DAYS_BAD 7
#define DAYS_ADVICE 30

void
app_doctor_daemon(struct app_doctor *d)
{
	struct err e = { ERR_NONE, "" };
	struct buf answer = { 0 }, text = { 0 };

	if (app_control_ask(d->store, "status\n", &answer, &e) == 0) {
		if (app_status_print(buf_view(&answer), &text, &e) != 0)
			app_doctor_say(d, APP_DOCTOR_BAD, "cretula status",
			    "a stream of the daemon is in trouble");
	} else if (e.code == ERR_BUSY) {
		app_doctor_say(d, APP_DOCTOR_ADVICE, "cretula status", "%s", e.text);
	} else if (e.code != ERR_INPUT) {
		app_doctor_say(d, APP_DOCTOR_ADVICE, "systemctl start cretula", "%s", e.text);
	}
	buf_free(&answer);
	buf_free(&text);
}

/* ---- the disk ---- */

struct growth {
	uint64_t bytes; /* sealed within the last week */
	int64_t first_us, newest_us;
};

static void
see_growth(struct app_records *r, int64_t now_us, struct growth *g)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t at = 0;

	while (entry != NULL && app_records_entry(r, &at, entry, NULL) == 0) {
		if (entry->t_us > g->newest_us)
			g->newest_us = entry->t_us;
		if (entry->t_us < now_us - WEEK_US)
			continue;
		if (g->first_us == 0 || entry->t_us < g->first_us)
			g->first_us = entry->t_us;
		g->bytes += entry->of.segment.file_size;
	}
	free(entry);
}

static void
see_stores_growth(const struct app_doctor *d, int64_t now_us, struct growth *g)
{
	struct app_snapshot *s = malloc(sizeof(*s));

	if (s != NULL && app_offline_snapshot(d->store, 0, s, NULL) == 0) {
		for (unsigned i = 0; i < s->count; i++) {
			struct app_records r;

			if (app_records_open(&r, d->store, s->streams[i].name, NULL, NULL, NULL) ==
			    0)
				see_growth(&r, now_us, g);
			app_records_close(&r);
		}
	}
	free(s);
}

/* At the pace of the last days. */
static void
forecast(struct app_doctor *d, const struct growth *g, int64_t now_us, uint64_t space)
{
	int64_t over_us = now_us - g->first_us;
	char free_bytes[32];
	double days;

	if (g->bytes == 0 || over_us < DAY_US / 24)
		return;
	days = (double)space / ((double)g->bytes / (double)over_us * (double)DAY_US);
	(void)num_print_bytes(free_bytes, space);
	if (days < DAYS_ADVICE)
		app_doctor_say(d, days < DAYS_BAD ? APP_DOCTOR_BAD : APP_DOCTOR_ADVICE, "df -h",
		    "%s are free: at the pace of the last days that is enough for %.0f days",
		    free_bytes, days);
}

static void
say_budget(struct app_doctor *d, const struct app_budget *b, uint64_t space)
{
	char limit[32], bytes[32];

	(void)num_print_bytes(limit, b->limit);
	if (b->room.over > 0) {
		(void)num_print_bytes(bytes, b->room.over);
		app_doctor_say(d, APP_DOCTOR_BAD, "cretula retain --dry-run --config FILE",
		    "the store would take %s more than its budget (disk: %s) if all went that "
		    "may: nothing goes for it, and nothing is taken in",
		    bytes, limit);
	} else if (b->limit > b->used && b->limit - b->used > space) {
		app_doctor_say(d, APP_DOCTOR_BAD, "df -h",
		    "the disk is full before the budget of the store (disk: %s) is", limit);
	} else if (b->days != -1 && b->days < DAYS_ADVICE) {
		app_doctor_say(d, APP_DOCTOR_ADVICE, "cretula retain --dry-run --config FILE",
		    "at the pace of the last week the budget of the store (disk: %s) is used up "
		    "in %d days: then the oldest records go before their term",
		    limit, b->days);
	}
}

static void
say_small(struct app_doctor *d)
{
	struct buf text = { 0 };

	if (app_budget_small(d->config, &text) && buf_ok(&text))
		app_doctor_say(d, APP_DOCTOR_ADVICE, "a larger disk:, or retain: { least: 7d }",
		    "%.*s", (int)text.len, text.data);
	buf_free(&text);
}

/* `disk:` of the configuration: what it leaves, and whether the disk has it. */
static void
see_budget(struct app_doctor *d, const struct statvfs *fs, int64_t now_us)
{
	uint64_t limit = d->config == NULL ? 0 : d->config->disk;
	struct app_retain_names *names = malloc(sizeof(*names));
	struct app_budget b = { .store = d->store, .limit = limit, .now_us = now_us, .days = -1 };
	struct app_budget_stream *streams = NULL;
	struct err e = { ERR_NONE, "" };

	if (limit == 0 || names == NULL || app_retain_names(d->store, names, NULL) == -1 ||
	    (streams = calloc(names->count + 1, sizeof(*streams))) == NULL)
		goto out;
	for (size_t i = 0; i < names->count; i++)
		if (app_retain_policy(d->config, names->name[i], &streams[b.count].policy))
			memcpy(streams[b.count++].name, names->name[i], sizeof(streams[0].name));
	b.streams = streams;
	say_small(d);
	if (app_budget_find(&b, &e) == 0)
		say_budget(d, &b, (uint64_t)fs->f_bavail * fs->f_frsize);
	else
		app_doctor_say(d, APP_DOCTOR_BAD, "ls -lR STORE", "%s", e.text);
out:
	free(streams);
	free(names);
}

void
app_doctor_disk(struct app_doctor *d)
{
	int64_t now_us = clock_now_us();
	struct growth g = { 0 };
	struct statvfs fs;
	uint64_t space;

	if (statvfs(d->store, &fs) == -1)
		return;
	space = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (fs.f_blocks > 0 && fs.f_bavail * 20 < fs.f_blocks)
		app_doctor_say(
		    d, APP_DOCTOR_BAD, "df -h", "less than 5 %% of the store's disk is free");
	if (fs.f_files > 0 && fs.f_favail * 20 < fs.f_files)
		app_doctor_say(
		    d, APP_DOCTOR_BAD, "df -i", "less than 5 %% of the disk's inodes are free");
	see_stores_growth(d, now_us, &g);
	if (g.newest_us > now_us + DAY_US / 24)
		app_doctor_say(d, APP_DOCTOR_BAD, "timedatectl",
		    "the newest entry of the store is later than the clock: it went back");
	forecast(d, &g, now_us, space);
	see_budget(d, &fs, now_us);
}
