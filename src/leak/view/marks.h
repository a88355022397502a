/*
 * marks: where in a block an identifier may be, found at many bytes a cycle.
 *
 * First each byte is put into classes, 64 bytes a word; then words are
 * combined to places that a rule or a decoder has to look at: "a digit, a
 * dot, a digit, and another such dot just before" and its kind.
 */
#ifndef CRETULA_LEAK_VIEW_MARKS_H
#define CRETULA_LEAK_VIEW_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEAK_MARKS_WORDS 64 /* of a block */
#define LEAK_MARKS_SLACK 128 /* readable bytes before and behind every text */

enum leak_class {
	LEAK_DIGIT,
	LEAK_ALPHA,
	LEAK_HEX,
	LEAK_DOT,
	LEAK_COLON,
	LEAK_DASH,
	LEAK_AT,
	LEAK_EQUAL,
	LEAK_GAP, /* blank, '+' */
	LEAK_PLUS,
	LEAK_PERCENT,
	LEAK_BACK,
	LEAK_AND,
	LEAK_SHARP,
	LEAK_QUOTE,
	LEAK_X,
	LEAK_NUL,
	LEAK_LEAD, /* begins a character that is read as an ASCII one, or as nothing */
	LEAK_FIRST, /* base64 whose byte is ASCII text */
	LEAK_LITERAL, /* three bytes that one of the literals begins with */
	LEAK_CLASSES
};

/* Places, by what is to be done there. */
enum leak_kind {
	LEAK_KIND_AT, /* '@' */
	LEAK_KIND_DOTS, /* 1.2.  */
	LEAK_KIND_COLONS, /* a::b, 1:2:3: */
	LEAK_KIND_DIGITS, /* the eighth digit of a run */
	LEAK_KIND_GROUPS, /* 12-34-567 */
	LEAK_KIND_OCTETS, /* 1-2-3-4, and a-b-c as in a hardware address */
	LEAK_KIND_UUID, /* dashes, five apart */
	LEAK_KIND_PLUS, /* +4 */
	LEAK_KIND_HEX0X, /* 0x */
	LEAK_KIND_CISCO, /* 0011.2233.4455 */
	LEAK_KIND_NAME, /* name= name: */
	LEAK_KIND_LITERAL,
	LEAK_KIND_FISCAL, /* 85T10A562 */
	LEAK_KIND_HEXRUN, /* the 14th hex digit of a run */
	LEAK_KIND_LONGRUN, /* the 24th letter or digit of a run */
	LEAK_KIND_ESCAPE, /* %xx \x &# and letters that stand for others */
	LEAK_KIND_QUOTED, /* =XX */
	LEAK_KIND_SHARP, /* #XX */
	LEAK_KIND_BASE64,
	LEAK_KIND_WIDE, /* x NUL x NUL */
	LEAK_KINDS
};

/* The classes of a block; word 0 is of the 64 bytes before it, the last of those behind. */
struct leak_marks {
	uint64_t word[LEAK_CLASSES][LEAK_MARKS_WORDS + 2];
};

/* The literals' first three bytes, by nibbles: a byte fits bucket b if both tables have bit b. */
struct leak_teddy {
	uint8_t low[3][16], high[3][16];
};

/*
 * Classes of the words [0, words + 2) of the block that begins at bytes; 64
 * bytes before it and 64 (+ 2) behind it are readable.
 */
void leak_marks_classes(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
    struct leak_marks *marks);

/* Places in four words. */
struct leak_places {
	uint64_t word[LEAK_KINDS][4];
};

/*
 * The places in words i to i + 3 (from 0, a multiple of four) of the block;
 * bit k of the result: there are some of kind k.
 */
uint32_t leak_marks_kinds(const struct leak_marks *marks, size_t i, struct leak_places *places);

/* For tests: the portable variant (true), or choose again (false). */
void leak_marks_force_portable(bool on);

#endif
