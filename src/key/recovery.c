#include "key/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/sign.h"
#include "key/file.h"

#define PUBLIC "recovery.pub"
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
	struct buf text = { 0 };
	int rc = -1;

	crypto_sign_public(seed, public_key);
	buf_base64(&text, public_key, sizeof(public_key));
	buf_char(&text, '\n');
	if (!buf_ok(&text))
		(void)err_set(e, ERR_IO, PUBLIC ": out of memory");
	else
		rc = io_replace(keys_fd, PUBLIC, buf_view(&text), 0600, false, e);
	buf_free(&text);
	return (rc == 0 ? 0 : key_config_error(e));
}

int
key_recovery_public(int keys_fd, unsigned char out[static 32], bool *have, struct err *e)
{
	char text[BASE64_BYTES + 2];
	ssize_t len = key_file_read(keys_fd, PUBLIC, text, sizeof(text), e);
	size_t got = 0;

	*have = false;
	if (len == -1)
		return (errno == ENOENT ? 0 : key_in_dir(e, keys_fd));
	if (len != BASE64_BYTES + 1 || text[BASE64_BYTES] != '\n' ||
	    text_unbase64(span_of(text, BASE64_BYTES), out, 32, &got) == -1 || got != 32) {
		(void)err_set(e, ERR_CONFIG, PUBLIC ": not a public key");
		return (key_in_dir(e, keys_fd));
	}
	*have = true;
	return (0);
}
