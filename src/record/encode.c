#include <assert.h>
#include <endian.h>

#include "record/escape.h"
#include "record/line.h"
#include "record/plain.h"
#include "record/record.h"

/*
 * Room that a step of the loop may overrun: a key copied with its padding,
 * the digits of a number, the end of the line.
 */
#define SLACK 160

static inline void
copy(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
}

/* Copy up to 3 bytes; are they plain? */
static inline bool
copy_few(char *to, const char *from, size_t len)
{
	bool plain = true;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];

		to[i] = from[i];
		plain &= c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
	}
	return (plain);
}

/*
 * Copy text to to; is every byte plain ASCII that needs no escape?  Ends are
 * read twice rather than past them.
 */
static inline bool
copy_plain(char *to, struct span text)
{
	record_block odd = { 0 }, last;
	const char *from = text.ptr;
	size_t len = text.len, at;
	char ends[16];

	if (len >= 16) {
		for (at = 0; at + 16 < len; at += 16) {
			record_block b = record_block_load(from + at);

			memcpy(to + at, &b, 16);
			odd |= record_block_odd(b);
		}
		last = record_block_load(from + len - 16);
		memcpy(to + len - 16, &last, 16);
		return (!record_block_any(odd | record_block_odd(last)));
	}
	if (len >= 8) {
		copy(ends, from, 8);
		copy(ends + 8, from + len - 8, 8);
		copy(to, ends, 8);
		copy(to + len - 8, ends + 8, 8);
		return (!record_block_any(record_block_odd(record_block_load(ends))));
	}
	if (len >= 4) {
		copy(ends, from, 4);
		copy(ends + 4, from + len - 4, 4);
		copy(ends + 8, ends, 8);
		copy(to, ends, 4);
		copy(to + len - 4, ends + 4, 4);
		return (!record_block_any(record_block_odd(record_block_load(ends))));
	}
	return (copy_few(to, from, len));
}

/* text and its closing quote; NULL if end is too near to say without looking. */
static inline char *
put_text(char *p, const char *end, struct span text)
{
	assert(text.len <= RECORD_TEXT_MAX || record_text_weight(text) <= RECORD_TEXT_MAX);
	if ((ptrdiff_t)text.len > end - p)
		return (NULL);
	if (__builtin_expect(copy_plain(p, text), 1)) {
		p += text.len;
	} else {
		if ((ptrdiff_t)(RECORD_ESCAPE_GROWTH * text.len) > end - p)
			return (NULL);
		p = record_escape(p, text);
	}
	*p = '"';
	return (p + 1);
}

static const char pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

static inline unsigned
digits_of(uint64_t n)
{
	unsigned count = 1;

	for (; n >= 10000; n /= 10000)
		count += 4;
	return (count + (n >= 10) + (n >= 100) + (n >= 1000));
}

/* Eight digits side by side; the zeros in front are shifted out.  Nothing to guess for a branch. */
static inline char *
put_small(char *p, uint32_t n)
{
	uint64_t x = n / 10000 | (uint64_t)(n % 10000) << 32, tens;
	unsigned zeros;

	tens = x * 10486 >> 20 & UINT64_C(0x0000007f0000007f); /* hundreds */
	x = tens | (x - tens * 100) << 16;
	tens = x * 103 >> 10 & UINT64_C(0x000f000f000f000f);
	x = tens | (x - tens * 10) << 8;
	zeros = (unsigned)__builtin_ctzll(x | UINT64_C(1) << 56) / 8;
	x = htole64((x | UINT64_C(0x3030303030303030)) >> 8 * zeros);
	copy(p, (const char *)&x, sizeof(x));
	return (p + sizeof(x) - zeros);
}
#define SMALL 100000000

static inline char *
put_int(char *p, int64_t number)
{
	uint64_t n = (uint64_t)number;
	char *end, *at;

	if (__builtin_expect(n < SMALL, 1))
		return (put_small(p, (uint32_t)n));
	if (number < 0) {
		*p++ = '-';
		n = 0 - n;
	}
	at = end = p + digits_of(n);
	for (; n >= 100; n /= 100) {
		at -= 2;
		copy(at, pairs + n % 100 * 2, 2);
	}
	if (n >= 10)
		copy(at - 2, pairs + n * 2, 2);
	else
		at[-1] = (char)('0' + n);
	return (end);
}

/* The head up to the fraction of the second, taken anew when it changes. */
static void
turn_second(struct record_encoder *enc, int64_t t_us)
{
	char text[64];
	int64_t second = t_us / 1000000 - (t_us % 1000000 < 0);

	(void)record_time_write(text, second * 1000000);
	copy(enc->text, RECORD_START, RECORD_START_BYTES);
	copy(enc->text + RECORD_START_BYTES, text, 20);
	enc->second = second;
	enc->valid = true;
}

#define HEAD_BYTES (RECORD_START_BYTES + 20)
_Static_assert(HEAD_BYTES <= sizeof(((struct record_encoder *)NULL)->text), "head fits");

static inline char *
put_time(char *p, struct record_encoder *enc, int64_t t_us)
{
	int64_t us;
	unsigned n;

	if (t_us < RECORD_TIME_MIN_US)
		t_us = RECORD_TIME_MIN_US;
	if (t_us > RECORD_TIME_MAX_US)
		t_us = RECORD_TIME_MAX_US;
	us = t_us - enc->second * 1000000;
	if (!enc->valid || us < 0 || us >= 1000000) {
		turn_second(enc, t_us);
		us = t_us - enc->second * 1000000;
	}
	copy(p, enc->text, sizeof(enc->text));
	p += HEAD_BYTES;
	if (us == 0) { /* what most logs say */
		copy(p, "000Z\"", 5);
		return (p + 5);
	}
	n = (unsigned)us / 1000;
	*p++ = (char)('0' + n / 100);
	copy(p, pairs + n % 100 * 2, 2);
	p += 2;
	n = (unsigned)us % 1000;
	if (n != 0) {
		*p++ = (char)('0' + n / 100);
		copy(p, pairs + n % 100 * 2, 2);
		p += 2;
	}
	copy(p, "Z\"", 2);
	return (p + 2);
}

/* Behind the bracket that the key carries; NULL as put_text. */
static char *
put_list(char *p, const char *end, const struct record *r)
{
	for (size_t i = 0; i < r->forwarded_count; i++) {
		if (i > 0)
			*p++ = ',';
		*p++ = '"';
		if ((p = put_text(p, end, r->forwarded[i])) == NULL || p > end)
			return (NULL);
	}
	*p = ']';
	return (p + 1);
}

static char *
put_flags(char *p, uint64_t flags)
{
	bool first = true;

	for (; flags != 0; flags &= flags - 1) {
		const char *name = record_flags[__builtin_ctzll(flags)].name;
		size_t len = strlen(name);

		if (!first)
			*p++ = ',';
		first = false;
		*p++ = '"';
		copy(p, name, len);
		p += len;
		*p++ = '"';
	}
	*p = ']';
	return (p + 1);
}

/* As put_text, of the i-th member; where it went is noted if it stands there as it is. */
static inline char *
put_value(char *p, const char *end, struct record_encoder *enc, const struct record *r, size_t i)
{
	struct span text = r->extra[i].text;
	char *start = p;

	if ((p = put_text(p, end, text)) != NULL && (size_t)(p - start) == text.len + 1)
		enc->extra_at[i] = (uint16_t)(start - enc->out);
	return (p);
}

/* As put_list.  Of members with equal keys the first stays. */
static char *
put_extra(char *p, const char *end, struct record_encoder *enc, const struct record *r)
{
	struct span keys[RECORD_EXTRA_MAX];
	size_t count = 0;

	for (size_t i = 0; i < r->extra_count; i++) {
		const struct record_extra *x = &r->extra[i];
		char *start = p;

		enc->extra_at[i] = 0;
		if (count > 0)
			*p++ = ',';
		*p++ = '"';
		keys[count].ptr = p;
		if ((p = put_text(p, end, x->key)) == NULL || p > end)
			return (NULL);
		keys[count].len = (size_t)(p - keys[count].ptr);
		if (record_key_known(keys, count, keys[count])) {
			p = start;
			continue;
		}
		count++;
		*p++ = ':';
		if (x->is_number) {
			p = put_int(p, x->number);
		} else {
			*p++ = '"';
			if ((p = put_value(p, end, enc, r, i)) == NULL)
				return (NULL);
		}
		if (p > end)
			return (NULL);
	}
	*p = '}';
	return (p + 1);
}

/* A field that is neither text nor number, without its key if it is empty. */
static char *
put_many(char *p, const char *end, struct record_encoder *enc, const struct record *r,
    const struct record_key *key)
{
	if (key->type == RECORD_LIST && r->forwarded_count > 0)
		return (put_list(p, end, r));
	if (key->type == RECORD_EXTRA && r->extra_count > 0)
		return (put_extra(p, end, enc, r));
	if (key->type == RECORD_FLAGS && r->flags != 0) {
		if (end - p < RECORD_FLAG_COUNT * 24)
			return (NULL);
		return (put_flags(p, r->flags));
	}
	return (p - key->len);
}

/* A text that is known to be plain and its quote; most take one step. */
static inline char *
put_plain(char *p, struct span text)
{
	copy(p, text.ptr, 64);
	for (size_t at = 64; at < text.len; at += 64)
		copy(p + at, text.ptr + at, 64);
	p[text.len] = '"';
	return (p + text.len + 1);
}
_Static_assert(RECORD_PLAIN_SLACK >= 64 && SLACK >= 128, "steps of 64 bytes overrun");

/*
 * The fields of left, each with its key.  Where texts went is noted, for the
 * caller to fill in later what has a fixed size.  One look at each field
 * says whether there is room for any text or number.
 */
static inline char *
put_fields(
    char *p, const char *end, struct record_encoder *enc, const struct record *r, uint64_t left)
{
	for (; left != 0; left &= left - 1) {
		int f = __builtin_ctzll(left);
		const struct record_key *key = &record_keys[f];

		if (end - p < RECORD_TEXT_MAX + RECORD_KEY_BYTES)
			return (NULL);
		copy(p, key->bytes, RECORD_KEY_BYTES);
		p += key->len;
		if ((r->plain >> f & 1) != 0) {
			enc->at[f] = (uint16_t)(p - enc->out);
			p = put_plain(p, r->text[f]);
			continue;
		}
		if (key->type == RECORD_INT)
			p = put_int(p, r->number[f]);
		else if (key->type == RECORD_TEXT)
			p = put_text(p, end, r->text[f]);
		else
			p = put_many(p, end, enc, r, key);
		if (p == NULL)
			return (NULL);
	}
	return (p > end ? NULL : p);
}

#define AGENT_FIELDS \
	(UINT64_C(1) << RECORD_FIELD_AGENT | UINT64_C(1) << RECORD_FIELD_AGENT_MAJOR | \
	    UINT64_C(1) << RECORD_FIELD_OS | UINT64_C(1) << RECORD_FIELD_DEVICE | \
	    UINT64_C(1) << RECORD_FIELD_BOT)
#define BEFORE_AGENT ((UINT64_C(1) << RECORD_FIELD_AGENT) - 1)
_Static_assert(RECORD_FIELD_BOT - RECORD_FIELD_AGENT == 4, "AGENT to BOT are neighbours");

/* The agent's fields as they were written before. */
static inline char *
put_agent(char *p, const char *end, struct span agent)
{
	if ((ptrdiff_t)agent.len > end - p)
		return (NULL);
	copy(p, agent.ptr, RECORD_AGENT_BYTES / 2);
	if (agent.len > RECORD_AGENT_BYTES / 2)
		copy(p + RECORD_AGENT_BYTES / 2, agent.ptr + RECORD_AGENT_BYTES / 2,
		    RECORD_AGENT_BYTES / 2);
	return (p + agent.len);
}
_Static_assert(SLACK >= RECORD_AGENT_BYTES / 2, "the agent is copied with its padding");

size_t
record_encode_agent(const struct record *r, char out[static RECORD_AGENT_BYTES])
{
	static const struct record_encoder none;
	struct record_encoder enc = none;
	char line[RECORD_BYTES_MAX];
	char *p;
	size_t len;

	enc.out = line;
	p = put_fields(line, line + sizeof(line) - SLACK, &enc, r, r->present & AGENT_FIELDS);
	len = p == NULL ? 0 : (size_t)(p - line);
	if (len > RECORD_AGENT_BYTES)
		return (0);
	memset(out, 0, RECORD_AGENT_BYTES);
	memcpy(out, line, len);
	return (len);
}

/* Everything behind the time; NULL as put_text. */
static inline char *
put_all(char *p, const char *end, struct record_encoder *enc, const struct record *r)
{
	uint64_t left = r->present & ~UINT64_C(1);

	if ((p = put_fields(p, end, enc, r, left & BEFORE_AGENT)) == NULL)
		return (NULL);
	if (r->agent.len > 0) {
		left &= ~AGENT_FIELDS;
		if ((p = put_agent(p, end, r->agent)) == NULL)
			return (NULL);
	}
	return (put_fields(p, end, enc, r, left & ~BEFORE_AGENT));
}

size_t
record_encode(struct record_encoder *enc, const struct record *r, char *out)
{
	char *p = put_time(out, enc, r->time_us);

	assert(r->present >> RECORD_FIELD_COUNT == 0 && r->flags >> RECORD_FLAG_COUNT == 0);
	assert(r->forwarded_count <= RECORD_FORWARDED_MAX && r->extra_count <= RECORD_EXTRA_MAX);
	enc->out = out;
	enc->tight = false;
	enc->copied = r->plain;
	if ((p = put_all(p, out + RECORD_BYTES_MAX - SLACK, enc, r)) == NULL) {
		enc->copied = 0;
		enc->tight = true;
		memset(enc->extra_at, 0, sizeof(enc->extra_at));
		return (record_encode_tight(r, out));
	}
	copy(p, "}\n", 2);
	return ((size_t)(p + 2 - out));
}
