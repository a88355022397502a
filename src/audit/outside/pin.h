/*
 * pin: the newest checkpoint of each chain that an auditor has seen, kept in
 * a file of the auditor's; docs/format.md 15.  Private to audit/.
 */
#ifndef CRETULA_AUDIT_OUTSIDE_PIN_H
#define CRETULA_AUDIT_OUTSIDE_PIN_H

#include "audit/check.h"

#define AUDIT_PINS_BYTES_MAX ((size_t)16 << 20)

struct audit_pin {
	char origin[SEAL_NAME_BYTES_MAX + 1]; /* ends with "/" and the stream's name */
	uint64_t size;                        /* entries, from 1 */
	unsigned char root[32];
	bool seen; /* the store at hand has this chain */
};

struct audit_pins {
	struct audit_pin *items;
	size_t count, room;
};

/* None if there is no such file.  -1: ERR_CONFIG if it is not one of pins, ERR_IO. */
int audit_pins_read(struct audit_pins *pins, const char *path, struct err *e);
/* The file is replaced whole, or stays as it was. */
int audit_pins_write(const struct audit_pins *pins, const char *path, struct err *e);
void audit_pins_free(struct audit_pins *pins);

/*
 * Does the chain, which was checked, go on from what is pinned of it?  If so,
 * or if nothing is, its newest size is what is pinned from now on.
 */
void audit_pins_check(struct audit_pins *pins, struct audit_chain *chain);

/* Pinned chains that were not seen.  only: of this stream; NULL: of all. */
void audit_pins_missing(const struct audit_pins *pins, const char *only, struct audit_list *list);

#endif
