/* A bundle of proofs: the report is that of a store with nothing but these records. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "audit/outside/beside.h"
#include "audit/outside/bundle.h"
#include "audit/outside/prove.h"
#include "base/err.h"
#include "base/io.h"

/* A later proof knows more keys. */
static void
take_beside(struct audit_beside *beside, struct audit_proof *proof)
{
	audit_beside_free(beside);
	*beside = (struct audit_beside){ .line = proof->auditor, .logs = proof->logs };
	proof->auditor = proof->logs = (struct buf){ 0 }; /* handed over */
}

/* What one proof of a bundle is worth; of which record, bundle.json and its name say. */
static int
check_proof(const char *dir, const struct audit_range *range, const struct audit_options *options,
    uint64_t record, struct audit_beside *beside, struct err *e)
{
	struct audit_list *found = options->found;
	struct audit_proof proof = { .record = AUDIT_NONE };
	char file[32] = "", path[4096 + 64];
	struct audit_place at = audit_place(file);
	struct buf text = { 0 };
	int rc = 0;

	(void)snprintf(file, sizeof(file), "proofs/%ju", (uintmax_t)record);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	at.record = record;
	if (io_read_file(AT_FDCWD, path, AUDIT_PROOF_BYTES_MAX, &text, e) == -1)
		audit_report(found, AUDIT_E_PROOF, &at, "not readable");
	else if ((rc = audit_proof_check(
		      buf_view(&text), options->anchor, options->names, &proof, e)) == 0 &&
	    proof.why[0] != '\0')
		audit_report(found, AUDIT_E_PROOF, &at, "%s", proof.why);
	else if (rc == 0 && (proof.record != record || strcmp(proof.stream, range->stream) != 0))
		audit_report(found, AUDIT_E_BUNDLE, &at, "the proof of another record");
	else if (rc == 0 && proof.logs.len > beside->logs.len)
		take_beside(beside, &proof);
	audit_proof_free(&proof);
	buf_free(&text);
	return (rc);
}

static void
name_unchecked(const struct audit_options *options, struct audit_coverage *coverage)
{
	static const char *const unchecked[] = {
		"epoch keys' signatures, keys changed since or revoked: that needs the chains",
		"whether records were erased or replaced since: a proof stays valid",
		"anchor: none given, the store's key taken on trust",
	};

	for (unsigned i = 0; i < (options->anchor == NULL ? 3 : 2); i++)
		(void)snprintf(
		    coverage->not_checked[i], sizeof(coverage->not_checked[i]), "%s", unchecked[i]);
}

int
audit_bundle_proofs(const char *dir, const struct audit_range *range,
    const struct audit_options *options, struct audit_result *result, struct err *e)
{
	struct audit_list *found = options->found;
	struct audit_beside beside = { .line = { 0 } };
	int rc = 0;

	*result = (struct audit_result){ .coverage = { .time_min_us = INT64_MAX,
					     .time_max_us = INT64_MIN,
					     .newest_us = INT64_MIN,
					     .laggard_us = INT64_MAX,
					     .streams = 1,
					     .records = range->record_count,
					     .anchored = options->anchor != NULL } };
	(void)snprintf(result->store, sizeof(result->store), "%s", dir);
	for (size_t i = 0; i < range->record_count && rc == 0; i++)
		rc = check_proof(dir, range, options, range->records[i], &beside, e);
	if (rc == 0 && !found->has_error)
		audit_beside_check(dir, &beside, found);
	audit_beside_free(&beside);
	if (rc == -1)
		return (-1);
	if (found->failed)
		return (err_memory(e));
	result->findings = found->items; /* handed over */
	result->finding_count = found->count;
	result->errors = (unsigned)found->count;
	result->suppressed = found->suppressed;
	result->exit_code = found->has_error ? ERR_FINDING : 0;
	found->items = NULL;
	if (found->has_error)
		result->coverage.anchored = false;
	name_unchecked(options, &result->coverage);
	return (0);
}
