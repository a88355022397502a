/* Files of a bundle: written, hashed, and gone again if it does not come about. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/evidence/evidence.h"
#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"
#include "store/reader.h"

#define MANIFEST "MANIFEST.sha256"
#define COPY_BYTES ((size_t)1 << 20)
#define LINES_BYTES ((size_t)64 << 10) /* before a write, and one line more */

static struct app_evidence_file *
add_file(struct app_evidence_out *out, const char *path, struct err *e)
{
	struct app_evidence_file *files = out->files, *file;

	if (out->count == out->room) {
		size_t room = out->room == 0 ? 64 : out->room * 2;

		if ((files = reallocarray(files, room, sizeof(*files))) == NULL)
			goto failed;
		out->files = files;
		out->room = room;
	}
	file = &files[out->count];
	*file = (struct app_evidence_file){ .path = strdup(path) };
	if (file->path == NULL)
		goto failed;
	out->count++;
	return (file);
failed:
	(void)err_set(e, ERR_IO, "out of memory");
	return (NULL);
}

int
app_evidence_open(struct app_evidence_out *out, const char *name, struct err *e)
{
	size_t len = strlen(name);
	struct stat st;

	*out = (struct app_evidence_out){ .dir = -1 };
	while (len > 1 && name[len - 1] == '/')
		len--;
	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (err_set(e, ERR_USAGE, "--out: %s is there already", name));
	if ((size_t)snprintf(out->path, sizeof(out->path), "%.*s.tmp", (int)len, name) >=
	    sizeof(out->path))
		return (err_set(e, ERR_USAGE, "--out: too long a name"));
	if (mkdir(out->path, 0750) == -1) {
		(void)err_sys(e, ERR_IO, "--out: %s", out->path);
		out->path[0] = '\0'; /* not ours to remove */
		return (-1);
	}
	out->dir = io_open(AT_FDCWD, out->path, O_RDONLY | O_DIRECTORY, 0, e);
	return (out->dir == -1 ? -1 : 0);
}

int
app_evidence_mkdir(struct app_evidence_out *out, const char *path, struct err *e)
{
	struct app_evidence_file *file = add_file(out, path, e);

	if (file == NULL)
		return (-1);
	file->is_directory = true;
	return (io_mkdir(out->dir, path, 0750, e));
}

static int
open_new(struct app_evidence_out *out, const char *path, struct err *e)
{
	if (add_file(out, path, e) == NULL)
		return (-1);
	return (io_open(out->dir, path, O_WRONLY | O_CREAT | O_EXCL, 0640, e));
}

int
app_evidence_put_lines(struct app_evidence_out *out, const char *path,
    const struct store_chain *chain, size_t count, struct err *e)
{
	struct crypto_sha256 h;
	struct buf some = { 0 };
	int fd = open_new(out, path, e), rc = fd == -1 ? -1 : 0;

	crypto_sha256_init(&h);
	for (size_t i = 0; i < count && rc == 0; i++) {
		buf_span(&some, store_chain_line(chain, i));
		buf_char(&some, '\n');
		if (i + 1 < count && some.len < LINES_BYTES)
			continue;
		rc = buf_ok(&some) ? io_write(fd, some.data, some.len, e) : err_memory(e);
		crypto_sha256_add(&h, some.data, some.len);
		out->bytes += some.len;
		buf_clear(&some);
	}
	buf_free(&some);
	if (fd == -1)
		return (-1);
	crypto_sha256_end(&h, out->files[out->count - 1].hash);
	if (rc == -1 || io_fdatasync(fd, e) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (io_close(fd, e));
}

int
app_evidence_put(struct app_evidence_out *out, const char *path, struct span bytes, struct err *e)
{
	int fd = open_new(out, path, e);

	if (fd == -1)
		return (-1);
	crypto_sha256(bytes.ptr, bytes.len, out->files[out->count - 1].hash);
	out->bytes += bytes.len;
	if (io_write(fd, bytes.ptr, bytes.len, e) == -1 || io_fdatasync(fd, e) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (io_close(fd, e));
}

static int
copy_bytes(struct app_evidence_out *out, int from, int to, struct err *e)
{
	char *bytes = malloc(COPY_BYTES);
	struct crypto_sha256 h;
	ssize_t len = -1;

	if (bytes == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	crypto_sha256_init(&h);
	while ((len = io_read(from, bytes, COPY_BYTES, e)) > 0) {
		crypto_sha256_add(&h, bytes, (size_t)len);
		out->bytes += (uint64_t)len;
		if (io_write(to, bytes, (size_t)len, e) == -1) {
			len = -1;
			break;
		}
	}
	crypto_sha256_end(&h, out->files[out->count - 1].hash);
	free(bytes);
	return (len == -1 ? -1 : io_fdatasync(to, e));
}

int
app_evidence_copy(
    struct app_evidence_out *out, int dirfd, const char *from, const char *path, struct err *e)
{
	struct stat st;
	uint64_t size;
	int in, to, rc;

	if (fstatat(dirfd, from, &st, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT)
		return (1);
	if ((in = store_open_file(dirfd, from, &size, e)) == -1)
		return (-1);
	if ((to = open_new(out, path, e)) == -1) {
		(void)close(in);
		return (-1);
	}
	rc = copy_bytes(out, in, to, e);
	(void)close(in);
	if (close(to) == -1 && rc == 0)
		rc = err_sys(e, ERR_IO, "%s", path);
	return (rc);
}

bool
app_evidence_has(const struct app_evidence_out *out, const char *path)
{
	for (size_t i = out->count; i-- > 0;)
		if (strcmp(out->files[i].path, path) == 0)
			return (true);
	return (false);
}

static int
compare_files(const void *a, const void *b)
{
	const struct app_evidence_file *one = a, *other = b;

	return (strcmp(one->path, other->path));
}

int
app_evidence_manifest(struct app_evidence_out *out, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	qsort(out->files, out->count, sizeof(out->files[0]), compare_files);
	for (size_t i = 0; i < out->count; i++) {
		if (out->files[i].is_directory)
			continue;
		buf_hex(&text, out->files[i].hash, 32);
		buf_fmt(&text, "  %s\n", out->files[i].path);
	}
	rc = buf_ok(&text) ? app_evidence_put(out, MANIFEST, buf_view(&text), e) :
			     err_set(e, ERR_IO, "out of memory");
	buf_free(&text);
	return (rc);
}

/* Directories come before what is in them, so backwards. */
static void
remove_all(struct app_evidence_out *out)
{
	if (out->dir == -1)
		return;
	qsort(out->files, out->count, sizeof(out->files[0]), compare_files);
	for (size_t i = out->count; i-- > 0;)
		(void)unlinkat(
		    out->dir, out->files[i].path, out->files[i].is_directory ? AT_REMOVEDIR : 0);
	(void)rmdir(out->path);
}

int
app_evidence_close(struct app_evidence_out *out, const char *name, struct err *e)
{
	int rc = 0;

	if (name == NULL)
		remove_all(out);
	else {
		for (size_t i = 0; i < out->count; i++) {
			int dir = !out->files[i].is_directory ?
			    -1 :
			    io_open_dir(out->dir, out->files[i].path, NULL);

			if (dir != -1) {
				(void)io_sync_dir(dir, NULL);
				(void)close(dir);
			}
		}
		if ((rc = io_sync_dir(out->dir, e)) == 0 &&
		    renameat(AT_FDCWD, out->path, AT_FDCWD, name) == -1)
			rc = err_sys(e, ERR_IO, "--out: %s", name);
		if (rc == -1)
			remove_all(out);
	}
	for (size_t i = 0; i < out->count; i++)
		free(out->files[i].path);
	free(out->files);
	if (out->dir != -1)
		(void)close(out->dir);
	return (rc);
}
