/* derive: what was made of what is sealed, and out of what. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/history/judge.h"
#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"
#include "store/layout.h"

#define PIECE 65536
/* Files that entries name are read up to here; sparse ones are larger for nothing. */
#define FILE_BYTES_MAX ((uint64_t)4 << 30)
#define ALL_BYTES_MAX ((uint64_t)16 << 30)

/* ---- the file ---- */

/* path has no parts that begin with a dot, but any folder of it may be a link. */
static int
open_file(int dirfd, const char *path, uint64_t *size)
{
	const char *slash;
	int fd = -1, folder = fcntl(dirfd, F_DUPFD_CLOEXEC, 0), next;
	char part[256];
	struct stat st;

	while (folder != -1 && (slash = strchr(path, '/')) != NULL) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		next = io_open_dir(folder, part, NULL);
		(void)close(folder);
		folder = next;
		path = slash + 1;
	}
	if (folder == -1)
		return (-1);
	fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	(void)close(folder);
	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		return (-1);
	}
	if (fd != -1)
		*size = (uint64_t)st.st_size;
	return (fd);
}

static void
hash_file(int fd, unsigned char hash[static 32])
{
	unsigned char piece[PIECE];
	struct crypto_sha256 h;
	ssize_t got;

	crypto_sha256_init(&h);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		crypto_sha256_add(&h, piece, (size_t)got);
	crypto_sha256_end(&h, hash);
}

static void
check_file(struct audit_chain *chain, const struct seal_file *file, const struct audit_place *at)
{
	char path[256];
	unsigned char hash[32];
	uint64_t size;
	int fd;

	(void)snprintf(path, sizeof(path), "%.*s", (int)file->name.len, file->name.ptr);
	if ((fd = open_file(chain->dirfd, path, &size)) == -1) {
		audit_report(&chain->list, AUDIT_E_FILE_HASH, at, "its file is not here");
		return;
	}
	if (size != file->size)
		audit_report(&chain->list, AUDIT_E_FILE_HASH, at, "its file is of another size");
	else if (size > FILE_BYTES_MAX || chain->derived_bytes + size > ALL_BYTES_MAX)
		chain->coverage->unknown_entries++;
	else {
		chain->derived_bytes += size;
		hash_file(fd, hash);
		if (memcmp(hash, file->hash, sizeof(hash)) != 0)
			audit_report(&chain->list, AUDIT_E_FILE_HASH, at, "its file is another");
	}
	(void)close(fd);
}

/* ---- the source ---- */

/* "cretula/ID/": the store. */
static struct span
store_of(struct span origin)
{
	while (origin.len > 0 && origin.ptr[origin.len - 1] != '/')
		origin.len--;
	return (origin);
}

/* The note of the source, if it is a stream of this store: vouched for where that is checked. */
static const char *
check_source(const struct audit_chain *chain, const struct seal_derive *derive, bool part)
{
	struct span store = store_of(chain->genesis.origin);
	struct span name = span_from(derive->origin, store.len);
	char path[STORE_NAME_MAX + 16 + STORE_PATH_BYTES], note_path[STORE_PATH_BYTES];
	enum audit_code code = AUDIT_E_ENTRY_TARGET;
	struct buf bytes = { 0 };
	struct seal_note note;
	const char *why = NULL;
	struct err e;

	if (!span_starts(derive->origin, store) || !store_name_known(name))
		return (NULL);
	(void)snprintf(path, sizeof(path), "../%.*s", (int)name.len, name.ptr);
	if (part && audit_kind(chain->dirfd, path) == AUDIT_MISSING)
		return (NULL);
	store_note_path(note_path, derive->size);
	(void)snprintf(path, sizeof(path), "../%.*s/%s", (int)name.len, name.ptr, note_path);
	if (audit_read(chain->dirfd, path, SEAL_NOTE_BYTES_MAX, &bytes, &code, &e) == -1 ||
	    seal_note_read(buf_view(&bytes), &note, &e) == -1)
		why = "the source has no note of that size";
	else if (!span_equal(note.origin, derive->origin) || note.size != derive->size ||
	    memcmp(note.root, derive->root, sizeof(note.root)) != 0)
		why = "the note of the source has another root";
	buf_free(&bytes);
	return (why);
}

void
audit_derive_check(
    struct audit_chain *chain, const struct seal_derive *derive, const struct audit_place *at)
{
	bool part = chain->options != NULL && chain->options->range != NULL;
	const char *why = check_source(chain, derive, part);
	struct span folder;

	if (why != NULL)
		audit_report(&chain->list, AUDIT_E_ENTRY_TARGET, at, "%s", why);
	if (!derive->has_file)
		return;
	folder = span_of(derive->file.name.ptr, span_find(derive->file.name, '/'));
	buf_add(&chain->derived, &folder, sizeof(folder));
	/* Bundles leave such files at home. */
	if (part)
		chain->coverage->derived_unseen++;
	else
		check_file(chain, &derive->file, at);
}

/* ---- names in the stream's directory ---- */

static int
compare_spans(const void *a, const void *b)
{
	return (span_order(*(const struct span *)a, *(const struct span *)b));
}

static size_t
count_names(const struct audit_chain *chain)
{
	return (chain->derived.len / sizeof(struct span));
}

void
audit_derived_end(struct audit_chain *chain)
{
	if (!buf_ok(&chain->derived))
		chain->list.failed = true;
	if (count_names(chain) > 1)
		qsort(chain->derived.data, count_names(chain), sizeof(struct span), compare_spans);
}

bool
audit_derived_names(const struct audit_chain *chain, const char *name)
{
	struct span wanted = span_str(name);

	return (count_names(chain) > 0 &&
	    bsearch(&wanted, chain->derived.data, count_names(chain), sizeof(wanted),
		compare_spans) != NULL);
}
