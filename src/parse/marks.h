/*
 * parse: where the marks of a line stand, found in one pass.
 *
 * Finds what decides whether a line is ordinary.  The AVX2 variant is chosen
 * once and gives the same marks as the plain one, byte for byte.
 */
#ifndef CRETULA_PARSE_MARKS_H
#define CRETULA_PARSE_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define PARSE_MARKS_QUOTES 16
#define PARSE_MARKS_LEN_MIN 64

struct parse_marks {
	uint64_t blanks; /* bit i: byte i is ' ', of the first 64 */
	uint32_t quote[PARSE_MARKS_QUOTES + 4]; /* offsets of '"'; a step writes four */
	unsigned quote_count;
};

/*
 * Fill marks.  False, with marks undefined, if the line is shorter than
 * PARSE_MARKS_LEN_MIN, holds a backslash or a byte below 0x20, or has more
 * quotes than fit: such a line is not ordinary.
 */
bool parse_marks(struct span line, struct parse_marks *marks);

bool parse_marks_plain(struct span line, struct parse_marks *marks);
bool parse_marks_avx2(struct span line, struct parse_marks *marks); /* needs AVX2 */
bool parse_marks_have_avx2(void);

#endif
