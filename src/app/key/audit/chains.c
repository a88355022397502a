/* What epochs and chains say of keys. */
#include <sys/file.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/key/audit/audit.h"
#include "app/names.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "crypto/random.h"
#include "key/recovery.h"
#include "seal/segment.h"

#define DAY_US ((int64_t)86400 * 1000000)

/* ---- epochs ---- */

int
app_audit_epochs(struct app_audit *a, struct err *e)
{
	struct key_ring_facts facts;
	unsigned char public_key[32];

	key_ring_describe(a->live.ring, &facts);
	a->import_open = facts.import_open;
	a->oldest_us = INT64_MAX;
	if (key_recovery_public(a->live.keys_fd, public_key, &a->has_recovery, e) == -1)
		return (-1);
	for (size_t i = 0; i < a->live.all.count; i++) {
		struct key_epoch_times times;
		enum app_key_state state = app_key_state(&a->live, i, &times);
		int64_t start_us = key_epoch_start_us(times.period, times.index);

		a->used += state == APP_KEY_USED;
		a->grace += state == APP_KEY_GRACE;
		a->held += state == APP_KEY_HELD;
		a->over += state == APP_KEY_OVER;
		if (start_us < a->oldest_us)
			a->oldest_us = start_us;
		/* A pipe turns once a day. */
		if (state == APP_KEY_OVER &&
		    a->live.now_us > app_key_until_us(&a->live, &times) + DAY_US)
			app_audit_say(&a->findings,
			    "epoch %s: its grace is over for more than a day and its key is there: "
			    "no pipe runs (key destroy --epoch %s)",
			    a->live.all.list[i].what, a->live.all.list[i].what);
	}
	if (!a->live.sure)
		app_audit_say(&a->findings,
		    "the clock is not what the chains expect: no key is destroyed until it is");
	if (a->held > 0)
		app_audit_say(&a->notes, "%zu keys are kept by holds (%.*s)", a->held,
		    (int)a->live.hold.len, a->live.hold.data);
	return (0);
}

/* ---- chains ---- */

static struct app_audit_stream *
stream_of(struct app_audit *a, const char *name)
{
	struct app_audit_stream *more;

	for (size_t i = 0; i < a->stream_count; i++)
		if (strcmp(a->streams[i].name, name) == 0)
			return (&a->streams[i]);
	more = reallocarray(a->streams, a->stream_count + 1, sizeof(*more));
	if (more == NULL)
		return (NULL);
	a->streams = more;
	more += a->stream_count++;
	*more = (struct app_audit_stream){ .oldest_us = INT64_MAX };
	(void)snprintf(more->name, sizeof(more->name), "%s", name);
	return (more);
}

/* Is the key of any epoch in mask_epochs there? */
static bool
is_any_there(const struct app_audit *a, struct span mask_epochs)
{
	struct json_value map, list, item;
	struct json_cursor lists, items;
	struct span key;

	if (json_parse(mask_epochs, &map, NULL) == -1)
		return (true);
	for (json_open(&lists, &map); json_next(&lists, &key, &list);)
		for (json_open(&items, &list); json_next(&items, NULL, &item);)
			for (size_t i = 0; i < a->live.all.count; i++)
				if (span_is(item.text, a->live.all.list[i].what))
					return (true);
	return (false);
}

static void
take_segment(const struct app_audit *a, struct app_audit_stream *s,
    const struct seal_segment *facts, int64_t t_us)
{
	bool import = facts->has_mask_seed;
	bool linkable = import ? a->import_open : is_any_there(a, facts->mask_epochs);
	int64_t min_us = facts->n > 0 && !import ? facts->counts.time_min_us : t_us;

	s->records += facts->n;
	s->unlocked += facts->unlocked;
	if (import && (s->seeds == 0 || memcmp(s->seed, facts->mask_seed, 32) != 0)) {
		memcpy(s->seed, facts->mask_seed, 32);
		s->seeds++;
	}
	if (!linkable || facts->n == 0 || (import && s->seeds == 0))
		return;
	s->linkable += facts->n;
	if (min_us < s->oldest_us)
		s->oldest_us = min_us;
}

static int
take_entry(void *arg, const char *stream, const struct seal_entry *entry, struct err *e)
{
	struct app_audit *a = arg;
	struct app_audit_stream *s = stream_of(a, stream);

	if (s == NULL)
		return (err_sys(e, ERR_IO, "streams"));
	if (entry->type == SEAL_SEGMENT)
		take_segment(a, s, &entry->of.segment, entry->t_us);
	else if (entry->type == SEAL_GENESIS)
		s->escrows += entry->of.genesis.escrow;
	else if (entry->type == SEAL_START)
		s->escrows += span_is(entry->of.start.mode, "escrow");
	else if (entry->type == SEAL_DESTROY && span_is(entry->of.destroy.what, "import") &&
	    s->seeds > 0)
		s->seeds--;
	return (0);
}

/* Whoever writes a stream holds its lock. */
static void
look_at_keys(struct app_audit *a, struct app_audit_stream *s)
{
	int fd = key_open_stream(a->live.keys_fd, s->name, false, NULL), lock;
	struct key_slot slot;

	if (fd == -1)
		return;
	s->signs = key_slot_read(fd, "log.key", "log", &slot, NULL) == 0;
	crypto_wipe(&slot, sizeof(slot));
	if ((lock = io_open(fd, "lock", O_RDONLY | O_NOFOLLOW, 0, NULL)) != -1) {
		s->running = flock(lock, LOCK_SH | LOCK_NB) == -1;
		(void)close(lock);
	}
	(void)close(fd);
}

int
app_audit_chains(struct app_audit *a, struct err *e)
{
	if (a->live.store == NULL)
		return (0);
	if (store_each_entry(a->live.store, app_names(), take_entry, a, e) == -1)
		return (-1);
	for (size_t i = 0; i < a->stream_count; i++) {
		struct app_audit_stream *s = &a->streams[i];

		look_at_keys(a, s);
		if (s->seeds > 0 && !a->import_open)
			app_audit_say(&a->findings,
			    "stream %s: the keys of %zu imports are gone from KEYS, and no entry "
			    "says they were destroyed",
			    s->name, s->seeds);
		else if (s->seeds > 0)
			app_audit_say(&a->notes,
			    "stream %s: the key of an import is kept: unfinished, or --link-epochs",
			    s->name);
		if (s->unlocked > 0)
			app_audit_say(a->swap ? &a->findings : &a->notes,
			    "stream %s: %ju segments were made while keys could be swapped out%s",
			    s->name, (uintmax_t)s->unlocked,
			    a->swap ? ", and there is swap" : "; there is no swap now");
	}
	return (0);
}
