/*
 * app: the live epochs of a pipe: made, destroyed unless they are held, and
 * what the chain says of those that are gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/key/epochs.h"
#include "app/pipe/pipe.h"
#include "app/say.h"
#include "store/store.h"

void
app_pipe_epochs(const struct mask_policy *policy, const struct key_ring *ring, int64_t now_us,
    struct buf *out)
{
	struct mask_epochs all;

	mask_epochs_clear(&all);
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		mask_epochs_add(&all, (enum record_class)c,
		    key_ring_newest(
			ring, policy->epoch[c], key_epoch_index(policy->epoch[c], now_us)));
	mask_epochs_print(&all, policy, out);
}

/* Renamed into its place, the keyring is another file each time it is written. */
bool
app_pipe_keys_changed(struct app_pipe *p)
{
	struct stat now;

	if (fstatat(store_keys_fd(p->how.store), "keyring", &now, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (now.st_ino == p->keyring.st_ino &&
		now.st_mtim.tv_sec == p->keyring.st_mtim.tv_sec &&
		now.st_mtim.tv_nsec == p->keyring.st_mtim.tv_nsec))
		return (false);
	p->keyring = now;
	return (key_ring_differs(p->ring));
}

static int
append_destroy(struct store_live *live, const struct store_gone *gone, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_DESTROY;
	entry->of.destroy.what = span_str(gone->what);
	memcpy(entry->of.destroy.commitment, gone->commitment, 32);
	rc = store_live_append(live, entry, e);
	free(entry);
	return (rc);
}

/* One entry for each of before that after does not have. */
static int
say_destroyed(struct store_live *live, const struct app_epochs *before,
    const struct app_epochs *after, struct err *e)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct store_gone *one = &before->list[i];

		if (app_epochs_have(after, one) ||
		    store_live_says_destroyed(live, one->what, one->commitment))
			continue;
		if (append_destroy(live, one, e) == -1)
			return (-1);
	}
	return (0);
}

/* ---- holds ---- */

struct keeping {
	const struct app_epochs *all;
	bool *held;
};

/* What nobody was asked of is kept. */
static bool
is_kept(void *arg, const char *epoch)
{
	const struct keeping *k = arg;

	for (size_t i = 0; i < k->all->count; i++)
		if (strcmp(k->all->list[i].what, epoch) == 0)
			return (k->held[i]);
	return (true);
}

/* Chains are read only where something would be destroyed. */
static bool
is_any_over(const struct key_ring *ring, size_t count, int64_t now_us, const int64_t *grace_us)
{
	struct key_epoch_times times;

	for (size_t i = 0; i < count; i++) {
		key_ring_times(ring, i, &times);
		if (now_us - times.end_us > grace_us[times.period])
			return (true);
	}
	return (false);
}

/*
 * Turn the ring.  By a clock that is not sure nothing is destroyed, nor while
 * nobody can tell what is held.
 */
static int
turn_ring(struct app_pipe *p, const struct app_epochs *before, int64_t now_us, struct err *e)
{
	const int64_t *grace_us = app_clock_is_sure(&p->clock) ? p->grace_us : NULL;
	struct keeping keeping = { before, NULL };
	struct err why = { ERR_NONE, "" };
	unsigned destroyed;
	int rc;

	if (grace_us != NULL && is_any_over(p->ring, before->count, now_us, grace_us) &&
	    app_epochs_held(p->how.store, now_us, before, &keeping.held, NULL, &why) == -1) {
		app_pipe_warn(p, "no key is destroyed, for it is not known what is held: %s",
		    why.text);
		grace_us = NULL;
	}
	if (keeping.held != NULL)
		key_ring_keep(p->ring, is_kept, &keeping);
	rc = key_ring_live(p->ring, now_us, grace_us, &destroyed, e);
	key_ring_keep(p->ring, NULL, NULL);
	free(keeping.held);
	return (rc);
}

int
app_pipe_turn(struct app_pipe *p, int64_t now_us, struct err *e)
{
	struct app_epochs before = { NULL, 0 }, known = { NULL, 0 }, after = { NULL, 0 };
	int fd = key_open_stream(store_keys_fd(p->how.store), p->how.name, false, e), rc = -1;

	if (fd == -1)
		return (-1);
	if (app_epochs_read(fd, &known, e) == 0 &&
	    app_epochs_of_ring(p->ring, &before, e) == 0 &&
	    turn_ring(p, &before, now_us, e) == 0 &&
	    app_epochs_of_ring(p->ring, &after, e) == 0 &&
	    say_destroyed(p->live, &known, &after, e) == 0 &&
	    say_destroyed(p->live, &before, &after, e) == 0)
		rc = app_epochs_same(&known, &after) ? 0 : app_epochs_write(fd, &after, e);
	free(before.list);
	free(known.list);
	free(after.list);
	(void)close(fd);
	return (rc);
}

int
app_pipe_turn_first(struct app_pipe *p, struct err *e)
{
	struct buf named = { 0 }, now = { 0 };
	int rc;

	app_pipe_epochs(p->setup.policy, p->ring, p->turn_us, &named);
	rc = app_pipe_turn(p, p->turn_us, e);
	app_pipe_epochs(p->setup.policy, p->ring, p->turn_us, &now);
	p->changed = !buf_ok(&named) || !buf_ok(&now) ||
	    !span_equal(buf_view(&named), buf_view(&now));
	buf_free(&named);
	buf_free(&now);
	return (rc);
}
