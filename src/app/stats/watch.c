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
#define COLUMNS 80
#define BEGIN "\033[?25l\033[?7l" /* no cursor; long lines are cut */
#define END "\r\033[J\033[?7h\033[?25h" /* without what a terminal shows of the key */

static volatile sig_atomic_t interrupted, stopped, woken;

static void
note_signal(int number)
{
	if (number == SIGTSTP)
		stopped = 1;
	else if (number != SIGWINCH)
		interrupted = 1;
	woken = 1;
}

static bool
is_screen(void)
{
	const char *term = getenv("TERM");

	return (isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0);
}

static struct app_screen
find_screen(void)
{
	struct app_screen screen = { ROWS - 1, COLUMNS };
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		screen.rows = size.ws_row > 1 ? size.ws_row - 1U : screen.rows;
		screen.columns = size.ws_col > 0 ? size.ws_col : screen.columns;
	}
	return (screen);
}

/* From the first row on, each line over what stood there; the last row stays free. */
static int
draw(const struct buf *report, unsigned rows, struct err *e)
{
	struct span rest = span_of(report->data, report->len);
	struct buf out = { 0 };
	int rc;

	buf_str(&out, BEGIN "\033[H");
	for (; rows > 0 && rest.len > 0; rows--) {
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

/* Until it is time, something is to be done, or the other end of a pipe is closed. */
static void
rest_until(int64_t until_ns, const sigset_t *mask)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	int64_t left_ns;

	do {
		struct timespec left = { 0, 0 }; /* they are heard once in any case */

		if ((left_ns = until_ns - clock_mono_ns()) > 0)
			left = (struct timespec){ left_ns / 1000000000, left_ns % 1000000000 };
		/* revents without an error: it is no pipe that tells */
		(void)ppoll(&out, out.revents == 0, &left, mask);
		if ((out.revents & POLLERR) != 0)
			interrupted = 1;
	} while (!woken && !interrupted && left_ns > 0);
}

/* As a shell stops it: with the terminal as it was. */
static void
stop_here(void)
{
	stopped = 0;
	(void)app_write(END, sizeof(END) - 1, NULL);
	(void)raise(SIGSTOP);
}

/* They come while we rest (before: the mask of that): one in between would be slept over. */
static void
catch_signals(bool screen, sigset_t *before)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	const struct sigaction on = { .sa_handler = note_signal };
	sigset_t held;

	(void)sigemptyset(&held);
	for (int i = 0; i < (screen ? 4 : 2); i++) {
		(void)sigaddset(&held, numbers[i]);
		(void)sigaction(numbers[i], &on, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &held, before);
}

int
app_watch(const struct app_watch *w, struct err *e)
{
	bool is = !w->plain && is_screen();
	struct app_screen screen = { 0, 0 };
	struct buf report = { 0 };
	sigset_t mask;
	int rc = 0;

	catch_signals(is, &mask);
	while (rc == 0 && !interrupted && !app_output_closed()) {
		int64_t since_ns = clock_mono_ns();

		woken = 0;
		if (stopped)
			stop_here();
		if (is)
			screen = find_screen();
		buf_clear(&report);
		if ((rc = w->make(w->arg, &screen, &report, e)) == 0)
			rc = is ? draw(&report, screen.rows, e) : append(&report, e);
		if (rc == 0 && !app_output_closed())
			rest_until(since_ns + (int64_t)w->every_s * 1000000000, &mask);
	}
	if (is)
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
