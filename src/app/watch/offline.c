/* app: what a store says of itself while no daemon runs. */
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
#include "store/chain.h"
#include "store/layout.h"
#include "store/read/streams.h"

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
see_all(int streams_fd, const struct buf *names, struct app_snapshot *s, struct err *e)
{
	const char *name;

	for (size_t i = 0;
	     (name = store_streams_name(names, i)) != NULL && s->count < CONFIG_STREAMS_MAX; i++) {
		if (!store_name_ok(span_str(name)))
			continue;
		if (see_stream(streams_fd, name, s, e) == -1)
			return (-1);
		s->disk[s->count++] = app_disk_stream(streams_fd, name);
	}
	return (0);
}

int
app_offline_snapshot(const char *store, int64_t every_us, struct app_snapshot *s, struct err *e)
{
	struct buf names = { 0 };
	int streams_fd, rc = -1;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < CONFIG_STREAMS_MAX; i++)
		s->streams[i].rhythm.every_us = every_us;
	s->now_us = clock_now_us();
	(void)strncpy(s->store, store, sizeof(s->store) - 1);
	if ((streams_fd = store_streams_open(store, e)) == -1 && errno == EACCES)
		(void)err_sys(e, ERR_INPUT, "%s: only its user and root may look", store);
	if (streams_fd != -1 && store_streams(store, &names, e) == 0)
		rc = see_all(streams_fd, &names, s, e);
	buf_free(&names);
	if (streams_fd != -1)
		(void)close(streams_fd);
	return (rc);
}
