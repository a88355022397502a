/*
 * policy: which logs and witnesses an auditor trusts, and how many of them: a
 * C2SP tlog-policy.
 *
 * One item a line, words between blanks or tabs, # begins a comment line:
 *   log VKEY [URL]      witness NAME VKEY [URL]
 *   group NAME any|all|N MEMBER...     quorum NAME|none
 * A member or a quorum names a witness or a group further up.
 */
#ifndef CRETULA_AUDIT_ANCHORS_POLICY_H
#define CRETULA_AUDIT_ANCHORS_POLICY_H

#include "base/buf.h"
#include "seal/note.h"

struct err;

#define AUDIT_POLICY_BYTES_MAX 65536
#define AUDIT_POLICY_WITNESSES_MAX 64 /* and as many groups */
#define AUDIT_POLICY_LOGS_MAX 1024

struct audit_policy_witness {
	struct span name, vkey;
	struct seal_vkey key;
};

/* Member i is witness i, or group i - 64. */
struct audit_policy_group {
	struct span name;
	uint64_t witnesses, groups; /* members */
	unsigned needed;
};

/* What may be a quorum: nothing, or a name above. */
enum audit_policy_quorum { AUDIT_QUORUM_NONE, AUDIT_QUORUM_WITNESS, AUDIT_QUORUM_GROUP };

struct audit_policy {
	struct buf text; /* borrowed by all spans */
	struct span *logs; /* vkeys */
	size_t log_count;
	struct audit_policy_witness witnesses[AUDIT_POLICY_WITNESSES_MAX];
	unsigned witness_count;
	struct audit_policy_group groups[AUDIT_POLICY_WITNESSES_MAX];
	unsigned group_count;
	bool has_quorum; /* was it said?  If not, it is none */
	enum audit_policy_quorum quorum;
	unsigned quorum_at; /* which witness or group */
};

/* ERR_CONFIG with the line if it is none; ERR_INPUT, ERR_IO.  *policy is to be freed. */
int audit_policy_read(const char *path, struct audit_policy **policy, struct err *e);
/* From text, which is copied. */
int audit_policy_parse(struct span text, struct audit_policy **policy, struct err *e);
/* The policy that knows one witness, and demands it.  ERR_USAGE if vkey is none. */
int audit_policy_witness(const char *vkey, struct audit_policy **policy, struct err *e);
void audit_policy_free(struct audit_policy *policy); /* NULL is legal */

/* Is a log with this vkey meant?  Any is, if the policy names none. */
bool audit_policy_names(const struct audit_policy *policy, struct span vkey);

/* Do these witnesses, bit i being witness i, make the quorum? */
bool audit_policy_met(const struct audit_policy *policy, uint64_t witnesses);

/*
 * Which witnesses of the policy cosigned the note; those that it does not know
 * are passed over.  -1: a line of a known one is bad, or ahead of now_us by
 * more than a day. 
 */
int audit_policy_cosigned(const struct audit_policy *policy, const struct seal_note *note,
    int64_t now_us, uint64_t *witnesses, struct err *e);

#endif
