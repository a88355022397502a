/* plain: what a writer of many records knows, so that the encoder need not look. */
#ifndef CRETULA_RECORD_PLAIN_H
#define CRETULA_RECORD_PLAIN_H

#include "record/record.h"

/* Bytes behind a plain text that may be read. */
#define RECORD_PLAIN_SLACK 64

/*
 * Set a text of plain ASCII that needs no escape, of at most RECORD_TEXT_MAX
 * bytes, in memory of which RECORD_PLAIN_SLACK more bytes may be read.
 */
static inline void
record_set_plain(struct record *r, enum record_field f, struct span text)
{
	record_set_text(r, f, text);
	r->plain |= UINT64_C(1) << f;
}

/*
 * Write AGENT to BOT of r as they stand in a line, for the agent of other
 * records that have the same.  Returns the bytes, or 0 if they do not fit.
 * out is padded: all of it may be read.
 */
#define RECORD_AGENT_BYTES 192
size_t record_encode_agent(const struct record *r, char out[static RECORD_AGENT_BYTES]);

/*
 * Where the last line of enc holds a plain text of its record; NULL if it
 * was written in another way.
 */
static inline char *
record_plain_at(const struct record_encoder *enc, enum record_field f)
{
	return ((enc->copied >> f & 1) != 0 ? enc->out + enc->at[f] : NULL);
}

/* The same of a text that is the i-th of extra, plain or not. */
static inline char *
record_extra_at(const struct record_encoder *enc, size_t i)
{
	return (enc->extra_at[i] != 0 ? enc->out + enc->extra_at[i] : NULL);
}

#endif
