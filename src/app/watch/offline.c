/* app: what a store says of itself while no daemon runs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "app/watch/disk.h"
#include "app/watch/offline.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "store/chain.h"
#include "store/layout.h"

/* A report that a daemon sealed of its own store; the newest one is shown. */
static void
see_report(const struct seal_entry *entry, size_t index, struct app_rhythm *rhythm,
    struct app_verified *v)
{
	if (!span_is(entry->of.report.kind, "verify") || entry->of.report.result > ERR_CONFIG)
		return;
	app_rhythm_see(rhythm, index, entry->t_us, (int)entry->of.report.result);
	memcpy(rhythm->hash, entry->of.report.hash, sizeof(rhythm->hash));
	if (entry->t_us <= v->at_us)
		return;
	v->at_us = entry->t_us;
	v->code = (int)entry->of.report.result;
	memcpy(v->hash, entry->of.report.hash, sizeof(v->hash));
}

static void
see_entry(const struct seal_entry *entry, size_t index, struct app_seen *seen,
    struct app_verified *v)
{
	if (entry->type == SEAL_REPORT)
		see_report(entry, index, &seen->rhythm, v);
	if (entry->type != SEAL_SEGMENT)
		return;
	seen->segments++;
	seen->records += entry->of.segment.n;
	seen->sealed_us = entry->t_us;
	stats_counts_add(&seen->counts, &entry->of.segment.counts);
}

static int
see_stream(int dirfd, const char *name, struct app_snapshot *s, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct app_seen *seen = &s->streams[s->count];
	struct store_chain chain = { 0 };
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = -1;

	memcpy(seen->name, name, strlen(name) + 1);
	stats_counts_clear(&seen->counts);
	if (entry == NULL || fd == -1)
		err_sys(e, ERR_INPUT, "stream %s", name);
	else if (store_chain_read(fd, &chain, e) == 0) {
		rc = 0;
		seen->entries = chain.count;
		for (size_t i = 0; i < chain.count && rc == 0; i++)
			if ((rc = seal_entry_read(
				 store_chain_line(&chain, i), app_names(), entry, e)) == -1)
				(void)err_in(e, "stream %s: entry %zu", name, i);
			else
				see_entry(entry, i, seen, &s->verified);
	}
	store_chain_free(&chain);
	free(entry);
	if (fd != -1)
		(void)close(fd);
	return (rc);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct app_seen *)a)->name, ((const struct app_seen *)b)->name));
}

static int
see_all(int streams_fd, DIR *dir, struct app_snapshot *s, struct err *e)
{
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL && s->count < CONFIG_STREAMS_MAX) {
		if (!store_name_ok(span_str(entry->d_name)))
			continue;
		if (see_stream(streams_fd, entry->d_name, s, e) == -1)
			return (-1);
		s->count++;
	}
	qsort(s->streams, s->count, sizeof(s->streams[0]), by_name);
	for (unsigned i = 0; i < s->count; i++)
		s->disk[i] = app_disk_stream(streams_fd, s->streams[i].name);
	return (0);
}

int
app_offline_snapshot(const char *store, int64_t every_us, struct app_snapshot *s, struct err *e)
{
	int fd = io_open_dir(AT_FDCWD, store, NULL), streams_fd = -1, rc = -1;
	DIR *dir = NULL;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < CONFIG_STREAMS_MAX; i++)
		s->streams[i].rhythm.every_us = every_us;
	s->now_us = clock_now_us();
	(void)strncpy(s->store, store, sizeof(s->store) - 1);
	if (fd != -1)
		streams_fd = openat(fd, "streams", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (streams_fd == -1 && errno == EACCES)
		err_sys(e, ERR_INPUT, "%s: only its user and root may look", store);
	else if (streams_fd == -1 || (dir = fdopendir(dup(streams_fd))) == NULL)
		err_set(e, ERR_INPUT, "%s: no store there", store);
	else
		rc = see_all(streams_fd, dir, s, e);
	if (dir != NULL)
		(void)closedir(dir);
	if (streams_fd != -1)
		(void)close(streams_fd);
	if (fd != -1)
		(void)close(fd);
	return (rc);
}
