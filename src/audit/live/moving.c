#include "audit/live/moving.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <time.h>

#include "base/clock.h"

#define PAUSE_NS 50000000L /* the first; each is twice as long as the one before */
#define YOUNG_S 2 /* a writer that is slower than this between two steps is none */

/* What a writer shows between two steps; docs/format.md 10 to 12. */
static const enum audit_code passing[] = {
	AUDIT_E_ANCHOR, /* its file comes before its entry, which we may have */
	AUDIT_E_CHAIN_TORN, /* half a line */
	AUDIT_E_CHAIN_TRUNCATED, /* notes behind the chain that we read */
	AUDIT_E_CHECKPOINT_MISSING, /* an entry without its note */
	AUDIT_E_CHECKPOINT_ROLLBACK, /* a note that is not the checkpoint yet */
	AUDIT_E_ERASED_SALT_PRESENT, /* files of the revision before go last */
	AUDIT_E_FILE_HASH, AUDIT_E_OPEN, /* a cut, a seal, a start */
	AUDIT_E_PRUNED_STILL_PRESENT, /* files go behind the entry */
	AUDIT_E_TOMBSTONED_RECORD_PRESENT, AUDIT_E_UNSIGNED_ENTRIES,
	AUDIT_W_UNKNOWN_FILE, /* files come before the entry */
};

bool
audit_is_young(int dirfd, const char *path)
{
	struct stat st;

	return (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    clock_now_us() / 1000000 - st.st_mtim.tv_sec <= YOUNG_S);
}

static void
see_open(void *arg, int dir, const char *name)
{
	bool *young = arg;

	*young = *young || audit_is_young(dir, name);
}

/* Was anything written to a moment ago: what a writer writes to, or what was complained of? */
static bool
is_warm(const struct audit_chain *chain)
{
	static const char *const paths[] = { "chain.jsonl", "checkpoint", "cp", "open", "seg" };
	bool young = false;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !young; i++)
		young = audit_is_young(chain->dirfd, paths[i]);
	for (size_t i = 0; i < chain->list.count && !young; i++)
		young = audit_is_young(chain->dirfd, chain->list.items[i].file);
	if (!young)
		(void)audit_walk(chain->dirfd, "open", see_open, &young, NULL);
	return (young);
}

bool
audit_has_grown(const struct audit_chain *chain)
{
	struct stat st;

	return (fstatat(chain->dirfd, "chain.jsonl", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (uint64_t)st.st_size > chain->bytes.len);
}

void
audit_pause(unsigned attempt)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS << attempt };

	pause.tv_sec = pause.tv_nsec / 1000000000;
	pause.tv_nsec %= 1000000000;
	(void)nanosleep(&pause, NULL);
}

bool
audit_is_moving(const struct audit_chain *chain, unsigned attempt)
{
	bool may_pass = false;

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		may_pass = may_pass || chain->list.of_code[passing[i]] > 0;
	if (chain->list.count == 0 || !(audit_has_grown(chain) || (may_pass && is_warm(chain))))
		return (false);
	audit_pause(attempt);
	return (true);
}
