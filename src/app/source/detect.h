/* app: the first look at a file. */
#ifndef CRETULA_APP_SOURCE_DETECT_H
#define CRETULA_APP_SOURCE_DETECT_H

#include <stdatomic.h>
#include <stddef.h>

#include "input/input.h"
#include "parse/detect.h"
#include "parse/stops.h"

struct err;

#define APP_DETECT_BYTES ((size_t)512 << 10)

struct app_look {
	const char *path;
	size_t bytes;            /* wait for no more, at most APP_DETECT_BYTES */
	const atomic_bool *stop; /* as in input.h */
	struct parser *named;    /* of a format that is given: find its envelopes; or NULL */
	struct parse_stops *stops; /* to fill in, of a format string; or NULL */
};

/*
 * Open a file, wait for its first bytes and find out its format.  *in is the
 * caller's to close, not yet consumed; NULL after -1.
 */
int app_detect(const struct app_look *look, struct input **in, struct parse_evidence *found,
    struct err *e);

#endif
