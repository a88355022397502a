/* seal: where a ratchet begins (seal/ratchet.h), as an entry says it; docs/format.md 6, 12. */
#ifndef CRETULA_SEAL_BEGIN_H
#define CRETULA_SEAL_BEGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define SEAL_RATCHET_BOX 86 /* bytes: a key of 32, and what a box costs (crypto/sealed.h) */

struct seal_ratchet_start {
	uint64_t g;
	unsigned char commitment[32]; /* to its key */
	struct span mode;             /* "sector", "ram" */
	bool has_box;
	unsigned char box[SEAL_RATCHET_BOX]; /* the key, sealed to an offline one */
};

#endif
