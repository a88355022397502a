/*
 * Fuzz target: bodies of requests, cut into lines.  The first byte says what
 * the body is.  No line has a line end in it; whatever room there is, the
 * same lines come, and of each all bytes are there or counted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 4096
#define FEW 50

static void
demand(int claim)
{
	if (!claim)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parse_body whole, narrow;
	struct parse_body_line line, part;
	char wide[ROOM], few[FEW];
	enum parse_body_kind kind;
	struct span body;
	bool more;

	if (size == 0)
		return (0);
	kind = data[0] % 3 == 0 ? PARSE_BODY_LINES :
	    data[0] % 3 == 1    ? PARSE_BODY_AUDIT :
				  PARSE_BODY_OTLP;
	body = span_of((const char *)data + 1, size - 1);
	if (!parse_body_begin(&whole, kind, body))
		return (0);
	demand(parse_body_begin(&narrow, kind, body));
	do {
		more = parse_body_next(&whole, wide, sizeof(wide), &line);
		demand(parse_body_next(&narrow, few, sizeof(few), &part) == more);
		demand(line.len + line.dropped == part.len + part.dropped);
		demand(part.len <= line.len && memcmp(wide, few, part.len) == 0);
		demand(memchr(wide, '\n', line.len) == NULL);
	} while (more);
	return (0);
}
