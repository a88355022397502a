/* Fuzz target: .tags, open and sealed, and states: what is accepted prints as itself. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/ratchet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const classes[] = { "none", "ip.peer", "session" };
static const char *const reasons[] = { "grammar", "too_long" };
static const struct seal_names names = { classes, 3, reasons, 2 };

static void
demand(int claim)
{
	if (!claim)
		abort();
}

/* The lines that are good, printed again, are the file's beginning. */
static void
walk(struct span file, bool open)
{
	static struct seal_state state;
	struct buf again = { 0 };
	struct seal_tags t;
	struct err e = { 0 };
	int got;

	seal_tags_open(&t, file, open);
	while ((got = seal_tags_next(&t, &e)) == 1) {
		seal_tag_print(&t.tag, &again);
		if (open && seal_state_read(t.state, &names, &state, &e) == 0) {
			struct buf text = { 0 };

			seal_state_print(&state, &names, &text);
			demand(span_equal(buf_view(&text), t.state));
			buf_free(&text);
		}
		if (open) {
			buf_char(&again, '\t');
			buf_span(&again, t.state);
		}
		buf_char(&again, '\n');
	}
	demand(span_starts(file, buf_view(&again)));
	demand(got == 0 ? again.len == file.len : e.code == ERR_FINDING);
	demand(text_is_ascii(span_str(e.text)));
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char zeros[32];
	struct span file = span_of((const char *)data, size);
	struct seal_tags_want want = { .origin = SPAN("o"), .seg = 42, .n = 2, .g0 = 5, .g = 7,
		.agg = zeros, .root = zeros };
	unsigned char sector[SEAL_SECTOR_BYTES] = { 0 }, again[SEAL_SECTOR_BYTES];
	struct seal_ratchet r;
	struct err e = { 0 };
	uint64_t line = 0;

	walk(file, false);
	walk(file, true);
	seal_ratchet_begin(&r, zeros, 5);
	demand(seal_ratchet_check(&r, file, &want, &line, &e) == -1 && e.code == ERR_FINDING);
	(void)seal_ratchet_check(NULL, file, &want, &line, &e);
	memcpy(sector, data, size < sizeof(sector) ? size : sizeof(sector));
	if (seal_ratchet_decode(sector, &r, &e) == 0) {
		seal_ratchet_encode(&r, again);
		demand(memcmp(sector, again, sizeof(again)) == 0);
	}
	return (0);
}
