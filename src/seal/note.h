/*
 * seal: C2SP signed notes, tlog checkpoints and vkeys; docs/format.md 7.
 *
 * Reading (note_read.c) and writing (note_write.c) are separate files: a
 * verifier contains no signing code.
 */
#ifndef CRETULA_SEAL_NOTE_H
#define CRETULA_SEAL_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;

#define SEAL_NOTE_BYTES_MAX 65536
#define SEAL_NOTE_SIGNATURES_MAX 100
#define SEAL_NAME_BYTES_MAX 255
#define SEAL_VKEY_TEXT_BYTES (SEAL_NAME_BYTES_MAX + 1 + 8 + 1 + 44 + 1) /* with its NUL */

struct seal_vkey {
	struct span name;              /* borrowed */
	unsigned char id[4];
	unsigned char public_key[32];
};

/* Strict; the id must match.  The first two '+' cut, base64 may hold more. */
int seal_vkey_read(struct span text, struct seal_vkey *key, struct err *e);
/* A witness's (C2SP tlog-cosignature): algorithm 0x04, only for seal_cosignature_check. */
int seal_witness_read(struct span text, struct seal_vkey *key, struct err *e);
void seal_vkey_print(struct span name, const unsigned char public_key[static 32], struct buf *out);

struct seal_signature {
	struct span name;
	unsigned char id[4];
	unsigned char bytes[64];
	bool is_ed25519;     /* 4 + 64 bytes */
	bool is_cosignature; /* 4 + 8 + 64 bytes: time_s and bytes; else both unset */
	uint64_t time_s;     /* since 1970, below 2^63 */
};

struct seal_note {
	struct span body; /* with its last LF: what is signed */
	struct span origin;
	uint64_t size;
	unsigned char root[32];
	unsigned signature_count;
	struct seal_signature signatures[SEAL_NOTE_SIGNATURES_MAX];
};

/* Syntax only.  ERR_FINDING; refuses extension lines, CR, controls, bad UTF-8. */
int seal_note_read(struct span text, struct seal_note *note, struct err *e);

/*
 * Is note signed by key?  0 yes; -1: ERR_FINDING, "no signature by NAME" or
 * "bad signature by NAME" (the text says which).
 */
int seal_note_check(const struct seal_note *note, const struct seal_vkey *key, struct err *e);

/*
 * Is note cosigned by the witness?  As seal_note_check; *time_s is when, of
 * the newest if there are several.  Whether that lies ahead is the caller's.
 */
int seal_cosignature_check(const struct seal_note *note, const struct seal_vkey *witness,
    uint64_t *time_s, struct err *e);

/*
 * The same form around any text of lines, none of them empty: body and
 * signatures, of which there may be none; seal_note_check checks them.  What
 * the text says is the caller's; its first line says that it is no checkpoint.
 */
int seal_signed_read(struct span text, struct seal_note *note, struct err *e);

/* ---- writing ---- */

struct seal_signer {
	struct span name;
	const unsigned char *seed; /* 32 bytes */
};

/* Add a signature line; an empty line lies between body and the first one. */
void seal_signature_add(const struct seal_signer *signer, struct span body, struct buf *out);

/* Add the whole note to out. */
void seal_note_write(struct span origin, uint64_t size, const unsigned char root[static 32],
    const struct seal_signer *signers, size_t signer_count, struct buf *out);

#endif
