/*
 * app: which of a few texts comes first in a long one.  Most bytes are stepped over: the last
 * four of a window as long as the shortest text say how far none of them ends (Wu and Manber).
 */
#ifndef CRETULA_APP_SEARCH_NEEDLES_H
#define CRETULA_APP_SEARCH_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define APP_NEEDLES_MAX 64
#define APP_NEEDLE_BYTES 6 /* the shortest that is worth it */

struct app_needles {
	struct span list[APP_NEEDLES_MAX]; /* borrowed */
	size_t count, least; /* least: bytes of the shortest */
	unsigned char step[1 << 13]; /* of the hash of four bytes */
};

/* false: there are none, too many, one is too short, or may stand otherwise in a line of JSON. */
bool app_needles_make(struct app_needles *n, const struct span *list, size_t count);
/* Where the first one begins; NULL: there is none. */
const char *app_needles_find(const struct app_needles *n, struct span text);

#endif
