/* archive, inside: what its units share.  Nobody outside of the room includes it. */
#ifndef CRETULA_ARCHIVE_INSIDE_H
#define CRETULA_ARCHIVE_INSIDE_H

#include <stddef.h>

#include "archive/archive.h"
#include "crypto/hmac.h"

/* ---- shared.c: how many subjects share a value ---- */

#define ARCHIVE_VALUES (UINT32_C(1) << 17) /* of a set; a power of two */

/* Open addressing; hashes are keyed, and 0 is no key. */
struct archive_shared {
	unsigned k;
	uint32_t count;
	uint64_t *keys;
	uint8_t *subjects_known; /* of each, up to k */
	uint32_t *subjects; /* k for each: hashes; two that collide count as one */
	uint64_t unheld;
};

int archive_shared_open(struct archive_shared *s, unsigned k, struct err *e);
void archive_shared_close(struct archive_shared *s);
void archive_shared_clear(struct archive_shared *s);
/* subject has the value. */
void archive_shared_add(struct archive_shared *s, uint64_t value, uint32_t subject);
/* Have k subjects? */
bool archive_shared_common(const struct archive_shared *s, uint64_t value);

/* ---- token.c: tokens in a text ---- */

#define ARCHIVE_TOKEN_DIGITS 16
#define ARCHIVE_TOKEN_BYTES (3 + ARCHIVE_TOKEN_DIGITS)

/* The class whose prefix that is; NONE if none has it. */
enum record_class archive_token_class(const char prefix[static 2]);
/* The first token of text: where it begins, or text.len; class_id is its class. */
size_t archive_token_find(struct span text, enum record_class *class_id);

/* ---- the whole ---- */

struct archive_secret {
	unsigned char seed[32];
	struct crypto_hmac_key key;
};

/* A token that was made, and of what: the key is at hand as long as these are. */
#define ARCHIVE_RECENT 8192
struct archive_recent {
	size_t len; /* of value; 0: none */
	int64_t day;
	enum record_class class_id;
	char value[32], token[ARCHIVE_TOKEN_BYTES];
};

struct archive {
	struct archive_policy policy;
	struct archive_secret *secret; /* guarded memory */
	uint64_t hash_seed;
	struct archive_shared shared;
	struct archive_recent recent[ARCHIVE_RECENT];
	struct archive_done done;
	uint64_t used;            /* bit per class of which a token was written */
	int64_t day_min, day_max; /* of tokens */
	size_t text_len;          /* of the record at hand */
	char text[RECORD_BYTES_MAX + 256];
};

#endif
