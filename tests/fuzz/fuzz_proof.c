/* Fuzz target: a tlog-proof that is accepted prints as itself and ends in bounded time. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seal_note note;
	static struct seal_proof_file file;
	struct buf extra = { 0 }, again = { 0 };
	struct err e = { 0 };

	if (seal_proof_read(span_of((const char *)data, size), &file, &note, &e) == -1) {
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
		return (0);
	}
	demand(seal_proof_extra(&file, &extra) == 0);
	seal_proof_print(buf_view(&extra), file.index, &file.proof, file.checkpoint, &again);
	demand(span_equal(buf_view(&again), span_of((const char *)data, size)));
	(void)seal_proof_included(&file.proof, note.root, file.index, note.size, note.root);
	(void)seal_proof_consistent(&file.proof, file.index, note.root, note.size, note.root);
	buf_free(&extra);
	buf_free(&again);
	return (0);
}
