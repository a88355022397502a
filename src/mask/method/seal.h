/*
 * mask, inside: the method `seal`.
 *
 * "sealed:" and base64url (RFC 4648 section 5, without padding) of a box to
 * the offline key of the policy.  In the box: u16 length, big-endian, of the
 * value, the value, and zeros up to the next 48 bytes: sizes tell an address
 * from nothing, and one name from a much longer one only.  Equal values have
 * different boxes; each batch has a throw-away key of its own.
 */
#ifndef CRETULA_MASK_METHOD_SEAL_H
#define CRETULA_MASK_METHOD_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "crypto/sealed.h"

#define MASK_SEALED_HEAD "sealed:"
#define MASK_SEALED_HEAD_BYTES 7
#define MASK_SEALED_BLOCK 48
#define MASK_SEALED_VALUE_MAX 1006 /* of a value; a longer one is redacted */
#define MASK_SEALED_BYTES 1423     /* of the text */

struct mask;

struct mask_sealing {
	bool used; /* a class has the method */
	bool open; /* the sealer is of the batch at hand */
	struct crypto_sealer sealer;
	bool hold_open; /* the same, to the key of the quarantine */
	struct crypto_sealer hold;
};

/* Around a batch. */
void mask_seal_begin(struct mask *m);
void mask_seal_end(struct mask *m);

/* The text that stands for value; 0 if it is too long, or longer than size. */
size_t mask_sealed(struct mask *m, struct span value, char *out, size_t size);
/* The same in the record's memory; empty if it cannot be. */
struct span mask_sealed_text(struct mask *m, struct span value);

/*
 * The quarantine: a line that could not be read, sealed to the policy's
 * quarantine_key in EXTRA of the skeleton at hand, in members "line",
 * "line2" ... of at most MASK_SEALED_VALUE_MAX bytes each.  Returns what is
 * beyond all of them; empty without a key.
 */
#define MASK_HELD_MAX 11 /* members: more do not fit a record */
#define MASK_HELD_BYTES (MASK_HELD_MAX * (size_t)MASK_SEALED_VALUE_MAX)
struct span mask_hold_line(struct mask *m, struct span line);

/*
 * What the skeleton r holds of its line, opened into out of MASK_HELD_BYTES +
 * 2.  0; 1: r holds none; -1: it is of another key.
 */
struct record;
int mask_held_line(const unsigned char secret[static 32], const struct record *r, char *out,
    struct span *line);

/* How many bytes at the front of text are such a text; 0 if none. */
size_t mask_sealed_at(struct span text);

/*
 * Open what mask_sealed wrote: the value is in out, which has
 * MASK_SEALED_VALUE_MAX + 2 bytes.  -1 if it was not sealed to secret.
 */
int mask_unseal(const unsigned char secret[static 32], struct span text, char *out,
    struct span *value);

#endif
