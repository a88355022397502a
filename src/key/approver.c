#include "key/approver.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "key/file.h"

#define HEAD "cretula approver v1 "
#define FILE_BYTES 128

static int
print_head(const char *name, char head[static FILE_BYTES], struct err *e)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-@";
	size_t len = strlen(name);

	if (len == 0 || len >= KEY_APPROVER_NAME_BYTES || strspn(name, letters) != len)
		return (err_set(e, ERR_USAGE, "a name is 1 to %d letters, digits and . _ - @",
		    KEY_APPROVER_NAME_BYTES - 1));
	(void)snprintf(head, FILE_BYTES, HEAD "%s\n", name);
	return (0);
}

int
key_approver_create(
    const char *path, const char *name, unsigned char seed[static 32], struct err *e)
{
	char head[FILE_BYTES];

	if (print_head(name, head, e) == -1)
		return (-1);
	return (key_file_make(path, span_str(head), seed, e));
}

/* The first line says the name; what it is then checked against has the same. */
int
key_approver_read(const char *path, char name[static KEY_APPROVER_NAME_BYTES],
    unsigned char seed[static 32], struct err *e)
{
	char text[FILE_BYTES], head[FILE_BYTES];
	ssize_t len = key_file_read(AT_FDCWD, path, text, sizeof(text), e);
	struct span line = span_of(text, len == -1 ? 0 : (size_t)len);
	int rc = -1;

	if (len == -1)
		return (-1);
	line.len = span_find(line, '\n');
	if (span_starts(line, span_str(HEAD)) &&
	    line.len - (sizeof(HEAD) - 1) < KEY_APPROVER_NAME_BYTES) {
		line = span_from(line, sizeof(HEAD) - 1);
		memset(name, 0, KEY_APPROVER_NAME_BYTES);
		memcpy(name, line.ptr, line.len);
		rc = print_head(name, head, NULL);
	}
	crypto_wipe(text, sizeof(text));
	if (rc == -1)
		return (err_set(e, ERR_CONFIG, "%s: not the key of an approver", path));
	return (key_file_secret(path, span_str(head), "the key of an approver", seed, e));
}
