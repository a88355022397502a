#include "app/stats/watch.h"

#include <sys/ioctl.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/role/counts.h"
#include "app/say.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

#define ROWS 24 /* of a terminal that does not say */
#define BEGIN "\033[?25l\033[?7l" /* no cursor; long lines are cut */
#define END "\033[J\033[?7h\033[?25h"

static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static bool
is_screen(void)
{
	const char *term = getenv("TERM");

	return (isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0);
}

static unsigned
screen_rows(void)
{
	struct winsize size;

	return (
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row : ROWS);
}

/* From the first row on, each line over what stood there; the last row stays free. */
static int
draw(const struct buf *report, struct err *e)
{
	struct span rest = span_of(report->data, report->len);
	struct buf out = { 0 };
	int rc;

	buf_str(&out, BEGIN "\033[H");
	for (unsigned row = screen_rows(); row > 1 && rest.len > 0; row--) {
		size_t len = span_find(rest, '\n');

		buf_add(&out, rest.ptr, len);
		buf_str(&out, "\033[K\n");
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
	buf_str(&out, "\033[J");
	rc = app_print(&out, e);
	buf_free(&out);
	return (rc);
}

static int
append(struct buf *report, struct err *e)
{
	const char *end = report->len == 0 ? NULL : memchr(report->data, '\n', report->len - 1);

	if (end != NULL)
		buf_char(report, '\n');
	return (app_print(report, e));
}

/* Until it is time, somebody interrupts, or the other end of a pipe is closed. */
static void
rest_until(int64_t until_ns)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	int64_t left_ns;

	while (!interrupted && out.revents == 0 && (left_ns = until_ns - clock_mono_ns()) > 0)
		(void)poll(&out, 1, (int)(left_ns / 1000000) + 1);
	if ((out.revents & POLLERR) != 0)
		interrupted = 1;
	else if (out.revents != 0) /* no pipe that tells */
		while (!interrupted && (left_ns = until_ns - clock_mono_ns()) > 0)
			(void)poll(NULL, 0, (int)(left_ns / 1000000) + 1);
}

int
app_watch(app_watch_make make, void *arg, unsigned every_s, struct err *e)
{
	const struct sigaction on = { .sa_handler = interrupt };
	bool screen = is_screen();
	struct buf report = { 0 };
	int rc = 0;

	(void)sigaction(SIGINT, &on, NULL);
	(void)sigaction(SIGTERM, &on, NULL);
	while (rc == 0 && !interrupted && !app_output_closed()) {
		int64_t since_ns = clock_mono_ns();

		buf_clear(&report);
		if ((rc = make(arg, &report, e)) == 0)
			rc = screen ? draw(&report, e) : append(&report, e);
		if (rc == 0 && !app_output_closed())
			rest_until(since_ns + (int64_t)every_s * 1000000000);
	}
	if (screen)
		(void)app_write(END, sizeof(END) - 1, NULL);
	buf_free(&report);
	return (rc);
}

int
app_watch_check(const struct app_args *args, const struct view_grant *grant, struct err *e)
{
	static const char *const others[] = { "csv", "rebuild", "words" };

	if (app_arg(args, "watch") == NULL)
		return (app_arg(args, "every") == NULL ?
			0 :
			err_set(e, ERR_USAGE, "--every goes with --watch"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (app_arg(args, others[i]) != NULL)
			return (err_set(e, ERR_USAGE, "--watch does not go with --%s", others[i]));
	return (app_counts_serves(grant) ?
		err_set(e, ERR_USAGE,
		    "--watch is for who sees records: role %s sees hours and "
		    "days that are over",
		    grant->name) :
		0);
}
