/*
 * record: what is kept of an event, and its bytes.
 *
 * One JSON object a line, keys in the order of fields.def, absent values
 * left out; every line starts {"time":" so that nothing from input can look
 * like a placeholder (docs/format.md).
 */
#ifndef CRETULA_RECORD_RECORD_H
#define CRETULA_RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "record/table.h"

struct err;

#define RECORD_FORWARDED_MAX 16
#define RECORD_EXTRA_MAX 32
#define RECORD_TEXT_MAX 2048 /* bytes of one text value before escaping */
#define RECORD_BYTES_MAX 16384 /* bytes of one encoded line with its LF */

struct record_extra {
	struct span key;
	struct span text;
	int64_t number;
	bool is_number;
};

/*
 * A record borrows its texts: they live as long as whoever filled it says
 * (mask_event: until the next call; record_decode: until the decoder's next,
 * or the line goes).
 */
struct record {
	uint64_t present; /* bit per enum record_field; TIME's is always set */
	uint64_t flags; /* bit per enum record_flag; FLAGS' bit follows it */
	uint64_t plain; /* bit per text that record_set_plain (plain.h) set */
	struct span agent; /* AGENT to BOT as record_encode writes them, or empty */
	int64_t time_us; /* since 1970, UTC */
	struct span text[RECORD_FIELD_COUNT];
	int64_t number[RECORD_FIELD_COUNT];
	struct span forwarded[RECORD_FORWARDED_MAX];
	struct record_extra extra[RECORD_EXTRA_MAX];
	uint8_t forwarded_count;
	uint8_t extra_count;
};
_Static_assert(RECORD_FIELD_COUNT <= 64, "present is one word");
_Static_assert(RECORD_FLAG_COUNT <= 64, "flags is one word");

static inline void
record_clear(struct record *r)
{
	r->present = UINT64_C(1) << RECORD_FIELD_TIME;
	r->flags = 0;
	r->plain = 0;
	r->agent.len = 0;
	r->forwarded_count = 0;
	r->extra_count = 0;
}

static inline bool
record_has(const struct record *r, enum record_field f)
{
	return ((r->present >> f & 1) != 0);
}

static inline void
record_set_text(struct record *r, enum record_field f, struct span text)
{
	r->present |= UINT64_C(1) << f;
	r->plain &= ~(UINT64_C(1) << f);
	r->text[f] = text;
}

static inline void
record_set_int(struct record *r, enum record_field f, int64_t number)
{
	r->present |= UINT64_C(1) << f;
	r->number[f] = number;
}

static inline void
record_set_flag(struct record *r, enum record_flag flag)
{
	r->flags |= UINT64_C(1) << flag;
	r->present |= UINT64_C(1) << RECORD_FIELD_FLAGS;
}

/* ---- bytes ---- */

/* Keeps the text of the last second; one per thread.  All zero to start. */
struct record_encoder {
	int64_t second;
	char text[32];
	bool valid;
	char *out; /* the last line */
	bool tight; /* which has less than its record */
	uint64_t copied; /* plain texts that stand there as they are */
	uint16_t at[RECORD_FIELD_COUNT]; /* and where */
	uint16_t extra_at[RECORD_EXTRA_MAX]; /* values of extra that do so; 0: it does not */
};
_Static_assert(RECORD_BYTES_MAX <= UINT16_MAX, "an offset fits 16 bits");

/*
 * Write r as one line with its LF to out, which has RECORD_BYTES_MAX bytes.
 * Texts longer than RECORD_TEXT_MAX are a caller's bug (assert).  Returns
 * the bytes written.  Same record, same bytes.  A byte that is no UTF-8
 * becomes U+FFFD; empty lists are left out; of equal keys in extra the first
 * stays.  A record that does not fit loses lists and extra, then texts over
 * 64 bytes, and says overlong; its numbers, state and flags always stay.
 */
size_t record_encode(struct record_encoder *enc, const struct record *r, char *out);

/* Memory for unescaped texts; one per thread. */
struct record_decoder {
	char text[RECORD_BYTES_MAX];
	size_t used;
};

/*
 * Read a line (without LF) back: exactly what record_encode can have
 * written, same bytes when encoded again; anything else is -1 with the
 * offset in e (ERR_FINDING).  Never quotes the line's bytes.
 */
int record_decode(struct record_decoder *dec, struct span line, struct record *r, struct err *e);

/*
 * What verify recomputes of a line, without decoding all of it; the line
 * must be one that record_encode can have written, which is only checked as
 * far as it is looked at: prefix, time, and the keys status, state, reason and the
 * token prefixes.  0, or -1 with e.
 */
enum record_state { RECORD_PARSED, RECORD_PARTIAL, RECORD_UNPARSED };
struct record_facts {
	int64_t time_us;
	int status; /* -1 if absent, 0 if there but negative or over 9999 */
	enum record_state state;
	struct span reason; /* of an unparsed one, in the line; else, or if it has none, empty */
};
int record_peek(struct span line, struct record_facts *facts, struct err *e);

#endif
