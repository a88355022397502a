/* open: the files of a segment.  Private to audit/. */
#ifndef CRETULA_AUDIT_OPEN_FILES_H
#define CRETULA_AUDIT_OPEN_FILES_H

#include "audit/segment.h"

/* Open the data, at: its path; -1 and a finding.  sealed: its bytes by the newest entry. */
int audit_data_open(const struct audit_chain *chain, uint64_t n, uint64_t sealed,
    const struct audit_place *at, struct audit_list *list);
/* Read .idx to job->idx; -1 and a finding. */
int audit_idx_open(struct audit_job *job, const struct audit_chain *chain,
    const struct seal_segment *facts, const struct audit_place *at, struct audit_list *list);

#endif
