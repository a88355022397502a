/*
 * Every call that takes memory asks fails() first, which whoever includes this
 * has: linked with --wrap of each (meson.build).
 */
#ifndef CRETULA_TEST_WRAPPED_H
#define CRETULA_TEST_WRAPPED_H

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>

static bool fails(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
DIR *__real_fdopendir(int fd);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
DIR *__wrap_fdopendir(int fd);

void *
__wrap_malloc(size_t size)
{
	return (fails() ? NULL : __real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return (fails() ? NULL : __real_calloc(count, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	return (fails() ? NULL : __real_realloc(old, size));
}

void *
__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return (fails() ? NULL : __real_reallocarray(old, count, size));
}

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return (fails() ? NULL : __real_aligned_alloc(alignment, size));
}

/* It takes memory inside of the C library. */
DIR *
__wrap_fdopendir(int fd)
{
	return (fails() ? NULL : __real_fdopendir(fd));
}

#endif
