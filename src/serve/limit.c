#include "serve/limit.h"

#include <string.h>

#define SECOND_NS 1e9

void
serve_limit_open(struct serve_limit *l, unsigned rate, unsigned burst)
{
	memset(l, 0, sizeof(*l));
	l->rate = rate;
	l->burst = burst;
}

static struct serve_bucket *
find(struct serve_limit *l, uint64_t key, int64_t now_ns)
{
	struct serve_bucket *oldest = &l->buckets[0];

	key += key == 0;
	for (unsigned i = 0; i < SERVE_BUCKETS; i++) {
		struct serve_bucket *b = &l->buckets[i];

		if (b->key == key)
			return (b);
		if (b->key == 0 || (oldest->key != 0 && b->seen_ns < oldest->seen_ns))
			oldest = b;
		if (b->key == 0)
			break; /* they are filled in order */
	}
	oldest->key = key;
	oldest->seen_ns = now_ns;
	oldest->tokens = l->burst;
	return (oldest);
}

unsigned
serve_limit_take(struct serve_limit *l, uint64_t key, int64_t now_ns)
{
	struct serve_bucket *b = find(l, key, now_ns);
	double passed = (double)(now_ns - b->seen_ns) / SECOND_NS;

	if (passed > 0)
		b->tokens += passed * l->rate;
	if (b->tokens > l->burst)
		b->tokens = l->burst;
	b->seen_ns = now_ns;
	if (b->tokens >= 1) {
		b->tokens -= 1;
		return (0);
	}
	return (1 + (unsigned)((1 - b->tokens) / l->rate));
}
