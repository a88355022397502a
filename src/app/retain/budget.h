/*
 * app: what a store may take on its disk (`disk:`), and what goes for it.
 *
 * A process that writes streams keeps one budget; while it is over, and nothing
 * may go, all of them wait (app/pipe/full.c).
 */
#ifndef CRETULA_APP_RETAIN_BUDGET_H
#define CRETULA_APP_RETAIN_BUDGET_H

#include "retain/room.h"
#include "store/layout.h"

struct config;

struct app_budget_stream {
	char name[STORE_NAME_MAX + 1];
	struct retain_policy policy;
};

struct app_budget {
	/* in */
	const char *store;
	uint64_t limit; /* bytes */
	int64_t now_us;
	const struct app_budget_stream *streams; /* that may give something */
	size_t count;
	/* out */
	uint64_t used; /* bytes, of all that is in the store */
	struct retain_room room;
	int days; /* until it is used up; -1: it will not be, or nobody knows */
};

/* Records make room, archives and access records do not; nor do streams that cannot be read. */
int app_budget_find(struct app_budget *b, struct err *e);

/*
 * Who measures, finds and prunes for room does so alone, of all processes: else
 * each of them would prune for the same bytes.  Never waits.  -1: somebody does
 * it just now; else for leave, by the same thread.
 */
int app_budget_enter(const char *store);
void app_budget_leave(int entered);

/*
 * Is `disk:` less than what is open of all streams may take, so that what was just
 * sealed goes, or all of them wait?  Then text says so.
 */
bool app_budget_small(const struct config *c, struct buf *text);

/* "disk 200.0 GiB": the rule of a prune entry. */
void app_budget_rule(uint64_t limit, struct buf *out);

/* ---- of this process ---- */

struct app_budget_seen {
	uint64_t limit, used; /* limit 0: there is none */
	bool known; /* used is */
	int days; /* as above; of the last look for it */
	bool over; /* what may go is not enough: capture waits */
};
/* Any thread may call. */
void app_budget_seen(struct app_budget_seen *seen);
void app_budget_see(uint64_t limit, bool known, uint64_t used);
void app_budget_see_days(int days);
/* true: it is time to look how many days it does, for the one who was told. */
bool app_budget_wants_days(int64_t now_ns);

/* One more who finds nothing that may go, or one less. */
void app_budget_over(bool more);
bool app_budget_is_over(void);

#endif
