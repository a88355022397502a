/* app: the first look at a file. */
#ifndef CRETULA_APP_SOURCE_DETECT_H
#define CRETULA_APP_SOURCE_DETECT_H

#include <stdatomic.h>
#include <stddef.h>

#include "input/input.h"
#include "parse/parse.h"

struct err;

#define APP_DETECT_BYTES ((size_t)512 << 10)

/*
 * Open path, wait for its first bytes (at most APP_DETECT_BYTES) and find out
 * its format.  *in is the caller's to close, not yet consumed; NULL after -1.
 * stop as in input.h.
 */
int app_detect(const char *path, size_t bytes, const atomic_bool *stop, struct input **in,
    struct parse_evidence *found, struct err *e);

#endif
