/*
 * mask: country and network operator of an address, looked up before it is
 * masked, in databases of the MaxMind DB format.
 *
 * A database is a file of somebody else's: what it says is looked at as
 * closely as a log line. Two capital letters are a country, a number below
 * 2^32 is an ASN, everything else is nothing.
 */
#ifndef CRETULA_MASK_GEO_H
#define CRETULA_MASK_GEO_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct mask_geo; /* shared by all threads, never written */

struct mask_place {
	char country[2]; /* zeros if not known */
	uint32_t asn;    /* 0 if not known */
};

/*
 * Open the databases; "" is none, and *geo is NULL if both are.  0, or -1
 * and ERR_CONFIG: missing or damaged.  The files stay mapped:
 * whoever renews one writes a new file and renames it.
 */
int mask_geo_open(const char *country, const char *asn, struct mask_geo **geo, struct err *e);
void mask_geo_close(struct mask_geo *geo); /* NULL is legal */

/* What is known of an address of 4 or 16 bytes.  Calls no allocator. */
void mask_geo_find(const struct mask_geo *geo, const unsigned char *bytes, unsigned len,
    struct mask_place *place);

#endif
