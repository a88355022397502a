/* config: "did you mean", for words that are almost right. */
#include <ctype.h>
#include <string.h>

#include "config/options.h"
#include "config/suggest.h"

#define WORD_MAX 48

static unsigned
least(unsigned a, unsigned b)
{
	return (a < b ? a : b);
}

/* Case and the choice between '-' and '_' are no difference. */
static int
plain(char c)
{
	return (c == '-' ? '_' : tolower((unsigned char)c));
}

/* Insertions, deletions, changes and swaps of neighbours between a and b. */
static unsigned
distance(struct span a, struct span b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	for (unsigned j = 0; j <= b.len; j++)
		last[j] = j;
	memset(before, 0, sizeof(rows[0]));
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *free_row = before;

		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned change = plain(a.ptr[i - 1]) != plain(b.ptr[j - 1]);

			now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + change);
			if (i > 1 && j > 1 && plain(a.ptr[i - 1]) == plain(b.ptr[j - 2]) &&
			    plain(a.ptr[i - 2]) == plain(b.ptr[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = free_row;
	}
	return (last[b.len]);
}

struct span
config_suggest(struct span word, const char *words)
{
	struct span best = { NULL, 0 };
	unsigned best_distance;

	if (word.len == 0 || word.len > WORD_MAX)
		return (best);
	/* A third of the letters may be wrong, and one in any case. */
	best_distance = (unsigned)word.len / 3 + 1 + (word.len < 3);
	for (unsigned i = 0;; i++) {
		struct span known = config_word(words, i);
		unsigned d;

		if (known.len == 0)
			return (best);
		if (known.len > WORD_MAX)
			continue;
		d = distance(word, known);
		if (d < best_distance && d < known.len) {
			best_distance = d;
			best = known;
		}
	}
}
