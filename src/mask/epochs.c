#include "mask/epochs.h"

#include <assert.h>
#include <string.h>

void
mask_epochs_clear(struct mask_epochs *e)
{
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		e->of[c].count = 0;
}

/* Make one range of ranges at and at + 1. */
static void
join(struct mask_epochs *e, enum record_class c, unsigned at)
{
	unsigned count = e->of[c].count;

	e->of[c].range[at].last = e->of[c].range[at + 1].last;
	memmove(&e->of[c].range[at + 1], &e->of[c].range[at + 2],
	    (count - at - 2) * sizeof(e->of[c].range[0]));
	e->of[c].count--;
}

static void
join_closest(struct mask_epochs *e, enum record_class c)
{
	unsigned best = 0;
	int64_t gap = INT64_MAX;

	for (unsigned i = 0; i + 1 < e->of[c].count; i++) {
		int64_t here = (int64_t)e->of[c].range[i + 1].first - e->of[c].range[i].last;

		if (here < gap) {
			gap = here;
			best = i;
		}
	}
	join(e, c, best);
}

/* Add first..last, which may touch any number of ranges. */
static void
add_range(struct mask_epochs *e, enum record_class c, int32_t first, int32_t last)
{
	unsigned at = 0, count;

	while (at < e->of[c].count && (int64_t)e->of[c].range[at].last + 1 < first)
		at++;
	count = e->of[c].count;
	if (at < count && e->of[c].range[at].first <= (int64_t)last + 1) {
		if (first < e->of[c].range[at].first)
			e->of[c].range[at].first = first;
		if (last > e->of[c].range[at].last)
			e->of[c].range[at].last = last;
		while (at + 1 < e->of[c].count &&
		    e->of[c].range[at + 1].first <= (int64_t)e->of[c].range[at].last + 1) {
			if (e->of[c].range[at + 1].last < e->of[c].range[at].last)
				e->of[c].range[at + 1].last = e->of[c].range[at].last;
			join(e, c, at);
		}
		return;
	}
	if (count == MASK_EPOCH_RANGES) {
		/* Widen first: the newcomer may fall into the joined range. */
		join_closest(e, c);
		add_range(e, c, first, last);
		return;
	}
	memmove(
	    &e->of[c].range[at + 1], &e->of[c].range[at], (count - at) * sizeof(e->of[c].range[0]));
	e->of[c].range[at].first = first;
	e->of[c].range[at].last = last;
	e->of[c].count++;
}

void
mask_epochs_add(struct mask_epochs *e, enum record_class c, int64_t index)
{
	assert(index >= INT32_MIN && index <= INT32_MAX);
	add_range(e, c, (int32_t)index, (int32_t)index);
}

void
mask_epochs_merge(struct mask_epochs *into, const struct mask_epochs *more)
{
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		for (unsigned i = 0; i < more->of[c].count; i++)
			add_range(into, (enum record_class)c, more->of[c].range[i].first,
			    more->of[c].range[i].last);
}

/* Prefix of the next class in alphabetical order behind last; NULL at the end. */
static const char *
next_prefix(const struct mask_epochs *e, const char *last)
{
	const char *best = NULL;

	for (int c = 0; c < RECORD_CLASS_COUNT; c++) {
		const char *prefix = record_classes[c].prefix;

		if (prefix[0] == '\0' || e->of[c].count == 0 || strcmp(prefix, last) <= 0)
			continue;
		if (best == NULL || strcmp(prefix, best) < 0)
			best = prefix;
	}
	return (best);
}

static void
print_ranges(const struct mask_epochs *e, enum record_class c, enum key_period period,
    struct buf *out)
{
	for (unsigned i = 0; i < e->of[c].count; i++) {
		char name[16];

		/* Ranges are of first keys: live segments have one epoch of each class. */
		assert(e->of[c].range[i].last == e->of[c].range[i].first ||
		    e->of[c].range[i].last < KEY_CHANGE_STEP);
		buf_str(out, i == 0 ? "\"" : ",\"");
		(void)key_epoch_name(period, e->of[c].range[i].first, name);
		buf_str(out, name);
		if (e->of[c].range[i].last != e->of[c].range[i].first) {
			(void)key_epoch_name(period, e->of[c].range[i].last, name);
			buf_str(out, "..");
			buf_str(out, name);
		}
		buf_char(out, '"');
	}
}

void
mask_epochs_print(const struct mask_epochs *e, const struct mask_policy *policy, struct buf *out)
{
	bool first = true;

	buf_char(out, '{');
	for (const char *p = next_prefix(e, ""); p != NULL; p = next_prefix(e, p)) {
		struct mask_epochs all = { 0 };
		enum record_class shown = RECORD_CLASS_NONE;

		for (int c = 0; c < RECORD_CLASS_COUNT; c++) {
			if (strcmp(record_classes[c].prefix, p) != 0)
				continue;
			shown = (enum record_class)c;
			for (unsigned i = 0; i < e->of[c].count; i++)
				add_range(&all, RECORD_CLASS_NONE, e->of[c].range[i].first,
				    e->of[c].range[i].last);
		}
		all.of[shown] = all.of[RECORD_CLASS_NONE];
		buf_fmt(out, "%s\"%s\":[", first ? "" : ",", p);
		print_ranges(&all, shown, policy->epoch[shown], out);
		buf_char(out, ']');
		first = false;
	}
	buf_char(out, '}');
}
