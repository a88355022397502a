/* archive: how many subjects share a value; exact up to k, and no further. */
#include <stdlib.h>
#include <string.h>

#include "archive/inside.h"
#include "base/err.h"

#define FULL (ARCHIVE_VALUES / 8 * 7)

int
archive_shared_open(struct archive_shared *s, unsigned k, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->k = k;
	s->keys = calloc(ARCHIVE_VALUES, sizeof(s->keys[0]));
	s->subjects_known = calloc(ARCHIVE_VALUES, sizeof(s->subjects_known[0]));
	s->subjects = calloc((size_t)ARCHIVE_VALUES * k, sizeof(s->subjects[0]));
	if (s->keys != NULL && s->subjects_known != NULL && s->subjects != NULL)
		return (0);
	archive_shared_close(s);
	return (err_memory(e));
}

void
archive_shared_close(struct archive_shared *s)
{
	free(s->keys);
	free(s->subjects_known);
	free(s->subjects);
	memset(s, 0, sizeof(*s));
}

void
archive_shared_clear(struct archive_shared *s)
{
	memset(s->keys, 0, ARCHIVE_VALUES * sizeof(s->keys[0]));
	s->count = 0;
	s->unheld = 0;
}

/* The place of a value, or the free one where it belongs. */
static uint32_t
find(const struct archive_shared *s, uint64_t value)
{
	uint32_t at = (uint32_t)(value >> 32) & (ARCHIVE_VALUES - 1);

	while (s->keys[at] != 0 && s->keys[at] != value)
		at = (at + 1) & (ARCHIVE_VALUES - 1);
	return (at);
}

void
archive_shared_add(struct archive_shared *s, uint64_t value, uint32_t subject)
{
	uint32_t at = find(s, value), *subjects = s->subjects + (size_t)at * s->k;

	if (s->keys[at] == 0) {
		if (s->count == FULL) {
			s->unheld++;
			return;
		}
		s->keys[at] = value;
		s->subjects_known[at] = 0;
		s->count++;
	}
	if (s->subjects_known[at] == s->k)
		return;
	for (unsigned i = 0; i < s->subjects_known[at]; i++)
		if (subjects[i] == subject)
			return;
	subjects[s->subjects_known[at]++] = subject;
}

bool
archive_shared_common(const struct archive_shared *s, uint64_t value)
{
	uint32_t at = find(s, value);

	return (s->keys[at] == value && s->subjects_known[at] == s->k);
}
