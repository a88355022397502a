/* crypto: XChaCha20-Poly1305 under a key we hold, by libsodium (the keyring). */
#ifndef CRETULA_CRYPTO_BOX_H
#define CRETULA_CRYPTO_BOX_H

#include "base/span.h"

#define CRYPTO_BOX_OVERHEAD 40 /* nonce 24 + tag 16 */

/* out gets plain.len + CRYPTO_BOX_OVERHEAD bytes: nonce | tag | cipher text. */
void crypto_box_make(const unsigned char key[static 32], struct span plain, unsigned char *out);

/* 0 and out gets box.len - overhead bytes; or -1: not made with this key. */
int crypto_unbox(const unsigned char key[static 32], struct span box, unsigned char *out);

#endif
