/* One request: check, report, and the exit code that it earns. */
#include "audit/outside/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/anchors/consistent.h"
#include "audit/anchors/policy.h"
#include "audit/live/escrow.h"
#include "audit/outside/beside.h"
#include "audit/outside/bundle.h"
#include "audit/outside/pin.h"
#include "audit/outside/prove.h"
#include "base/err.h"
#include "base/io.h"
#include "base/num.h"

static int
report(const struct audit_request *request, struct audit_result *result, struct buf *out)
{
	int code = result->exit_code;

	(request->json ? audit_print_json : audit_print_text)(result, out);
	if (code == 0 && result->warnings > 0 && request->strict)
		code = ERR_STRICT;
	audit_result_free(result);
	return (code);
}

/* Store or bundle, with the escrow keys and the policy if there are any. */
static int
verify(const struct audit_request *request, const char *store, struct audit_options *options,
    struct audit_result *result, struct err *e)
{
	struct audit_escrow escrow = { .count = 0 };
	struct audit_policy *policy = NULL;
	int rc = -1;

	if (request->policy != NULL && audit_policy_read(request->policy, &policy, e) == -1)
		return (err_in(e, "--policy"));
	if (request->escrow != NULL) {
		if (audit_escrow_read(&escrow, request->escrow, e) == -1) {
			audit_policy_free(policy);
			return (-1);
		}
		options->escrow = &escrow;
	}
	options->policy = policy;
	rc = audit_verify(store, options, result, e);
	options->escrow = NULL;
	options->policy = NULL;
	audit_policy_free(policy);
	audit_escrow_free(&escrow);
	return (rc);
}

static int
verify_store(const struct audit_request *request, struct buf *out, struct err *e)
{
	struct audit_options options = request->options;
	struct audit_pins pins = { 0 };
	struct audit_result result;
	int code = -1;

	if (request->max_age != NULL &&
	    (num_duration(span_str(request->max_age), &options.max_age_us) == -1 ||
		options.max_age_us <= 0))
		return (err_set(e, ERR_USAGE, "--max-age: '%s' is not like 3h", request->max_age));
	if (request->pin != NULL) {
		if (audit_pins_read(&pins, request->pin, e) == -1)
			goto out;
		options.pins = &pins;
	}
	if (verify(request, request->store, &options, &result, e) == -1)
		goto out;
	/* What is not good is not what to compare with next time. */
	if (request->pin != NULL && result.exit_code == 0 &&
	    audit_pins_write(&pins, request->pin, e) == -1) {
		audit_result_free(&result);
		goto out;
	}
	code = report(request, &result, out);
out:
	audit_pins_free(&pins);
	return (code);
}

/* Of segments: what lies beside the store is compared once that is good. */
static int
verify_segments(const struct audit_request *request, const struct audit_range *range,
    struct audit_options *options, struct audit_result *result, struct err *e)
{
	char store[4096];

	(void)snprintf(store, sizeof(store), "%s/store", request->bundle);
	if (verify(request, store, options, result, e) == -1)
		return (-1);
	if (result->errors == 0 &&
	    audit_beside_store(request->bundle, range, options->names, result, e) == -1) {
		audit_result_free(result);
		return (-1);
	}
	return (0);
}

/* Neither chains nor proofs: what was found says so. */
static void
report_empty(const char *dir, struct audit_range *range, struct audit_list *found)
{
	struct audit_place at = audit_place("store");
	int fd = io_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, NULL);

	if (!range->is_proofs && audit_kind(fd, "store/streams") != AUDIT_DIRECTORY) {
		audit_report(found, AUDIT_E_BUNDLE, &at,
		    "there is no store, and no records are named");
		range->is_proofs = true;
	}
	if (fd != -1)
		(void)close(fd);
}

static int
verify_bundle(const struct audit_request *request, struct buf *out, struct err *e)
{
	struct audit_options options = request->options;
	struct audit_result result;
	struct audit_range range;
	struct audit_list found;
	int code = -1;

	audit_list_init(&found, "bundle", AUDIT_FINDINGS_PER_FILE);
	if (strlen(request->bundle) > 4000)
		return (err_set(e, ERR_INPUT, "--bundle: too long a name"));
	if (audit_bundle_check(request->bundle, &range, &found, e) == 0) {
		options.range = &range;
		options.found = &found;
		options.stream = range.stream[0] != '\0' ? range.stream : NULL;
		report_empty(request->bundle, &range, &found);
		if (range.records != NULL && request->policy != NULL)
			(void)err_set(
			    e, ERR_USAGE, "--policy is of chains, and this bundle has only proofs");
		else if ((range.is_proofs ?
				 audit_bundle_proofs(
				     request->bundle, &range, &options, &result, e) :
				 verify_segments(request, &range, &options, &result, e)) == 0)
			code = report(request, &result, out);
		audit_range_free(&range);
	}
	audit_list_free(&found);
	return (code);
}

static int
verify_record(const struct audit_request *request, struct span text, struct buf *out, struct err *e)
{
	struct audit_proof proof = { .record = AUDIT_NONE };
	int code = -1;

	if (audit_proof_check(text, request->options.anchor, request->options.names, &proof, e) ==
	    0) {
		(request->json ? audit_proof_print_json : audit_proof_print_text)(
		    request->proof, &proof, out);
		code = proof.why[0] == '\0' ? 0 : ERR_FINDING;
	}
	audit_proof_free(&proof);
	return (code);
}

static int
verify_consistent(
    const struct audit_request *request, struct span text, struct buf *out, struct err *e)
{
	struct audit_consistent proof;

	if (audit_consistent_check(
		text, request->options.anchor, request->options.names, &proof, e) == -1)
		return (-1);
	(request->json ? audit_consistent_print_json : audit_consistent_print_text)(
	    request->proof, &proof, out);
	return (proof.why[0] == '\0' ? 0 : ERR_FINDING);
}

/* What is too long to be a proof is a bad one; what cannot be read is none. */
static int
verify_proof(const struct audit_request *request, struct buf *out, struct err *e)
{
	struct span magic = SPAN(AUDIT_CONSISTENT_MAGIC);
	struct buf text = { 0 };
	int code = -1;

	if (io_read_file(AT_FDCWD, request->proof, AUDIT_PROOF_BYTES_MAX, &text, e) == 0)
		code = (span_starts(buf_view(&text), magic) ? verify_consistent : verify_record)(
		    request, buf_view(&text), out, e);
	else if (errno == EFBIG) {
		struct audit_proof proof = { .why = "longer than a proof can be" };

		(request->json ? audit_proof_print_json : audit_proof_print_text)(
		    request->proof, &proof, out);
		code = ERR_FINDING;
	} else
		e->code = ERR_INPUT;
	buf_free(&text);
	return (code);
}

static int
run(const struct audit_request *request, struct buf *out, struct err *e)
{
	if ((request->store != NULL) + (request->bundle != NULL) + (request->proof != NULL) != 1)
		return (err_set(
		    e, ERR_USAGE, "one of --store DIR, --bundle DIR and --proof FILE is needed"));
	if (request->store != NULL)
		return (verify_store(request, out, e));
	if (request->pin != NULL || request->max_age != NULL || request->options.stream != NULL)
		return (err_set(e, ERR_USAGE,
		    "--pin, --max-age and --stream are for whole stores (--store DIR)"));
	if (request->bundle != NULL)
		return (verify_bundle(request, out, e));
	if (request->policy != NULL || request->escrow != NULL)
		return (err_set(e, ERR_USAGE, "--policy and --escrow are for stores and bundles"));
	return (verify_proof(request, out, e));
}

int
audit_request_there(const struct audit_request *request, struct err *e)
{
	if (request->store == NULL || request->bundle != NULL || request->proof != NULL ||
	    faccessat(AT_FDCWD, request->store, F_OK, 0) == 0 || errno != ENOENT)
		return (0);
	return (err_set(e, ERR_INPUT, "%s is no store: nothing is there", request->store));
}

int
audit_request_run(const struct audit_request *request, struct buf *out, struct err *e)
{
	unsigned shortages = err_memory_count();
	int code = run(request, out, e);

	/* Not a word then: a bad verdict may be one of memory. */
	if (err_memory_count() == shortages)
		return (code);
	buf_clear(out);
	return (err_memory(e));
}
