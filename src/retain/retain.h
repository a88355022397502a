/*
 * retain: how long what is sealed is kept.
 *
 * Pure: a policy, the segments that are there, the holds in force and a time
 * give a plan.  Whoever carries it out looks again at what it is about to do
 * (store/erase/erase.h).
 */
#ifndef CRETULA_RETAIN_RETAIN_H
#define CRETULA_RETAIN_RETAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "seal/lists.h"

struct err;

#define RETAIN_DAY_US INT64_C(86400000000)
#define RETAIN_FOREVER INT64_MAX

/* ---- policy ---- */

/* What has a term of its own, by name. */
enum retain_tier {
	RETAIN_ACCESS, /* records of who looked at what */
	RETAIN_AGGREGATES, /* what was counted */
	RETAIN_ARCHIVE, /* records that a second, stricter pass left */
	RETAIN_DETAIL, /* records */
	RETAIN_QUARANTINE, /* sealed lines that could not be read */
	RETAIN_TIER_COUNT
};
extern const char *const retain_tier_names[RETAIN_TIER_COUNT];

struct retain_bounds {
	int64_t given_us; /* if the policy does not say; 0: as without a preset */
	int64_t min_us, max_us; /* 0: none */
};

/*
 * A text that somebody follows.  Where it counts months, given_us is the
 * longest that so many months are, min_us the shortest, max_us the longest.
 */
struct retain_preset {
	const char *name;
	const char *text; /* where it stands, and what it says */
	struct retain_bounds tiers[RETAIN_TIER_COUNT];
	int64_t kept_min_us; /* detail or archive, whichever is longer; 0: none */
};
extern const struct retain_preset retain_presets[]; /* "none" first, the others by name */
extern const unsigned retain_preset_count;
/* Their names, blank-separated, in that order. */
#define RETAIN_PRESET_WORDS "none 30d 60d 90d cnil hipaa iso-27001 pci-dss soc-2"

struct retain_policy {
	unsigned preset; /* index of retain_presets */
	int64_t term_us[RETAIN_TIER_COUNT]; /* 0: not said */
	int64_t least_us; /* no record that is younger makes room (room.h); 0: not said */
};

/*
 * The term in force.  Without one: detail 90 days, access a year, quarantine as
 * long as the detail, no archive (0), aggregates RETAIN_FOREVER.
 */
int64_t retain_term(const struct retain_policy *policy, enum retain_tier tier);

/*
 * Can all of it be kept at once?  -1: ERR_CONFIG, and *blamed is the tier that
 * should be another (its term, if it has one; else the preset gave it).
 */
int retain_policy_check(
    const struct retain_policy *policy, enum retain_tier *blamed, struct err *e);

/* "30d", "36h", "90s", "for good": as a policy says it. */
void retain_print_term(int64_t us, struct buf *out);
/* The rule of a prune entry: "detail 30d", "detail 366d pci-dss". */
void retain_print_rule(const struct retain_policy *policy, enum retain_tier tier, struct buf *out);

/* ---- plan ---- */

struct retain_segment {
	uint64_t seg;
	int64_t sealed_us; /* t of its entry */
	int64_t newest_us; /* of its records, rounded up; 0: there were none */
	bool live; /* else it was imported: records count by their own time */
	bool gone; /* pruned before, or without anything of the tier */
	uint64_t records, bytes;
};

/* A hold in force.  Texts and ranges are borrowed. */
struct retain_hold {
	struct span id;
	const struct seal_range *ranges;
	size_t range_count;
	bool has_onward;
	uint64_t onward; /* this segment and all behind it */
};

enum retain_action {
	RETAIN_KEEP, /* its term is not over */
	RETAIN_PRUNE, /* its term is over */
	RETAIN_HELD, /* its term is over, and a hold keeps it */
	RETAIN_GONE,
	RETAIN_ROOM, /* its term is not over, and it makes room */
	RETAIN_ACTION_COUNT
};

struct retain_row {
	enum retain_action action;
	int64_t from_us; /* what its term counts from */
	int64_t due_us; /* when its term is over; RETAIN_FOREVER */
	size_t hold; /* index of the first that names it, whatever its term; SIZE_MAX: none */
};

struct retain_sum {
	uint64_t segments, records, bytes;
};

struct retain_plan {
	struct retain_row *rows; /* one for each segment, in that order */
	size_t count;
	struct retain_sum sums[RETAIN_ACTION_COUNT];
	int64_t next_us; /* the first due_us of those that are kept; RETAIN_FOREVER: none */
};

struct retain_ask {
	const struct retain_segment *segments; /* ascending by number */
	size_t count;
	const struct retain_hold *holds;
	size_t hold_count;
	int64_t term_us, now_us;
	/* Only with room: what counts from until then goes too, unless it is younger than least. */
	bool room;
	int64_t room_us, least_us;
};

/* What becomes of each segment.  Records of the future count by their seal.  -1: no memory. */
int retain_plan_make(const struct retain_ask *ask, struct retain_plan *plan, struct err *e);
void retain_plan_free(struct retain_plan *plan);

/*
 * The segments of that action as runs, from *at on, at most max; *at moves on.
 * Returns how many runs.
 */
size_t retain_plan_runs(const struct retain_plan *plan, const struct retain_segment *segments,
    enum retain_action action, size_t *at, struct seal_range *runs, size_t max);

#endif
