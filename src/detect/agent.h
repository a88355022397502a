/* detect: what a User-Agent says, in a few words that identify nobody. */
#ifndef CRETULA_DETECT_AGENT_H
#define CRETULA_DETECT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "record/plain.h"

struct detect_agent {
	struct span family; /* "Chrome"; "Other" if unknown, "none" if absent */
	struct span os;     /* "Windows"; empty if unknown */
	struct span device; /* "desktop" "phone" "tablet" "tv" "bot"; empty if unknown */
	int major;          /* -1 if unknown; 0..999 */
	bool bot;
};

/* What is kept of a text that comes again and again. */
struct detect_agent_entry {
	struct detect_agent agent;
	bool control;    /* there are control bytes in the text */
	size_t line_len; /* of the fields as they stand in a line (record/plain.h); 0: none */
	char line[RECORD_AGENT_BYTES];
};

/*
 * A cache of the same by a secret hash of the whole string; no string is
 * stored, so a hit compares 128 bits of keyed hash.
 */
struct detect_agent_cache;

/* All memory is taken here; after crypto_start.  0, or -1 without memory. */
int detect_agent_cache_open(struct detect_agent_cache **c);
void detect_agent_cache_close(struct detect_agent_cache *c); /* NULL is legal */

#define DETECT_AGENT_ALLOWED_MAX 64

/*
 * Configured families, before the first text is read: "Name" is the family
 * of whoever says "Name/" (exact case).  1..31 of [A-Za-z0-9_-], the first a
 * letter.  0, or -1: no such name or too many.
 */
int detect_agent_allow(struct detect_agent_cache *c, struct span family);

/* The name of a text in the cache; its entry is fetched meanwhile. */
void detect_agent_name(const struct detect_agent_cache *c, struct span text,
    uint64_t name[static 2]);

/* Valid until the next call; its texts until close. */
const struct detect_agent_entry *detect_agent_cached(struct detect_agent_cache *c,
    struct span text, const uint64_t name[static 2]);

/*
 * What stands behind the cache: the rules of uap-core (agents/match.h), and
 * words of our own (agents.def) for the device, bots, and who is newer than
 * the rules.  First 512 bytes count.  Any bytes are legal.  Texts are those
 * of tables, or configured: never part of text.
 */
void detect_agent_read(struct detect_agent_cache *c, struct span text,
    struct detect_agent *agent);

/* Agent fields of a record. */
void detect_agent_put(const struct detect_agent *agent, struct record *r);

#endif
