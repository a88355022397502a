/* apart: of each the time and the fields that are counted, one behind the other. */
#include "tally/own/apart.h"

#include <string.h>

#define BIT(f) UINT64_C(1) << RECORD_FIELD_##f
#define NUMBERS (BIT(STATUS) | BIT(DURATION) | BIT(BYTES) | BIT(REQUEST_BYTES) | BIT(BOT))
#define DIM(id, name, code, field, kept, help) | BIT(field)
static const uint64_t counted = NUMBERS
#include "tally/dims.def"
    ;
#undef DIM

struct head {
	int64_t time_us;
	uint64_t present;
	int32_t who;
	uint32_t part;
};

static void
put(struct tally_batch *b, const void *bytes, size_t len)
{
	memcpy(b->apart + b->apart_len, bytes, len);
	b->apart_len += len;
}

/* What is longer becomes no other key by being cut now. */
static void
put_text(struct tally_batch *b, struct span text)
{
	struct span short_text = text.len > TALLY_KEY_MAX ? tally_key(text, b->key) : text;
	uint16_t len = (uint16_t)short_text.len;

	put(b, &len, sizeof(len));
	put(b, short_text.ptr, len);
}

bool
tally_apart_put(struct tally_batch *b, const struct record *r, enum tally_part part, int who)
{
	const struct head head = { r->time_us, r->present & counted, who, (uint32_t)part };

	if (sizeof(head) + RECORD_FIELD_COUNT * (sizeof(uint16_t) + TALLY_KEY_MAX) >
	    TALLY_APART - b->apart_len)
		return (false);
	put(b, &head, sizeof(head));
	for (uint64_t left = head.present; left != 0; left &= left - 1) {
		int f = __builtin_ctzll(left);

		if (((NUMBERS) >> f & 1) != 0)
			put(b, &r->number[f], sizeof(r->number[f]));
		else
			put_text(b, r->text[f]);
	}
	return (true);
}

static void
take(const struct tally_batch *b, size_t *at, void *bytes, size_t len)
{
	memcpy(bytes, b->apart + *at, len);
	*at += len;
}

bool
tally_apart_next(const struct tally_batch *b, size_t *at, struct tally_apart *one)
{
	struct head head;
	uint16_t len;

	if (*at == b->apart_len)
		return (false);
	take(b, at, &head, sizeof(head));
	record_clear(&one->record);
	one->record.time_us = head.time_us;
	one->record.present |= head.present;
	one->part = (enum tally_part)head.part;
	one->who = head.who;
	for (uint64_t left = head.present; left != 0; left &= left - 1) {
		int f = __builtin_ctzll(left);

		if (((NUMBERS) >> f & 1) != 0) {
			take(b, at, &one->record.number[f], sizeof(one->record.number[f]));
			continue;
		}
		take(b, at, &len, sizeof(len));
		one->record.text[f] = span_of(b->apart + *at, len);
		*at += len;
	}
	return (true);
}
