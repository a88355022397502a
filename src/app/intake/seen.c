/* app: which ids came within the last ten minutes. */
#include <string.h>

#include "app/intake/inside.h"
#include "base/clock.h"

#define WINDOW_S 600
#define SEEN_COUNT (INTAKE_SEEN_BYTES / sizeof(struct intake_seen))
#define WAYS 4
_Static_assert((SEEN_COUNT & (SEEN_COUNT - 1)) == 0, "a power of two");

uint64_t
app_intake_id(const struct intake *in, struct span one, struct span other)
{
	const struct span parts[] = { one, SPAN("|"), other };
	unsigned char hash[32];
	uint64_t id;

	crypto_hmac_parts(&in->id_key, parts, 3, hash);
	memcpy(&id, hash, sizeof(id));
	return (id);
}

static struct intake_seen *
row_of(const struct intake *in, uint64_t id)
{
	return (&in->seen[id & (SEEN_COUNT - 1) & ~(uint64_t)(WAYS - 1)]);
}

/* Never 0. */
static uint32_t
second_of(int64_t now_ns)
{
	return ((uint32_t)(now_ns / 1000000000) + 1);
}

static bool
is_fresh(const struct intake_seen *s, int64_t now_ns)
{
	return (s->at_s > 0 && second_of(now_ns) - s->at_s < WINDOW_S);
}

bool
app_intake_seen(const struct intake *in, uint64_t id, int64_t now_ns)
{
	const struct intake_seen *row = row_of(in, id);

	for (int i = 0; i < WAYS; i++)
		if (row[i].id == id && is_fresh(&row[i], now_ns))
			return (true);
	return (false);
}

/* Where all places are taken, the oldest is forgotten. */
void
app_intake_note(struct intake *in, uint64_t id, int64_t now_ns)
{
	struct intake_seen *row = row_of(in, id), *oldest = row;
	uint32_t ticket = (uint32_t)(in->tickets + 1);

	for (int i = 0; i < WAYS; i++) {
		if (row[i].id == id) {
			oldest = &row[i];
			if (is_fresh(oldest, now_ns))
				ticket = oldest->ticket;
			break;
		}
		if (row[i].at_s < oldest->at_s)
			oldest = &row[i];
	}
	*oldest = (struct intake_seen){ id, second_of(now_ns), ticket };
}

void
app_intake_unsee(struct intake *in, uint64_t from, uint64_t to)
{
	uint32_t first = (uint32_t)(from + 1), count = (uint32_t)(to - from);

	for (size_t i = 0; count > 0 && i < SEEN_COUNT; i++)
		if (in->seen[i].at_s > 0 && in->seen[i].ticket - first < count)
			in->seen[i] = (struct intake_seen){ 0, 0, 0 };
}

void
app_intake_settle(struct intake *in)
{
	app_intake_unsee(in, in->unsee_from, in->unsee_to);
	in->unsee_from = in->unsee_to;
	if (in->current == NULL || !in->cutter_again ||
	    app_intake_seen(in, in->cutter_id, clock_mono_ns()))
		return;
	in->cutter_again = false;
	app_intake_note(in, in->cutter_id, clock_mono_ns());
}
