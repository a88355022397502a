/*
 * scan: find bytes fast.  AVX2 where present (AVX-512 for strings of JSON),
 * portable elsewhere; chosen once, compared byte for byte in tests.
 */
#ifndef CRETULA_BASE_SCAN_H
#define CRETULA_BASE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/*
 * Offsets of every '\n' in in, to at most max entries of ends.  Returns how
 * many; *scanned is how far it got (in.len unless max was reached).
 */
size_t scan_lines(struct span in, uint32_t *ends, size_t max, size_t *scanned);

/* How many '\n'; stops at the max-th.  *at: behind it, or else in.len. */
size_t scan_count_lines(struct span in, size_t max, size_t *at);

/* Index of the first byte equal to a or b; len if none. */
size_t scan_either(struct span in, char a, char b);

/* Index of the last byte equal to c; len if none. */
size_t scan_last(struct span in, char c);

/* Index of the first byte that JSON must escape or that is >= 0x7f; len if none. */
size_t scan_json_plain(struct span in);

/* Index of the first quote, backslash or control or, unless any, byte from 0x80 on; len if none. */
size_t scan_json_string(struct span in, bool any);

#endif
