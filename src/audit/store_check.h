/* store_check: one stream of a store, in its place.  Private to audit/. */
#ifndef CRETULA_AUDIT_STORE_CHECK_H
#define CRETULA_AUDIT_STORE_CHECK_H

#include "audit/check.h"
#include "audit/segment.h"

/*
 * Open streams/NAME and check its chain, its notes and the names in it;
 * findings are in chain->list.  -1 if there is no chain to speak of (said in
 * the list).  chain is to be freed either way.
 */
int audit_stream_begin(struct audit_chain *chain, int streams, const char *name,
    const struct audit_options *options, struct audit_coverage *coverage);

/* Entry i may say what the vocabulary is from here on. */
void audit_words_said(struct audit_chain *chain, const struct seal_entry *entry, uint64_t i);

/* The vocabulary in words (STORE/words, or -1) against the newest of these. */
void audit_words_check(const struct audit_chain *chain, int words, struct audit_list *list);

#endif
