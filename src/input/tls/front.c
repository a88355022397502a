/* input: the thread that shakes hands. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "input/accept.h"
#include "input/tls/inside.h"

#define SHAKE_NS INT64_C(10000000000)
#define SWEEP_NS INT64_C(500000000)
#define FINISH_NS INT64_C(1000000000)
#define WAIT_MS 500
#define QUIET_MS 20
#define EVENTS 64
#define ACCEPTS_MAX 64
#define LISTENER UINT32_MAX
#define WAKER (UINT32_MAX - 1)

/* ---- what epoll watches ---- */

static void
watch(struct input_tls *t, const struct tls_peer *peer, int fd, uint32_t *has, uint32_t wants)
{
	struct epoll_event ev = { .events = wants, .data.u32 = (uint32_t)(peer - t->peers) };

	if (*has == wants)
		return;
	(void)epoll_ctl(t->epoll_fd,
	    *has == 0      ? EPOLL_CTL_ADD :
		wants == 0 ? EPOLL_CTL_DEL :
			     EPOLL_CTL_MOD,
	    fd, &ev);
	*has = wants;
}

/* Only what leads on: a side that has ended, or waits for the other one, would wake us forever. */
static void
watch_peer(struct input_tls *t, struct tls_peer *peer)
{
	uint32_t net = 0, plain = 0;

	if (!peer->ready)
		net = EPOLLIN | (peer->wants_write ? (uint32_t)EPOLLOUT : 0);
	else {
		if (!peer->net_ended && peer->to_plain.len == 0)
			net |= EPOLLIN;
		if (peer->to_net.len > 0 || peer->wants_write)
			net |= EPOLLOUT;
		if (peer->to_plain.len > 0)
			plain |= EPOLLOUT;
		if (peer->to_net.len == 0)
			plain |= EPOLLIN;
	}
	watch(t, peer, peer->net, &peer->net_events, net);
	if (peer->plain != -1)
		watch(t, peer, peer->plain, &peer->plain_events, plain);
}

/* ---- connections ---- */

static void
end_peer(struct input_tls *t, struct tls_peer *peer)
{
	input_tls_end_peer(peer);
	t->open--;
}

static void
fail_peer(struct input_tls *t, struct tls_peer *peer)
{
	t->failed++;
	end_peer(t, peer);
}

/* A free place; or that of the oldest who has not shaken hands. */
static struct tls_peer *
find_place(struct input_tls *t)
{
	struct tls_peer *oldest = NULL;

	for (unsigned i = 0; i < t->how.connections; i++) {
		struct tls_peer *peer = &t->peers[i];

		if (peer->ssl == NULL)
			return (peer);
		if (!peer->ready && (oldest == NULL || peer->since_ns < oldest->since_ns))
			oldest = peer;
	}
	t->refused++;
	if (oldest != NULL)
		fail_peer(t, oldest);
	return (oldest);
}

static bool
open_peer(struct input_tls *t, struct tls_peer *peer, int fd)
{
	SSL *ssl;

	pthread_mutex_lock(&t->lock);
	ssl = SSL_new(t->context);
	pthread_mutex_unlock(&t->lock);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return (false);
	}
	*peer =
	    (struct tls_peer){ .ssl = ssl, .net = fd, .plain = -1, .since_ns = clock_mono_ns() };
	t->open++;
	watch_peer(t, peer);
	return (true);
}

static void
watch_listener(struct input_tls *t, int how)
{
	struct epoll_event listener = { .events = EPOLLIN, .data.u32 = LISTENER };

	(void)epoll_ctl(t->epoll_fd, how, t->how.fd, &listener);
}

/* No descriptor is left for who waits: looked at again later. */
static void
rest(struct input_tls *t)
{
	t->short_of++;
	t->rest_until_ns = clock_mono_ns() + INPUT_REST_MS * INT64_C(1000000);
	watch_listener(t, EPOLL_CTL_DEL);
}

static void
end_rest(struct input_tls *t)
{
	if (t->rest_until_ns == 0 || clock_mono_ns() < t->rest_until_ns)
		return;
	t->rest_until_ns = 0;
	watch_listener(t, EPOLL_CTL_ADD);
}

static void
let_in(struct input_tls *t)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		bool short_of;
		int fd = input_accept(t->how.fd, &short_of);
		struct tls_peer *peer;

		if (short_of)
			rest(t);
		if (fd == -1)
			return;
		peer = find_place(t);
		if (peer == NULL || !open_peer(t, peer, fd))
			(void)close(fd);
	}
}

/* Its plain end goes to whoever reads.  false: there is no descriptor left. */
static bool
hand_out(struct input_tls *t, struct tls_peer *peer)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == -1)
		return (false);
	peer->ready = true;
	peer->plain = ends[0];
	t->how.give(t->how.arg, ends[1]);
	return (true);
}

static void
serve_peer(struct input_tls *t, struct tls_peer *peer)
{
	int rc;

	if (!peer->ready) {
		rc = input_tls_shake(peer);
		if (rc == -1 || (rc == 1 && !hand_out(t, peer))) {
			fail_peer(t, peer);
			return;
		}
	}
	if (peer->ready && !input_tls_pump(t, peer))
		end_peer(t, peer);
	else
		watch_peer(t, peer);
}

static void
sweep(struct input_tls *t)
{
	int64_t now_ns = clock_mono_ns();

	if (now_ns - t->swept_ns < SWEEP_NS)
		return;
	t->swept_ns = now_ns;
	for (unsigned i = 0; i < t->how.connections && t->open > 0; i++)
		if (t->peers[i].ssl != NULL && !t->peers[i].ready &&
		    now_ns - t->peers[i].since_ns > SHAKE_NS)
			fail_peer(t, &t->peers[i]);
}

/* Behind a stop: has all that came been given? */
static void
see_drained(struct input_tls *t, int events)
{
	bool owes = events > 0;

	for (unsigned i = 0; i < t->how.connections && !owes; i++)
		owes = t->peers[i].ssl != NULL && input_tls_owes(&t->peers[i]);
	if (!owes)
		t->drained = true;
}

/* ---- the thread ---- */

static void *
front_main(void *arg)
{
	struct input_tls *t = arg;
	struct epoll_event events[EVENTS];
	bool listens = true;

	(void)prctl(PR_SET_NAME, "tls");
	while (!t->stop) {
		bool quiet = t->quiet;
		int n = epoll_wait(t->epoll_fd, events, EVENTS,
		    quiet		     ? QUIET_MS :
			t->rest_until_ns > 0 ? INPUT_REST_MS :
					       WAIT_MS);

		if (quiet && listens) {
			watch_listener(t, EPOLL_CTL_DEL);
			listens = false;
		}
		if (listens)
			end_rest(t);
		for (int i = 0; i < n; i++) {
			uint32_t which = events[i].data.u32;

			if (which == LISTENER && listens)
				let_in(t);
			else if (which < t->how.connections && t->peers[which].ssl != NULL)
				serve_peer(t, &t->peers[which]);
		}
		sweep(t);
		if (quiet)
			see_drained(t, n);
	}
	return (NULL);
}

static void
wake(struct input_tls *t)
{
	const uint64_t one = 1;

	(void)!write(t->wake_fd, &one, sizeof(one));
}

/* ---- open, close ---- */

int
input_tls_start(struct input_tls *t, struct err *e)
{
	sigset_t all, before;
	int errnum;

	if (t->started)
		return (0);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	errnum = pthread_create(&t->thread, NULL, front_main, t);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = errnum;
	if (errnum != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	t->started = true;
	return (0);
}

static int
open_loop(struct input_tls *t, struct err *e)
{
	struct epoll_event listener = { .events = EPOLLIN, .data.u32 = LISTENER };
	struct epoll_event waker = { .events = EPOLLIN | EPOLLET, .data.u32 = WAKER };

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->epoll_fd == -1 || t->wake_fd == -1 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->how.fd, &listener) == -1 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->wake_fd, &waker) == -1)
		return (err_sys(e, ERR_IO, "epoll"));
	return (0);
}

int
input_tls_open(const struct input_tls_options *how, struct input_tls **tls, struct err *e)
{
	struct input_tls *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->peers = calloc(how->connections, sizeof(*t->peers))) == NULL) {
		free(t);
		return (err_memory(e));
	}
	(void)pthread_mutex_init(&t->lock, NULL);
	t->how = *how;
	t->epoll_fd = t->wake_fd = -1;
	if ((t->context = input_tls_context(&how->files, e)) == NULL ||
	    arena_open(&t->memory, TLS_BYTES, ARENA_SECRET, e) == -1)
		goto fail;
	t->buffer = arena_take(&t->memory, TLS_BYTES);
	if (open_loop(t, e) == -1)
		goto fail;
	*tls = t;
	return (0);
fail:
	input_tls_close(t);
	return (-1);
}

void
input_tls_finish(struct input_tls *t)
{
	int64_t until_ns = clock_mono_ns() + FINISH_NS;

	while (t->open > 0 && clock_mono_ns() < until_ns)
		(void)usleep(5000);
}

void
input_tls_close(struct input_tls *t)
{
	if (t == NULL)
		return;
	if (t->started) {
		t->stop = true;
		wake(t);
		(void)pthread_join(t->thread, NULL);
	}
	for (unsigned i = 0; i < t->how.connections; i++)
		input_tls_end_peer(&t->peers[i]);
	SSL_CTX_free(t->context);
	if (t->epoll_fd != -1)
		(void)close(t->epoll_fd);
	if (t->wake_fd != -1)
		(void)close(t->wake_fd);
	arena_close(&t->memory);
	(void)pthread_mutex_destroy(&t->lock);
	free(t->peers);
	free(t);
}

int
input_tls_reload(struct input_tls *t, struct err *e)
{
	SSL_CTX *made = input_tls_context(&t->how.files, e), *old;

	if (made == NULL)
		return (-1);
	pthread_mutex_lock(&t->lock);
	old = t->context;
	t->context = made;
	pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(old);
	return (0);
}

void
input_tls_quiet(struct input_tls *t)
{
	if (t->quiet)
		return;
	t->quiet = true;
	wake(t);
}

bool
input_tls_drained(const struct input_tls *t)
{
	return (t->drained);
}

void
input_tls_count(const struct input_tls *t, struct input_tls_counts *counts)
{
	*counts = (struct input_tls_counts){
		.refused = t->refused, .failed = t->failed, .short_of = t->short_of
	};
}
