/*
 * What decode takes, encode writes again, byte for byte; and peek says the
 * same of it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct record_decoder decoder;
static struct record_encoder encoder;
static char again[RECORD_BYTES_MAX];

/* 0 for what is there, but is no status. */
static int64_t
status_of(const struct record *r)
{
	int64_t status = r->number[RECORD_FIELD_STATUS];

	if (!record_has(r, RECORD_FIELD_STATUS))
		return (-1);
	return (status >= 0 && status <= 9999 ? status : 0);
}

static enum record_state
state_of(const struct record *r)
{
	if (!record_has(r, RECORD_FIELD_STATE))
		return (RECORD_PARSED);
	return (span_is(r->text[RECORD_FIELD_STATE], "partial") ? RECORD_PARTIAL : RECORD_UNPARSED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span line = { (const char *)data, size };
	struct record_facts facts;
	struct record r;
	struct err e;
	bool peeked;

	if (size == 0)
		return (0);
	peeked = record_peek(line, &facts, &e) == 0;
	if (record_decode(&decoder, line, &r, &e) != 0)
		return (0);
	if (record_encode(&encoder, &r, again) != size + 1 || memcmp(again, data, size) != 0)
		abort();
	if (!peeked && record_has(&r, RECORD_FIELD_STATE))
		return (0); /* a state that there is not */
	if (!peeked || facts.time_us != r.time_us || facts.status != status_of(&r) ||
	    facts.state != state_of(&r))
		abort();
	return (0);
}
