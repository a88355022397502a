/*
 * detect, inside: the sieve in front of the verifiers.  One pass of byte
 * classes and of literals says where in a text something could begin that a
 * verifier knows.  AVX2 where present, portable elsewhere: both give the
 * same marks, bit for bit.
 */
#ifndef CRETULA_DETECT_TEXT_SIEVE_H
#define CRETULA_DETECT_TEXT_SIEVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define SIEVE_BLOCK ((size_t)64)
#define SIEVE_BLOCKS 16 /* of a piece */
#define SIEVE_PIECE (SIEVE_BLOCK * SIEVE_BLOCKS)
#define SIEVE_HEAD 4 /* bytes of a literal that the sieve looks at */
#define SIEVE_AHEAD ((size_t)SIEVE_HEAD - 1) /* bytes behind a block that this needs */

/*
 * marks[b] bit i: a verifier should look at text[at + 64 * b + i].  At most
 * SIEVE_PIECE bytes from at on, a multiple of SIEVE_PIECE.  Returns how many
 * marks there are; bits behind the end of text are 0.
 */
size_t detect_sieve(struct span text, size_t at, uint64_t marks[static SIEVE_BLOCKS]);

/* For tests: from now on take the portable side, or what the CPU has. */
void detect_sieve_force_portable(bool portable);

/* ---- literals.c ---- */

#define SIEVE_GROUPS 2 /* of eight buckets each */

/* Of the first bytes of every literal: a bit a bucket, by place and nibble. */
struct detect_literals {
	uint8_t low[SIEVE_GROUPS][SIEVE_HEAD][16], high[SIEVE_GROUPS][SIEVE_HEAD][16];
};
extern struct detect_literals detect_literals; /* made before main */
extern const unsigned detect_literal_count;

/* Does a literal begin here?  rest is the text from there on. */
bool detect_literal_at(struct span rest);

/* ---- what the variants do: classes of the bytes of blocks, one bit a byte ---- */

struct detect_classes {
	uint64_t digit;
	uint64_t group;   /* digits, and what stands between groups of them */
	uint64_t base;    /* of base64, in either alphabet */
	uint64_t colon;
	uint64_t dot;
	uint64_t zero, x; /* of "0x" */
	uint64_t mark;    /* '@', '%', '&', '\', and what begins a wide form */
	uint64_t literal; /* perhaps one begins here */
};

#if defined(__x86_64__)
#define SIEVE_AVX2 1
bool detect_sieve_avx2_usable(void);
/* At most as many blocks as text has, begun ones too; behind its end are zeros. */
void detect_sieve_avx2(struct span text, size_t blocks, struct detect_classes *out);
#endif

#endif
