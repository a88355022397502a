#include "audit/live/moving.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "audit/live/live.h"
#include "base/clock.h"
#include "base/num.h"

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
bool
audit_is_warm(const struct audit_chain *chain)
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
	    S_ISREG(st.st_mode) && (uint64_t)st.st_size > chain->lines.bytes);
}

void
audit_pause(unsigned attempt)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS << attempt };

	pause.tv_sec = pause.tv_nsec / 1000000000;
	pause.tv_nsec %= 1000000000;
	(void)nanosleep(&pause, NULL);
}

/* ---- what came since ---- */

/* The number in front of rest of "dir/NNNNNNNN..."; 0: not in dir. */
static uint64_t
number_in(const char *file, const char *dir)
{
	size_t len = strlen(dir);
	uint64_t n = 0;

	if (strncmp(file, dir, len) == 0)
		(void)num_u64(span_of(file + len, strspn(file + len, "0123456789")), &n);
	return (n);
}

static void
take_out(struct audit_list *list, size_t i)
{
	list->of_code[list->items[i].code]--;
	list->count--;
	memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(list->items[0]));
}

void
audit_list_back(struct audit_list *list, const struct audit_list *before)
{
	struct audit_list old = *before;

	old.items = list->items; /* they may have moved */
	old.size = list->size;
	*list = old;
}

/* A file that the entry names. */
static bool
names(const struct seal_entry *entry, const char *file)
{
	uint64_t seg = number_in(file, "seg/");

	if (entry->type == SEAL_ANCHOR)
		return (span_is(entry->of.anchor.file.name, file));
	return (seg != 0 &&
	    ((entry->type == SEAL_SEGMENT && entry->of.segment.seg == seg) ||
		(entry->type == SEAL_REDACT && entry->of.redact.seg == seg)));
}

static void
excuse_files(void *arg, uint64_t i, const struct seal_entry *entry)
{
	struct audit_list *list = arg;

	(void)i;
	for (size_t k = list->count; k-- > 0;)
		if (list->items[k].code == AUDIT_W_UNKNOWN_FILE &&
		    names(entry, list->items[k].file))
			take_out(list, k);
}

/* Of the end of the chain as it was. */
static bool
is_outgrown(const struct audit_finding *f, uint64_t count, uint64_t now)
{
	uint64_t note = number_in(f->file, "cp/");

	if (f->code == AUDIT_E_CHAIN_TRUNCATED)
		return (f->entry != AUDIT_NONE && f->entry + f->count <= now);
	return (f->code == AUDIT_E_CHAIN_TORN || (note > count && note <= now));
}

/* Could an entry that came since explain it? */
static bool
is_excusable(const struct audit_finding *f, uint64_t count)
{
	return (is_outgrown(f, count, UINT64_MAX) ||
	    (f->code == AUDIT_W_UNKNOWN_FILE &&
		(number_in(f->file, "seg/") != 0 || number_in(f->file, "anchor/") != 0)));
}

static bool
has_excusable(const struct audit_chain *chain)
{
	for (size_t k = 0; k < chain->list.count; k++)
		if (is_excusable(&chain->list.items[k], chain->count))
			return (true);
	return (false);
}

/* Is an error left, told or one too many? */
static bool
has_error(const struct audit_list *list)
{
	bool error = list->count == list->max;

	for (size_t k = 0; k < list->count; k++)
		error = error || audit_code_severity[list->items[k].code] == AUDIT_ERROR;
	return (error && list->has_error);
}

static void
excuse(struct audit_chain *chain)
{
	struct audit_list *list = &chain->list;
	uint64_t now = audit_appended(chain, excuse_files, list);

	for (size_t k = list->count; k-- > 0 && now > chain->count;)
		if (is_outgrown(&list->items[k], chain->count, now))
			take_out(list, k);
	list->has_error = has_error(list);
}

/* ---- all of it again ---- */

static bool
may_pass(const struct audit_chain *chain)
{
	bool may = false;

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		may = may || chain->list.of_code[passing[i]] > 0;
	return (may);
}

bool
audit_is_moving(struct audit_chain *chain, unsigned attempt)
{
	if (chain->lines.items == NULL) { /* its directory is there, its chain is coming */
		if (!audit_is_young(chain->dirfd, "."))
			return (false);
		audit_pause(attempt);
		return (true);
	}
	/* The chain takes long to check; what came since does not. */
	for (unsigned i = 0; i + 1 < AUDIT_ATTEMPTS && has_excusable(chain); i++) {
		if (audit_has_grown(chain))
			excuse(chain);
		if (!has_excusable(chain) || !audit_is_warm(chain))
			break;
		audit_pause(i);
	}
	if (!may_pass(chain) || !audit_is_warm(chain))
		return (false);
	audit_pause(attempt);
	return (true);
}
