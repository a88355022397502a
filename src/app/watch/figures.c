#include "app/watch/figures.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define RATE_NS INT64_C(1000000000) /* looked at so often */
#define RATE_OVER_NS 10e9 /* what is older weighs less than a third */
#define RATE_LEAST 0.01 /* lines a second: then it is silence */

const char *const app_state_names[APP_STATE_COUNT] = { "starting", "reading", "full", "waiting",
	"ended", "failed" };
const char *const app_report_names[APP_REPORTS] = { "canary", "verify" };
const bool app_state_good[APP_STATE_COUNT] = {
	[APP_STARTING] = true, [APP_READING] = true, [APP_ENDED] = true
};

void
app_figures_open(struct app_figures *f, const char *name)
{
	memset(f, 0, sizeof(*f));
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)strncpy(f->now.name, name, sizeof(f->now.name) - 1);
	stats_counts_clear(&f->now.counts);
	f->rate_ns = clock_mono_ns();
}

void
app_figures_close(struct app_figures *f)
{
	if (f != NULL)
		(void)pthread_mutex_destroy(&f->lock);
}

void
app_figures_copy(struct app_figures *f, struct app_seen *seen)
{
	int64_t a, b;

	pthread_mutex_lock(&f->lock);
	a = f->reader_since_ns;
	b = f->writer_since_ns;
	*seen = f->now;
	pthread_mutex_unlock(&f->lock);
	seen->waits_since_ns = a == 0 || (b != 0 && b < a) ? b : a;
}

void
app_figures_place(struct app_figures *f, const struct input_place *place, const char *rotate)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	input_place_print(place, f->now.place);
	f->now.http = place->kind == INPUT_HTTP;
	(void)strncpy(f->now.rotate, rotate, sizeof(f->now.rotate) - 1);
	pthread_mutex_unlock(&f->lock);
}

/* Behind a session nothing of it waits any more: it is lost, or will be read again. */
void
app_figures_state(struct app_figures *f, enum app_state state)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->now.full_waits += state == APP_FULL;
	f->now.reopened += f->now.state == APP_WAITING && state == APP_READING;
	f->now.state = state;
	if (state != APP_READING && state != APP_FULL)
		f->reader_since_ns = f->writer_since_ns = 0;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_reader(struct app_figures *f, int64_t since_ns, const struct input_live_counts *input)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->reader_since_ns = since_ns;
	f->now.input = *input;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_handed(struct app_figures *f, int64_t since_ns)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->writer_since_ns = since_ns;
	f->reader_since_ns = 0;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_committed(
    struct app_figures *f, const struct stats_counts *counts, uint64_t records, int64_t took_ns)
{
	int64_t now_us = clock_now_us();

	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	stats_counts_add(&f->now.counts, counts);
	f->now.records += records;
	f->now.commits++;
	f->now.committed_us = now_us;
	f->writer_since_ns = 0;
	if (took_ns > f->now.slowest_commit_ns)
		f->now.slowest_commit_ns = took_ns;
	pthread_mutex_unlock(&f->lock);
}

static void
see_rate(struct app_figures *f)
{
	int64_t now_ns = clock_mono_ns(), over_ns = now_ns - f->rate_ns;
	double rate;

	if (over_ns < RATE_NS)
		return;
	rate = (double)(f->now.counts.lines - f->rate_lines) * 1e9 / (double)over_ns;
	f->rate += (rate - f->rate) * (1 - exp(-(double)over_ns / RATE_OVER_NS));
	if (f->rate < RATE_LEAST)
		f->rate = 0;
	f->rate_ns = now_ns;
	f->rate_lines = f->now.counts.lines;
	f->now.per_minute = (uint64_t)(f->rate * 60);
}

void
app_figures_writer(struct app_figures *f, const struct app_writer_seen *w)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	see_rate(f);
	if (w->entries > 0) {
		f->now.entries = w->entries;
		f->now.segments = w->segments;
		f->now.sealed_us = w->sealed_us;
	}
	f->now.next_seal_ns = w->next_seal_ns;
	f->now.next_rotation_us = w->next_rotation_us;
	f->now.rotation_left = w->rotation_left;
	f->now.open_records = w->open_records;
	f->now.open_bytes = w->open_bytes;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_owe(
    struct app_figures *f, enum app_report kind, int code, const unsigned char hash[static 32])
{
	pthread_mutex_lock(&f->lock);
	f->owed[kind].number = ++f->reports;
	f->owed[kind].code = code;
	memcpy(f->owed[kind].hash, hash, sizeof(f->owed[kind].hash));
	pthread_mutex_unlock(&f->lock);
}

bool
app_figures_owed(struct app_figures *f, enum app_report kind, struct app_owed *owed)
{
	if (f == NULL)
		return (false);
	pthread_mutex_lock(&f->lock);
	*owed = f->owed[kind];
	pthread_mutex_unlock(&f->lock);
	return (owed->number > 0);
}

/* A newer one may have come meanwhile. */
void
app_figures_sealed(struct app_figures *f, enum app_report kind, const struct app_owed *owed)
{
	pthread_mutex_lock(&f->lock);
	if (f->owed[kind].number == owed->number)
		f->owed[kind].number = 0;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_lose(struct app_figures *f, const struct app_lost *lost)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	if (f->lost.lines == 0)
		f->lost.expected = lost->expected;
	f->lost.lines += lost->lines;
	pthread_mutex_unlock(&f->lock);
}

bool
app_figures_lost(struct app_figures *f, struct app_lost *lost)
{
	if (f == NULL)
		return (false);
	pthread_mutex_lock(&f->lock);
	*lost = f->lost;
	memset(&f->lost, 0, sizeof(f->lost));
	pthread_mutex_unlock(&f->lock);
	return (lost->lines > 0);
}

uint64_t
app_figures_lost_lines(struct app_figures *f)
{
	uint64_t lines;

	if (f == NULL)
		return (0);
	pthread_mutex_lock(&f->lock);
	lines = f->lost.lines;
	pthread_mutex_unlock(&f->lock);
	return (lines);
}

void
app_figures_raw(struct app_figures *f, const char *word)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	memset(f->now.raw_at_rest, 0, sizeof(f->now.raw_at_rest));
	(void)strncpy(f->now.raw_at_rest, word, sizeof(f->now.raw_at_rest) - 1);
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_format(struct app_figures *f, const char *format, const char *envelope)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	memset(f->now.format, 0, sizeof(f->now.format));
	memset(f->now.envelope, 0, sizeof(f->now.envelope));
	(void)strncpy(f->now.format, format, sizeof(f->now.format) - 1);
	(void)strncpy(f->now.envelope, envelope, sizeof(f->now.envelope) - 1);
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_ask(struct app_figures *f, const struct app_wish *wish)
{
	pthread_mutex_lock(&f->lock);
	f->wish = *wish;
	f->wished = true;
	pthread_mutex_unlock(&f->lock);
}

bool
app_figures_wished(struct app_figures *f, struct app_wish *wish)
{
	bool wished;

	if (f == NULL)
		return (false);
	pthread_mutex_lock(&f->lock);
	wished = f->wished;
	if (wished)
		*wish = f->wish;
	f->wished = false;
	pthread_mutex_unlock(&f->lock);
	return (wished);
}

void
app_figures_errors(struct app_figures *f, uint64_t minute, const struct stats_usual *usual)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->now.errors_minute = minute;
	f->now.errors_usual = *usual;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_detail(struct app_figures *f, enum detail_level least, int64_t until_us)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->now.detail = least;
	if (until_us > f->now.detail_until_us || least == DETAIL_COUNT)
		f->now.detail_until_us = least == DETAIL_COUNT ? 0 : until_us;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_retained(struct app_figures *f, int64_t now_us, const struct retain_sum *sums)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->now.retained_us = now_us;
	f->now.pruned_segments += sums[RETAIN_PRUNE].segments + sums[RETAIN_ROOM].segments;
	f->now.pruned_records += sums[RETAIN_PRUNE].records + sums[RETAIN_ROOM].records;
	f->now.held_segments = sums[RETAIN_HELD].segments;
	pthread_mutex_unlock(&f->lock);
}

void
app_figures_left(struct app_figures *f)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->now.left_tries++;
	pthread_mutex_unlock(&f->lock);
}
