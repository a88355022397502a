/* Fuzz target: any bytes as a record with sealed texts; they open only if they were sealed to the key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mask/method/seal.h"
#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
look(struct span text)
{
	static const unsigned char secret[32] = { 9 };
	char out[MASK_SEALED_VALUE_MAX + 2];
	struct span value;
	size_t len = mask_sealed_at(text);

	demand(len <= text.len && len <= MASK_SEALED_BYTES);
	demand(len == 0 || mask_sealed_at(span_of(text.ptr, len)) == len);
	if (mask_unseal(secret, text, out, &value) == 0)
		demand(len == text.len && value.len <= MASK_SEALED_VALUE_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char secret[32] = { 9 };
	static char out[MASK_HELD_BYTES];
	static struct record_decoder decoder;
	struct span text = span_of((const char *)data, size), line;
	struct record r;
	struct err e = { 0 };

	look(text);
	if (record_decode(&decoder, text, &r, &e) == 0) {
		for (unsigned i = 0; i < r.extra_count; i++)
			if (!r.extra[i].is_number)
				look(r.extra[i].text);
		if (mask_held_line(secret, &r, out, &line) == 0)
			demand(line.len <= MASK_HELD_BYTES);
	}
	return (0);
}
