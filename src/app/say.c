/* app: the only unit that prints. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/fold.h"
#include "app/say.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "config/config.h"

#define LOG_WAIT_MS 100 /* for a reader of the log who is slow */

static int64_t progress_ns;
static bool progress_shown;
static bool output_closed;
static bool log_quiet;

/* What the system says of usual mistakes, and what to do then. */
static const struct {
	const char *part, *end, *hint;
} hints[] = {
	{ "", ": Permission denied", " (`ls -ld` of it says who may)" },
	{ "", ": Address already in use", " (`ss -ltnp` says who has it)" },
	{ "", ": No space left on device", " (make room, and run it again)" },
	{ "", CONFIG_USUAL ": No such file or directory",
	    " (`cretula init` makes it, --config FILE names another)" },
	{ "/run/cretula-rings/", ": No such file or directory",
	    " (`systemctl enable --now cretula-ring@SERVER` makes it)" },
};

static const char *
hint_of(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		size_t end = strlen(hints[i].end);

		if (len >= end && strcmp(text + len - end, hints[i].end) == 0 &&
		    strstr(text, hints[i].part) != NULL)
			return (hints[i].hint);
	}
	return ("");
}

int
app_fail(const char *command, const struct err *e)
{
	app_progress_end();
	fprintf(stderr, "cretula %s: %s%s\n", command, e->text[0] != '\0' ? e->text : "failed",
	    hint_of(e->text));
	return (e->code == ERR_NONE ? ERR_IO : (int)e->code);
}

void
app_warn(const char *command, const char *fmt, ...)
{
	va_list ap;

	app_progress_end();
	fprintf(stderr, "cretula %s: ", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool
app_spared(char text[static APP_SPARED_BYTES])
{
	static _Atomic uint64_t told;
	uint64_t now = io_shred_spared(), count = now - atomic_exchange(&told, now);

	if (count == 1)
		(void)snprintf(text, APP_SPARED_BYTES,
		    "a file had another name (a hard link): removed here, not overwritten; what "
		    "it held is still there by that name");
	else
		(void)snprintf(text, APP_SPARED_BYTES,
		    "%ju files had another name (a hard link): removed here, not overwritten; "
		    "what they held is still there by those names",
		    (uintmax_t)count);
	return (count > 0);
}

void
app_warn_spared(const char *command)
{
	char text[APP_SPARED_BYTES];

	if (app_spared(text))
		app_warn(command, "%s", text);
}

/* A value of logfmt. */
static void
quote(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_char(out, '\\');
		buf_char(out, (unsigned char)*text < ' ' ? ' ' : *text);
	}
	buf_char(out, '"');
}

static void
log_line(struct buf *out, const char *level, const char *stream, const char *text)
{
	char time[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(time, clock_now_us());

	buf_fmt(out, "time=%.*s level=%s ", (int)len, time, level);
	if (stream != NULL)
		buf_fmt(out, "stream=%s ", stream);
	buf_str(out, "msg=");
	quote(out, text);
	buf_char(out, '\n');
}

/*
 * A log that nobody reads, a pipe or a terminal that is held, stops no daemon:
 * its lines are counted instead, and said once there is room.  One write, so
 * that lines of threads do not mix.
 */
static void
log_write(const struct buf *line)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t unsaid;
	struct pollfd log = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct buf before = { 0 };
	char text[100];

	pthread_mutex_lock(&lock);
	if (poll(&log, 1, unsaid > 0 ? 0 : LOG_WAIT_MS) == 0)
		unsaid++;
	else {
		if (unsaid > 0) {
			(void)snprintf(text, sizeof(text),
			    "%ju lines of this log were not written: nobody read it",
			    (uintmax_t)unsaid);
			log_line(&before, "warn", NULL, text);
			unsaid = 0;
		}
		if (buf_ok(line))
			buf_span(&before, buf_view(line));
		app_hint(&before);
	}
	pthread_mutex_unlock(&lock);
	buf_free(&before);
}

void
app_log(const char *level, const char *stream, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_BYTES * 2];
	struct buf out = { 0 };

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	log_line(&out, level, stream, text);
	log_write(&out);
	buf_free(&out);
}

void
app_log_hint(const struct buf *lines)
{
	if (buf_ok(lines) && lines->len > 0)
		log_write(lines);
}

void
app_warn_log(const char *stream, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	app_log("warn", stream, fmt, ap);
	va_end(ap);
}

void
app_log_quiet(void)
{
	log_quiet = true;
}

void
app_info(const char *stream, const char *fmt, ...)
{
	va_list ap;

	if (log_quiet)
		return;
	va_start(ap, fmt);
	app_log("info", stream, fmt, ap);
	va_end(ap);
}

void
app_error(const char *stream, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	app_log("error", stream, fmt, ap);
	va_end(ap);
}

void
app_hint(const struct buf *lines)
{
	if (buf_ok(lines) && lines->len > 0)
		fwrite(lines->data, 1, lines->len, stderr);
}

int
app_write(const char *bytes, size_t len, struct err *e)
{
	ssize_t n;

	while (len > 0 && !output_closed) {
		if ((n = write(STDOUT_FILENO, bytes, len)) == -1) {
			if (errno == EINTR)
				continue;
			if (errno != EPIPE)
				return (err_sys(e, ERR_IO, "writing to standard output"));
			output_closed = true;
			break;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return (0);
}

bool
app_output_closed(void)
{
	return (output_closed);
}

int
app_print(const struct buf *out, struct err *e)
{
	if (!buf_ok(out))
		return (err_set(e, ERR_IO, "out of memory for the output"));
	return (app_write(out->data, out->len, e));
}

int
app_finish(const char *command, struct buf *out, int code)
{
	struct err e = { ERR_NONE, "" };
	int rc = app_print(out, &e);

	buf_free(out);
	return (rc == -1 ? app_fail(command, &e) : code);
}

int
app_finish_words(const char *command, struct buf *out, int code)
{
	unsigned columns =
	    buf_ok(out) && out->len > 0 && out->data[0] != '{' ? app_fold_columns() : 0;
	struct buf folded = { 0 };

	if (columns == 0)
		return (app_finish(command, out, code));
	app_fold(buf_view(out), columns, &folded);
	buf_free(out);
	return (app_finish(command, &folded, code));
}

void
app_progress(const char *what, uint64_t done, uint64_t total, double seconds)
{
	char bytes[32], rate[32];
	int64_t now_ns = clock_mono_ns();

	if (!isatty(STDERR_FILENO) || now_ns - progress_ns < 200000000)
		return;
	progress_ns = now_ns;
	progress_shown = true;
	num_print_bytes(bytes, done);
	num_print_bytes(rate, seconds > 0 ? (uint64_t)((double)done / seconds) : 0);
	fprintf(stderr, "\r\033[K%s %s", what, bytes);
	if (total > 0)
		fprintf(stderr, " (%u %%)", (unsigned)(done >= total ? 100 : done * 100 / total));
	fprintf(stderr, "  %s/s", rate);
	fflush(stderr);
}

void
app_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}
