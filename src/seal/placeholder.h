/*
 * seal: lines in the place of records that were erased or replaced;
 * docs/format.md 11.  No record looks like one.
 */
#ifndef CRETULA_SEAL_PLACEHOLDER_H
#define CRETULA_SEAL_PLACEHOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

enum seal_line {
	SEAL_LINE_RECORD,   /* does not begin like a placeholder: whatever it is */
	SEAL_LINE_ERASED,
	SEAL_LINE_REPLACED,
	SEAL_LINE_BAD       /* begins like a placeholder and is none */
};

/* Add the line, without LF.  leaf is that of the record's first line. */
void seal_erased_print(const unsigned char leaf[static 32], struct buf *out);
/* record: a record's line, without LF. */
void seal_replaced_print(
    const unsigned char leaf[static 32], struct span record, struct buf *out);

/*
 * Which is line (without LF)?  Of a placeholder leaf is given; of a replaced
 * record also record, its new line.  Both may be NULL.
 */
enum seal_line seal_line_read(struct span line, unsigned char *leaf, struct span *record);

/*
 * What commits to the whole line that replaced a record: SHA-256(0x00 | salt |
 * line), salt being SEAL_SALT_REPLACED of it.  `new` of a redact entry.
 */
void seal_replaced_leaf(
    struct span line, const unsigned char salt[static 16], unsigned char leaf[static 32]);

/*
 * Behind seal_leaves, with the same lines: placeholders count with the leaf
 * that they carry.  kinds[i] is told (bytes of enum seal_line); returns how
 * many are no plain records.
 */
size_t seal_leaves_kept(const char *lines, const uint32_t *ends, size_t count,
    unsigned char (*leaves)[32], unsigned char *kinds);

#endif
