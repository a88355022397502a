/*
 * app: which of a few texts comes first in a long one.  Where AVX2 is: four bytes of a window as
 * long as the shortest text are looked up for 32 places at once, by nibbles, as detect's sieve
 * does.  Elsewhere the same four say how far none of the texts ends, and so many
 * bytes are stepped over (Wu and Manber).
 */
#ifndef CRETULA_APP_SEARCH_NEEDLES_H
#define CRETULA_APP_SEARCH_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define APP_NEEDLES_MAX 64
#define APP_NEEDLE_BYTES 4 /* the shortest that is worth it */
#define APP_NEEDLE_TAIL 4 /* bytes of the window that are looked at: its last */

struct app_needles {
	struct span list[APP_NEEDLES_MAX]; /* borrowed */
	size_t count, least; /* least: bytes of the shortest, at most UINT8_MAX */
	/* By place and nibble of the tail: a bit for each text, by turns. */
	uint8_t low[APP_NEEDLE_TAIL][16], high[APP_NEEDLE_TAIL][16];
	unsigned char step[1 << 13]; /* of the hash of four bytes */
};

/* false: there are none, too many, or one is too short. */
bool app_needles_make(struct app_needles *n, const struct span *list, size_t count);
/* Where the first one begins; NULL: there is none. */
const char *app_needles_find(const struct app_needles *n, struct span text);

/* For tests: from now on take the portable side, or what the CPU has. */
void app_needles_force_portable(bool portable);

/* ---- needles_avx2.c ---- */

#if defined(__x86_64__)
#define APP_NEEDLES_AVX2 1
bool app_needles_avx2_usable(void);
/*
 * Of 32 places from at on, bits of those where the tail of a window could end one: a text may
 * begin least - APP_NEEDLE_TAIL bytes in front of it.  Returns the first step with one, its bits in
 * *found; or where less than a step and a tail is left of text.
 */
#define APP_NEEDLES_STEP ((size_t)32)
size_t app_needles_avx2(const struct app_needles *n, struct span text, size_t at, uint32_t *found);
#endif

#endif
