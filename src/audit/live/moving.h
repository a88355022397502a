/* moving: is a writer at work where something was found?  Private to audit/. */
#ifndef CRETULA_AUDIT_MOVING_H
#define CRETULA_AUDIT_MOVING_H

#include "audit/check.h"

#define AUDIT_ATTEMPTS 7 /* to read a stream that moves: about three seconds */

/* Was it written to a moment ago? */
bool audit_is_young(int dirfd, const char *path);

/* Longer with each attempt, from 0. */
void audit_pause(unsigned attempt);

/* Did the chain grow since it was read? */
bool audit_has_grown(const struct audit_chain *chain);

/*
 * Would chain and directories, read again, perhaps not show what is in
 * chain->list?  Then this pauses, longer each attempt (from 0), and is true.
 */
bool audit_is_moving(const struct audit_chain *chain, unsigned attempt);

#endif
