/* mask, inside: where a client is, by geo.h. */
#ifndef CRETULA_MASK_METHOD_PLACE_H
#define CRETULA_MASK_METHOD_PLACE_H

#include "mask/geo.h"
#include "parse/addr.h"

#define MASK_PLACES 8192 /* a power of two */

struct mask_place_slot {
	uint64_t key[2]; /* keyed hash of the address */
	struct mask_place place;
};

struct mask_places {
	const struct mask_geo *geo; /* NULL: nothing is looked up */
	struct mask_place_slot *slots;
};

struct mask;

/* COUNTRY and ASN of the record at hand. */
void mask_place_put(struct mask *m, const struct parse_addr *addr);

#endif
