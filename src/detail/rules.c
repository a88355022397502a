/* rules: the first that matches says how much is kept. */
#include <stdlib.h>

#include "base/err.h"
#include "detail/detail.h"
#include "filter/filter.h"

const char *const detail_level_names[DETAIL_LEVEL_COUNT] = { "count", "slim", "full" };

struct detail {
	unsigned count;
	enum detail_level keep[DETAIL_RULES_MAX];
	struct filter *when[DETAIL_RULES_MAX];
};

#define BIT(f) (UINT64_C(1) << RECORD_FIELD_##f)

/* Time is no property of an event; state is, but only parsed events are asked about. */
#define NEVER_ASKED (BIT(TIME) | BIT(STATE) | BIT(FLAGS) | BIT(EXTRA))
#define WORDS (BIT(PATH) | BIT(OBJECT) | BIT(HOST) | BIT(SERVER) | BIT(UPSTREAM))

static int
check_fields(const struct filter *filter, struct err *e)
{
	uint64_t fields = filter_fields(filter);

	for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
		uint64_t bit = UINT64_C(1) << f;

		if ((fields & bit) == 0)
			continue;
		if ((bit & NEVER_ASKED) != 0 ||
		    ((bit & WORDS) == 0 && record_fields[f].class_id != RECORD_CLASS_NONE))
			return (err_set(e, ERR_USAGE,
			    "column 1: %s: a rule asks what happened, not who did it or when",
			    record_fields[f].name));
	}
	return (0);
}

int
detail_open(const struct detail_rule *rules, unsigned count, struct detail **d, unsigned *at,
    struct err *e)
{
	struct detail *made = calloc(1, sizeof(*made));

	*at = 0;
	if (made == NULL)
		return (err_sys(e, ERR_IO, "detail rules"));
	for (; *at < count; (*at)++) {
		made->keep[*at] = rules[*at].keep;
		if (filter_compile(rules[*at].when, &made->when[*at], e) == -1)
			goto fail;
		made->count++;
		if (check_fields(made->when[*at], e) == -1)
			goto fail;
	}
	*d = made;
	return (0);
fail:
	detail_close(made);
	return (-1);
}

void
detail_close(struct detail *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < d->count; i++)
		filter_free(d->when[i]);
	free(d);
}

enum detail_level
detail_of(const struct detail *d, const struct record *r)
{
	for (unsigned i = 0; i < d->count; i++)
		if (filter_match(d->when[i], r))
			return (d->keep[i]);
	return (DETAIL_FULL);
}

void
detail_slim(struct record *r)
{
	r->present &= ~(BIT(AGENT) | BIT(AGENT_MAJOR) | BIT(OS) | BIT(DEVICE) | BIT(BOT) |
	    BIT(AGENT_FULL) | BIT(REFERER) | BIT(QUERY) | BIT(EXTRA));
	r->agent.len = 0;
	r->extra_count = 0;
}
