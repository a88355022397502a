/* Fuzz target: any bytes as a policy; what is accepted is within its bounds, and no witness is all of them. */
#include <stdint.h>
#include <stdlib.h>

#include "audit/anchors/policy.h"
#include "base/err.h"

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
	struct audit_policy *policy;
	struct err e = { 0 };

	if (audit_policy_parse(span_of((const char *)data, size), &policy, &e) == -1) {
		demand(e.code == ERR_CONFIG || e.code == ERR_IO);
		return (0);
	}
	demand(policy->witness_count <= AUDIT_POLICY_WITNESSES_MAX &&
	    policy->group_count <= AUDIT_POLICY_WITNESSES_MAX);
	/* More witnesses never make less of a quorum; all of them make any. */
	demand(audit_policy_met(policy, UINT64_MAX));
	demand(audit_policy_met(policy, 0) == (policy->quorum == AUDIT_QUORUM_NONE));
	audit_policy_free(policy);
	return (0);
}
