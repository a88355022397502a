#include "app/key/live.h"

#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "app/pipe/clock.h"
#include "app/setup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "store/layout.h"
#include "store/periods.h"
#include "store/store.h"

/* ---- what is named ---- */

static int
read_config(const struct app_args *args, struct app_key_live *l, struct err *e)
{
	const char *path = app_arg(args, "config");

	return (
	    path != NULL ? app_config_load(path, &l->config, e) : config_default(&l->config, e));
}

static int
find_paths(const struct app_args *args, bool store, struct app_key_live *l, struct err *e)
{
	struct stat st;

	l->store_path = app_arg(args, "store");
	if (l->store_path == NULL && l->config->store[0] != '\0')
		l->store_path = l->config->store;
	l->keys_path = app_arg(args, "keys");
	if (l->keys_path == NULL && l->config->keys[0] != '\0')
		l->keys_path = l->config->keys;
	if (l->keys_path == NULL && l->store_path != NULL &&
	    store_keys_beside(l->store_path, l->beside, sizeof(l->beside)))
		l->keys_path = l->beside;
	if (store && l->store_path == NULL)
		return (err_set(e, ERR_USAGE, "--store DIR is needed"));
	if (l->keys_path == NULL)
		return (err_set(e, ERR_USAGE, "--keys DIR or --store DIR is needed"));
	/* Opening would make one. */
	if (l->store_path != NULL && stat(l->store_path, &st) == -1)
		return (err_sys(e, ERR_INPUT, "%s", l->store_path));
	return (0);
}

static void
find_graces(struct app_key_live *l)
{
	struct config_stream fallback;
	const struct config_stream *s = config_stream_find(l->config, "default", &fallback);

	if (l->config->stream_count > 0)
		s = &l->config->streams[0];
	memcpy(l->grace_us, s->grace_us, sizeof(l->grace_us));
	for (unsigned i = 1; i < l->config->stream_count; i++)
		for (int p = 0; p < KEY_PERIOD_COUNT; p++)
			if (l->config->streams[i].grace_us[p] < l->grace_us[p])
				l->grace_us[p] = l->config->streams[i].grace_us[p];
}

/* ---- streams ---- */

static int
take_stream(struct app_key_live *l, const char *name, struct err *e)
{
	struct app_key_stream *s = &l->streams[l->stream_count];
	int fd = key_open_stream(l->keys_fd, name, false, NULL), rc;

	if (fd == -1)
		return (0);
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	rc = app_epochs_read(fd, &s->used, e);
	(void)close(fd);
	l->stream_count++;
	return (rc == 0 ? 0 : err_in(e, "keys of stream %s", name));
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct app_key_stream *)a)->name,
	    ((const struct app_key_stream *)b)->name));
}

static int
take_streams(struct app_key_live *l, struct err *e)
{
	int fd = dup(l->keys_fd), rc = 0;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if ((l->streams = calloc(APP_KEY_STREAMS_MAX, sizeof(*l->streams))) == NULL ||
	    dir == NULL)
		rc = err_sys(e, ERR_IO, "%s", l->keys_path);
	while (rc == 0 && l->stream_count < APP_KEY_STREAMS_MAX && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof(l->streams->name))
			rc = take_stream(l, entry->d_name, e);
	if (dir != NULL)
		(void)closedir(dir);
	if (rc == 0)
		qsort(l->streams, l->stream_count, sizeof(*l->streams), by_name);
	return (rc);
}

/* Does the clock follow from what the chains say of it? */
static int
judge_clock(struct app_key_live *l, struct err *e)
{
	l->now_us = clock_now_us();
	l->sure = true;
	for (size_t i = 0; l->store != NULL && i < l->stream_count; i++) {
		struct app_clock_break broke;
		struct app_clock clock;
		struct store_last last;

		if (store_last(l->store, l->streams[i].name, app_names(), &last, e) == -1)
			return (-1);
		if (app_clock_start(&clock, l->now_us, last.t_us, last.expected_us, &broke) ||
		    !app_clock_is_sure(&clock))
			l->sure = false;
	}
	return (0);
}

/* ---- the whole ---- */

static int
open_store(struct app_key_live *l, struct err *e)
{
	bool created;

	return (store_open(l->store_path, l->keys_path, &l->store, &created, e));
}

int
app_key_live_find(
    const struct app_args *args, bool store, struct app_key_live *l, struct err *e)
{
	*l = (struct app_key_live){ .keys_fd = -1 };
	if (read_config(args, l, e) == -1)
		return (-1);
	return (find_paths(args, store, l, e));
}

int
app_key_live_open(
    const struct app_args *args, bool store, struct app_key_live *l, struct err *e)
{
	if (app_key_live_find(args, store, l, e) == -1)
		return (-1);
	return (app_key_live_load(l, e));
}

int
app_key_live_load(struct app_key_live *l, struct err *e)
{
	if ((l->store_path != NULL && open_store(l, e) == -1) ||
	    (l->keys_fd = key_open_dir(l->keys_path, e)) == -1 ||
	    key_ring_open(l->keys_fd, &l->ring, e) == -1 ||
	    app_epochs_of_ring(l->ring, &l->all, e) == -1 || take_streams(l, e) == -1 ||
	    judge_clock(l, e) == -1)
		return (-1);
	find_graces(l);
	if (l->store == NULL)
		return (0);
	return (app_epochs_held(l->store, l->now_us, &l->all, &l->held, &l->hold, e));
}

void
app_key_live_close(struct app_key_live *l)
{
	for (size_t i = 0; i < l->stream_count; i++)
		free(l->streams[i].used.list);
	free(l->streams);
	free(l->all.list);
	free(l->held);
	buf_free(&l->hold);
	key_ring_free(l->ring);
	if (l->keys_fd != -1)
		(void)close(l->keys_fd);
	store_close(l->store);
	config_free(l->config);
}

int64_t
app_key_until_us(const struct app_key_live *l, const struct key_epoch_times *times)
{
	return (times->end_us + l->grace_us[times->period]);
}

enum app_key_state
app_key_state(const struct app_key_live *l, size_t i, struct key_epoch_times *times)
{
	key_ring_times(l->ring, i, times);
	if (l->now_us < times->end_us)
		return (APP_KEY_USED);
	if (l->held != NULL && l->held[i])
		return (APP_KEY_HELD);
	return (l->now_us <= app_key_until_us(l, times) ? APP_KEY_GRACE : APP_KEY_OVER);
}
