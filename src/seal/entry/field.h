/*
 * seal, inside: an entry is a list of rows.  A row names a key, its form and
 * where in the struct its value is; printing, reading and checking follow.
 */
#ifndef CRETULA_SEAL_ENTRY_FIELD_H
#define CRETULA_SEAL_ENTRY_FIELD_H

#include <stddef.h>

#include "seal/entry.h"
#include "seal/entry/take.h"

enum seal_form {
	SEAL_FORM_END, /* behind the last row */
	SEAL_FORM_BASE64,
	SEAL_FORM_BOOL,
	SEAL_FORM_EPOCHS, /* token prefix to epochs */
	SEAL_FORM_ESCAPED, /* any text of a person, as JSON writes it */
	SEAL_FORM_FLAG, /* true, or left out */
	SEAL_FORM_HEX,
	SEAL_FORM_ITEMS,
	SEAL_FORM_NEXT, /* two keys: epoch, next */
	SEAL_FORM_OBJECT,
	SEAL_FORM_ORIGIN,
	SEAL_FORM_PATH, /* of a file, relative, without dots in front */
	SEAL_FORM_PERIOD,
	SEAL_FORM_PLAIN,
	SEAL_FORM_POLICY,
	SEAL_FORM_RANGES, /* of segments */
	SEAL_FORM_SPECIAL, /* has functions of its own */
	SEAL_FORM_STREAM,
	SEAL_FORM_TIME, /* whole milliseconds */
	SEAL_FORM_U64,
	SEAL_FORM_VKEY,
	SEAL_FORM_WHAT, /* is destroyed */
	SEAL_FORM_WHICH, /* key is replaced */
	SEAL_FORM_WORD, /* [a-z][a-z0-9-]{0,31} */
};

#define SEAL_IF_GIVEN UINT16_MAX /* left out if the text is empty */

struct seal_special {
	void (*print)(
	    struct buf *out, const struct seal_entry *entry, const struct seal_names *names);
	void (*read)(
	    struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry);
};

struct seal_field {
	const char *key;
	enum seal_form form;
	uint16_t at;  /* of the value in struct seal_entry */
	uint16_t has; /* of a bool: is it there?  0: always; or SEAL_IF_GIVEN */
	uint16_t size; /* of base64 and hex in bytes; the fewest ranges */
	const struct seal_field *inner;     /* of an object */
	const struct seal_special *special;
};

/* By enum seal_type; SEAL_UNKNOWN is not in it. */
struct seal_row {
	const char *name;
	const struct seal_field *fields;
};
extern const struct seal_row seal_rows[SEAL_UNKNOWN];

/* The parts of a segment that are no plain values. */
extern const struct seal_special seal_segment_file, seal_segment_time, seal_segment_in,
    seal_segment_by, seal_segment_reasons, seal_segment_causes, seal_segment_sources,
    seal_segment_agg, seal_redact_file;

/* ---- forms ---- */

/* Is text, as it stands in the line, of the form?  True for forms of no text. */
bool seal_form_ok(enum seal_form form, struct span text);
bool seal_epochs_ok(const struct json_value *map);
/* Add map, in order whatever order it has; false, and anything added, if that is not enough. */
bool seal_epochs_add(struct span map, struct buf *out);

/* ---- printing bits that specials share ---- */

void seal_add_hex(struct buf *out, const char *key, const unsigned char *bytes, size_t len);
void seal_add_time(struct buf *out, const char *key, int64_t t_us);
void seal_add_object(struct buf *out, const char *key);

#endif
