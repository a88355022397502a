/* Fuzz target: any text as a proof, of a record or of two notes, ends in bounded time, with a verdict that prints. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchors/consistent.h"
#include "audit/outside/prove.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_consistent(struct span text, const struct seal_names *names)
{
	struct audit_consistent proof;
	struct buf out = { 0 };

	if (audit_consistent_check(text, NULL, names, &proof, NULL) == -1)
		abort();
	if (proof.why[0] == '\0' && (proof.old == 0 || proof.old > proof.new))
		abort();
	audit_consistent_print_text("proof", &proof, &out);
	audit_consistent_print_json("proof", &proof, &out);
	if (!buf_ok(&out) || out.len == 0)
		abort();
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seal_names names = { NULL, 0, NULL, 0 };
	struct audit_proof proof;
	struct buf out = { 0 };
	struct err e = { 0 };

	if (audit_proof_check(span_of((const char *)data, size), NULL, &names, &proof, &e) == -1)
		abort();
	/* Good means: it says which record, and shows it. */
	if (proof.why[0] == '\0' && (proof.record == AUDIT_NONE || proof.line.len == 0))
		abort();
	audit_proof_print_text("proof", &proof, &out);
	audit_proof_print_json("proof", &proof, &out);
	if (!buf_ok(&out) || out.len == 0)
		abort();
	buf_free(&out);
	audit_proof_free(&proof);
	try_consistent(span_of((const char *)data, size), &names);
	return (0);
}
