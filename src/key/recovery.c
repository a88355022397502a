#include "key/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/sign.h"
#include "key/file.h"

#define PUBLIC "recovery.pub"
#define NAME "cretula-recovery"
#define PUBLIC_BYTES KEY_PUBLIC_BYTES(sizeof(NAME) - 1) /* with an LF */
#define BASE64_BYTES 44 /* of 32 */

static const struct span head = SPAN("cretula recovery v1\n");

/* ---- where secrets may not lie ---- */

static bool
has(const char *dir, const char *name)
{
	char path[PATH_MAX + 64];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

/* Stores and KEYS are backed up and copied whole; both are known by what they hold. */
static bool
is_ours(const char *dir)
{
	return (has(dir, "streams/cretula.store") || (has(dir, "kek") && has(dir, "keyring")));
}

int
key_outside(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	char *copy = strdup(path), *end;
	int rc = 0;

	if (copy == NULL || realpath(dirname(copy), dir) == NULL) {
		rc = err_sys(e, ERR_CONFIG, "%s", path);
		free(copy);
		return (rc);
	}
	free(copy);
	while (!is_ours(dir)) {
		if ((end = strrchr(dir, '/')) == NULL || dir[1] == '\0')
			return (0);
		end[end == dir ? 1 : 0] = '\0';
	}
	return (err_set(e, ERR_CONFIG,
	    "%s: lies in %s; a secret that opens them is kept apart from stores and keys", path,
	    dir));
}

/* ---- the secret ---- */

int
key_recovery_create(const char *path, unsigned char seed[static 32], struct err *e)
{
	return (key_file_make(path, head, seed, e));
}

int
key_recovery_read(const char *path, unsigned char seed[static 32], struct err *e)
{
	return (key_file_secret(path, head, "a recovery key", seed, e));
}

/* ---- the public half ---- */

int
key_recovery_publish(int keys_fd, const unsigned char seed[static 32], struct err *e)
{
	unsigned char public_key[32];
	char text[PUBLIC_BYTES];
	size_t len;

	crypto_sign_public(seed, public_key);
	len = key_public_print(span_str(NAME), public_key, text);
	text[len++] = '\n';
	if (io_replace(keys_fd, PUBLIC, span_of(text, len), 0600, false, e) == -1)
		return (key_config_error(e));
	return (0);
}

int
key_recovery_public(int keys_fd, unsigned char out[static 32], bool *have, struct err *e)
{
	char text[PUBLIC_BYTES + 1], again[PUBLIC_BYTES] = "";
	ssize_t len = key_file_read(keys_fd, PUBLIC, text, sizeof(text), e);
	unsigned char made[32];
	size_t got = 0;

	*have = false;
	if (len == -1)
		return (errno == ENOENT ? 0 : key_in_dir(e, keys_fd));
	if (len == PUBLIC_BYTES && text[len - 1] == '\n' &&
	    text_unbase64(span_of(text + len - 1 - BASE64_BYTES, BASE64_BYTES), made, 32,
		&got) == 0 &&
	    got == 32)
		(void)key_public_print(span_str(NAME), made, again);
	if (got != 32 || memcmp(text, again, PUBLIC_BYTES - 1) != 0) {
		(void)err_set(e, ERR_CONFIG,
		    PUBLIC ": damaged: not a recovery key as it was written (`cretula key show`)");
		return (key_in_dir(e, keys_fd));
	}
	memcpy(out, made, 32);
	*have = true;
	return (0);
}
