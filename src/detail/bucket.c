#include "detail/detail.h"

#define SECOND_NS UINT64_C(1000000000)

/* What is in it is counted in events times nanoseconds: no fraction is ever lost. */
_Static_assert(DETAIL_RATE_MAX <= UINT64_MAX / (2 * SECOND_NS), "a second of the greatest rate");

void
detail_bucket_open(struct detail_bucket *b, uint64_t rate, int64_t now_ns)
{
	*b = (struct detail_bucket){ .rate = rate, .full = rate * SECOND_NS, .seen_ns = now_ns };
}

uint64_t
detail_bucket_left(struct detail_bucket *b, int64_t now_ns)
{
	uint64_t gone_ns = now_ns > b->seen_ns ? (uint64_t)(now_ns - b->seen_ns) : 0;

	if (b->rate == 0)
		return (UINT64_MAX);
	if (gone_ns > SECOND_NS)
		gone_ns = SECOND_NS;
	if (now_ns > b->seen_ns)
		b->seen_ns = now_ns;
	b->full += gone_ns * b->rate;
	if (b->full > b->rate * SECOND_NS)
		b->full = b->rate * SECOND_NS;
	return (b->full / SECOND_NS);
}

void
detail_bucket_take(struct detail_bucket *b, uint64_t events)
{
	if (b->rate > 0)
		b->full -= events * SECOND_NS;
}
