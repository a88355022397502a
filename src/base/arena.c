#include "base/arena.h"

#include <sys/mman.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define ALIGN ((size_t)16)

static size_t
page_bytes(void)
{
	return ((size_t)sysconf(_SC_PAGESIZE));
}

/* Up to a multiple of step (a power of two); 0 if that overflows. */
static size_t
round_up(size_t n, size_t step)
{
	return ((n + step - 1) & ~(step - 1));
}

/*
 * Pages are locked as they are touched, so that a large arena does not need
 * its whole size in the limit.  Each refusal leaves less protection, which
 * the caller learns from locked.
 */
static void
protect(struct arena *a, int flags)
{
	a->locked = mlock2(a->base, a->size, MLOCK_ONFAULT) == 0;
	(void)madvise(a->base, a->size, MADV_DONTDUMP);
	(void)madvise(a->base, a->size, MADV_WIPEONFORK);
	(void)madvise(
	    a->base, a->size, (flags & ARENA_SMALL) != 0 ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
}

int
arena_open(struct arena *a, size_t size, int flags, struct err *e)
{
	int map = MAP_PRIVATE | MAP_ANONYMOUS;
	size_t whole = round_up(size, page_bytes());
	void *base;

	if (whole == 0) {
		errno = EINVAL;
		return (err_sys(e, ERR_IO, "memory of %zu bytes", size));
	}
	if ((flags & ARENA_LAZY) != 0)
		map |= MAP_NORESERVE;
	base = mmap(NULL, whole, PROT_READ | PROT_WRITE, map, -1, 0);
	if (base == MAP_FAILED)
		return (err_sys(e, ERR_IO, "memory of %zu bytes", size));
	*a = (struct arena){ .base = base, .size = whole };
	a->secret = (flags & ARENA_SECRET) != 0;
	if (a->secret)
		protect(a, flags);
	return (0);
}

/*
 * What was never touched has no page: to wipe it would make one.  Locked pages
 * that were touched are there; others may be on a disk, and are wiped as they come.
 */
static void
wipe_touched(const struct arena *a, size_t len)
{
	unsigned char there[256];
	size_t page = page_bytes(), count;

	for (size_t at = 0; at < len; at += count * page) {
		count = (len - at + page - 1) / page;
		count = count < sizeof(there) ? count : sizeof(there);
		if (!a->locked || mincore(a->base + at, count * page, there) == -1)
			memset(there, 1, count);
		for (size_t i = 0; i < count; i++)
			if ((there[i] & 1) != 0)
				explicit_bzero(a->base + at + i * page, page);
	}
}

void
arena_close(struct arena *a)
{
	if (a->base == NULL)
		return;
	if (a->secret)
		wipe_touched(a, a->used > a->peak ? a->used : a->peak);
	(void)munmap(a->base, a->size);
	*a = (struct arena){ 0 };
}

void *
arena_take(struct arena *a, size_t size)
{
	size_t start = round_up(a->used, ALIGN);

	if (start > a->size || size > a->size - start)
		return (NULL);
	a->used = start + size;
	return (a->base + start);
}

void
arena_reset(struct arena *a)
{
	if (a->used > a->peak)
		a->peak = a->used;
	a->used = 0;
}

/*
 * The system refuses to drop locked pages: unlock, drop, lock again.  Where all
 * of the process is locked (mlockall), so is memory that did not ask for it.
 */
static bool
drop_pages(struct arena *a, size_t from)
{
	bool dropped = !a->locked && madvise(a->base + from, a->size - from, MADV_DONTNEED) == 0;

	if (dropped)
		return (true);
	(void)munlock(a->base + from, a->size - from);
	dropped = madvise(a->base + from, a->size - from, MADV_DONTNEED) == 0;
	if (!a->locked)
		(void)mlock2(a->base + from, a->size - from, MLOCK_ONFAULT);
	else
		a->locked = mlock2(a->base + from, a->size - from, MLOCK_ONFAULT) == 0;
	return (dropped);
}

void
arena_trim(struct arena *a, size_t keep)
{
	size_t from = round_up(keep > a->used ? keep : a->used, page_bytes());

	if (a->base == NULL || from >= a->size)
		return;
	if (a->secret && a->peak > from)
		explicit_bzero(a->base + from, a->peak - from);
	if (drop_pages(a, from) && a->peak > from)
		a->peak = from;
}

void
arena_forget(struct arena *a, const void *from)
{
	size_t at = round_up((size_t)((const char *)from - a->base), page_bytes());

	if (at < a->size && !drop_pages(a, at))
		explicit_bzero(a->base + at, a->size - at); /* a sanitizer lets nothing unlock */
}
