/* again: what a segment seemed to lack while the chain grew.  Private to audit/. */
#ifndef CRETULA_AUDIT_AGAIN_H
#define CRETULA_AUDIT_AGAIN_H

#include "audit/segment.h"

struct audit_again {
	struct audit_pool *pool; /* again: segments to check once more */
	int streams, words; /* directories; words may be -1 */
	const char *name; /* of the stream */
	const struct audit_options *options;
	struct audit_list *segments; /* findings go here */
	struct audit_list *words_list; /* ... of the vocabulary are emptied if they pass */
};

/* Read the chain again, and check again what is left over, until all is told. */
void audit_stream_again(struct audit_again *a, struct audit_coverage *coverage);

#endif
