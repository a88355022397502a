/* again: what a segment seemed to lack while the chain grew.  Private to audit/. */
#ifndef CRETULA_AUDIT_AGAIN_H
#define CRETULA_AUDIT_AGAIN_H

#include "audit/segment.h"

struct audit_again {
	struct audit_pool *pool; /* again: segments to check once more */
	int streams;             /* directory */
	const char *name;        /* of the stream */
	const struct audit_options *options;
	struct audit_list *segments; /* findings go here */
};

/* Read the chain again, and check again what is left over, until all is told. */
void audit_stream_again(struct audit_again *a, struct audit_coverage *coverage);

/*
 * audit_words_check beside a writer: a vocabulary comes before its segment's
 * entry, and entries came since the chain was read.
 */
void audit_words_again(const struct audit_chain *chain, int words, struct audit_list *list);

#endif
