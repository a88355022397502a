/*
 * pass: one streaming reading of a segment's file: container, lines, leaves, root, facts
 * for counts and times, file hash.  What it found is judged in check_segment.c.
 */
#ifndef CRETULA_AUDIT_READ_PASS_H
#define CRETULA_AUDIT_READ_PASS_H

#include "audit/read/peek.h"

struct audit_reading {
	struct audit_job *job;
	const struct seal_segment *facts;
	struct audit_pass *pass;
	const struct seal_past *past; /* with redact entries; NULL: as it was sealed */
	const struct seal_names *names;
	bool idx_good; /* the job's .idx is the sealed one */
	bool masked; /* its tokens have their epochs */
	struct audit_peek peek;
	bool shared; /* the thread that reads peeks, too */
	bool asked; /* for the hash of the file */
};

/* All of fd, which is closed, into r->pass.  The job has its salts, .idx and flushes. */
void audit_pass_read(struct audit_reading *r, int fd);

#endif
