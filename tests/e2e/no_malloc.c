/*
 * no_malloc: preloaded, it ends the process when a thread called "cr-..."
 * calls the allocator (design.md 2, sentence 5).
 */
#include <sys/prctl.h>

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#ifndef HOT
#define HOT "cr-" /* how their names begin */
#endif

static void
watch(void)
{
	static const char text[] = "no_malloc: a hot thread called the allocator\n";
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	if (strncmp(name, HOT, sizeof(HOT) - 1) == 0) {
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		_exit(99);
	}
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *p, size_t size);

void *
malloc(size_t size)
{
	watch();
	return (__libc_malloc(size));
}

void *
calloc(size_t count, size_t size)
{
	watch();
	return (__libc_calloc(count, size));
}

void *
realloc(void *p, size_t size)
{
	watch();
	return (__libc_realloc(p, size));
}
