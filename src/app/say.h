/* app: the only unit that prints. */
#ifndef CRETULA_APP_SAY_H
#define CRETULA_APP_SAY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/* "cretula COMMAND: text" on standard error; returns the exit code of e. */
int app_fail(const char *command, const struct err *e);

/* "cretula COMMAND: text" on standard error, no error. */
void app_warn(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The log of a daemon, one line of logfmt: level is error, warn or info;
 * stream NULL: of none.  Where nobody reads it nothing waits: the next line
 * that can be written says how many were not.
 */
void app_log(const char *level, const char *stream, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
void app_warn_log(const char *stream, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void app_info(const char *stream, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void app_error(const char *stream, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* From now on the log says what is wrong, and no more.  Before there are threads. */
void app_log_quiet(void);

/*
 * How many files were to be overwritten and had another name, since this was
 * asked last: false if none; the same said as a warning.
 */
#define APP_SPARED_BYTES 160
bool app_spared(char text[static APP_SPARED_BYTES]);
void app_warn_spared(const char *command);

/* Lines below an error that explain it, on standard error; in the log of a daemon. */
void app_hint(const struct buf *lines);
void app_log_hint(const struct buf *lines);

/*
 * To standard output.  0, or -1 with e (disk full).  A reader that is gone,
 * `head` say, has seen enough: that is no error; app_output_closed says so
 * and the caller may stop early.
 */
int app_write(const char *bytes, size_t len, struct err *e);
int app_print(const struct buf *out, struct err *e);
bool app_output_closed(void);

/* Print, free, and return code; or what printing failed with. */
int app_finish(const char *command, struct buf *out, int code);
/* The same of sentences: no word is broken by a terminal; JSON stays one line. */
int app_finish_words(const char *command, struct buf *out, int code);

/* One line on a terminal that the next one overwrites; silent elsewhere. */
void app_progress(const char *what, uint64_t done, uint64_t total, double seconds);
void app_progress_end(void);

#endif
