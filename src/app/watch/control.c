#include "app/watch/control.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/retain/ask.h"
#include "app/retain/order.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "input/accept.h"
#include "input/local.h"
#include "store/layout.h"

#define REQUEST_BYTES APP_ORDER_BYTES
#define ANSWER_BYTES ((size_t)8 << 20)
#define WAIT_S 2 /* for the other side */
#define LATE "late\n" /* the whole answer to a question that did not come in time */
#define WAIT_DONE_S 30 /* for what changes something */
#define WAIT_SLOW_S 600 /* for an erasure */

/* STREAM CODE HASH.  false: it is none of it. */
static bool
read_canary(struct span text, struct app_request *request)
{
	size_t name = span_find(text, ' '), len;
	struct span code = name < text.len ? span_from(text, name + 1) : span_of("", 0), hash;
	uint64_t number;

	len = span_find(code, ' ');
	if (len == code.len || name >= sizeof(request->stream) ||
	    !store_name_ok(span_of(text.ptr, name)))
		return (false);
	hash = span_from(code, len + 1);
	if (num_u64(span_of(code.ptr, len), &number) == -1 || number > ERR_CONFIG ||
	    hash.len != 2 * sizeof(request->hash) ||
	    text_unhex(hash, request->hash, sizeof(request->hash), &len) == -1)
		return (false);
	memcpy(request->stream, text.ptr, name);
	request->stream[name] = '\0';
	request->code = (int)number;
	return (true);
}

/* LEVEL SECONDS STREAM REASON. */
static bool
read_detail(struct span text, struct app_request *request)
{
	struct span level = span_word(&text), seconds = span_word(&text), stream = span_word(&text);
	struct app_wish *wish = &request->wish;
	uint64_t number;

	memset(wish, 0, sizeof(*wish));
	if (span_is(level, "full"))
		wish->raise = DETAIL_FULL;
	else if (span_is(level, "slim"))
		wish->raise = DETAIL_SLIM;
	else
		return (false);
	if (num_u64(seconds, &number) == -1 || number == 0 ||
	    number > (uint64_t)DETAIL_RAISE_MAX_US / 1000000 ||
	    stream.len >= sizeof(request->stream) || !store_name_ok(stream) || text.len == 0 ||
	    text.len >= sizeof(wish->reason) || memchr(text.ptr, '\0', text.len) != NULL ||
	    !text_is_utf8(text))
		return (false);
	wish->for_us = (int64_t)number * 1000000;
	memcpy(wish->reason, text.ptr, text.len);
	memcpy(request->stream, stream.ptr, stream.len);
	request->stream[stream.len] = '\0';
	return (true);
}

void
app_control_read(struct span text, struct app_request *request)
{
	static const struct span canary = SPAN("canary "), detail = SPAN("detail "),
				 hold = SPAN("hold "), erase = SPAN("erase "),
				 restrict_ = SPAN("restrict ");

	request->asked = APP_ASKED_NOTHING;
	if (text.len == 0 || text.ptr[text.len - 1] != '\n')
		return;
	text.len--;
	if (span_is(text, "status"))
		request->asked = APP_ASKED_STATUS;
	else if (span_is(text, "metrics"))
		request->asked = APP_ASKED_METRICS;
	else if (span_is(text, "report"))
		request->asked = APP_ASKED_REPORT;
	else if (span_starts(text, canary) && read_canary(span_from(text, canary.len), request))
		request->asked = APP_ASKED_CANARY;
	else if (span_starts(text, detail) && read_detail(span_from(text, detail.len), request))
		request->asked = APP_ASKED_DETAIL;
	else if (span_starts(text, hold)) {
		request->asked = APP_ASKED_HOLD;
		request->hold = span_from(text, hold.len);
	} else if (span_starts(text, erase)) {
		request->asked = APP_ASKED_ERASE;
		request->hold = span_from(text, erase.len);
	} else if (span_starts(text, restrict_)) {
		request->asked = APP_ASKED_RESTRICT;
		request->hold = span_from(text, restrict_.len);
	}
}

/* ---- where it is ---- */

/*
 * The directory that the store is in, and the socket's name there.  A path of
 * any length is reached through the directory's descriptor.
 */
static int
find_place(const char *store, int *dir_fd, char name[static CONFIG_PATH_BYTES], struct err *e)
{
	char *real = realpath(store, NULL), *slash = real == NULL ? NULL : strrchr(real, '/');
	int rc = -1;

	*dir_fd = -1;
	if (slash == NULL || slash[1] == '\0') {
		err_sys(e, ERR_INPUT, "%s", store);
		goto out;
	}
	(void)snprintf(name, CONFIG_PATH_BYTES, "%s" APP_CONTROL_SUFFIX, slash + 1);
	*slash = '\0';
	*dir_fd = open(slash == real ? "/" : real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rc = *dir_fd == -1 ? err_sys(e, ERR_INPUT, "%s", real) : 0;
out:
	free(real);
	return (rc);
}

static int
make_address(int dir_fd, const char *name, struct sockaddr_un *to, struct err *e)
{
	int len;

	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	len = snprintf(to->sun_path, sizeof(to->sun_path), "/proc/self/fd/%d/%s", dir_fd, name);
	if (len < 0 || (size_t)len >= sizeof(to->sun_path))
		return (err_set(e, ERR_CONFIG, "%s: the name is too long for a socket", name));
	return (0);
}

static void
set_patience(int fd, int seconds)
{
	const struct timeval most = { .tv_sec = seconds };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
}

/* ---- the daemon ---- */

static bool
may_ask(int fd, uid_t *uid)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1)
		return (false);
	*uid = who.uid;
	return (who.uid == 0 || who.uid == geteuid());
}

/* Of app_board_wish, from -1 on. */
static const char *const wish_answers[] = { "no such stream\n", "not read\n", "ok\n" };

static void
print_answer(struct app_control *c, const struct app_request *request, struct buf *out)
{
	switch (request->asked) {
	case APP_ASKED_STATUS:
		app_board_snapshot(c->board, c->snapshot);
		app_snapshot_json(c->snapshot, out);
		break;
	case APP_ASKED_METRICS:
		app_board_snapshot(c->board, c->snapshot);
		app_snapshot_metrics(c->snapshot, out);
		break;
	case APP_ASKED_REPORT: app_board_last(c->board, out); break;
	case APP_ASKED_CANARY:
		if (app_board_canary(c->board, request->stream, request->code, request->hash))
			buf_str(out, "ok\n");
		break;
	case APP_ASKED_DETAIL:
		buf_str(out,
		    wish_answers[app_board_wish(c->board, request->stream, &request->wish) + 1]);
		break;
	case APP_ASKED_HOLD: app_ask_hold(request->hold, out); break;
	case APP_ASKED_RESTRICT: app_ask_restrict(request->hold, out); break;
	case APP_ASKED_ERASE: break; /* by a thread of its own */
	case APP_ASKED_NOTHING: break;
	}
}

/* Up to its line end; a long one comes in pieces.  late: we waited for it as long as for one. */
static struct span
receive_request(int fd, char *text, bool *late)
{
	int64_t until_ns = clock_mono_ns() + WAIT_S * INT64_C(1000000000);
	size_t len = 0;
	ssize_t n;

	*late = false;
	while (!*late && len < REQUEST_BYTES && (len == 0 || text[len - 1] != '\n')) {
		n = recv(fd, text + len, REQUEST_BYTES - len, 0);
		*late = n == -1 && errno == EAGAIN;
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		*late = text[len - 1] != '\n' && clock_mono_ns() > until_ns;
	}
	return (span_of(text, len));
}

/*
 * Whoever did not wait was told that we are busy: nothing is done behind that.
 * One who only sends no more is still there.
 */
static bool
is_gone(int fd)
{
	struct pollfd it = { .fd = fd };

	return (poll(&it, 1, 0) == 1 && (it.revents & (POLLHUP | POLLERR)) != 0);
}

/* false: fd is somebody else's now. */
static bool
answer(struct app_control *c, int fd, uid_t uid)
{
	struct app_request request;
	struct buf out = { 0 };
	bool given = false, late;

	app_control_read(receive_request(fd, c->text, &late), &request);
	request.wish.uid = uid;
	if (is_gone(fd))
		return (true);
	if (late) {
		app_slow_send(fd, span_of(LATE, sizeof(LATE) - 1));
		return (true);
	}
	if (request.asked == APP_ASKED_ERASE)
		given = app_slow_begin(&c->slow, fd, request.hold, &out);
	else
		print_answer(c, &request, &out);
	if (buf_ok(&out) && !given)
		app_slow_send(fd, buf_view(&out));
	buf_free(&out);
	return (!given);
}

static void *
control_main(void *arg)
{
	struct app_control *c = arg;
	struct pollfd want[2] = { { .fd = c->fd, .events = POLLIN },
		{ .fd = c->stop_fd, .events = POLLIN } };

	(void)prctl(PR_SET_NAME, "control");
	for (;;) {
		uid_t uid;
		int fd;

		if (poll(want, 2, -1) == -1 && errno != EINTR)
			return (NULL);
		if (want[1].revents != 0)
			return (NULL);
		if ((fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC)) == -1) {
			if (errno != EAGAIN && errno != ECONNABORTED) /* no descriptor is left */
				(void)poll(&want[1], 1, INPUT_REST_MS);
			continue;
		}
		set_patience(fd, WAIT_S);
		if (!may_ask(fd, &uid) || answer(c, fd, uid))
			(void)close(fd);
	}
}

int
app_control_open(struct app_control *c, struct app_board *board, struct err *e)
{
	struct sockaddr_un to;

	memset(c, 0, sizeof(*c));
	c->board = board;
	c->fd = c->dir_fd = c->stop_fd = -1;
	c->snapshot = calloc(1, sizeof(*c->snapshot));
	c->text = malloc(REQUEST_BYTES);
	if (c->snapshot == NULL || c->text == NULL)
		return (err_sys(e, ERR_IO, "control socket"));
	if (find_place(board->store, &c->dir_fd, c->name, e) == -1 ||
	    make_address(c->dir_fd, c->name, &to, e) == -1)
		return (-1);
	c->stop_fd = eventfd(0, EFD_CLOEXEC);
	c->fd = input_local_bind(&to, SOCK_STREAM, 0600);
	if (c->fd == -1 && errno == EADDRINUSE)
		return (err_set(e, ERR_BUSY,
		    "%s: another daemon of this store answers there, and all streams of a "
		    "store belong to one",
		    c->name));
	if (c->stop_fd == -1 || c->fd == -1 || listen(c->fd, 16) == -1)
		return (err_sys(e, ERR_IO, "%s", c->name));
	c->listens = true;
	return (0);
}

int
app_control_start(struct app_control *c, struct err *e)
{
	if (!c->listens)
		return (0);
	if ((errno = pthread_create(&c->thread, NULL, control_main, c)) != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	c->started = true;
	return (0);
}

void
app_control_close(struct app_control *c)
{
	const uint64_t one = 1;

	if (c->snapshot == NULL)
		return;
	if (c->started) {
		(void)!write(c->stop_fd, &one, sizeof(one));
		(void)pthread_join(c->thread, NULL);
	}
	app_slow_end(&c->slow);
	if (c->listens)
		(void)unlinkat(c->dir_fd, c->name, 0);
	for (int *fd = (int[]){ c->fd, c->dir_fd, c->stop_fd, -2 }; *fd != -2; fd++)
		if (*fd != -1)
			(void)close(*fd);
	free(c->text);
	free(c->snapshot);
	c->text = NULL;
	c->snapshot = NULL;
}

/* ---- who asks ---- */

static int
receive(int fd, int patience_s, struct buf *out, struct err *e)
{
	ssize_t n;

	for (;;) {
		if (out->len > ANSWER_BYTES)
			return (err_set(e, ERR_INPUT, "the daemon's answer has no end"));
		if (buf_reserve(out, 65536) == -1)
			return (err_memory(e));
		n = recv(fd, out->data + out->len, 65536, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			break;
		if (n == -1 && errno == EAGAIN)
			return (err_set(e, ERR_BUSY,
			    "the daemon is busy: no answer within %d s%s", patience_s,
			    patience_s == WAIT_S ?
				"; try again" :
				"; the chain says whether it did what was asked"));
		if (n == -1)
			return (err_sys(e, ERR_INCOMPLETE, "the daemon does not answer"));
		out->len += (size_t)n;
	}
	if (out->len == 0)
		return (err_set(e, ERR_INCOMPLETE,
		    "the daemon has no answer: only its user and root may ask, and a report is "
		    "there once it has verified"));
	if (span_is(buf_view(out), LATE))
		return (err_set(e, ERR_BUSY,
		    "the daemon waited %d s for what was asked, and did nothing; try again",
		    WAIT_S));
	return (0);
}

/* Whoever may write beside the store could listen there, and say that all is well. */
static int
check_peer(int fd, const char *store, struct err *e)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1 || stat(store, &st) == -1)
		return (err_sys(e, ERR_INPUT, "%s", store));
	if (who.uid == 0 || who.uid == geteuid() || who.uid == st.st_uid)
		return (0);
	return (err_set(e, ERR_CONFIG,
	    "%s" APP_CONTROL_SUFFIX ": who listens there (uid %u) is not the owner of the store",
	    store, (unsigned)who.uid));
}

static int
join(int fd, const struct sockaddr_un *to, const char *store, struct err *e)
{
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == -1) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return (err_set(e, ERR_INCOMPLETE,
			    "no daemon runs on this store (cretula run begins one)"));
		if (errno == EAGAIN)
			return (err_set(
			    e, ERR_BUSY, "the daemon is busy: too many ask it; try again"));
		if (errno == EACCES)
			return (err_sys(
			    e, ERR_INPUT, "the daemon's socket: only its user and root may ask"));
		return (err_sys(e, ERR_INCOMPLETE, "the daemon's socket"));
	}
	return (check_peer(fd, store, e));
}

/* The descriptor, or -1. */
static int
reach(const char *store, struct err *e)
{
	char name[CONFIG_PATH_BYTES];
	struct sockaddr_un to;
	int dir_fd, fd = -1;

	if (find_place(store, &dir_fd, name, e) == 0 && make_address(dir_fd, name, &to, e) == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd == -1)
			(void)err_sys(e, ERR_IO, "socket");
		else {
			set_patience(fd, WAIT_S); /* while too many wait for it */
			if (join(fd, &to, store, e) == -1) {
				(void)close(fd);
				fd = -1;
			}
		}
	}
	if (dir_fd != -1)
		(void)close(dir_fd);
	return (fd);
}

/* What only looks is asked again soon. */
static int
patience_of(struct span request)
{
	if (span_starts(request, span_str("erase ")))
		return (WAIT_SLOW_S);
	return (span_find(request, ' ') < request.len ? WAIT_DONE_S : WAIT_S);
}

int
app_control_ask(const char *store, const char *request, struct buf *out, struct err *e)
{
	int patience_s = patience_of(span_str(request)), fd = reach(store, e), rc;

	if (fd == -1)
		return (-1);
	set_patience(fd, patience_s);
	app_slow_send(fd, span_str(request));
	rc = receive(fd, patience_s, out, e);
	(void)close(fd);
	return (rc);
}

int
app_control_signal(const char *store, int number, struct err *e)
{
	struct ucred who = { .pid = 0 };
	socklen_t len = sizeof(who);
	int fd = reach(store, e), rc = -1;

	if (fd == -1)
		return (-1);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1 || who.pid <= 0)
		(void)err_set(e, ERR_INCOMPLETE, "the daemon is of another container");
	else if ((rc = kill(who.pid, number)) == -1)
		(void)err_sys(e, ERR_INCOMPLETE, "the daemon");
	(void)close(fd);
	return (rc);
}
