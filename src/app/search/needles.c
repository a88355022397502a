#include "app/search/needles.h"

#include <string.h>

#define TAIL APP_NEEDLE_TAIL
_Static_assert(APP_NEEDLE_BYTES >= TAIL, "a tail is in every text");

#ifdef APP_NEEDLES_AVX2
static bool wide;
#endif

__attribute__((constructor)) static void
start(void)
{
	app_needles_force_portable(false);
}

void
app_needles_force_portable(bool portable)
{
#ifdef APP_NEEDLES_AVX2
	wide = !portable && app_needles_avx2_usable();
#else
	(void)portable;
#endif
}

static unsigned
hash(const char *at)
{
	uint32_t four;

	memcpy(&four, at, sizeof(four));
	return (four * UINT32_C(2654435761) >> 19);
}

static void
make_steps(struct app_needles *n)
{
	memset(n->step, (int)(n->least - TAIL + 1), sizeof(n->step));
	for (size_t i = 0; i < n->count; i++)
		for (size_t end = TAIL; end <= n->least; end++) {
			unsigned char *step = &n->step[hash(n->list[i].ptr + end - TAIL)];

			if (*step > n->least - end)
				*step = (unsigned char)(n->least - end);
		}
}

static void
make_nibbles(struct app_needles *n)
{
	memset(n->low, 0, sizeof(n->low));
	memset(n->high, 0, sizeof(n->high));
	for (size_t i = 0; i < n->count; i++)
		for (size_t place = 0; place < TAIL; place++) {
			unsigned char c = (unsigned char)n->list[i].ptr[n->least - TAIL + place];

			n->low[place][c & 15] |= (uint8_t)(1u << i % 8);
			n->high[place][c >> 4] |= (uint8_t)(1u << i % 8);
		}
}

bool
app_needles_make(struct app_needles *n, const struct span *list, size_t count)
{
	n->count = 0;
	n->least = UINT8_MAX;
	if (count == 0 || count > APP_NEEDLES_MAX)
		return (false);
	for (size_t i = 0; i < count; i++) {
		n->list[i] = list[i];
		if (list[i].len < n->least)
			n->least = list[i].len;
	}
	if (n->least < APP_NEEDLE_BYTES)
		return (false);
	n->count = count;
	make_steps(n);
	make_nibbles(n);
	return (true);
}

static bool
begins_one(const struct app_needles *n, struct span text)
{
	for (size_t i = 0; i < n->count; i++)
		if (span_starts(text, n->list[i]))
			return (true);
	return (false);
}

/* From where the window ends at end on. */
static const char *
find_by_steps(const struct app_needles *n, struct span text, size_t end)
{
	while (end <= text.len) {
		size_t step = n->step[hash(text.ptr + end - TAIL)];

		if (step == 0 && begins_one(n, span_from(text, end - n->least)))
			return (text.ptr + end - n->least);
		end += step + (step == 0);
	}
	return (NULL);
}

#ifdef APP_NEEDLES_AVX2
static const char *
find_wide(const struct app_needles *n, struct span text)
{
	size_t front = n->least - TAIL, at = front;
	uint32_t found;

	while ((at = app_needles_avx2(n, text, at, &found)), found != 0) {
		for (; found != 0; found &= found - 1) {
			size_t begin = at + (size_t)__builtin_ctz(found) - front;

			if (begins_one(n, span_from(text, begin)))
				return (text.ptr + begin);
		}
		at += APP_NEEDLES_STEP;
	}
	return (find_by_steps(n, text, at + TAIL));
}
#endif

const char *
app_needles_find(const struct app_needles *n, struct span text)
{
	if (text.len < n->least)
		return (NULL);
#ifdef APP_NEEDLES_AVX2
	if (wide)
		return (find_wide(n, text));
#endif
	return (find_by_steps(n, text, n->least));
}
