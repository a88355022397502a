/*
 * mask: numbers that a source gives its lines, and which of them are missing.
 *
 * nginx: worker, connection, and the how many-th request of it.  Requests of
 * HTTP/1 end in the order in which they began; those of HTTP/2 and 3 do not,
 * and one may last for hours: of their connections nothing can be said.
 * RFC 5424: the sequence of what a machine hands on, by any way.
 */
#include "mask/gaps.h"

#include "base/hash.h"
#include "mask/inside.h"
#include "parse/field.h"
#include "stats/gaps.h"

/* Only what our tables name so, and not what a client calls so. */
static bool
number_of(const struct event_extra *extra, const char *key, uint64_t *n)
{
	int64_t number = extra->number;

	if (!extra->known || !span_is(extra->key, key))
		return (false);
	if (extra->kind != EVENT_EXTRA_NUMBER && !parse_field_digits(extra->value, &number))
		return (false);
	*n = (uint64_t)number;
	return (number > 0);
}

static bool
is_http1(const struct event *ev)
{
	return (event_has(ev, EVENT_PROTOCOL) &&
	    span_starts(ev->text[EVENT_PROTOCOL], span_of("HTTP/1.", 7)));
}

bool
mask_gaps_is_number(const struct event_extra *extra)
{
	static const char *const keys[] = { "connection", "connection_requests", "pid" };
	bool is = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		is = is || (extra->known && span_is(extra->key, keys[i]));
	return (is);
}

void
mask_gaps_see(struct mask *m, const struct event *ev)
{
	struct stats_gaps *gaps = m->batch->gaps;
	struct stats_counts *c = &m->batch->counts;
	uint64_t who[3] = { 0, 0, 0 }, request = 0, number = ev->sequence;

	if (event_has(ev, EVENT_SERVER))
		who[0] = hash_span(ev->text[EVENT_SERVER], m->seed[0]);
	for (unsigned i = 0; number == 0 && i < ev->extra_count; i++)
		(void)(number_of(&ev->extra[i], "connection", &who[1]) ||
		    number_of(&ev->extra[i], "pid", &who[2]) ||
		    number_of(&ev->extra[i], "connection_requests", &request));
	if (number == 0 && (who[1] == 0 || request == 0))
		return;
	/* Of a request that is none nobody knows whose it was; the client made it so. */
	if (number == 0 && !event_has(ev, EVENT_PROTOCOL))
		stats_gaps_excuse(gaps, 1);
	if (number == 0 && !is_http1(ev))
		return;
	stats_counts_lose(c, STATS_CAUSE_GAP,
	    stats_gaps_see(gaps, hash_bytes(who, sizeof(who), m->seed[1]),
		number > 0 ? number : request, number == 0));
}
