/*
 * Is a line exactly what an encoder of records writes?
 *
 * Most lines hold plain ASCII and numbers only, which shows without copying
 * anything.  A line for which it does not show is decoded in full.
 */
#include <endian.h>
#include <string.h>

#include "audit/segment.h"
#include "base/err.h"

#define OPEN_TIME "\""
#define OPEN_TEXT "\""
#define OPEN_INT ""
#define OPEN_LIST "["
#define OPEN_EXTRA "{"
#define OPEN_FLAGS "["

#define KEY_HEAD 4 /* bytes that tell most keys apart; every key has more */
#define START_BYTES 9 /* {"time":" */
#define TIME_BYTES 24 /* with three digits of a second; six have three more */
#define INT_DIGITS 18 /* that fit int64_t whatever they are */

/* ,"name": with what opens the value. */
static const struct key {
	char bytes[30];
	uint8_t len, type;
} keys[RECORD_FIELD_COUNT] = {
#define FIELD(id, name, type, class, otel, ecs, help) \
	{ ",\"" name "\":" OPEN_##type, sizeof(",\"" name "\":" OPEN_##type) - 1, RECORD_##type },
#include "record/fields.def"
#undef FIELD
};

typedef signed char block __attribute__((vector_size(16)));

/* How many plain characters stand at at, up to a block of them? */
static inline unsigned
count_plain(const char *at)
{
	block b;
	uint64_t half[2];

	memcpy(&b, at, sizeof(b));
	b = (b < 0x20) | (b == 0x7f) | (b == '"') | (b == '\\');
	memcpy(half, &b, sizeof(half));
	if (half[0] != 0)
		return ((unsigned)__builtin_ctzll(le64toh(half[0])) / 8);
	if (half[1] != 0)
		return (8 + (unsigned)__builtin_ctzll(le64toh(half[1])) / 8);
	return (sizeof(block));
}

/* Each of these returns where a value ends, or NULL if it does not show that it is good. */
static inline const char *
pass_text(const char *at, const char *end)
{
	const char *start = at;
	unsigned count = sizeof(block);

	while (end - at >= (ptrdiff_t)sizeof(block) && count == sizeof(block))
		at += count = count_plain(at);
	if (count == sizeof(block))
		while (at < end && *at >= 0x20 && *at != 0x7f && *at != '"' && *at != '\\')
			at++;
	return (at == end || *at != '"' || at - start > RECORD_TEXT_MAX ? NULL : at + 1);
}

static inline const char *
pass_int(const char *at, const char *end)
{
	const char *first = at + (*at == '-');

	for (at = first; at < end && *at >= '0' && *at <= '9'; at++)
		;
	if (at == first || at - first > INT_DIGITS || (*first == '0' && at > first + 1) ||
	    (*first == '0' && first[-1] == '-'))
		return (NULL);
	return (at);
}

static const char *
pass_list(const char *at, const char *end)
{
	for (unsigned i = 0; i < RECORD_FORWARDED_MAX; i++) {
		if (at == end || *at != '"' || (at = pass_text(at + 1, end)) == NULL || at == end)
			return (NULL);
		if (*at == ']')
			return (at + 1);
		if (*at++ != ',')
			return (NULL);
	}
	return (NULL);
}

static inline const char *
pass_value(const char *at, const char *end, uint8_t type)
{
	switch (type) {
	case RECORD_TEXT: return (pass_text(at, end));
	case RECORD_INT: return (pass_int(at, end));
	case RECORD_LIST: return (pass_list(at, end));
	default: return (NULL);
	}
}

/* The first field behind f whose key stands at at; COUNT if none. */
static inline unsigned
find_field(unsigned f, const char *at, const char *end)
{
	for (f++; f < RECORD_FIELD_COUNT; f++)
		if (memcmp(at, keys[f].bytes, KEY_HEAD) == 0 && end - at > keys[f].len &&
		    memcmp(at, keys[f].bytes, keys[f].len) == 0)
			break;
	return (f);
}

/* Does it show that the line is good, from behind the time on? */
static bool
is_plain(struct span line)
{
	const char *at = line.ptr + START_BYTES + TIME_BYTES, *end = line.ptr + line.len - 1;
	unsigned f = RECORD_FIELD_TIME;

	for (at += *at == '"' ? 1 : 4; at != NULL && end - at > KEY_HEAD;) {
		if ((f = find_field(f, at, end)) == RECORD_FIELD_COUNT)
			return (false);
		at = pass_value(at + keys[f].len, end, keys[f].type);
	}
	return (at == end);
}

int
audit_record_check(struct audit_records *memory, struct span line, struct record_facts *facts)
{
	/* peek has seen the start, the time, the last brace and the state. */
	if (record_peek(line, facts, NULL) == -1)
		return (-1);
	if (is_plain(line))
		return (0);
	return (record_decode(&memory->decoder, line, &memory->record, NULL));
}
