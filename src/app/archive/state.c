/*
 * A segment of an archive comes in three entries: `config` of kind archive
 * names what goes into it, then it is sealed, then `derive` binds it.  A crash
 * leaves the first, or the first two; the next run appends the third.
 */
#include "app/archive/state.h"

#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "base/err.h"
#include "seal/entry.h"

struct reading {
	struct app_archive_state *state;
	struct span origin;
	unsigned char seed[32]; /* of the newest segment */
	bool has_seed;
};

static int
is_another(struct err *e)
{
	return (err_set(e, ERR_CONFIG, "it is the archive of another stream"));
}

/* "ORIGIN [[1,3]]" */
static int
take_config(struct reading *r, const struct seal_config *config, struct err *e)
{
	size_t blank = span_find(config->text, ' ');

	if (!span_is(config->kind, APP_ARCHIVE_KIND))
		return (0);
	if (!span_equal(span_of(config->text.ptr, blank), r->origin))
		return (is_another(e));
	buf_clear(&r->state->segs);
	buf_span(&r->state->segs, span_from(config->text, blank + 1));
	r->state->begun = true;
	r->state->made = 0;
	return (buf_ok(&r->state->segs) ? 0 : err_memory(e));
}

static int
take_segment(struct reading *r, const struct seal_segment *segment, struct err *e)
{
	if (!r->state->begun || r->state->made != 0)
		return (err_set(e, ERR_CONFIG,
		    "segment %ju is of no second pass: an archive has a store of its own",
		    (uintmax_t)segment->seg));
	r->state->made = segment->seg;
	r->has_seed = segment->has_mask_seed;
	memcpy(r->seed, segment->mask_seed, sizeof(r->seed));
	r->state->unsaid = r->state->unsaid || r->has_seed;
	return (0);
}

/* Where the newest one ended, nearly always. */
static void
add_range(struct buf *taken, const struct seal_range *range)
{
	struct seal_range *last = (struct seal_range *)(void *)taken->data;

	if (taken->len > 0) {
		last += taken->len / sizeof(*last) - 1;
		if (range->first == last->last + 1) {
			last->last = range->last;
			return;
		}
	}
	buf_add(taken, range, sizeof(*range));
}

static int
take_derive(struct reading *r, const struct seal_derive *derive, struct err *e)
{
	struct json_cursor c;
	struct seal_range range;

	if (!span_equal(derive->origin, r->origin))
		return (is_another(e));
	seal_ranges_open(derive->segs, &c);
	while (seal_ranges_next(&c, &range))
		add_range(&r->state->taken, &range);
	r->state->begun = false;
	return (buf_ok(&r->state->taken) ? 0 : err_memory(e));
}

static int
take_entry(struct reading *r, const struct seal_entry *entry, struct err *e)
{
	switch (entry->type) {
	case SEAL_CONFIG: return (take_config(r, &entry->of.config, e));
	case SEAL_SEGMENT: return (take_segment(r, &entry->of.segment, e));
	case SEAL_DERIVE: return (take_derive(r, &entry->of.derive, e));
	case SEAL_DESTROY:
		if (r->has_seed && memcmp(entry->of.destroy.commitment, r->seed, 32) == 0)
			r->state->unsaid = false;
		return (0);
	default: return (0);
	}
}

int
app_archive_state_read(const struct store_chain *chain, struct span origin,
    struct app_archive_state *state, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct reading r = { .state = state, .origin = origin };
	int rc = 0;

	memset(state, 0, sizeof(*state));
	if (entry == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < chain->count && rc == 0; i++)
		if (seal_entry_read(store_chain_line(chain, i), app_names(), entry, e) == -1)
			rc = err_in(e, "entry %zu", i);
		else
			rc = take_entry(&r, entry, e);
	free(entry);
	return (rc);
}

void
app_archive_state_free(struct app_archive_state *state)
{
	buf_free(&state->taken);
	buf_free(&state->segs);
	memset(state, 0, sizeof(*state));
}

bool
app_archive_state_has(const struct app_archive_state *state, uint64_t seg)
{
	const struct seal_range *list =
	    (const struct seal_range *)(const void *)state->taken.data;
	size_t count = state->taken.len / sizeof(*list);

	while (count-- > 0)
		if (seg >= list[count].first && seg <= list[count].last)
			return (true);
	return (state->begun && state->made != 0 &&
	    seal_ranges_have(buf_view(&state->segs), seg));
}
