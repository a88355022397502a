/* Fuzz target: any bytes as an answer of a time stamp authority; what is accepted lies within them. */
#include <stdint.h>
#include <stdlib.h>

#include "audit/anchors/stamp.h"
#include "base/err.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static int
is_within(struct span part, struct span whole)
{
	return (part.len == 0 ||
	    (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span whole = span_of((const char *)data, size);
	struct audit_stamp stamp;
	struct err e = { 0 };

	if (audit_stamp_read(whole, &stamp, &e) == -1) {
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
		return (0);
	}
	demand(is_within(stamp.token, whole) && is_within(stamp.policy, whole) &&
	    is_within(stamp.digest, whole) && is_within(stamp.imprint, whole) &&
	    is_within(stamp.serial, whole) && is_within(stamp.authority, whole));
	demand(text_is_ascii(stamp.authority));
	demand(audit_stamp_read(span_of(whole.ptr, whole.len - 1), &stamp, NULL) == -1);
	return (0);
}
