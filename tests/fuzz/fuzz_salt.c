/* Fuzz target: a .salt that is accepted prints as itself and can be punctured. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/puncture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
demand_same(const struct seal_cover *cover, struct span text)
{
	struct buf again = { 0 };

	seal_cover_print(cover, &again);
	demand(span_equal(buf_view(&again), text));
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char salts[64][16], memory[SEAL_SALTS_MEMORY(64)];
	struct span text = span_of((const char *)data, size);
	struct seal_cover cover = { 0 }, punctured = { 0 };
	struct buf after = { 0 };
	unsigned char salt[16];
	uint32_t leaf = size > 4 ? data[4] : 0;
	struct err e = { 0 };
	bool known[64];
	size_t before;

	if (seal_cover_read(text, &cover, &e) == -1) {
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
		return (0);
	}
	demand_same(&cover, text);
	before = seal_cover_salts(&cover, leaf & ~63u, 64, salts, known, memory);
	if (seal_cover_puncture(&cover, leaf, &e) == 0) {
		demand(!seal_cover_salt(&cover, leaf, salt));
		before -= known[leaf & 63];
		demand(seal_cover_salts(&cover, leaf & ~63u, 64, salts, known, memory) == before);
		seal_cover_print(&cover, &after);
		demand(seal_cover_read(buf_view(&after), &punctured, &e) == 0);
		demand_same(&punctured, buf_view(&after));
	} else
		demand_same(&cover, text);
	buf_free(&after);
	seal_cover_free(&cover);
	seal_cover_free(&punctured);
	return (0);
}
