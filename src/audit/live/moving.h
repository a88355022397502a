/* moving: is a writer at work where something was found?  Private to audit/. */
#ifndef CRETULA_AUDIT_MOVING_H
#define CRETULA_AUDIT_MOVING_H

#include "audit/check.h"

#define AUDIT_ATTEMPTS 7 /* to read a stream that moves: about three seconds */

/* Was it written to a moment ago? */
bool audit_is_young(int dirfd, const char *path);

/* As if nothing had been reported since list was before. */
void audit_list_back(struct audit_list *list, const struct audit_list *before);

/* Longer with each attempt, from 0. */
void audit_pause(unsigned attempt);

/* Did the chain grow since it was read? */
bool audit_has_grown(const struct audit_chain *chain);

/* Was anything that a writer writes to written to a moment ago? */
bool audit_is_warm(const struct audit_chain *chain);

/*
 * Take back findings that entries explain which came since the chain was
 * read.  Would chain and directories, read again, perhaps not show the rest?
 * Then this pauses, longer each attempt (from 0), and is true.
 */
bool audit_is_moving(struct audit_chain *chain, unsigned attempt);

#endif
