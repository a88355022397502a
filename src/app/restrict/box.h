/*
 * app: which records of a person are restricted (GDPR Art. 18), boxed under a
 * key of their epoch; docs/format.md 25, ADR 42.
 *
 * Who has no keys learns that there is a restriction, and the epoch; when the key of
 * the epoch goes nobody can open the box any more, and it is over.
 */
#ifndef CRETULA_APP_RESTRICT_BOX_H
#define CRETULA_APP_RESTRICT_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "key/epoch.h"
#include "mask/method/value.h"
#include "seal/lists.h"

struct app_form_keys;
struct err;

struct app_epoch {
	bool import; /* of the import whose commitment is seed; else a live one */
	unsigned char seed[32];
	enum key_period period;
	int64_t index;
};

/* Kinds of their `config` entries: text is a box, or the id of what is lifted. */
#define APP_RESTRICT "restrict"
#define APP_LIFT "lift"

#define APP_BOX_ID_BYTES 33 /* as a request has it */
#define APP_BOX_PLAIN_BYTES 1024 /* each box is as large as the next one */

/* What is under one key, in as many boxes as it takes. */
struct app_box_of {
	const char *id; /* of the request */
	struct app_epoch epoch;
	const struct mask_value *value;
	const struct seal_range *runs; /* of records of the stream, ascending */
	size_t count;
	size_t boxes; /* at least so many */
	size_t had; /* so many are there already, and have other runs */
};
/* How many boxes take the runs, with those that are there: a power of two. */
size_t app_box_count(const struct app_box_of *of);
/*
 * Texts of entries, each with LF, added to out: app_box_count or boxes, whichever is more,
 * less had.
 * ERR_CONFIG: the key is not there.
 */
int app_box_make(
    const struct app_form_keys *keys, const struct app_box_of *of, struct buf *out, struct err *e);

/* One text; what is read borrows it. */
struct app_box {
	char id[APP_BOX_ID_BYTES];
	struct app_epoch epoch;
	struct span base64;
};
/* -1: it is none. */
int app_box_read(struct span text, struct app_box *box);
/* Has it the length of one? */
bool app_box_is_whole(const struct app_box *box);
/*
 * runs: struct seal_range, those of the box are added; mac: of its value.  -1:
 * it cannot be opened with these keys.
 */
int app_box_open(const struct app_box *box, const struct app_form_keys *keys,
    unsigned char mac[static 32], struct buf *runs);
/* The mac that boxes of the epoch have for value; -1: the key is not there. */
int app_box_mac(const struct app_form_keys *keys, const struct app_epoch *epoch,
    const struct mask_value *value, unsigned char mac[static 32]);

/* An id of a request? */
bool app_box_id_ok(struct span text);

#endif
