/* salts: what a segment's .salt gives, whole or after erasures.  Private to audit/. */
#ifndef CRETULA_AUDIT_SALTS_H
#define CRETULA_AUDIT_SALTS_H

#include "audit/check.h"
#include "seal/puncture.h"

struct audit_salts {
	bool whole; /* nothing is erased: seed is all */
	unsigned char seed[16];
	struct seal_cover cover;
};

/*
 * Of the newest revision of a segment; past may be NULL.  0; or -1, with
 * *code and e as above.  salts must be empty before.
 */
int audit_salts_open(struct audit_salts *salts, int dirfd, uint64_t seg,
    const struct seal_past *past, enum audit_code *code, struct err *e);
void audit_salts_close(struct audit_salts *salts); /* wipes */

/* One of them; false if it is erased. */
bool audit_salts_one(
    const struct audit_salts *salts, uint32_t index, unsigned char salt[static 16]);

/* Run of them.  memory as of seal_salts; those that are erased are zeros. */
void audit_salts_run(const struct audit_salts *salts, uint32_t first, size_t count,
    unsigned char (*run)[16], bool *known, void *memory);

/*
 * Do they give what entries erased, or not give what was not erased?  Of a
 * segment with redact entries.  -1 if records cannot be checked with them.
 */
int audit_salts_check(const struct audit_salts *salts, const struct seal_past *past,
    const struct audit_place *at, struct audit_list *list);

#endif
