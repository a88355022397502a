/* mask, inside: where a client is, by geo.h. */
#ifndef CRETULA_MASK_METHOD_PLACE_H
#define CRETULA_MASK_METHOD_PLACE_H

#include "mask/geo.h"
#include "parse/addr.h"

#define MASK_PLACES 65536 /* a power of two */

struct mask_place_slot {
	uint64_t key; /* keyed hash of the address; the place in the table is another 16 bits */
	struct mask_place place;
};

struct mask_places {
	const struct mask_geo *geo; /* NULL: nothing is looked up */
	struct mask_place_slot *slots;
};

struct mask;

/* Fetch what is kept of the peer at hand, whose token is looked up too. */
void mask_place_ahead(struct mask *m);
/* COUNTRY and ASN of the record at hand. */
void mask_place_put(struct mask *m, const struct parse_addr *addr);

#endif
