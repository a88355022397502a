/*
 * The encoder for a record that may not fit: byte by byte, exact.  It is
 * also what the tests hold the fast one against.
 */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "record/escape.h"
#include "record/line.h"

/* What a record that does not fit must leave out. */
enum lean { LEAN_NOTHING, LEAN_MANY, LEAN_LONG };

/* All flags, each in quotes and with a comma. */
enum {
	FLAGS_BYTES = 0
#define FLAG(id, name, help) +sizeof(name) + 2
#include "record/flags.def"
#undef FLAG
};

_Static_assert(
    RECORD_FIELD_COUNT *(RECORD_ESCAPE_GROWTH *RECORD_LEAN_BYTES + RECORD_KEY_BYTES - 6) +
	    FLAGS_BYTES + 64 <=
	RECORD_BYTES_MAX,
    "a lean record always fits");

struct tight {
	char *at;
	const char *end;
	bool full;
	uint64_t flags;
	enum lean lean;
};

size_t
record_text_weight(struct span text)
{
	size_t weight = text.len;

	for (size_t i = 0; i + 3 <= text.len; i++)
		if (memcmp(text.ptr + i, "\xef\xbf\xbd", 3) == 0)
			weight -= 2;
	return (weight);
}

static void
add(struct tight *t, const char *bytes, size_t len)
{
	if (t->full || len > (size_t)(t->end - t->at)) {
		t->full = true;
		return;
	}
	memcpy(t->at, bytes, len);
	t->at += len;
}

static void
add_str(struct tight *t, const char *text)
{
	add(t, text, strlen(text));
}

/* Quoted and escaped. */
static void
add_text(struct tight *t, struct span text)
{
	char escaped[RECORD_ESCAPE_GROWTH];

	add_str(t, "\"");
	while (text.len > 0 && !t->full) {
		uint32_t code;
		size_t len = record_utf8_next(text, &code);
		struct span one = span_of(text.ptr, len == 0 ? 1 : len);

		add(t, escaped, (size_t)(record_escape(escaped, one) - escaped));
		text = span_from(text, one.len);
	}
	add_str(t, "\"");
}

static void
add_int(struct tight *t, int64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%lld", (long long)number);

	add(t, text, (size_t)len);
}

static void
add_list(struct tight *t, const struct record *r)
{
	for (size_t i = 0; i < r->forwarded_count; i++) {
		if (i > 0)
			add_str(t, ",");
		add_text(t, r->forwarded[i]);
	}
	add_str(t, "]");
}

static void
add_flags(struct tight *t, uint64_t flags)
{
	const char *before = "\"";

	for (; flags != 0; flags &= flags - 1) {
		add_str(t, before);
		add_str(t, record_flags[__builtin_ctzll(flags)].name);
		before = "\",\"";
	}
	add_str(t, "\"]");
}

static void
add_extra(struct tight *t, const struct record *r)
{
	struct span keys[RECORD_EXTRA_MAX];
	size_t count = 0;

	for (size_t i = 0; i < r->extra_count && !t->full; i++) {
		struct tight before = *t;

		if (count > 0)
			add_str(t, ",");
		keys[count].ptr = t->at;
		add_text(t, r->extra[i].key);
		keys[count].len = (size_t)(t->at - keys[count].ptr);
		if (!t->full && record_key_known(keys, count, keys[count])) {
			*t = before;
			continue;
		}
		count++;
		add_str(t, ":");
		if (r->extra[i].is_number)
			add_int(t, r->extra[i].number);
		else
			add_text(t, r->extra[i].text);
	}
	add_str(t, "}");
}

/* Has field f something to write, and does leanness allow it? */
static bool
wanted(const struct tight *t, const struct record *r, int f)
{
	switch (record_keys[f].type) {
	case RECORD_TEXT: return (t->lean < LEAN_LONG || r->text[f].len <= RECORD_LEAN_BYTES);
	case RECORD_LIST: return (t->lean < LEAN_MANY && r->forwarded_count > 0);
	case RECORD_EXTRA: return (t->lean < LEAN_MANY && r->extra_count > 0);
	case RECORD_FLAGS: return (t->flags != 0);
	default: return (true);
	}
}

static void
add_value(struct tight *t, const struct record *r, int f)
{
	switch (record_keys[f].type) {
	case RECORD_TEXT:
		t->at -= t->full ? 0 : 1; /* the key carries the quote */
		add_text(t, r->text[f]);
		break;
	case RECORD_LIST: add_list(t, r); break;
	case RECORD_EXTRA: add_extra(t, r); break;
	case RECORD_FLAGS: add_flags(t, t->flags); break;
	default: add_int(t, r->number[f]);
	}
}

static void
add_record(struct tight *t, const struct record *r, uint64_t present)
{
	char time[CLOCK_RFC3339_BYTES];

	add_str(t, RECORD_START);
	add(t, time, (size_t)(record_time_write(time, r->time_us) - time));
	add_str(t, "\"");
	for (int f = RECORD_FIELD_TIME + 1; f < RECORD_FIELD_COUNT; f++) {
		if ((present >> f & 1) == 0 || !wanted(t, r, f))
			continue;
		add(t, record_keys[f].bytes, record_keys[f].len);
		add_value(t, r, f);
	}
	add_str(t, "}\n");
}

size_t
record_encode_tight(const struct record *r, char *out)
{
	uint64_t present = r->present;
	struct tight t = { .full = true, .flags = r->flags };

	for (int lean = LEAN_NOTHING; t.full && lean <= LEAN_LONG; lean++) {
		t.at = out;
		t.end = out + RECORD_BYTES_MAX;
		t.full = false;
		t.lean = (enum lean)lean;
		if (lean != LEAN_NOTHING) {
			t.flags |= UINT64_C(1) << RECORD_FLAG_OVERLONG;
			present |= UINT64_C(1) << RECORD_FIELD_FLAGS;
		}
		add_record(&t, r, present);
	}
	assert(!t.full);
	return ((size_t)(t.at - out));
}
