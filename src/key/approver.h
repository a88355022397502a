/*
 * key: what somebody signs with who approves requests of persons: a name and
 * an Ed25519 seed in a file of theirs, outside of every store and KEYS.  The
 * public half is a vkey (seal/note.h) of the configuration.
 */
#ifndef CRETULA_KEY_APPROVER_H
#define CRETULA_KEY_APPROVER_H

struct err;

#define KEY_APPROVER_NAME_BYTES 48 /* with its NUL */

/*
 * Make a seed: to path, which must not exist, and to seed.  ERR_USAGE: name
 * is not 1 to 47 letters, digits and . _ - @.
 */
int key_approver_create(
    const char *path, const char *name, unsigned char seed[static 32], struct err *e);
int key_approver_read(const char *path, char name[static KEY_APPROVER_NAME_BYTES],
    unsigned char seed[static 32], struct err *e);

#endif
