/* mask: what a User-Agent says, in a few words that identify nobody. */
#ifndef CRETULA_MASK_AGENT_H
#define CRETULA_MASK_AGENT_H

#include <stdbool.h>

#include "base/span.h"

struct mask_agent {
	struct span family; /* "Chrome"; static text; "Other" if unknown, "none" if absent */
	struct span os;     /* "Windows"; empty if unknown */
	struct span device; /* "desktop" "phone" "tablet" "tv" "bot"; empty if unknown */
	int major;          /* -1 if unknown; 0..999 */
	bool bot;
};

/* First 512 bytes count.  Any bytes are legal.  Output texts are static. */
void mask_agent_read(struct span text, struct mask_agent *agent);

/*
 * A cache of the same, direct-mapped, keyed by a secret hash of the whole
 * string; no string is stored, so a hit compares 128 bits of keyed hash.
 */
struct mask_agent_cache;
int mask_agent_cache_open(struct mask_agent_cache **c);
void mask_agent_cache_close(struct mask_agent_cache *c);
const struct mask_agent *mask_agent_cached(struct mask_agent_cache *c, struct span text);

#endif
