/*
 * What verify recomputes of a line, found without reading all of it.
 *
 * A quote inside of a text stands behind a backslash, so ," followed by a
 * name and ": can only be a key: of the record, or of a member of extra.
 * From the end of the line backwards, flags and state are told apart by
 * their last byte; if extra is there, its brace comes next, and the status
 * stands before it, as does the reason of a line that could not be read.
 */
#include "base/err.h"
#include "record/line.h"
#include "record/record.h"

#define STATUS_KEY ",\"status\":"
#define REASON_KEY ",\"reason\":"
#define EXTRA_KEY ",\"extra\":{"
#define STATE_KEY ",\"state\":\""
#define FLAGS_KEY ",\"flags\":["
#define KEY_BYTES 10
_Static_assert(sizeof(STATUS_KEY) - 1 == KEY_BYTES && sizeof(REASON_KEY) - 1 == KEY_BYTES &&
	sizeof(EXTRA_KEY) - 1 == KEY_BYTES && sizeof(STATE_KEY) - 1 == KEY_BYTES &&
	sizeof(FLAGS_KEY) - 1 == KEY_BYTES,
    "all keys looked for have the same length");

static inline bool
ends_with(const char *start, const char *end, const char *text, size_t len)
{
	return ((size_t)(end - start) >= len && memcmp(end - len, text, len) == 0);
}

/* The lowest set byte of a block of 0 and 0xff; there is one. */
static inline size_t
block_first(record_block b)
{
	uint64_t half[2];

	memcpy(half, &b, sizeof(half));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	half[0] = __builtin_bswap64(half[0]);
	half[1] = __builtin_bswap64(half[1]);
#endif
	if (half[0] != 0)
		return ((size_t)__builtin_ctzll(half[0]) / 8);
	return (8 + (size_t)__builtin_ctzll(half[1]) / 8);
}

/*
 * The first key of KEY_BYTES bytes in start..end, or NULL.  Two letters in
 * their places are rare enough to look closer then.
 */
static inline const char *
find_key(const char *start, const char *end, const char *key)
{
	const char *at = start;

	while (end - at >= KEY_BYTES - 1 + 16) {
		record_block hit = (record_block_load(at) == key[0]) &
		    (record_block_load(at + 2) == key[2]) & (record_block_load(at + 6) == key[6]);

		if (!record_block_any(hit)) {
			at += 16;
			continue;
		}
		at += block_first(hit);
		if (memcmp(at, key, KEY_BYTES) == 0)
			return (at);
		at++;
	}
	for (; end - at >= KEY_BYTES; at++)
		if (memcmp(at, key, KEY_BYTES) == 0)
			return (at);
	return (NULL);
}

/* Where flags start, if the record ends with them; else end. */
static const char *
before_flags(const char *start, const char *end)
{
	const char *open;

	if (end[-1] != ']')
		return (end);
	open = memrchr(start, '[', (size_t)(end - start));
	if (open == NULL || !ends_with(start, open + 1, FLAGS_KEY, KEY_BYTES))
		return (end);
	return (open + 1 - KEY_BYTES);
}

/* Where state starts, if the record ends with it; else end.  NULL: no such state. */
static const char *
before_state(const char *start, const char *end, enum record_state *state)
{
	const char *open = end - 1;

	*state = RECORD_PARSED;
	if (end[-1] != '"')
		return (end);
	/* The quote that opens the last text is the first one behind a colon. */
	do {
		open = memrchr(start, '"', (size_t)(open - start));
	} while (open != NULL && open > start && open[-1] == '\\');
	if (open == NULL || !ends_with(start, open + 1, STATE_KEY, KEY_BYTES))
		return (end);
	if (end - open == sizeof("\"partial\"") - 1 && memcmp(open, "\"partial\"", 9) == 0)
		*state = RECORD_PARTIAL;
	else if (end - open == sizeof("\"unparsed\"") - 1 && memcmp(open, "\"unparsed\"", 10) == 0)
		*state = RECORD_UNPARSED;
	else
		return (NULL);
	return (open + 1 - KEY_BYTES);
}

/*
 * The number at at, up to end.  0 stands for whatever is no HTTP status
 * (negative or of more than 4 digits): it is there, and of no class.
 */
static int
read_status(const char *at, const char *end)
{
	int n = 0, count = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++, count++) {
		if (count == 4)
			return (0);
		n = n * 10 + (*at - '0');
	}
	return (n);
}

/* The text of the reason in start..end; a name of the list has no escapes. */
static struct span
read_reason(const char *start, const char *end)
{
	const char *at = find_key(start, end, REASON_KEY), *quote;

	if (at == NULL || end - at <= KEY_BYTES || at[KEY_BYTES] != '"')
		return (span_of("", 0));
	at += KEY_BYTES + 1;
	quote = memchr(at, '"', (size_t)(end - at));
	return (quote == NULL ? span_of("", 0) : span_of(at, (size_t)(quote - at)));
}

int
record_peek(struct span line, struct record_facts *facts, struct err *e)
{
	const char *start, *end, *status;
	size_t len;

	if (!span_starts(line, (struct span)SPAN(RECORD_START)) || line.len >= RECORD_BYTES_MAX)
		return (err_set(e, ERR_FINDING, "offset 0: no record starts like this"));
	len = record_time_read(span_from(line, RECORD_START_BYTES), &facts->time_us);
	start = line.ptr + RECORD_START_BYTES + len;
	end = line.ptr + line.len - 1;
	if (len == 0 || start >= end || *start != '"')
		return (err_set(e, ERR_FINDING, "offset %zu: no time", RECORD_START_BYTES));
	if (*end != '}')
		return (err_set(e, ERR_FINDING, "offset %zu: no end", line.len - 1));
	end = before_flags(start, end);
	if ((end = before_state(start, end, &facts->state)) == NULL)
		return (err_set(e, ERR_FINDING, "no such state"));
	if (end[-1] == '}' && (end = find_key(start, end, EXTRA_KEY)) == NULL)
		return (err_set(e, ERR_FINDING, "offset %zu: no object ends here", line.len - 1));
	status = find_key(start, end, STATUS_KEY);
	facts->status = status == NULL ? -1 : read_status(status + KEY_BYTES, end);
	facts->reason = facts->state == RECORD_UNPARSED ? read_reason(start, end) : span_of("", 0);
	return (0);
}
