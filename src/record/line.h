/*
 * line: what encode, decode and peek share about a line's bytes.
 * Private to record/.
 */
#ifndef CRETULA_RECORD_LINE_H
#define CRETULA_RECORD_LINE_H

#include <endian.h>

#include "record/record.h"

/* ,"name": with the bracket or quote that opens the value; padded for copying. */
#define RECORD_KEY_BYTES 30
struct record_key {
	char bytes[RECORD_KEY_BYTES];
	uint8_t len;
	uint8_t type; /* enum record_type */
};
_Static_assert(sizeof(struct record_key) == 32, "copied as two vectors");
extern const struct record_key record_keys[RECORD_FIELD_COUNT];

/* {"time":" */
#define RECORD_START "{\"time\":\""
#define RECORD_START_BYTES (sizeof(RECORD_START) - 1)

/* What RFC 3339 can say: years 0001 to 9999. */
#define RECORD_TIME_MIN_US (INT64_C(-62135596800) * 1000000)
#define RECORD_TIME_MAX_US (INT64_C(253402300800) * 1000000 - 1)

/* 16 bytes at once, on any machine. */
typedef signed char record_block __attribute__((vector_size(16)));

static inline record_block
record_block_load(const char *from)
{
	record_block b;

	memcpy(&b, from, sizeof(b));
	return (b);
}

/* All ones where a byte is no plain ASCII: control, quote, backslash, >= 0x7f. */
static inline record_block
record_block_odd(record_block b)
{
	return ((b < 0x20) | (b == 0x7f) | (b == '"') | (b == '\\'));
}

static inline bool
record_block_any(record_block b)
{
	uint64_t half[2];

	memcpy(half, &b, sizeof(half));
	return ((half[0] | half[1]) != 0);
}

/* The first byte that is not zero; 16 if there is none. */
static inline unsigned
record_block_first(record_block b)
{
	uint64_t half[2];

	memcpy(half, &b, sizeof(half));
	if (half[0] != 0)
		return ((unsigned)__builtin_ctzll(le64toh(half[0])) / 8);
	return (half[1] != 0 ? 8 + (unsigned)__builtin_ctzll(le64toh(half[1])) / 8 : 16);
}

/*
 * Bytes of text as RECORD_TEXT_MAX counts them: U+FFFD counts one, because
 * it stands for one byte that was no UTF-8.
 */
size_t record_text_weight(struct span text);

/*
 * Read the time at the front of in, to the Z, exactly as the encoder writes
 * it.  Returns its bytes, or 0.
 */
size_t record_time_read(struct span in, int64_t *t_us);

/* Is key, as it stands in the line, among the first count of keys? */
static inline bool
record_key_known(const struct span *keys, size_t count, struct span key)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(keys[i], key))
			return (true);
	return (false);
}

/*
 * The encoder without its shortcuts, exact to the last byte of out.  A
 * record that does not fit loses its lists and gets the flag overlong; if
 * that is not enough, texts over RECORD_LEAN_BYTES go too.
 */
#define RECORD_LEAN_BYTES 64
size_t record_encode_tight(const struct record *r, char *out);

/* Write t (clamped to what RFC 3339 can say); returns the end. */
char *record_time_write(char *out, int64_t t_us);

#endif
