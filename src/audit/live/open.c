/*
 * open/: what is not sealed yet, looked at without keys.  At most two
 * segments, the older one whole.  A writer may be at work: the caller reads
 * again what does not fit.
 */
#include <stdio.h>
#include <string.h>

#include "audit/live/live.h"
#include "audit/live/moving.h"
#include "audit/live/open.h"
#include "base/err.h"
#include "store/layout.h"

#define OPEN_DATA 1u
#define OPEN_TAGS 2u
#define OPEN_SALT 4u
#define OPEN_ALL (OPEN_DATA | OPEN_TAGS | OPEN_SALT)
#define OPEN_MAX 2

struct looking {
	struct audit_chain *chain;
	uint64_t sealed;
	struct {
		uint64_t number;
		unsigned files;
	} list[OPEN_MAX + 1]; /* the first of them, by number */
	size_t count;
	bool odd; /* a file that is none: what depends on it is not told */
};

static const char *const suffixes[] = { ".data", ".tags", ".salt" };

static void
report(struct audit_chain *chain, enum audit_code code, const char *name, const char *text)
{
	char file[300];
	struct audit_place at;

	(void)snprintf(file, sizeof(file), "open/%s", name);
	at = audit_place(file);
	audit_report(&chain->list, code, &at, "%s", text);
}

/* Its place among those that were found; NULL: it is not of the first. */
static unsigned *
place_of(struct looking *l, uint64_t number)
{
	size_t at = 0;

	while (at < l->count && l->list[at].number < number)
		at++;
	if (at < l->count && l->list[at].number == number)
		return (&l->list[at].files);
	if (at == OPEN_MAX + 1)
		return (NULL);
	if (l->count == OPEN_MAX + 1)
		l->count--;
	memmove(&l->list[at + 1], &l->list[at], (l->count - at) * sizeof(l->list[0]));
	l->list[at].number = number;
	l->list[at].files = 0;
	l->count++;
	return (&l->list[at].files);
}

static void
see_file(void *arg, int dir, const char *name)
{
	struct looking *l = arg;
	uint64_t number = 0;
	bool reserve = strcmp(name, "reserve") == 0;
	unsigned i, *files;

	if (audit_unfinished(name, l->chain->coverage))
		return;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if ((number = audit_number(name, suffixes[i])) != 0)
			break;
	if (number == 0 && !reserve) {
		report(l->chain, AUDIT_W_UNKNOWN_FILE, name, "not of an open segment");
		return;
	}
	if (audit_kind(dir, name) != AUDIT_REGULAR && audit_kind(dir, name) != AUDIT_MISSING) {
		report(l->chain, AUDIT_E_FILE_TYPE, name, "not a regular file");
		l->odd = true;
		return;
	}
	/* Of no segment, or sealed already: the writer's to remove. */
	if (reserve || number <= l->sealed)
		return;
	if ((files = place_of(l, number)) != NULL)
		*files |= 1u << i;
}

/* ---- what there may be ---- */

static void
complain(struct looking *l, size_t i, const char *text)
{
	char file[STORE_PATH_BYTES];
	struct audit_place at;

	(void)snprintf(file, sizeof(file), "open/%08ju", (uintmax_t)l->list[i].number);
	at = audit_place(file);
	at.segment = l->list[i].number;
	audit_report(&l->chain->list, AUDIT_E_OPEN, &at, "%s", text);
}

static bool
is_empty(const struct looking *l, size_t i, const char *suffix)
{
	char path[STORE_PATH_BYTES];

	(void)snprintf(path, sizeof(path), "open/%08ju%s", (uintmax_t)l->list[i].number, suffix);
	return (audit_open_empty(l->chain->dirfd, path));
}

/*
 * A newest one whose first flush did not come yet need not have all of its
 * files; but all are there before the first byte of a record or a flush is.
 */
static bool
is_newborn(const struct looking *l, size_t i)
{
	return (i + 1 == l->count && l->list[i].files != OPEN_ALL && is_empty(l, i, ".tags") &&
	    is_empty(l, i, ".data"));
}

static void
check_all(struct looking *l, const struct audit_ratchet *ratchet, struct audit_open *found)
{
	struct audit_open_reading reading = { .chain = l->chain, .ratchet = *ratchet };

	for (size_t i = 0; i < l->count; i++) {
		reading.newest = i + 1 == l->count;
		if (i == OPEN_MAX)
			complain(l, i, "more than two open segments");
		else if (l->list[i].number != ratchet->sealed + 1 + i)
			complain(l, i, "not the segment that comes next");
		else if (is_newborn(l, i))
			continue;
		else if (l->list[i].files != OPEN_ALL)
			complain(l, i, "files are missing");
		else if (audit_open_read(&reading, l->list[i].number) == 0)
			continue;
		return;
	}
	found->records = reading.records;
	found->flush = reading.g;
	found->flushed = reading.flushed;
}

/* Look at open/: findings go to chain->list, the rest to its coverage. */
static void
check_open(struct audit_chain *chain, const struct audit_ratchet *ratchet)
{
	struct looking l = { .chain = chain, .sealed = ratchet->sealed };
	struct audit_coverage *coverage = chain->coverage;
	struct audit_open found = { .records = 0 };
	enum audit_kind kind = audit_kind(chain->dirfd, "open");
	struct audit_place at = audit_place("open");
	struct err e;

	if (chain->damaged || chain->displaced) {
		chain->list.suppressed++; /* what is sealed is not known */
		return;
	}
	if (kind != AUDIT_MISSING && audit_walk(chain->dirfd, "open", see_file, &l, &e) == -1)
		audit_report(&chain->list, AUDIT_E_FILE_TYPE, &at, "not a directory");
	if (l.odd)
		chain->list.suppressed++;
	else
		check_all(&l, ratchet, &found);
	found.gone = ratchet->running && l.count == 0 && !l.odd;
	if (!found.gone && !found.flushed)
		return;
	(void)snprintf(found.stream, sizeof(found.stream), "%s", chain->name);
	if (coverage->open_count < AUDIT_OPENS)
		coverage->open[coverage->open_count] = found;
	coverage->open_count++;
}

/* ---- beside a writer ---- */

static void
see_appended(void *arg, uint64_t i, const struct seal_entry *entry)
{
	struct audit_ratchet *ratchet = arg;

	(void)i;
	audit_ratchet_see(ratchet, entry);
}

/*
 * What lies in open/ fits the chain as it is now, not as it was read: entries
 * that came since are taken into account.  A few attempts, until both fit.
 */
void
audit_live_check(struct audit_chain *chain)
{
	struct audit_ratchet sealed, now;
	struct audit_coverage coverage;
	struct audit_list before;

	audit_ratchet_check(chain, &sealed);
	before = chain->list;
	coverage = *chain->coverage;
	for (unsigned attempt = 0;; attempt++) {
		now = sealed;
		(void)audit_appended(chain, see_appended, &now);
		check_open(chain, &now);
		if (chain->list.count == before.count || attempt + 1 == AUDIT_ATTEMPTS ||
		    !audit_is_warm(chain))
			break;
		audit_pause(attempt);
		audit_list_back(&chain->list, &before);
		*chain->coverage = coverage;
	}
}
