/* app: the thread of a server, and its connections. */
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/http/inside.h"
#include "base/clock.h"
#include "base/err.h"
#include "input/accept.h"

#define SECOND_NS INT64_C(1000000000)
#define NEW_NS (10 * SECOND_NS)
#define IDLE_NS (120 * SECOND_NS)
#define BODY_NS (30 * SECOND_NS) /* of an answer, too */
#define BODY_RATE 65536 /* bytes: each gives a second more */
#define STREAM_NS (60 * SECOND_NS) /* in which a client takes nothing of what waits */
#define STOP_NS (2 * SECOND_NS)
#define POLL_MS 500
#define ACCEPTS_MAX 64 /* before others have their turn */
#define ROOM_TRIES 8
#define MEMORY_BYTES ((size_t)64 << 10) /* of a connection: mapped, and so gone with it */

/* ---- connections ---- */

struct http_peer *
app_http_peer(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return (info == NULL ? NULL : info->socket_context);
}

void
app_http_phase(struct http_peer *peer, enum http_phase phase)
{
	peer->bytes = 0;
	peer->phase = phase;
	peer->since_ns = clock_mono_ns();
}

static void
see_connection(void *server, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	struct app_http *s = server;
	const union MHD_ConnectionInfo *info;
	struct http_peer *peer = *context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (peer != NULL)
			peer->phase = HTTP_PHASE_FREE;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (unsigned i = 0; i < s->peer_count; i++) {
		peer = &s->peers[i];
		if (peer->phase != HTTP_PHASE_FREE)
			continue;
		peer->fd = info->connect_fd;
		app_http_phase(peer, HTTP_PHASE_NEW);
		*context = peer;
		return;
	}
	abort(); /* take_in saw to it that there is one */
}

static bool
is_slow(const struct http_peer *peer, int64_t now_ns)
{
	int64_t since_ns = now_ns - peer->since_ns;

	switch (peer->phase) {
	case HTTP_PHASE_NEW: return (since_ns > NEW_NS);
	case HTTP_PHASE_IDLE: return (since_ns > IDLE_NS);
	case HTTP_PHASE_STREAM: return (since_ns > STREAM_NS);
	case HTTP_PHASE_ANSWER:
	case HTTP_PHASE_BODY:
		return (since_ns > BODY_NS + (int64_t)(peer->bytes / BODY_RATE) * SECOND_NS);
	default: return (false);
	}
}

/* Close those that keep us waiting. */
static void
sweep(struct app_http *s)
{
	int64_t now_ns = clock_mono_ns();
	uint64_t slow = 0;
	unsigned open = 0;

	if (now_ns - s->swept_ns < SECOND_NS / 2)
		return;
	s->swept_ns = now_ns;
	for (unsigned i = 0; i < s->peer_count; i++) {
		struct http_peer *peer = &s->peers[i];

		open += peer->phase != HTTP_PHASE_FREE;
		if (!is_slow(peer, now_ns))
			continue;
		(void)shutdown(peer->fd, SHUT_RDWR);
		peer->since_ns = now_ns;
		slow += peer->phase != HTTP_PHASE_IDLE;
	}
	pthread_mutex_lock(&s->lock);
	s->counts.slow += slow;
	s->counts.open = open;
	pthread_mutex_unlock(&s->lock);
}

/*
 * Who waits for less: the one that never sent a request goes first, then who sends none now.  Where
 * bodies are small, and no work is lost with them, who is slow with one, or to read, goes as well:
 * anybody could take all places so.  0: it stays.
 */
static unsigned
idleness(const struct app_http *s, const struct http_peer *peer)
{
	switch (peer->phase) {
	case HTTP_PHASE_NEW: return (4);
	case HTTP_PHASE_IDLE: return (3);
	case HTTP_PHASE_BODY: return (s->whole != NULL ? 2 : 0);
	case HTTP_PHASE_ANSWER: return (s->whole != NULL ? 1 : 0);
	default: return (0);
	}
}

/* A free one, or who waits for least; NULL: they all stay. */
static struct http_peer *
find_idlest(const struct app_http *s)
{
	struct http_peer *idlest = NULL;
	unsigned most = 1, idle;

	for (unsigned i = 0; i < s->peer_count; i++) {
		struct http_peer *peer = &s->peers[i];

		if (peer->phase == HTTP_PHASE_FREE)
			return (peer);
		if ((idle = idleness(s, peer)) < most ||
		    (idlest != NULL && idle == most && peer->since_ns >= idlest->since_ns))
			continue;
		idlest = peer;
		most = idle;
	}
	return (idlest);
}

/* One whose request is there already is still asked for it: then another one has to go. */
static bool
make_room(struct app_http *s)
{
	for (int i = 0; i < ROOM_TRIES; i++) {
		struct http_peer *idlest = find_idlest(s);

		if (idlest == NULL || idlest->phase == HTTP_PHASE_FREE)
			return (idlest != NULL);
		(void)shutdown(idlest->fd, SHUT_RDWR);
		(void)MHD_run(s->daemon);
	}
	return (false);
}

static void
take_in(struct app_http *s, int fd)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNIX };
	bool room = make_room(s);

	pthread_mutex_lock(&s->lock);
	s->counts.connections += room;
	s->counts.refused += !room;
	pthread_mutex_unlock(&s->lock);
	if (!room)
		(void)close(fd);
	else
		(void)MHD_add_connection(
		    s->daemon, fd, &nobody, sizeof(nobody)); /* or it closes it */
}

/* No descriptor is left for who waits: looked at again later. */
static void
rest(struct app_http *s)
{
	s->rest_until_ns = clock_mono_ns() + INPUT_REST_MS * INT64_C(1000000);
	pthread_mutex_lock(&s->lock);
	s->counts.short_of++;
	pthread_mutex_unlock(&s->lock);
}

static void
let_in(struct app_http *s)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		bool short_of;
		int fd = input_accept(s->fd, &short_of);

		if (short_of)
			rest(s);
		if (fd == -1)
			return;
		take_in(s, fd);
	}
}

/* ---- what other threads ask for ---- */

static void
wake(struct app_http *s)
{
	const uint64_t one = 1;

	(void)!write(s->wake_fd, &one, sizeof(one));
}

void
app_http_give(struct app_http *s, int fd)
{
	struct http_given *given = calloc(1, sizeof(*given));

	if (given == NULL) {
		(void)close(fd);
		return;
	}
	given->fd = fd;
	pthread_mutex_lock(&s->lock);
	given->next = s->given;
	s->given = given;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

void
app_http_wake(struct app_http_request *r)
{
	struct app_http *s = r->server;

	r->next = s->answers;
	s->answers = r;
	wake(s);
}

void
app_http_answer(struct app_http_request *r, unsigned status)
{
	struct app_http *s = r->server;

	pthread_mutex_lock(&s->lock);
	r->status = status;
	app_http_wake(r);
	pthread_mutex_unlock(&s->lock);
}

/* false: that was all. */
static bool
serve_others(struct app_http *s)
{
	struct app_http_request *answers;
	struct http_given *given;
	uint64_t times;
	bool stop;

	(void)!read(s->wake_fd, &times, sizeof(times));
	pthread_mutex_lock(&s->lock);
	answers = s->answers;
	given = s->given;
	stop = s->stop;
	s->answers = NULL;
	s->given = NULL;
	pthread_mutex_unlock(&s->lock);
	while (answers != NULL) {
		struct app_http_request *r = answers;

		answers = r->next;
		MHD_resume_connection(r->connection);
	}
	while (given != NULL) {
		struct http_given *next = given->next;

		take_in(s, given->fd);
		free(given);
		given = next;
	}
	return (!stop);
}

/* ---- the thread ---- */

static bool
is_answering(const struct app_http *s)
{
	for (unsigned i = 0; i < s->peer_count; i++)
		if (s->peers[i].phase == HTTP_PHASE_ANSWER ||
		    s->peers[i].phase == HTTP_PHASE_WORK || s->peers[i].phase == HTTP_PHASE_STREAM)
			return (true);
	return (false);
}

static bool
rests(const struct app_http *s)
{
	return (clock_mono_ns() < s->rest_until_ns);
}

static int
next_ms(struct app_http *s)
{
	MHD_UNSIGNED_LONG_LONG ms = POLL_MS;

	if (MHD_get_timeout(s->daemon, &ms) == MHD_NO || ms > POLL_MS)
		ms = POLL_MS;
	if (rests(s) && ms > INPUT_REST_MS)
		ms = INPUT_REST_MS;
	return ((int)ms);
}

static void *
server_main(void *arg)
{
	struct app_http *s = arg;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd wants[3] = { { .fd = s->wake_fd, .events = POLLIN },
		{ .fd = info->epoll_fd, .events = POLLIN }, { .fd = s->fd, .events = POLLIN } };
	bool on = true, quiet = false;

	(void)prctl(PR_SET_NAME, "http");
	while (on || (is_answering(s) && clock_mono_ns() - s->stopped_ns < STOP_NS)) {
		(void)poll(wants, 3, next_ms(s));
		if (!serve_others(s) && on) {
			on = false;
			s->stopped_ns = clock_mono_ns();
		}
		pthread_mutex_lock(&s->lock);
		quiet = s->quiet || s->stop;
		pthread_mutex_unlock(&s->lock);
		if (!quiet && !rests(s))
			let_in(s);
		wants[2].fd = quiet || rests(s) ? -1 : s->fd;
		(void)MHD_run(s->daemon);
		sweep(s);
	}
	return (NULL);
}

/* ---- start, stop ---- */

static int
start_daemon(struct app_http *s, struct err *e)
{
	/* Who reads requests whole reads targets as they came. */
	const struct MHD_OptionItem whole[] = { { MHD_OPTION_URI_LOG_CALLBACK,
						    (intptr_t)app_http_whole_uri, s },
		{ MHD_OPTION_END, 0, NULL } };

	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
	    0, NULL, NULL, app_http_handle, s, MHD_OPTION_CONNECTION_LIMIT, s->peer_count,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_NOTIFY_COMPLETED, app_http_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
	    see_connection, s, MHD_OPTION_ARRAY, s->whole != NULL ? whole : whole + 1,
	    MHD_OPTION_END);
	return (s->daemon == NULL ? err_sys(e, ERR_IO, "starting HTTP") : 0);
}

static int
start_thread(struct app_http *s, struct err *e)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&s->thread, NULL, server_main, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errno != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	s->started = true;
	return (0);
}

int
app_http_start(const struct app_http_options *how, struct app_http **server, struct err *e)
{
	struct app_http *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		if (how->fd != -1)
			(void)close(how->fd);
		return (err_memory(e));
	}
	(void)pthread_mutex_init(&s->lock, NULL);
	s->routes = how->routes;
	s->route_count = how->route_count;
	s->whole = how->whole;
	s->fd = how->fd;
	s->peer_count = how->connections;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->peers = calloc(how->connections, sizeof(*s->peers));
	if (s->wake_fd == -1 || s->peers == NULL) {
		(void)err_sys(e, ERR_IO, "starting HTTP");
		goto fail;
	}
	if (start_daemon(s, e) == -1 || start_thread(s, e) == -1)
		goto fail;
	*server = s;
	return (0);
fail:
	app_http_stop(s);
	return (-1);
}

void
app_http_quiet(struct app_http *s)
{
	pthread_mutex_lock(&s->lock);
	s->quiet = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

void
app_http_stop(struct app_http *s)
{
	if (s == NULL)
		return;
	if (s->started) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_mutex_unlock(&s->lock);
		wake(s);
		(void)pthread_join(s->thread, NULL);
	}
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon);
	while (s->given != NULL) {
		struct http_given *next = s->given->next;

		(void)close(s->given->fd);
		free(s->given);
		s->given = next;
	}
	if (s->fd != -1)
		(void)close(s->fd);
	if (s->wake_fd != -1)
		(void)close(s->wake_fd);
	(void)pthread_mutex_destroy(&s->lock);
	free(s->peers);
	free(s);
}

void
app_http_count(struct app_http *s, struct app_http_counts *counts)
{
	pthread_mutex_lock(&s->lock);
	*counts = s->counts;
	pthread_mutex_unlock(&s->lock);
}

bool
app_http_built(void)
{
	return (true);
}
