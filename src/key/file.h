/* key, inside: opening what must be ours alone. */
#ifndef CRETULA_KEY_FILE_H
#define CRETULA_KEY_FILE_H

#include <sys/types.h>

#include <stddef.h>

#include "base/span.h"

struct err;
struct stat;

/* 0 if st is ours and closed to group and world; else -1, ERR_CONFIG, EACCES. */
int key_file_private(const struct stat *st, const char *name, struct err *e);

/*
 * Read a whole private regular file of at most size bytes.  Returns its
 * length; or -1 with ERR_CONFIG and errno: ENOENT if there is none, EACCES
 * if it is not private, EFBIG if it is longer.
 */
ssize_t key_file_read(int dirfd, const char *name, void *bytes, size_t size, struct err *e);

/*
 * A secret of 32 bytes in a file of its own, outside of stores and KEYS: head,
 * a line, and the secret in Base64.  Make draws it and a new file of mode
 * 0600; what names it in an error.  0, or -1 with e.
 */
int key_file_make(const char *path, struct span head, unsigned char secret[static 32],
    struct err *e);
int key_file_secret(const char *path, struct span head, const char *what,
    unsigned char secret[static 32], struct err *e);

/*
 * A public key as text, "NAME+HHHHHHHH+BASE64" and a NUL; returns its length.
 * HHHHHHHH shows a flipped bit: it is of the name and the key.
 */
#define KEY_PUBLIC_BYTES(name_bytes) ((name_bytes) + 1 + 8 + 1 + 44 + 1)
size_t key_public_print(struct span name, const unsigned char public_key[static 32], char *out);

/* Prepend "keys DIR: ", where the system tells DIR of dirfd; errno stays.  Returns -1. */
int key_in_dir(struct err *e, int dirfd);

/*
 * Set code ERR_CONFIG, or ERR_IO where errno tells of a full or bad disk, keeping text and errno.
 * Returns -1.
 */
int key_config_error(struct err *e);

#endif
