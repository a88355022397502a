#include "seal/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "seal/past/holds.h"
#include "seal/lists.h"
#include "seal/past/touched.h"

/* Comparisons that all entries of a chain may take together: seconds. */
#define STEPS_MAX (UINT64_C(1) << 27)
#define MOVED_AT_ONCE 4 /* touched records moved in a step, about */

struct seal_history {
	struct seal_past *segments; /* by number */
	size_t count, size;
	size_t rotated; /* how many of them a rotate named */
	size_t pruned;
	struct seal_holds holds;
	uint64_t steps; /* left */
};

int
seal_history_open(struct seal_history **history, struct err *e)
{
	struct seal_history *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	made->steps = STEPS_MAX;
	*history = made;
	return (0);
}

void
seal_history_free(struct seal_history *history)
{
	if (history == NULL)
		return;
	for (size_t i = 0; i < history->count; i++)
		free(history->segments[i].touched);
	free(history->segments);
	seal_holds_free(&history->holds);
	free(history);
}

/* ---- verdicts ---- */

static enum seal_verdict
no_target(struct err *why, const char *text)
{
	(void)err_set(why, ERR_FINDING, "%s", text);
	return (SEAL_VERDICT_TARGET);
}

static enum seal_verdict
too_much(struct err *why)
{
	(void)err_set(why, ERR_INCOMPLETE, "more to compare than is done");
	return (SEAL_VERDICT_OPEN);
}

static enum seal_verdict
of_held(enum seal_held held, struct span id, struct err *why)
{
	if (held == SEAL_HELD_NO)
		return (SEAL_VERDICT_GOOD);
	if (held == SEAL_HELD_OPEN)
		return (too_much(why));
	(void)err_set(why, ERR_FINDING, "hold %.*s", (int)id.len, id.ptr);
	return (SEAL_VERDICT_HELD);
}

/* ---- segments ---- */

/* The place of the first segment from number on. */
static size_t
place_of(const struct seal_history *history, uint64_t number)
{
	size_t low = 0, high = history->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history->segments[middle].seg < number)
			low = middle + 1;
		else
			high = middle;
	}
	return (low);
}

static struct seal_past *
find(const struct seal_history *history, uint64_t number)
{
	size_t place = place_of(history, number);

	if (place == history->count || history->segments[place].seg != number)
		return (NULL);
	return (&history->segments[place]);
}

static uint64_t
next_number(const struct seal_history *history)
{
	return (history->count == 0 ? 1 : history->segments[history->count - 1].seg + 1);
}

/* Is each segment of the range there? */
static bool
is_there(const struct seal_history *history, const struct seal_range *range)
{
	size_t first = place_of(history, range->first), last = place_of(history, range->last);

	return (last < history->count && history->segments[first].seg == range->first &&
	    history->segments[last].seg == range->last &&
	    last - first == range->last - range->first);
}

static bool
are_there(const struct seal_history *history, struct span ranges)
{
	struct seal_range range;
	struct json_cursor c;

	for (seal_ranges_open(ranges, &c); seal_ranges_next(&c, &range);)
		if (!is_there(history, &range))
			return (false);
	return (true);
}

/* A number that does not ascend is wrong at its own entry; here it is not there. */
static int
add_segment(struct seal_history *history, const struct seal_entry *entry, struct err *e)
{
	const struct seal_segment *facts = &entry->of.segment;
	const struct stats_outcome *replay = &facts->counts.replay;
	struct seal_past *segments = history->segments;

	if (facts->seg < next_number(history))
		return (0);
	if (history->count == history->size) {
		size_t size = history->size == 0 ? 64 : history->size * 2;

		if ((segments = reallocarray(segments, size, sizeof(*segments))) == NULL)
			return (err_memory(e));
		history->segments = segments;
		history->size = size;
	}
	segments[history->count++] = (struct seal_past){ .seg = facts->seg,
		.entry = entry->index,
		.n = facts->n,
		.has_tags = facts->has_tags,
		.file_size = facts->file_size,
		.replay = replay->parsed + replay->partial + replay->unparsed };
	return (0);
}

/* ---- holds ---- */

static int
take_hold(struct seal_history *history, const struct seal_entry *entry, enum seal_verdict *verdict,
    struct err *why)
{
	const struct seal_hold *hold = &entry->of.hold;
	enum seal_held same =
	    seal_holds_id(&history->holds, hold->hold, entry->t_us, &history->steps);

	if (same == SEAL_HELD_OPEN)
		*verdict = too_much(why);
	else if (same == SEAL_HELD_YES)
		*verdict = no_target(why, "a hold of that name is in force");
	else if (!are_there(history, hold->segs))
		*verdict = no_target(why, "it names a segment that is not there");
	else if (hold->has_onward && (hold->onward == 0 || hold->onward > next_number(history)))
		*verdict = no_target(why, "onward is no segment up to the one that comes next");
	if (*verdict != SEAL_VERDICT_GOOD)
		return (0);
	seal_holds_drop(&history->holds, hold->hold);
	return (seal_holds_add(&history->holds, hold, entry->index, why));
}

static enum seal_verdict
take_release(struct seal_history *history, const struct seal_entry *entry, struct err *why)
{
	struct span id = entry->of.release.hold;

	switch (seal_holds_id(&history->holds, id, entry->t_us, &history->steps)) {
	case SEAL_HELD_NO: return (no_target(why, "no hold of that name is in force"));
	case SEAL_HELD_OPEN: return (too_much(why));
	default: seal_holds_drop(&history->holds, id); return (SEAL_VERDICT_GOOD);
	}
}

static enum seal_verdict
take_destroy(struct seal_history *history, const struct seal_entry *entry, struct err *why)
{
	struct span id = { NULL, 0 };
	enum seal_held held = seal_holds_epoch(
	    &history->holds, entry->of.destroy.what, entry->t_us, &history->steps, &id);

	return (of_held(held, id, why));
}

/* ---- prune ---- */

static enum seal_verdict
judge_pruned(struct seal_history *history, const struct seal_range *range, struct err *why)
{
	uint64_t count = range->last - range->first + 1;
	size_t first = place_of(history, range->first);

	if (!is_there(history, range))
		return (no_target(why, "it names a segment that is not there"));
	if (count > history->steps)
		return (too_much(why));
	history->steps -= count;
	for (size_t i = first; i < first + count; i++)
		if (history->segments[i].pruned)
			return (no_target(why, "it names a segment that was pruned before"));
	return (SEAL_VERDICT_GOOD);
}

static void
prune(struct seal_history *history, const struct seal_range *range)
{
	size_t first = place_of(history, range->first);
	size_t count = (size_t)(range->last - range->first) + 1;

	for (size_t i = first; i < first + count; i++)
		history->segments[i].pruned = true;
	history->pruned += count;
}

static enum seal_verdict
take_prune(struct seal_history *history, const struct seal_entry *entry, struct err *why)
{
	enum seal_held held = SEAL_HELD_NO;
	enum seal_verdict verdict;
	struct span id = { NULL, 0 };
	struct seal_range range;
	struct json_cursor c;

	for (seal_ranges_open(entry->of.prune.segs, &c); seal_ranges_next(&c, &range);)
		if ((verdict = judge_pruned(history, &range, why)) != SEAL_VERDICT_GOOD)
			return (verdict);
	for (seal_ranges_open(entry->of.prune.segs, &c); seal_ranges_next(&c, &range);) {
		if (held == SEAL_HELD_NO)
			held = seal_holds_segments(
			    &history->holds, &range, entry->t_us, &history->steps, &id);
		prune(history, &range);
	}
	return (of_held(held, id, why));
}

/* ---- redact ---- */

static enum seal_verdict
judge_redact(struct seal_history *history, const struct seal_entry *entry,
    const struct seal_past *past, size_t *fresh, struct err *why)
{
	const struct seal_redact *redact = &entry->of.redact;
	struct seal_range range = { redact->seg, redact->seg };
	struct span id = { NULL, 0 };

	if (past == NULL)
		return (no_target(why, "it names a segment that is not there"));
	if (past->pruned)
		return (no_target(why, "it names a segment that was pruned"));
	if (redact->revision != past->revision + 1)
		return (no_target(why, "its revision is not the next one"));
	if (seal_touched_judge(past, redact->items, fresh, why) == -1)
		return (SEAL_VERDICT_TARGET);
	return (
	    of_held(seal_holds_segments(&history->holds, &range, entry->t_us, &history->steps, &id),
		id, why));
}

static int
take_redact(struct seal_history *history, const struct seal_entry *entry,
    enum seal_verdict *verdict, struct err *why)
{
	const struct seal_redact *redact = &entry->of.redact;
	struct seal_past *past = find(history, redact->seg);
	size_t fresh = 0;
	uint64_t moved;

	*verdict = judge_redact(history, entry, past, &fresh, why);
	if (*verdict == SEAL_VERDICT_TARGET)
		return (0);
	moved = past->touched_count / MOVED_AT_ONCE;
	if (moved > history->steps) {
		*verdict = too_much(why);
		return (0);
	}
	history->steps -= fresh == 0 ? 0 : moved;
	if (seal_touched_add(past, redact->items, fresh, why) == -1)
		return (-1);
	past->revision = redact->revision;
	past->file_size = redact->file_size;
	return (0);
}

/* ---- rotate, replay, derive ---- */

static enum seal_verdict
take_rotate(struct seal_history *history, const struct seal_entry *entry, struct err *why)
{
	struct seal_range range, more, want = { 0, 0 };
	struct json_cursor c;
	bool any;

	if (history->rotated < history->count) {
		want.first = history->segments[history->rotated].seg;
		want.last = history->segments[history->count - 1].seg;
	}
	seal_ranges_open(entry->of.rotate.segs, &c);
	any = seal_ranges_next(&c, &range);
	if (any != (want.first != 0) ||
	    (any &&
		(range.first != want.first || range.last != want.last ||
		    seal_ranges_next(&c, &more))))
		return (no_target(why, "not the segments since the last one"));
	history->rotated = history->count;
	return (SEAL_VERDICT_GOOD);
}

static enum seal_verdict
take_replay(const struct seal_history *history, const struct seal_entry *entry, struct err *why)
{
	const struct seal_replay *replay = &entry->of.replay;
	const struct seal_past *past = find(history, replay->seg);

	if (past == NULL)
		return (no_target(why, "it names a segment that is not there"));
	if (past->replay == replay->n)
		return (SEAL_VERDICT_GOOD);
	(void)err_set(why, ERR_FINDING, "replay: %" PRIu64 " records, sealed %" PRIu64, replay->n,
	    past->replay);
	return (SEAL_VERDICT_COUNTS);
}

/* ---- all of them ---- */

int
seal_history_take(struct seal_history *history, const struct seal_entry *entry,
    enum seal_verdict *verdict, struct err *why)
{
	*verdict = SEAL_VERDICT_GOOD;
	switch (entry->type) {
	case SEAL_SEGMENT: return (add_segment(history, entry, why));
	case SEAL_HOLD: return (take_hold(history, entry, verdict, why));
	case SEAL_REDACT: return (take_redact(history, entry, verdict, why));
	case SEAL_DESTROY: *verdict = take_destroy(history, entry, why); break;
	case SEAL_PRUNE: *verdict = take_prune(history, entry, why); break;
	case SEAL_RELEASE: *verdict = take_release(history, entry, why); break;
	case SEAL_REPLAY: *verdict = take_replay(history, entry, why); break;
	case SEAL_ROTATE: *verdict = take_rotate(history, entry, why); break;
	case SEAL_DERIVE:
		if (!are_there(history, entry->of.derive.to))
			*verdict = no_target(why, "it names a segment that is not there");
		break;
	default: break;
	}
	return (0);
}

const struct seal_past *
seal_history_segment(const struct seal_history *history, uint64_t seg)
{
	return (find(history, seg));
}

const struct seal_hold_past *
seal_history_hold(const struct seal_history *history, size_t i)
{
	return (i < history->holds.count ? &history->holds.items[i] : NULL);
}

bool
seal_history_held(const struct seal_history *history, uint64_t seg, int64_t t_us, struct span *hold)
{
	struct seal_range range = { seg, seg };
	uint64_t steps = UINT64_MAX;

	return (seal_holds_segments(&history->holds, &range, t_us, &steps, hold) == SEAL_HELD_YES);
}

bool
seal_history_held_epoch(
    const struct seal_history *history, struct span epoch, int64_t t_us, struct span *hold)
{
	uint64_t steps = UINT64_MAX;

	return (seal_holds_epoch(&history->holds, epoch, t_us, &steps, hold) == SEAL_HELD_YES);
}

size_t
seal_history_pruned(const struct seal_history *history)
{
	return (history->pruned);
}

size_t
seal_history_holds(const struct seal_history *history, int64_t t_us)
{
	return (seal_holds_count(&history->holds, t_us));
}
