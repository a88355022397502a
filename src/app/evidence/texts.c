/* What is in every bundle: whose it is, what to check it by, and that it was checked. */
#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "app/evidence/evidence.h"
#include "app/names.h"
#include "app/records.h"
#include "audit/anchors/policy.h"
#include "audit/outside/request.h"
#include "base/err.h"
#include "crypto/sha256.h"
#include "store/layout.h"

/* ---- the auditor's line, and the verifier ---- */

static int
print_anchor(const struct app_records *own, struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	unsigned char hash[32];
	struct span genesis;
	int rc = 0;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	if (own->chain.count == 0 ||
	    seal_entry_read(store_chain_line(&own->chain, 0), app_names(), entry, e) == -1 ||
	    entry->type != SEAL_GENESIS)
		rc = err_set(e, ERR_FINDING, "the store has no genesis");
	else {
		genesis = store_chain_line(&own->chain, 0);
		crypto_sha256(genesis.ptr, genesis.len, hash);
		buf_span(out, entry->of.genesis.log);
		buf_str(out, " sha256:");
		buf_hex(out, hash, sizeof(hash));
		buf_char(out, '\n');
	}
	free(entry);
	return (rc);
}

/* The independent verifier (tests/vectors/verify.py), packed, embedded by meson. */
extern const unsigned char app_verify_py[];
extern const size_t app_verify_py_len, app_verify_py_bytes;

static int
put_verifier(struct app_evidence_out *out, struct err *e)
{
	struct buf text = { 0 };
	uLongf len = app_verify_py_bytes;
	int rc = -1;

	if (buf_reserve(&text, len) == -1 ||
	    uncompress((Bytef *)text.data, &len, app_verify_py, app_verify_py_len) != Z_OK)
		(void)err_memory(e);
	else
		rc = app_evidence_put(out, "verify.py", span_of(text.data, len), e);
	buf_free(&text);
	return (rc);
}

int
app_evidence_put_common(struct app_evidence_out *out, const char *store, struct err *e)
{
	struct app_records own;
	struct buf text = { 0 };
	int rc = -1;

	if (app_records_open(&own, store, STORE_OWN_STREAM, NULL, NULL, e) == 0 &&
	    print_anchor(&own, &text, e) == 0 &&
	    app_evidence_put(out, "anchor", buf_view(&text), e) == 0)
		rc = put_verifier(out, e);
	app_records_close(&own);
	buf_free(&text);
	return (rc);
}

/* ---- the policy ---- */

/*
 * A policy with logs demands its quorum of these alone.  The others are there
 * in a comment, so that a reader finds every key in one place.
 */
void
app_evidence_policy_log(const struct audit_policy *given, struct span log, struct buf *out)
{
	buf_str(out, given == NULL || audit_policy_names(given, log) ? "log " : "# ");
	buf_span(out, log);
	buf_char(out, '\n');
}

static void
print_group(const struct audit_policy *policy, unsigned at, struct buf *out)
{
	const struct audit_policy_group *group = &policy->groups[at];

	buf_str(out, "group ");
	buf_span(out, group->name);
	buf_fmt(out, " %u", group->needed);
	for (unsigned i = 0; i < AUDIT_POLICY_WITNESSES_MAX; i++) {
		if ((group->witnesses >> i & 1) != 0) {
			buf_char(out, ' ');
			buf_span(out, policy->witnesses[i].name);
		}
		if ((group->groups >> i & 1) != 0) {
			buf_char(out, ' ');
			buf_span(out, policy->groups[i].name);
		}
	}
	buf_char(out, '\n');
}

void
app_evidence_policy_end(const struct audit_policy *given, struct buf *out)
{
	struct span quorum = span_str("none");

	for (unsigned i = 0; given != NULL && i < given->witness_count; i++) {
		buf_str(out, "witness ");
		buf_span(out, given->witnesses[i].name);
		buf_char(out, ' ');
		buf_span(out, given->witnesses[i].vkey);
		buf_char(out, '\n');
	}
	for (unsigned i = 0; given != NULL && i < given->group_count; i++)
		print_group(given, i, out);
	if (given != NULL && given->quorum == AUDIT_QUORUM_WITNESS)
		quorum = given->witnesses[given->quorum_at].name;
	else if (given != NULL && given->quorum == AUDIT_QUORUM_GROUP)
		quorum = given->groups[given->quorum_at].name;
	buf_str(out, "quorum ");
	buf_span(out, quorum);
	buf_char(out, '\n');
}

/* ---- the check ---- */

int
app_evidence_check(
    const struct app_evidence_out *out, const struct app_evidence *what, struct err *e)
{
	char policy[sizeof(out->path) + 8];
	struct audit_request request = {
		.bundle = out->path, .json = true, .options = { .jobs = 1, .names = app_names() }
	};
	struct buf report = { 0 };
	int code;

	if (what->policy != NULL && what->record_count == 0) {
		(void)snprintf(policy, sizeof(policy), "%s/policy", out->path);
		request.policy = policy;
	}
	code = audit_request_run(&request, &report, e);
	buf_free(&report);
	if (code == ERR_FINDING)
		return (err_set(e, ERR_FINDING,
		    "what is in the store does not verify: cretula verify --store %s",
		    what->store));
	return (code == -1 ? -1 : 0);
}
