#include "app/pipe/relay.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "app/say.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/scan.h"
#include "crypto/random.h"

#define ROOM_BYTES ((size_t)1 << 20)
#define PIECE_BYTES ((size_t)32 << 10) /* the kernel takes so much in one piece */
#define LOOK_MS 100
#define LAST_NS INT64_C(2500000000) /* behind a stop; Apache kills its pipes after 3 s */

struct relay {
	struct app_relay *how;
	struct arena memory;
	char *bytes;
	size_t have, sent;
	int fd; /* of the daemon; -1 */
	bool told; /* that nobody is there */
	bool ended; /* nothing more is read */
	int64_t stopped_ns;
};

/* ---- the daemon ---- */

static void
say_nobody(struct relay *r, const char *why)
{
	if (!r->told)
		app_warn("pipe", "%s: %s; lines wait for `cretula run`", r->how->path, why);
	r->told = true;
}

static void
hang_up(struct relay *r)
{
	if (r->fd != -1)
		(void)close(r->fd);
	r->fd = -1;
}

/* false: nobody is there; a while has passed. */
static bool
call(struct relay *r)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memcpy(to.sun_path, r->how->path, strlen(r->how->path) + 1);
	r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd != -1 && connect(r->fd, (const struct sockaddr *)&to, sizeof(to)) == 0) {
		if (r->told)
			app_warn("pipe", "%s: somebody is there; lines go on", r->how->path);
		r->told = false;
		return (true);
	}
	say_nobody(r, strerror(errno));
	hang_up(r);
	(void)poll(NULL, 0, LOOK_MS);
	return (false);
}

/* Whole lines, as many as are one piece; of a longer line so much. */
static size_t
piece_len(const struct relay *r)
{
	size_t len = r->have - r->sent, at;

	len = len < PIECE_BYTES ? len : PIECE_BYTES;
	at = scan_last(span_of(r->bytes + r->sent, len), '\n');
	if (at < len)
		return (at + 1);
	return (len == PIECE_BYTES ? len : 0);
}

static void
send_piece(struct relay *r, size_t len)
{
	struct pollfd want = { .fd = r->fd, .events = POLLOUT };
	ssize_t n = send(r->fd, r->bytes + r->sent, len, MSG_NOSIGNAL);

	if (n > 0) {
		crypto_wipe(r->bytes + r->sent, (size_t)n);
		r->sent += (size_t)n;
		r->how->bytes += (uint64_t)n;
	} else if (errno == EAGAIN || errno == EINTR)
		(void)poll(&want, 1, LOOK_MS);
	else {
		if (errno == ECONNRESET)
			app_warn("pipe",
			    "%s: the daemon broke off: what it had not read yet is lost",
			    r->how->path);
		hang_up(r); /* the piece waits for the next one */
	}
}

/* ---- the server ---- */

/* What comes within a while. */
static int
read_more(struct relay *r, struct err *e)
{
	struct pollfd want = { .fd = r->how->from, .events = POLLIN };
	ssize_t n;

	memmove(r->bytes, r->bytes + r->sent, r->have - r->sent);
	r->have -= r->sent;
	r->sent = 0;
	if (poll(&want, 1, r->stopped_ns != 0 ? 0 : LOOK_MS) <= 0) {
		r->ended = r->stopped_ns != 0; /* nothing waits any more */
		return (0);
	}
	n = read(r->how->from, r->bytes + r->have, ROOM_BYTES - r->have);
	if (n == -1 && errno != EINTR && errno != EAGAIN)
		return (err_sys(e, ERR_INPUT, "reading"));
	r->have += n > 0 ? (size_t)n : 0;
	r->ended = n == 0;
	return (0);
}

/* Half a line at the end is one. */
static void
end_line(struct relay *r)
{
	if (r->have > r->sent && r->bytes[r->have - 1] != '\n')
		r->bytes[r->have++] = '\n';
}

static bool
is_late(const struct relay *r)
{
	return (r->stopped_ns != 0 && clock_mono_ns() - r->stopped_ns > LAST_NS);
}

/* 1: go on; 0: all is done; -1. */
static int
turn(struct relay *r, struct err *e)
{
	size_t len;

	if (*r->how->stop != 0 && r->stopped_ns == 0)
		r->stopped_ns = clock_mono_ns();
	if (is_late(r) && r->have > r->sent)
		return (err_set(e, ERR_BUSY, "%s: told to stop with %zu bytes that nobody took",
		    r->how->path, r->have - r->sent));
	if (r->ended)
		end_line(r);
	if ((len = piece_len(r)) > 0) {
		if (r->fd != -1 || call(r))
			send_piece(r, len);
	} else if (r->ended)
		return (0);
	else if (read_more(r, e) == -1)
		return (-1);
	return (1);
}

int
app_relay_run(struct app_relay *how, struct err *e)
{
	struct relay r = { .how = how, .fd = -1 };
	int rc;

	if (arena_open(&r.memory, ROOM_BYTES + 1, ARENA_SECRET, e) == -1)
		return (-1);
	how->unlocked = !r.memory.locked;
	r.bytes = arena_take(&r.memory, ROOM_BYTES + 1);
	while ((rc = turn(&r, e)) == 1)
		;
	hang_up(&r);
	arena_close(&r.memory);
	return (rc);
}
