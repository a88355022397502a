/* batch: a table that is filled beside the masking of a batch. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "stats/latency.h"
#include "tally/alike.h"
#include "tally/own/apart.h"

_Static_assert(TALLY_ENTRIES < TALLY_SLOTS && TALLY_WHO < TALLY_WHO_SLOTS &&
	TALLY_MINUTES < TALLY_MINUTE_SLOTS,
    "a search ends");
_Static_assert(TALLY_WHO < UINT16_MAX && TALLY_ENTRIES < UINT16_MAX, "numbers fit");

/* A mark (tally_given): the stamp of the batch, and an entry of it. */
#define MARK_BITS 16
#define MARK_ENTRY ((UINT64_C(1) << MARK_BITS) - 1)
static atomic_uint_fast64_t last_stamp; /* of all batches of the process */

/* What a slim record has not (detail_slim), as far as it is counted by. */
#define SLIM_DIMS (1u << TALLY_REFERER | 1u << TALLY_AGENT | 1u << TALLY_OS | 1u << TALLY_DEVICE)

/* Whose texts may hold tokens. */
#define TOKEN_DIMS \
	(1u << TALLY_PATH | 1u << TALLY_REFERER | 1u << TALLY_HOST | 1u << TALLY_METHOD | \
	    1u << TALLY_EVENT | 1u << TALLY_SAMPLE_PATH | 1u << TALLY_SAMPLE_REFERER | \
	    1u << TALLY_SAMPLE_EVENT)

/* Of everybody, and of who is in a sample, but SAMPLE_ALL. */
#define ALL_DIMS ((1u << TALLY_SAMPLE_FIRST) - 1)
#define SAMPLE_DIMS (((1u << TALLY_DIM_COUNT) - 1) & ~ALL_DIMS & ~(1u << TALLY_SAMPLE_ALL))
#define SAMPLE_SLIM_DIMS (1u << TALLY_SAMPLE_REFERER | 1u << TALLY_SAMPLE_AGENT)

int
tally_batch_open(struct tally_batch **b, struct err *e)
{
	struct tally_batch *made = calloc(1, sizeof(*made));
	size_t slots = (TALLY_SLOTS + TALLY_MINUTE_SLOTS + TALLY_WHO_SLOTS) * sizeof(uint16_t);

	if (made == NULL)
		return (err_memory(e));
	if (arena_open(&made->memory,
		slots + TALLY_ENTRIES * sizeof(struct tally_entry) +
		    TALLY_ENTRIES * sizeof(struct tally_entry_more) +
		    TALLY_MINUTES * sizeof(struct tally_minute) +
		    TALLY_ALIKES * (sizeof(struct tally_alike) + sizeof(uint16_t)) +
		    TALLY_WHO * (sizeof(struct tally_local) + sizeof(struct tally_who)) +
		    TALLY_LATE * sizeof(uint16_t) + TALLY_TEXTS + TALLY_APART + 16 * 14,
		ARENA_LAZY, e) == -1) {
		free(made);
		return (-1);
	}
	made->slots = arena_take(&made->memory, TALLY_SLOTS * sizeof(uint16_t));
	made->minute_slots = arena_take(&made->memory, TALLY_MINUTE_SLOTS * sizeof(uint16_t));
	made->who_slots = arena_take(&made->memory, TALLY_WHO_SLOTS * sizeof(uint16_t));
	made->minutes = arena_take(&made->memory, TALLY_MINUTES * sizeof(struct tally_minute));
	made->alikes = arena_take(&made->memory, TALLY_ALIKES * sizeof(struct tally_alike));
	made->entries = arena_take(&made->memory, TALLY_ENTRIES * sizeof(struct tally_entry));
	made->more = arena_take(&made->memory, TALLY_ENTRIES * sizeof(struct tally_entry_more));
	made->locals = arena_take(&made->memory, TALLY_WHO * sizeof(struct tally_local));
	made->who = arena_take(&made->memory, TALLY_WHO * sizeof(struct tally_who));
	made->late = arena_take(&made->memory, TALLY_LATE * sizeof(uint16_t));
	made->used = arena_take(&made->memory, TALLY_ALIKES * sizeof(uint16_t));
	made->texts = arena_take(&made->memory, TALLY_TEXTS);
	made->apart = arena_take(&made->memory, TALLY_APART);
	crypto_random(made->seed, sizeof(made->seed));
	made->stamp = ++last_stamp;
	*b = made;
	return (0);
}

void
tally_batch_close(struct tally_batch *b)
{
	if (b == NULL)
		return;
	arena_close(&b->memory);
	free(b);
}

void
tally_batch_clear(struct tally_batch *b)
{
	if (tally_batch_empty(b))
		return;
	tally_alike_clear(b);
	b->stamp = ++last_stamp;
	if (b->entry_count > TALLY_ENTRIES / 2 || b->who_count > TALLY_WHO / 2 || b->apart_len > 0)
		arena_forget(&b->memory, b->minutes); /* pages, which read as zeros again */
	memset(b->slots, 0, TALLY_SLOTS * sizeof(uint16_t));
	memset(b->minute_slots, 0, TALLY_MINUTE_SLOTS * sizeof(uint16_t));
	if (b->who_count > 0)
		memset(b->who_slots, 0, TALLY_WHO_SLOTS * sizeof(uint16_t));
	b->entry_count = b->minute_count = b->who_count = 0;
	b->record_count = b->late_count = 0;
	b->text_len = b->apart_len = 0;
	b->full = b->mixed = false;
	b->lost = 0;
	b->last_minute = 0;
	memset(b->last, 0, sizeof(b->last));
}

bool
tally_batch_full(const struct tally_batch *b)
{
	return (b->full);
}

uint32_t
tally_batch_records(const struct tally_batch *b)
{
	return (b->record_count);
}

uint64_t
tally_batch_lost(const struct tally_batch *b)
{
	return (b->lost);
}

bool
tally_batch_empty(const struct tally_batch *b)
{
	return (b->minute_count == 0 && b->entry_count == 0 && b->lost == 0 && !b->full);
}

/* ---- entries ---- */

/* Mostly short: without a call. */
static inline bool
is_equal(const char *a, const char *b, size_t len)
{
	uint64_t x[2], y[2];

	if (len > 16)
		return (memcmp(a, b, len) == 0);
	if (len >= 8) {
		memcpy(&x[0], a, 8);
		memcpy(&x[1], a + len - 8, 8);
		memcpy(&y[0], b, 8);
		memcpy(&y[1], b + len - 8, 8);
		return (((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0);
	}
	if (len >= 4) {
		uint32_t s[2], t[2];

		memcpy(&s[0], a, 4);
		memcpy(&s[1], a + len - 4, 4);
		memcpy(&t[0], b, 4);
		memcpy(&t[1], b + len - 4, 4);
		return (((s[0] ^ t[0]) | (s[1] ^ t[1])) == 0);
	}
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return (false);
	return (true);
}

static inline bool
is_entry(const struct tally_batch *b, const struct tally_entry *entry, const struct tally_adding *a,
    enum tally_dim dim, struct span key, uint64_t number)
{
	return (entry->hour == a->hour && entry->dim == dim && entry->apart == a->apart &&
	    entry->len == key.len &&
	    (key.len == 0 ? entry->key == number :
			    is_equal(b->texts + entry->key, key.ptr, key.len)));
}

static struct tally_entry *
find_entry(struct tally_batch *b, const struct tally_adding *a, enum tally_dim dim, struct span key,
    uint64_t number)
{
	uint64_t start = (uint64_t)(uint32_t)a->hour << 16 | (uint64_t)dim << 8 | a->apart;
	uint64_t hash = tally_hash(b->seed, start + number * UINT64_C(0xd6e8feb86659fd93), key);
	uint32_t at = (uint32_t)(hash >> 32) % TALLY_SLOTS;
	struct tally_entry *entry;

	for (; b->slots[at] != 0; at = (at + 1) % TALLY_SLOTS) {
		entry = &b->entries[b->slots[at] - 1];
		if (entry->hash == hash && is_entry(b, entry, a, dim, key, number))
			return (entry);
	}
	entry = &b->entries[b->entry_count++];
	b->slots[at] = (uint16_t)b->entry_count;
	memcpy(b->texts + b->text_len, key.ptr, key.len);
	*entry = (struct tally_entry){ .hash = hash,
		.key = key.len == 0 ? number : b->text_len,
		.hour = a->hour,
		.len = (uint16_t)key.len,
		.dim = (uint8_t)dim,
		.apart = a->apart };
	b->text_len += key.len;
	return (entry);
}

static inline void
count(struct tally_batch *b, struct tally_entry *entry, const struct tally_adding *a)
{
	b->last[entry->dim] = (uint32_t)(entry - b->entries);
	entry->requests++;
	entry->bots += a->bot;
	entry->bytes += a->bytes;
	tally_entry_note(b, entry, a->who);
}

/*
 * Mostly it was counted in this batch before, and the mark says where.  What it says
 * of another batch, or of another hour, is not believed.
 */
static struct tally_entry *
find_marked(struct tally_batch *b, const struct tally_adding *a, enum tally_dim dim, uint64_t *mark)
{
	struct tally_entry *entry = &b->entries[*mark & MARK_ENTRY];

	return (*mark >> MARK_BITS == b->stamp && entry->hour == a->hour && entry->dim == dim &&
		    entry->apart == a->apart ?
		entry :
		NULL);
}

void
tally_batch_text_ahead(const struct tally_batch *b, uint64_t mark)
{
	if (mark >> MARK_BITS == b->stamp)
		__builtin_prefetch(&b->entries[mark & MARK_ENTRY], 1);
}

static struct tally_entry *
find_text(struct tally_batch *b, const struct tally_adding *a, enum tally_dim dim, struct span text)
{
	struct span key = (TOKEN_DIMS >> dim & 1) != 0 || text.len > TALLY_KEY_MAX ?
	    tally_key(text, b->key) :
	    text;
	struct tally_entry *entry = &b->entries[b->last[dim]];

	/* The same as before, as methods and hosts mostly are; paths are not. */
	if (dim != TALLY_PATH && b->entry_count > 0 && is_entry(b, entry, a, dim, key, 0))
		return (entry);
	return (find_entry(b, a, dim, key, 0));
}

/* By the mark of the text, if it has one. */
static struct tally_entry *
find_known(
    struct tally_batch *b, const struct tally_adding *a, enum tally_dim dim, struct span text)
{
	const struct tally_text *given = dim == TALLY_PATH ? &a->given->path :
	    dim == TALLY_REFERER			   ? &a->given->referer :
							     NULL;
	struct tally_entry *entry;

	if (given == NULL || given->mark == NULL || given->text.ptr != text.ptr ||
	    given->text.len != text.len)
		return (find_text(b, a, dim, text));
	if ((entry = find_marked(b, a, dim, given->mark)) == NULL) {
		entry = find_text(b, a, dim, text);
		*given->mark = b->stamp << MARK_BITS | (uint64_t)(entry - b->entries);
	}
	return (entry);
}

static struct tally_entry *
find_number(
    struct tally_batch *b, const struct tally_adding *a, enum tally_dim dim, uint64_t number)
{
	struct tally_entry *entry = &b->entries[b->last[dim]];

	if (b->entry_count > 0 && is_entry(b, entry, a, dim, span_of("", 0), number))
		return (entry);
	return (find_entry(b, a, dim, span_of("", 0), number));
}

struct tally_entry *
tally_entry_find(
    struct tally_batch *b, const struct tally_adding *a, enum tally_dim dim, const struct record *r)
{
	enum record_field f = (enum record_field)tally_dims[dim].field;

	if (dim == TALLY_ALL)
		return (find_number(b, a, dim, 0));
	if (!record_has(r, f))
		return (NULL);
	if (!tally_is_number(dim))
		return (find_known(b, a, dim, r->text[f]));
	if (r->number[f] < 0)
		return (NULL);
	return (find_number(b, a, dim,
	    dim == TALLY_LATENCY ? stats_latency_low(stats_latency_step((uint64_t)r->number[f])) :
				   (uint64_t)r->number[f]));
}

/* ---- minutes ---- */

static struct tally_minute *
find_minute(struct tally_batch *b, int64_t minute, uint32_t apart)
{
	struct tally_minute *m = &b->minutes[b->last_minute];
	uint32_t at;

	if (b->minute_count > 0 && m->minute == minute && m->apart == apart)
		return (m);
	at = (uint32_t)((uint64_t)(minute * 2 + apart) * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
	    TALLY_MINUTE_SLOTS;
	for (; b->minute_slots[at] != 0; at = (at + 1) % TALLY_MINUTE_SLOTS) {
		m = &b->minutes[b->minute_slots[at] - 1];
		if (m->minute == minute && m->apart == apart) {
			b->last_minute = b->minute_slots[at] - 1u;
			return (m);
		}
	}
	b->last_minute = b->minute_count;
	m = &b->minutes[b->minute_count++];
	b->minute_slots[at] = (uint16_t)b->minute_count;
	*m = (struct tally_minute){ .minute = minute, .apart = apart };
	return (m);
}

/* A number of the record that counts; what is negative says nothing. */
static inline uint64_t
amount(const struct record *r, enum record_field f)
{
	return (record_has(r, f) && r->number[f] > 0 ? (uint64_t)r->number[f] : 0);
}

static void
add_minute(struct tally_batch *b, const struct record *r, const struct tally_adding *a,
    enum tally_part part)
{
	struct tally_sums *sums = &find_minute(b, b->minute, a->apart)->sums;
	uint64_t status = amount(r, RECORD_FIELD_STATUS);

	sums->bots += a->bot;
	if (part == TALLY_SLIMMED)
		return;
	sums->requests++;
	sums->bytes += a->bytes;
	sums->request_bytes += amount(r, RECORD_FIELD_REQUEST_BYTES);
	sums->errors_4xx += status >= 400 && status <= 499;
	sums->errors_5xx += status >= 500 && status <= 599;
}

/* ---- one record ---- */

bool
tally_batch_has_room(const struct tally_batch *b)
{
	return (b->entry_count + TALLY_DIM_COUNT <= TALLY_ENTRIES &&
	    b->minute_count < TALLY_MINUTES &&
	    b->text_len + (size_t)TALLY_DIM_COUNT * TALLY_KEY_MAX <= TALLY_TEXTS);
}

static void
add_dims(struct tally_batch *b, const struct record *r, const struct tally_adding *a, unsigned dims)
{
	for (; dims != 0; dims &= dims - 1) {
		struct tally_entry *entry =
		    tally_entry_find(b, a, (enum tally_dim)__builtin_ctz(dims), r);

		if (entry != NULL)
			count(b, entry, a);
	}
}

/* What the public may see of it. */
static void
add_sample(struct tally_batch *b, const struct record *r, const struct tally_adding *a,
    enum tally_part part)
{
	enum tally_sampled sampled = a->who < 0 ? TALLY_NO_SAMPLE : b->locals[a->who].sampled;
	const char *key = sampled == TALLY_SAMPLED_IN ? TALLY_SAMPLE_IN : TALLY_SAMPLE_OUT;

	if (sampled == TALLY_NO_SAMPLE)
		return;
	if (part != TALLY_SLIMMED)
		count(b, find_text(b, a, TALLY_SAMPLE_ALL, span_str(key)), a);
	if (sampled == TALLY_SAMPLED_IN)
		add_dims(b, r, a, part == TALLY_SLIMMED ? SAMPLE_SLIM_DIMS : SAMPLE_DIMS);
}

/* It is full: who it was is kept for those who count the rest (tally_book_late). */
static void
add_late(struct tally_batch *b, int who)
{
	b->full = true;
	if (b->late_count < TALLY_LATE)
		b->late[b->late_count++] = (uint16_t)(who + 1);
}

void
tally_batch_add(struct tally_batch *b, const struct record *r, enum tally_part part,
    const struct tally_given *given)
{
	struct tally_adding a = { .apart = part != TALLY_RECORD,
		.bot = record_has(r, RECORD_FIELD_BOT) && r->number[RECORD_FIELD_BOT] == 1,
		.bytes = amount(r, RECORD_FIELD_BYTES),
		.who = given->who,
		.given = given };
	unsigned dims = ALL_DIMS;

	if (part == TALLY_RECORD && (b->full || !tally_batch_has_room(b))) {
		add_late(b, given->who);
		return;
	}
	if (part != TALLY_RECORD && !tally_batch_has_room(b)) {
		b->lost += !tally_apart_put(b, r, part, given->who);
		return;
	}
	tally_batch_see(b, r->time_us);
	a.hour = b->hour;
	b->record_count += part == TALLY_RECORD;
	add_minute(b, r, &a, part);
	if (part == TALLY_SLIMMED)
		dims = SLIM_DIMS;
	else if (tally_alike_add(b, r, &a))
		dims &= ~tally_alike_dims;
	add_dims(b, r, &a, dims);
	add_sample(b, r, &a, part);
}
