/*
 * mask: what a value that somebody names was written as, epoch by epoch.
 *
 * For a person who asks what is kept of them (design.md 9): the value comes
 * from outside, is brought into the one form that lines give it, and every
 * text that a record may have in its place is computed.  Whoever has no keys
 * gets nothing out of it: it is the same as masking a line.
 */
#ifndef CRETULA_MASK_METHOD_VALUE_H
#define CRETULA_MASK_METHOD_VALUE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "key/key.h"
#include "parse/addr.h"
#include "record/record.h"

struct err;

enum mask_value_kind {
	MASK_VALUE_ADDRESS, /* ip.peer and ip.fwd */
	MASK_VALUE_USER, /* user.auth and user.claim */
	MASK_VALUE_SESSION, /* session */
	MASK_VALUE_EMAIL, /* email; its token is another one for each subject */
	MASK_VALUE_KINDS
};
/* "ip.client", "user", "session", "email"; and the prefixes of their tokens, blank-separated. */
extern const char *const mask_value_names[MASK_VALUE_KINDS];
extern const char *const mask_value_prefixes[MASK_VALUE_KINDS];
/* -1: there is no such kind. */
int mask_value_find(struct span name);

#define MASK_VALUE_BYTES 512

struct mask_value {
	enum mask_value_kind kind;
	size_t len;
	char bytes[MASK_VALUE_BYTES]; /* 4 or 16 of an address, else text */
};

/* ERR_USAGE: text is no value of the kind; the error does not say it. */
int mask_value_read(
    enum mask_value_kind kind, struct span text, struct mask_value *value, struct err *e);

/* ---- what stands in records ---- */

struct mask_form {
	enum record_class class_id;
	bool network; /* of all who share the network, not of one address */
	uint16_t len;
	char text[MASK_VALUE_BYTES];
};
#define MASK_FORMS_MAX 7 /* of one epoch, or of none */

struct mask_forms; /* keys of a ring; in secret memory */

/* ring outlives it.  NULL: no memory for keys. */
struct mask_forms *mask_forms_open(const struct key_ring *ring, const char *tenant);
void mask_forms_close(struct mask_forms *f); /* NULL is legal */

/* The forms of value under the keys of an epoch; 0 if the ring has none of it. */
unsigned mask_forms_of(struct mask_forms *f, const struct mask_value *value, enum key_period period,
    int64_t index, struct mask_form out[static MASK_FORMS_MAX]);
/*
 * Those that no key goes into: in clear (own networks, machines), and its
 * network; one that ends in zeros reads like its network, and is only that.
 */
unsigned mask_forms_plain(const struct mask_value *value, struct mask_form out[static 2]);

/* Is there a key of the epoch, for tokens that are bound to a subject? */
bool mask_forms_bound(
    struct mask_forms *f, const struct mask_value *value, enum key_period period, int64_t index);
/*
 * Has the record the token of value that it would have by that key?  Only of
 * what is bound, where the subject's own token is in client or forwarded.
 */
bool mask_forms_in(struct mask_forms *f, const struct mask_value *value, enum key_period period,
    int64_t index, const struct record *r);

/* ---- client.c ---- */

/* The bits of a token as an address. */
size_t mask_address_of_token(const char *token, char out[static INET6_ADDRSTRLEN]);
/* How many bits of an address tell its network; and that network. */
unsigned mask_network_bits(const struct parse_addr *addr);
size_t mask_address_truncated(const struct parse_addr *addr, char out[static INET6_ADDRSTRLEN]);

#endif
