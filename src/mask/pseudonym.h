/*
 * mask, inside: tokens.
 *
 * A token is the prefix of its class, a dot, and base32 of the first 80 bits
 * of HMAC-SHA256(k, input), where k is the class key of the epoch
 * (key_class) and input is, with u16 big-endian lengths in front of each part,
 *
 *   global:  the canonical value as it is, nothing in front (ip if us uc se rq ua)
 *   bound:   len | subject token, len | position, len | value
 *   shared:  as bound, with an empty subject (path_token: shared)
 *   fresh:   as bound, with the subject "fresh", the position
 *            nonce(16) | batch(8) | line(4) | count(4), and an empty value
 *
 * Position is printable text, so that a token can be computed again from
 * KEYS: the parent template of a path segment ("/users/{int}", a token is
 * "*"), "?" of a parameter name, "." or the registrable domain of a host
 * name, "email", "device", "server", "upstream", "tls", "object", "text".
 *
 * Trust (key_class): "header" for if, "auth" for us, "claim" for uc, else
 * "peer"; texts that are no strict address have trust "like" (address-like)
 * or "name" (host names and the rest), so they never equal an address.  The
 * key of ipcrypt-pfx has trust "prefix".
 */
#ifndef CRETULA_MASK_PSEUDONYM_H
#define CRETULA_MASK_PSEUDONYM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "crypto/hmac.h"
#include "crypto/prefix.h"
#include "key/key.h"
#include "mask/policy.h"
#include "record/record.h"

#define MASK_TOKEN_BYTES 19 /* "ip." and 16 characters */
#define MASK_TOKEN_RAW 10 /* bytes of a MAC that make these */

enum mask_slot {
	MASK_SLOT_PEER, MASK_SLOT_PEER_LIKE, MASK_SLOT_PEER_NAME, MASK_SLOT_PEER_PREFIX,
	MASK_SLOT_FWD, MASK_SLOT_FWD_LIKE, MASK_SLOT_FWD_NAME, MASK_SLOT_FWD_PREFIX,
	MASK_SLOT_USER_AUTH, MASK_SLOT_USER_CLAIM, MASK_SLOT_EMAIL, MASK_SLOT_DEVICE,
	MASK_SLOT_SESSION, MASK_SLOT_PATH, MASK_SLOT_PARAM, MASK_SLOT_HOST, MASK_SLOT_SERVER,
	MASK_SLOT_AGENT, MASK_SLOT_JOIN, MASK_SLOT_TLS, MASK_SLOT_TEXT, MASK_SLOT_COUNT
};
_Static_assert(MASK_SLOT_COUNT <= 32, "ready is one word");

enum record_class mask_slot_class(enum mask_slot slot);

/* The two forms, without any state: what known-answer tests call. */
void mask_token_print(const struct crypto_hmac_key *key, const char *prefix, struct span value,
    char out[static MASK_TOKEN_BYTES]);
void mask_token_print_bound(const struct crypto_hmac_key *key, const char *prefix,
    struct span subject, struct span position, struct span value,
    char out[static MASK_TOKEN_BYTES]);

/* Class keys of a few epochs, made when first asked for; in secret memory. */
struct mask_keys;
/* Of the policy, which outlives them: tenant, and the period of each class. */
struct mask_keys *mask_keys_open(const struct key_ring *ring, const struct mask_policy *policy);
void mask_keys_close(struct mask_keys *k); /* wipes; NULL is legal */

/* Wipe the keys of epochs that the ring has no more. */
void mask_keys_forget(struct mask_keys *k);

/* NULL if the ring has no such epoch.  Valid until the next call. */
const struct crypto_hmac_key *mask_keys_get(struct mask_keys *k, enum mask_slot slot,
    int64_t index);

/* The same for MASK_SLOT_PEER_PREFIX and MASK_SLOT_FWD_PREFIX. */
const struct crypto_prefix_key *mask_keys_prefix(struct mask_keys *k, enum mask_slot slot,
    int64_t index);

/*
 * What subjects are told apart by while they are counted, in the epoch of a
 * period: the first 16 bytes of the class key "subject" with trust "count".  NULL as above.
 */
const unsigned char *mask_keys_subject(struct mask_keys *k, enum key_period period, int64_t index);

/*
 * Tokens by a keyed hash of all that went into them, direct-mapped: a hit
 * compares 128 bits; neither values nor keys are stored.
 */
struct mask_token_slot {
	uint64_t key[2];
	char text[MASK_TOKEN_BYTES - 3];
	/* Of a subject: what it is counted by (method/count.h), under keys of this number. */
	uint64_t counted[KEY_PERIOD_COUNT];
	uint32_t counted_by; /* 0: it was not counted yet */
	uint16_t who;        /* its number in the batch where it was counted last */
	uint8_t sampled;     /* enum tally_sampled */
};
_Static_assert(sizeof(struct mask_token_slot) == 64, "a line of the cache");

#define MASK_TOKENS 65536 /* a power of two */

struct mask;

/*
 * With the epoch of the line, noted in the batch.  false if there is no key:
 * the caller then writes "[class]".
 */
bool mask_token(struct mask *m, enum mask_slot slot, struct span value,
    char out[static MASK_TOKEN_BYTES]);
/* The same of a slot whose tokens are kept: its entry, until the next token; NULL: no key. */
struct mask_token_slot *mask_token_kept(struct mask *m, enum mask_slot slot, struct span value,
    char out[static MASK_TOKEN_BYTES]);
/* The entry that was fetched for the peer of the line, if it is that of its token. */
const struct mask_token_slot *mask_token_peek(const struct mask *m);
/* The first bits of an address of 4 or 16 bytes by ipcrypt-pfx, the rest zero; 16 bytes of out. */
bool mask_prefix(struct mask *m, enum mask_slot slot, struct span address, unsigned bits,
    unsigned char out[static 16]);
bool mask_token_bound(struct mask *m, enum mask_slot slot, struct span position,
    struct span value, char out[static MASK_TOKEN_BYTES]);

/*
 * What follows the subject in the input of a bound token: position and
 * value, framed.  Returns the bytes, 0 if there are more than size.
 */
size_t mask_token_tail(struct span position, struct span value, char *out, size_t size);

/*
 * As mask_token and mask_token_bound, for a text of the record that is about
 * to be encoded: the characters may come later (pending.h).  A tail is read
 * MASK_TAIL_SLACK bytes too far.
 */
#define MASK_TAIL_SLACK 48
bool mask_token_later(struct mask *m, enum mask_slot slot, struct span value,
    char out[static MASK_TOKEN_BYTES]);
bool mask_token_bound_later(struct mask *m, enum mask_slot slot, struct span tail,
    char out[static MASK_TOKEN_BYTES]);

/* Fetch the entry of a global token; the next mask_token of the same bytes uses it. */
void mask_token_ahead(struct mask *m, enum mask_slot slot, struct span value);

#endif
