/*
 * Mask epochs: each token in a record of an import is of an epoch that its
 * entry names for the token's prefix, that of the record's time.
 *
 * Records are searched for dots, 16 bytes at once; few dots stand behind two
 * letters that begin a word, and fewer in front of 16 characters of base32.
 */
#include <endian.h>
#include <string.h>

#include "audit/segment.h"
#include "base/clock.h"
#include "base/json.h"

#define DAY_US ((int64_t)86400 * 1000000)
#define LETTERS 26
#define TOKEN_DIGITS 16 /* behind the dot */
/* No token starts within {"time":" */
#define FIRST_DOT 12

/* 16 bytes at once, on any machine. */
typedef signed char block __attribute__((vector_size(TOKEN_DIGITS)));

/* ---- mask_epochs ---- */

static int
add_range(struct span text, struct audit_ranges *ranges)
{
	static const struct span dots = SPAN("..");
	size_t at = 0;
	int64_t first, last, ignored;

	while (at < text.len && !span_starts(span_from(text, at), dots))
		at++;
	/* A key that was changed is of a live stream: no time of an import has it. */
	if (at == text.len && span_find(text, '.') < text.len)
		return (0);
	if (ranges->count == AUDIT_WEEKS ||
	    clock_named_days(span_of(text.ptr, at), &first, &last) == -1)
		return (-1);
	if (at < text.len &&
	    clock_named_days(span_from(text, at + dots.len), &ignored, &last) == -1)
		return (-1);
	ranges->range[ranges->count].from_us = first * DAY_US;
	ranges->range[ranges->count].to_us = (last + 1) * DAY_US;
	ranges->count++;
	return (0);
}

static int
read_ranges(const struct json_value *list, struct audit_ranges *ranges)
{
	struct json_cursor cursor;
	struct json_value item;
	struct span key;

	if (list->type != JSON_ARRAY)
		return (-1);
	json_open(&cursor, list);
	while (json_next(&cursor, &key, &item))
		if (item.type != JSON_STRING || add_range(item.text, ranges) == -1)
			return (-1);
	return (0);
}

/* The place of a prefix's ranges, from 1; NULL if it is not of two letters. */
static uint8_t *
slot(struct audit_epochs *epochs, const char *prefix)
{
	if (prefix[0] < 'a' || prefix[0] > 'z' || prefix[1] < 'a' || prefix[1] > 'z')
		return (NULL);
	return (&epochs->slot[(prefix[0] - 'a') * LETTERS + (prefix[1] - 'a')]);
}

/* Each list of a prefix by take.  -1: that of one is not of the format. */
static int
read_all(struct span mask_epochs, struct audit_epochs *epochs,
    int (*take)(const struct json_value *list, struct audit_ranges *ranges))
{
	struct json_value object, list;
	unsigned count = 0;

	memset(epochs->slot, 0, sizeof(epochs->slot));
	if (json_parse(mask_epochs, &object, NULL) == -1 || object.type != JSON_OBJECT)
		return (-1);
	for (unsigned i = 0; i < RECORD_CLASS_COUNT; i++) {
		const char *prefix = record_classes[i].prefix;
		struct audit_ranges *ranges = &epochs->ranges[count];
		uint8_t *at = prefix[0] == '\0' ? NULL : slot(epochs, prefix);

		if (at == NULL || *at != 0)
			continue;
		*at = (uint8_t)++count;
		ranges->count = ranges->last = 0;
		if (json_get(&object, prefix, &list) && take(&list, ranges) == -1)
			return (-1);
	}
	return (0);
}

int
audit_epochs_read(struct span mask_epochs, struct audit_epochs *epochs)
{
	return (read_all(mask_epochs, epochs, read_ranges));
}

/* Records are of the time of their arrival, which they do not tell. */
static int
read_any(const struct json_value *list, struct audit_ranges *ranges)
{
	(void)list;
	ranges->count = 1;
	ranges->range[0].from_us = INT64_MIN;
	ranges->range[0].to_us = INT64_MAX;
	return (0);
}

int
audit_epochs_read_live(struct span mask_epochs, struct audit_epochs *epochs)
{
	return (read_all(mask_epochs, epochs, read_any));
}

/* ---- tokens ---- */

/* Records come in the order of time, nearly: most are in the range of the one before. */
static bool
has_time(struct audit_ranges *ranges, int64_t time_us)
{
	for (unsigned i = 0; i < ranges->count; i++) {
		unsigned k = (ranges->last + i) % ranges->count;

		if (time_us >= ranges->range[k].from_us && time_us < ranges->range[k].to_us) {
			ranges->last = k;
			return (true);
		}
	}
	return (false);
}

static inline block
load(const char *from)
{
	block b;

	memcpy(&b, from, sizeof(b));
	return (b);
}

static inline bool
is_word(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
}

/* Do 16 characters of base32 stand there, and no more? */
static inline bool
has_digits(const char *at)
{
	block b = load(at);
	block good = ((b >= 'a') & (b <= 'z')) | ((b >= '2') & (b <= '7'));
	uint64_t half[2];

	memcpy(half, &good, sizeof(half));
	return ((half[0] & half[1]) == UINT64_MAX && !is_word(at[TOKEN_DIGITS]));
}

/* Is what the dot stands in no token, or one of an epoch of its time? */
static inline bool
is_covered(struct audit_epochs *epochs, const char *dot, int64_t time_us)
{
	const uint8_t *at;

	if (is_word(dot[-3]) || (at = slot(epochs, dot - 2)) == NULL || *at == 0 ||
	    !has_digits(dot + 1))
		return (true);
	return (has_time(&epochs->ranges[*at - 1], time_us));
}

bool
audit_epochs_cover(struct audit_epochs *epochs, struct span line, int64_t time_us)
{
	const char *end = line.ptr + line.len, *at = line.ptr + FIRST_DOT;

	/* A dot in the last 16 bytes has no token behind it. */
	for (; end - at > TOKEN_DIGITS; at += TOKEN_DIGITS) {
		block hit = (load(at) == '.') & (load(at - 1) >= 'a');
		uint64_t half[2];

		memcpy(half, &hit, sizeof(half));
		if ((half[0] | half[1]) == 0)
			continue;
		for (unsigned i = 0; i < 2; i++)
			for (half[i] = le64toh(half[i]); half[i] != 0;) {
				unsigned bit = (unsigned)__builtin_ctzll(half[i]);
				const char *dot = at + 8 * i + bit / 8;

				half[i] &= ~(UINT64_C(0xff) << bit);
				if (end - dot > TOKEN_DIGITS + 1 &&
				    !is_covered(epochs, dot, time_us))
					return (false);
			}
	}
	return (true);
}
