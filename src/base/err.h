/*
 * err: what went wrong, where, and which exit code it earns.
 *
 * A room never prints.  It fills a struct err and returns -1; each caller may
 * prepend where it was; app/ prints the one line that results:
 * "store /s: stream shop: segment 3: record 512: leaf does not match".
 * No text ever carries bytes of an event.
 */
#ifndef CRETULA_BASE_ERR_H
#define CRETULA_BASE_ERR_H

/* The values are the process exit codes of design.md 11. */
enum err_code {
	ERR_NONE = 0,
	ERR_FINDING = 1,    /* something does not verify, or leaks */
	ERR_USAGE = 2,      /* the command line is wrong */
	ERR_INCOMPLETE = 3, /* something could not be checked or parsed */
	ERR_STRICT = 4,     /* warnings, with --strict */
	ERR_INPUT = 66,     /* input missing or unreadable */
	ERR_IO = 74,        /* read or write failed, disk full */
	ERR_BUSY = 75,      /* another process holds the store */
	ERR_CONFIG = 78     /* configuration, policy or key */
};

#define ERR_TEXT_BYTES 512

struct err {
	enum err_code code;
	char text[ERR_TEXT_BYTES]; /* one line, UTF-8, no trailing newline */
};

/* Replace e by code and text.  Always returns -1.  e may be NULL. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and strerror(errno) behind the text. */
int err_sys(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prepend "text: " to what e says; the code stays.  Always returns -1. */
int err_in(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * An allocator had nothing: ERR_IO, "out of memory".  Always returns -1.  That
 * it happened is counted, whatever becomes of e: what a caller takes for a
 * fault of its input may be one of memory.
 */
int err_memory(struct err *e);

/* How often so far, in all threads. */
unsigned err_memory_count(void);

#if defined(__clang_analyzer__) && !defined(ERR_IS_HERE)
/* clang-tidy looks at one file at a time: what these always return, and leave behind. */
static inline int
err_told(struct err *e, enum err_code code)
{
	if (e != 0)
		e->code = code;
	return (-1);
}
#define err_set(e, code, ...) ((void)err_set(e, code, __VA_ARGS__), err_told(e, code))
#define err_sys(e, code, ...) ((void)err_sys(e, code, __VA_ARGS__), err_told(e, code))
#define err_in(...) ((void)err_in(__VA_ARGS__), -1)
#define err_memory(e) ((void)err_memory(e), err_told(e, ERR_IO))
#endif

#endif
