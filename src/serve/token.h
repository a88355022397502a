/*
 * serve: tokens: 256 random bits each, so that one hash of SHA-256 keeps them
 * as secret as a slow one would.  Only hashes are kept.
 */
#ifndef CRETULA_SERVE_TOKEN_H
#define CRETULA_SERVE_TOKEN_H

#include <stdbool.h>

#include "base/span.h"

/* "crt_" and 43 characters of base64url, and a NUL. */
#define SERVE_TOKEN_TEXT_BYTES 48
/* "sha256:" and 64 hex digits, and a NUL: what a configuration has of a token. */
#define SERVE_HASH_TEXT_BYTES 72

void serve_token_make(char token[static SERVE_TOKEN_TEXT_BYTES]);
void serve_token_hash(struct span token, unsigned char hash[static 32]);

void serve_hash_print(const unsigned char hash[static 32], char text[static SERVE_HASH_TEXT_BYTES]);
/* 0; -1: it is none. */
int serve_hash_read(struct span text, unsigned char hash[static 32]);

/* n random bytes, at most 48, as base64url without padding: 4 n / 3 characters, and NUL. */
void serve_random_text(char *out, size_t n);

#endif
