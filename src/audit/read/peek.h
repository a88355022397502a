/* peek: is each line a record, and what does it say?  Private to audit/. */
#ifndef CRETULA_AUDIT_PEEK_H
#define CRETULA_AUDIT_PEEK_H

#include "audit/segment.h"

struct audit_peek {
	struct audit_job *job;
	struct audit_pass *pass;
	const struct seal_past *past; /* of a segment with redact entries; then job->kinds holds */
	const struct seal_names *names;
	bool masked; /* tokens have their epochs: audit_peek_masked */
};

/*
 * Do its tokens have their epochs?  Of what nobody masked nothing is said, nor of what somebody
 * asked for: filters in access records have tokens of other streams.
 */
bool audit_peek_masked(const char *stream, const struct seal_segment *facts);

/* The next count lines, as in seal_leaves; the counts of pass go up. */
void audit_peek_lines(
    const struct audit_peek *p, const char *start, const uint32_t *ends, size_t count);

/* All of run, with ends of its own; arg is a struct audit_peek.  For store_reader_share. */
void audit_peek_run(void *arg, struct span run);

#endif
