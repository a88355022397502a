/*
 * key: the pair that values (`seal_key`) and unreadable lines
 * (`quarantine_key`) are sealed to.  The public half stands in the
 * configuration, "cretula-seal+HHHHHHHH+BASE64"; the secret is a file of
 * whoever may open them, outside of every store and KEYS.
 */
#ifndef CRETULA_KEY_SEALKEY_H
#define CRETULA_KEY_SEALKEY_H

#include "base/buf.h"
#include "base/span.h"

struct err;

#define KEY_SEAL_TEXT_BYTES 67 /* with its NUL */

/* HHHHHHHH (of SHA-256) tells a mistyped key: what it sealed would be lost. */
void key_seal_print(const unsigned char public_key[static 32],
    char out[static KEY_SEAL_TEXT_BYTES]);
/* 0; or -1: not what key_seal_print writes, or no key that can be sealed to. */
int key_seal_parse(struct span text, unsigned char public_key[static 32]);

/* Make a pair: the secret to path, which must not exist, and to secret. */
int key_seal_create(const char *path, unsigned char secret[static 32], struct err *e);
int key_seal_read(const char *path, unsigned char secret[static 32], struct err *e);

#endif
