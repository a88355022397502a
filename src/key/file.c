#include "key/file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "key/key.h"
#include "key/recovery.h"

#define BASE64_BYTES 44 /* of 32 */

/* Of the disk or the machine, as of any other file: it may pass, and says nothing of the keys. */
static bool
may_pass(int errnum)
{
	static const int passing[] = { EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS };

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (errnum == passing[i])
			return (true);
	return (false);
}

int
key_config_error(struct err *e)
{
	if (e != NULL)
		e->code = may_pass(errno) ? ERR_IO : ERR_CONFIG;
	return (-1);
}

int
key_in_dir(struct err *e, int dirfd)
{
	char link[64], path[PATH_MAX];
	int saved = errno;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	len = readlink(link, path, sizeof(path));
	if (len > 0 && path[0] == '/')
		(void)err_in(e, "keys %.*s", (int)len, path);
	errno = saved;
	return (-1);
}

int
key_file_private(const struct stat *st, const char *name, struct err *e)
{
	const char *why = NULL;

	if (st->st_uid != geteuid())
		why = "another user owns it (run as that user)";
	else if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		why = "group or others may use it (chmod go= closes it)";
	if (why == NULL)
		return (0);
	(void)err_set(e, ERR_CONFIG, "%s: %s", name, why);
	errno = EACCES;
	return (-1);
}

static int
check(int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (err_sys(e, ERR_CONFIG, "%s", name));
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(e, ERR_CONFIG, "%s: not a regular file", name);
		errno = EINVAL;
		return (-1);
	}
	return (key_file_private(&st, name, e));
}

ssize_t
key_file_read(int dirfd, const char *name, void *bytes, size_t size, struct err *e)
{
	ssize_t len = -1;
	char more;
	int fd, saved;

	/* O_NONBLOCK: a fifo in place of the file must not hang us. */
	fd = io_open(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, e);
	if (fd == -1)
		return (key_config_error(e));
	if (check(fd, name, e) == -1)
		goto out;
	if ((len = io_read(fd, bytes, size, e)) == -1) {
		(void)err_in(e, "%s", name);
		(void)key_config_error(e);
	} else if ((size_t)len == size && io_read(fd, &more, 1, NULL) != 0) {
		(void)err_set(e, ERR_CONFIG, "%s: longer than %zu bytes", name, size);
		errno = EFBIG;
		len = -1;
	}
out:
	saved = errno;
	(void)close(fd);
	errno = saved;
	return (len);
}

/* ---- a secret in a file of its own ---- */

int
key_file_make(
    const char *path, struct span head, unsigned char secret[static 32], struct err *e)
{
	struct buf text = { 0 };
	int rc = -1;

	if (key_outside(path, e) == -1)
		return (-1);
	crypto_random(secret, 32);
	buf_span(&text, head);
	buf_base64(&text, secret, 32);
	buf_char(&text, '\n');
	if (!buf_ok(&text))
		(void)err_set(e, ERR_IO, "%s: out of memory", path);
	else if ((rc = io_replace(AT_FDCWD, path, buf_view(&text), 0600, true, e)) == -1 &&
	    errno == EEXIST)
		(void)err_set(e, ERR_CONFIG, "%s: exists already", path);
	buf_wipe(&text);
	return (rc);
}

int
key_file_secret(const char *path, struct span head, const char *what,
    unsigned char secret[static 32], struct err *e)
{
	char text[128];
	ssize_t len = key_file_read(AT_FDCWD, path, text, sizeof(text), e);
	size_t got = 0;
	int rc = -1;

	if (len == -1)
		return (-1);
	if ((size_t)len == head.len + BASE64_BYTES + 1 && text[len - 1] == '\n' &&
	    span_starts(span_of(text, (size_t)len), head))
		rc = text_unbase64(span_of(text + head.len, BASE64_BYTES), secret, 32, &got);
	crypto_wipe(text, sizeof(text));
	if (rc == -1 || got != 32)
		return (err_set(e, ERR_CONFIG, "%s: not %s", path, what));
	return (0);
}

size_t
key_public_print(struct span name, const unsigned char public_key[static 32], char *out)
{
	struct crypto_sha256 h;
	unsigned char hash[32];
	char *start = out;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, name.ptr, name.len);
	crypto_sha256_add(&h, "\n", 1);
	crypto_sha256_add(&h, public_key, 32);
	crypto_sha256_end(&h, hash);
	memcpy(out, name.ptr, name.len);
	out += name.len;
	*out++ = '+';
	out += text_hex(out, hash, 4);
	*out++ = '+';
	out += text_base64(out, public_key, 32);
	*out = '\0';
	return ((size_t)(out - start));
}

ssize_t
key_given_read(const char *path, void *bytes, size_t size, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t len = -1;

	if (fd == -1)
		return (err_sys(e, ERR_CONFIG, "%s", path));
	if (fstat(fd, &st) == -1)
		(void)err_sys(e, ERR_CONFIG, "%s", path);
	else if (!S_ISREG(st.st_mode))
		(void)err_set(e, ERR_CONFIG, "%s: not a regular file", path);
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		(void)err_set(e, ERR_CONFIG, "%s: of another user (chown)", path);
	else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		(void)err_set(e, ERR_CONFIG, "%s: others may read it: chmod 600", path);
	else if ((len = io_read(fd, bytes, size, e)) == -1) {
		(void)err_in(e, "%s", path);
		(void)key_config_error(e);
	}
	(void)close(fd);
	return (len);
}
