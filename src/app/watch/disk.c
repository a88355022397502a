#include "app/watch/disk.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "store/layout.h"
#include "store/sweep.h"

/* ---- what a store writes ---- */

/*
 * '#': a number of at least eight digits, and of which revision or the how
 * many-th it is ("00000042.r7", "00000042-2"); '@': a stream.
 */
struct place {
	const char *name;
	const struct place *below; /* NULL: a file */
};

static const struct place in_seg[] = { { "#.jsonl.zst", NULL }, { "#.salt", NULL },
	{ "#.tags", NULL }, { "#.idx", NULL }, { NULL, NULL } };
static const struct place in_open[] = { { "#.data", NULL }, { "#.tags", NULL }, { "#.salt", NULL },
	{ "reserve", NULL }, { NULL, NULL } };
static const struct place in_notes[] = { { "#.note", NULL }, { NULL, NULL } };
static const struct place in_anchor[] = { { "#.cosig", NULL }, { "#.tsr", NULL }, { NULL, NULL } };
static const struct place in_stream[] = { { "chain.jsonl", NULL }, { "checkpoint", NULL },
	{ "seg", in_seg }, { "open", in_open }, { "cp", in_notes }, { "anchor", in_anchor },
	{ NULL, NULL } };
static const struct place in_streams[] = { { "@", in_stream }, { NULL, NULL } };
static const struct place in_words[] = { { "@", NULL }, { NULL, NULL } };
static const struct place in_skips[] = { { "#", NULL }, { NULL, NULL } };
static const struct place in_skip[] = { { "@", in_skips }, { NULL, NULL } };
static const struct place in_store[] = { { "streams", in_streams }, { "words", in_words },
	{ "skip", in_skip }, { "stats.db", NULL }, { "stats.db-wal", NULL },
	{ "stats.db-shm", NULL }, { "stats.db-journal", NULL }, { NULL, NULL } };

static size_t
digits(struct span text)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
		n++;
	return (n);
}

/* What is left behind the number; false: there is none. */
static bool
pass_number(struct span *name)
{
	size_t n = digits(*name), more = 0;

	if (n < 8)
		return (false);
	*name = span_from(*name, n);
	if (span_starts(*name, span_str(".r")))
		more = 2;
	else if (span_starts(*name, span_str("-")))
		more = 1;
	if (more > 0 && (n = digits(span_from(*name, more))) > 0)
		*name = span_from(*name, more + n);
	return (true);
}

static bool
is_name(struct span name, const char *want)
{
	if (want[0] == '@')
		return (store_name_known(name));
	if (want[0] != '#')
		return (span_is(name, want));
	return (pass_number(&name) && span_is(name, want + 1));
}

/* Also while it is unfinished. */
static const struct place *
find(const struct place *places, const char *name)
{
	static const char unfinished[] = ".tmp";
	struct span text = span_str(name);
	size_t end = sizeof(unfinished) - 1;

	if (text.len > end && memcmp(text.ptr + text.len - end, unfinished, end) == 0)
		text.len -= end;
	for (; places->name != NULL; places++)
		if (is_name(text, places->name))
			return (places);
	return (NULL);
}

/* ---- what it takes ---- */

struct shared {
	dev_t device;
	ino_t inode;
	uint64_t bytes;
};

struct measure {
	const struct place *places; /* at hand */
	uint64_t bytes; /* of what has one name */
	struct buf shared; /* the others */
};

static int walk(struct measure *m, int dirfd, const char *name, const struct place *places,
    struct err *e);

static int
see(void *arg, int fd, const char *name, struct err *e)
{
	struct measure *m = arg;
	const struct place *place = find(m->places, name);
	struct stat st;

	if (place == NULL)
		return (0);
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? 0 : err_sys(e, ERR_IO, "%s", name));
	if (place->below != NULL && S_ISDIR(st.st_mode)) {
		m->bytes += (uint64_t)st.st_blocks * 512;
		return (walk(m, fd, name, place->below, e));
	}
	if (place->below != NULL || !S_ISREG(st.st_mode))
		return (0);
	if (st.st_nlink > 1) {
		const struct shared file = { st.st_dev, st.st_ino, (uint64_t)st.st_blocks * 512 };

		buf_add(&m->shared, &file, sizeof(file));
	} else {
		m->bytes += (uint64_t)st.st_blocks * 512;
	}
	return (0);
}

/* No deeper than the places are. */
static int
walk(struct measure *m, int dirfd, const char *name, const struct place *places, struct err *e)
{
	const struct place *before = m->places;
	int rc;

	m->places = places;
	errno = 0;
	if ((rc = store_scan(dirfd, name, see, m, e)) == -1 && errno == ENOENT && before != NULL)
		rc = 0; /* gone meanwhile */
	m->places = before;
	return (rc);
}

static int
compare(const void *a, const void *b)
{
	const struct shared *x = a, *y = b;

	if (x->device != y->device)
		return ((x->device > y->device) - (x->device < y->device));
	return ((x->inode > y->inode) - (x->inode < y->inode));
}

static uint64_t
sum_shared(struct buf *shared)
{
	struct shared *list = (struct shared *)(void *)shared->data;
	size_t count = shared->len / sizeof(*list);
	uint64_t bytes = 0;

	if (count > 0)
		qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare(&list[i - 1], &list[i]) != 0)
			bytes += list[i].bytes;
	return (bytes);
}

int
app_disk_store(const char *store, uint64_t *used, struct err *e)
{
	struct measure m = { .places = NULL };
	int fd = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 ? err_sys(e, ERR_IO, "%s", store) : walk(&m, fd, ".", in_store, e);

	if (rc == 0 && !buf_ok(&m.shared))
		rc = err_memory(e);
	if (fd != -1)
		(void)close(fd);
	if (rc == 0)
		*used = m.bytes + sum_shared(&m.shared);
	buf_free(&m.shared);
	return (rc == 0 ? 0 : err_in(e, "what the store takes is not known"));
}

uint64_t
app_disk_stream(int streams_fd, const char *stream)
{
	struct measure m = { .places = NULL };
	uint64_t used = 0;

	if (walk(&m, streams_fd, stream, in_stream, NULL) == 0 && buf_ok(&m.shared))
		used = m.bytes + sum_shared(&m.shared);
	buf_free(&m.shared);
	return (used);
}
