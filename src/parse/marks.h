/*
 * parse: where the marks of a line stand, found in one pass.
 *
 * Finds what decides whether a line is ordinary, or where its fields may end.
 * The AVX2 variant is chosen once and gives the same as the plain one, byte for
 * byte.
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

/* Of a line of any bytes: where blanks and quotes stand, a bit a byte. */
enum parse_bit { PARSE_BIT_BLANK, PARSE_BIT_QUOTE, PARSE_BIT_EITHER, PARSE_BIT_COUNT };

#define PARSE_BITS_WORDS 32
#define PARSE_BITS_LEN ((size_t)64 * PARSE_BITS_WORDS)

struct parse_bits {
	size_t len;  /* bytes of the line that they tell of: all, or as many as fit */
	bool slash;  /* a backslash is among these */
	uint64_t word[PARSE_BIT_COUNT][PARSE_BITS_WORDS]; /* of 64 bytes each; 0 behind len */
};

void parse_bits(struct span line, struct parse_bits *bits);

void parse_bits_plain(struct span line, struct parse_bits *bits);
void parse_bits_avx2(struct span line, struct parse_bits *bits); /* needs AVX2 */

#endif
