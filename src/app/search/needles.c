#include "app/search/needles.h"

#include <string.h>

#define TAIL 4 /* bytes of a hash */

static unsigned
hash(const char *at)
{
	uint32_t four;

	memcpy(&four, at, sizeof(four));
	return (four * UINT32_C(2654435761) >> 19);
}

static bool
is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~' || text.ptr[i] == '"' ||
		    text.ptr[i] == '\\')
			return (false);
	return (true);
}

bool
app_needles_make(struct app_needles *n, const struct span *list, size_t count)
{
	n->count = 0;
	n->least = UINT8_MAX;
	if (count == 0 || count > APP_NEEDLES_MAX)
		return (false);
	for (size_t i = 0; i < count; i++) {
		if (!is_plain(list[i]))
			return (false);
		n->list[i] = list[i];
		if (list[i].len < n->least)
			n->least = list[i].len;
	}
	if (n->least < APP_NEEDLE_BYTES)
		return (false);
	n->count = count;
	memset(n->step, (int)(n->least - TAIL + 1), sizeof(n->step));
	for (size_t i = 0; i < count; i++)
		for (size_t end = TAIL; end <= n->least; end++) {
			unsigned char *step = &n->step[hash(list[i].ptr + end - TAIL)];

			if (*step > n->least - end)
				*step = (unsigned char)(n->least - end);
		}
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

const char *
app_needles_find(const struct app_needles *n, struct span text)
{
	for (size_t end = n->least; end <= text.len;) {
		size_t step = n->step[hash(text.ptr + end - TAIL)];

		if (step == 0 && begins_one(n, span_from(text, end - n->least)))
			return (text.ptr + end - n->least);
		end += step + (step == 0);
	}
	return (NULL);
}
