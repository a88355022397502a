/*
 * app: cretula-verify reads what strangers wrote: before it does, it gives up all
 * else (ADR 44).  Files go by Landlock, as those of `cretula verify` do; system
 * calls by a filter of its own, for a static program that needs no library.
 */
#ifndef CRETULA_APP_SANDBOX_VERIFIER_H
#define CRETULA_APP_SANDBOX_VERIFIER_H

#include "audit/outside/request.h"

/*
 * Leave what request names to be read, and the directory of its pins to be
 * written.  For this thread and those that it starts.  What a kernel cannot
 * forbid stays possible: nothing is said of it.
 */
void app_confine_verifier(const struct audit_request *request);

#endif
