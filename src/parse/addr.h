/*
 * parse: addresses, strictly (RFC 4291, dotted quad), and what merely looks
 * like one.
 */
#ifndef CRETULA_PARSE_ADDR_H
#define CRETULA_PARSE_ADDR_H

#include <stdbool.h>

#include "base/span.h"

struct parse_addr {
	unsigned char bytes[16]; /* canonical: 4 (IPv4, IPv4-mapped) or 16 */
	unsigned char len;       /* 4 or 16 */
};

enum parse_addr_kind {
	PARSE_ADDR_NONE, /* something else */
	PARSE_ADDR_OK,   /* strict; *addr is filled */
	PARSE_ADDR_LIKE  /* leading zeros, octal, hex, decimal, short forms, zone-less junk */
};

/* Whole text, no brackets or port; a zone id (%...) is removed. */
enum parse_addr_kind parse_addr(struct span text, struct parse_addr *addr);

/*
 * As it stands in a header or field: optional quotes, brackets, port, zone.
 * *port is -1 if there is none.
 */
enum parse_addr_kind parse_addr_port(struct span text, struct parse_addr *addr, int *port);

#endif
