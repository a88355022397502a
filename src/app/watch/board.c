#include "app/watch/board.h"

#include <sys/statvfs.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/watch/disk.h"
#include "base/clock.h"
#include "base/err.h"

#define DISK_NS INT64_C(60000000000)

int
app_board_open(struct app_board *b, struct err *e)
{
	memset(b, 0, sizeof(*b));
	b->store_fd = -1;
	b->since_us = clock_now_us();
	if (pthread_mutex_init(&b->lock, NULL) != 0)
		return (err_set(e, ERR_IO, "out of memory"));
	return (0);
}

void
app_board_close(struct app_board *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		app_figures_close(&b->rows[i]->figures);
		free(b->rows[i]);
	}
	b->count = 0;
	buf_free(&b->report);
	if (b->store_fd > 0)
		(void)close(b->store_fd);
	b->store_fd = -1;
}

int
app_board_store(struct app_board *b, const char *path, struct err *e)
{
	char *real = realpath(path, NULL);

	if (real == NULL || strlen(real) >= sizeof(b->store)) {
		free(real);
		return (err_sys(e, ERR_IO, "%s", path));
	}
	memcpy(b->store, real, strlen(real) + 1);
	free(real);
	b->store_fd = open(b->store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (b->store_fd == -1 ? err_sys(e, ERR_IO, "%s", path) : 0);
}

/* ---- rows; under the lock ---- */

static unsigned
find(const struct app_board *b, const char *name)
{
	unsigned i = 0;

	while (i < b->count && strcmp(b->rows[i]->figures.now.name, name) != 0)
		i++;
	return (i);
}

static struct app_figures *
add(struct app_board *b, const char *name)
{
	struct app_board_row *row;

	if (b->count == CONFIG_STREAMS_MAX || (row = calloc(1, sizeof(*row))) == NULL)
		return (NULL);
	app_figures_open(&row->figures, name);
	b->rows[b->count++] = row;
	return (&row->figures);
}

struct app_figures *
app_board_take(struct app_board *b, const char *name)
{
	struct app_figures *f;
	unsigned i;

	pthread_mutex_lock(&b->lock);
	i = find(b, name);
	f = i < b->count ? &b->rows[i]->figures : add(b, name);
	pthread_mutex_unlock(&b->lock);
	return (f);
}

void
app_board_drop(struct app_board *b, const char *name)
{
	unsigned i;

	pthread_mutex_lock(&b->lock);
	i = find(b, name);
	if (i < b->count) {
		app_figures_close(&b->rows[i]->figures);
		free(b->rows[i]);
		b->count--;
		memmove(&b->rows[i], &b->rows[i + 1],
		    (b->count - i) * sizeof(struct app_board_row *));
	}
	pthread_mutex_unlock(&b->lock);
}

void
app_board_reloaded(struct app_board *b, bool taken)
{
	pthread_mutex_lock(&b->lock);
	b->reloads += taken;
	b->refused += !taken;
	pthread_mutex_unlock(&b->lock);
}

void
app_board_verified(struct app_board *b, const struct app_verified *v, struct buf *report)
{
	pthread_mutex_lock(&b->lock);
	b->verified = *v;
	buf_free(&b->report);
	if (report != NULL) {
		b->report = *report;
		*report = (struct buf){ 0 };
	}
	pthread_mutex_unlock(&b->lock);
}

void
app_board_report(struct app_board *b, const struct app_verified *v)
{
	pthread_mutex_lock(&b->lock);
	for (unsigned i = 0; i < b->count; i++)
		app_figures_owe(&b->rows[i]->figures, APP_REPORT_VERIFY, v->code, v->hash);
	pthread_mutex_unlock(&b->lock);
}

bool
app_board_canary(
    struct app_board *b, const char *name, int code, const unsigned char hash[static 32])
{
	bool there;
	unsigned i;

	pthread_mutex_lock(&b->lock);
	i = find(b, name);
	there = i < b->count;
	if (there)
		app_figures_owe(&b->rows[i]->figures, APP_REPORT_CANARY, code, hash);
	pthread_mutex_unlock(&b->lock);
	return (there);
}

int
app_board_wish(struct app_board *b, const char *name, const struct app_wish *wish)
{
	struct app_seen seen = { .state = APP_FAILED };
	unsigned i;
	int rc = -1;

	pthread_mutex_lock(&b->lock);
	i = find(b, name);
	if (i < b->count) {
		app_figures_copy(&b->rows[i]->figures, &seen);
		rc = seen.state == APP_READING || seen.state == APP_STARTING ||
		    seen.state == APP_FULL;
		if (rc == 1)
			app_figures_ask(&b->rows[i]->figures, wish);
	}
	pthread_mutex_unlock(&b->lock);
	return (rc);
}

void
app_board_last(struct app_board *b, struct buf *out)
{
	pthread_mutex_lock(&b->lock);
	buf_span(out, buf_view(&b->report));
	pthread_mutex_unlock(&b->lock);
}

/* ---- the disk ---- */

static uint64_t
count_disk(const struct app_board *b, struct app_board_row *row, int64_t now_ns)
{
	int fd;

	if (b->store_fd != -1 && (row->disk_ns == 0 || now_ns - row->disk_ns > DISK_NS)) {
		fd = openat(b->store_fd, "streams", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		row->disk = fd == -1 ? 0 : app_disk_stream(fd, row->figures.now.name);
		row->disk_ns = now_ns;
		if (fd != -1)
			(void)close(fd);
	}
	return (row->disk);
}

/* ---- all of it ---- */

void
app_board_snapshot(struct app_board *b, struct app_snapshot *s)
{
	struct statvfs fs;

	memset(s, 0, sizeof(*s));
	s->running = true;
	s->now_us = clock_now_us();
	s->now_ns = clock_mono_ns();
	s->pid = (uint64_t)getpid();
	app_budget_seen(&s->budget);
	pthread_mutex_lock(&b->lock);
	s->since_us = b->since_us;
	memcpy(s->store, b->store, sizeof(s->store));
	s->reloads = b->reloads;
	s->refused = b->refused;
	s->verified = b->verified;
	s->has_space = b->store_fd != -1 && fstatvfs(b->store_fd, &fs) == 0;
	if (s->has_space) {
		s->space_free = (uint64_t)fs.f_bavail * fs.f_frsize;
		s->space_total = (uint64_t)fs.f_blocks * fs.f_frsize;
	}
	for (; s->count < b->count; s->count++) {
		app_figures_copy(&b->rows[s->count]->figures, &s->streams[s->count]);
		s->disk[s->count] = count_disk(b, b->rows[s->count], s->now_ns);
	}
	pthread_mutex_unlock(&b->lock);
}

bool
app_snapshot_good(const struct app_snapshot *s)
{
	bool good = s->running;

	for (unsigned i = 0; i < s->count; i++)
		good = good && app_state_good[s->streams[i].state];
	return (good);
}
