/* app: asking for access records, by whichever thread shows something. */
#include "app/serve/access.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

#define WAITERS_MAX 64
#define PATIENCE_S 5

struct app_access {
	int fd;
	pid_t writer;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next_id;
	struct waiter {
		uint64_t id; /* 0: free */
		bool done;
	} waiters[WAITERS_MAX];
	bool dead;
};

/* ---- the writer's start ---- */

/* In the child: nothing of the parent but what it was given. */
static void
be_writer(const struct app_writer_options *how, int fd, int ready_fd)
{
	struct app_writer_options own = *how;
	sigset_t none;

	/* It ends when nobody asks any more, not before: what was shown is recorded. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	own.fd = fd;
	own.ready_fd = ready_fd;
	_exit(app_writer_run(&own));
}

static int
wait_ready(int fd, struct err *e)
{
	struct err said;
	ssize_t n;

	do
		n = read(fd, &said, sizeof(said));
	while (n == -1 && errno == EINTR);
	if (n != sizeof(said))
		return (err_set(e, ERR_IO, "access records: their writer did not start"));
	if (said.code == ERR_NONE)
		return (0);
	said.text[sizeof(said.text) - 1] = '\0';
	*e = said;
	return (err_in(e, "access records"));
}

/* Neither waits for the other for ever. */
static int
set_patience(const int ends[static 2])
{
	const struct timeval most = { .tv_sec = PATIENCE_S };

	for (int i = 0; i < 2; i++)
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) == -1)
			return (-1);
	return (0);
}

static int
start_writer(const struct app_writer_options *how, struct app_access *a, struct err *e)
{
	int ends[2] = { -1, -1 }, ready[2] = { -1, -1 }, rc = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1 ||
	    set_patience(ends) == -1 || pipe(ready) == -1 || (a->writer = fork()) == -1) {
		err_sys(e, ERR_IO, "access records");
		goto out;
	}
	if (a->writer == 0) {
		(void)close(ends[0]);
		(void)close(ready[0]);
		if (how->fd != -1)
			(void)close(how->fd);
		be_writer(how, ends[1], ready[1]);
	}
	(void)close(ready[1]);
	ready[1] = -1;
	a->fd = ends[0];
	ends[0] = -1;
	rc = wait_ready(ready[0], e);
out:
	for (int i = 0; i < 2; i++) {
		if (ends[i] != -1)
			(void)close(ends[i]);
		if (ready[i] != -1)
			(void)close(ready[i]);
	}
	return (rc);
}

int
app_access_open(const struct app_writer_options *how, struct app_access **a, struct err *e)
{
	struct app_access *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	made->fd = -1;
	made->writer = -1;
	(void)pthread_mutex_init(&made->lock, NULL);
	(void)pthread_cond_init(&made->changed, NULL);
	if (start_writer(how, made, e) == -1) {
		app_access_close(made);
		return (-1);
	}
	*a = made;
	return (0);
}

/* ---- its answers ---- */

static void *
access_main(void *arg)
{
	struct app_access *a = arg;
	uint64_t id;
	ssize_t n;

	(void)prctl(PR_SET_NAME, "answers");
	for (;;) {
		n = recv(a->fd, &id, sizeof(id), 0);
		if (n == -1 && errno == EINTR)
			continue;
		pthread_mutex_lock(&a->lock);
		a->dead = n <= 0;
		for (unsigned i = 0; n == sizeof(id) && i < WAITERS_MAX; i++)
			if (a->waiters[i].id == id)
				a->waiters[i].done = true;
		pthread_cond_broadcast(&a->changed);
		pthread_mutex_unlock(&a->lock);
		if (n <= 0)
			return (NULL);
	}
}

int
app_access_start(struct app_access *a, struct err *e)
{
	if ((errno = pthread_create(&a->thread, NULL, access_main, a)) != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	a->started = true;
	return (0);
}

void
app_access_close(struct app_access *a)
{
	uint64_t id;

	if (a == NULL)
		return;
	/* Its end of the pair is closed when it is done; we may not wait for children. */
	if (a->fd != -1)
		(void)shutdown(a->fd, SHUT_WR);
	if (a->started)
		(void)pthread_join(a->thread, NULL);
	else if (a->fd != -1)
		while (recv(a->fd, &id, sizeof(id), 0) > 0)
			;
	if (a->fd != -1)
		(void)close(a->fd);
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

/* ---- who waits ---- */

static struct waiter *
take_place(struct app_access *a)
{
	for (unsigned i = 0; !a->dead && i < WAITERS_MAX; i++)
		if (a->waiters[i].id == 0) {
			a->waiters[i] = (struct waiter){ .id = ++a->next_id };
			return (&a->waiters[i]);
		}
	return (NULL);
}

static bool
wait_done(struct app_access *a, struct waiter *waiter)
{
	struct timespec until;
	bool done;

	clock_mono_after(PATIENCE_S * INT64_C(1000000000), &until);
	while (!waiter->done && !a->dead &&
	    pthread_cond_clockwait(&a->changed, &a->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	done = waiter->done;
	waiter->id = 0;
	return (done);
}

int
app_access_record(struct app_access *a, struct app_access_note *note, struct err *e)
{
	struct waiter *waiter;
	bool done = false, sent;

	pthread_mutex_lock(&a->lock);
	if ((waiter = take_place(a)) != NULL) {
		note->id = waiter->id;
		pthread_mutex_unlock(&a->lock);
		sent = send(a->fd, note, sizeof(*note), MSG_NOSIGNAL) == sizeof(*note);
		pthread_mutex_lock(&a->lock);
		if (sent)
			done = wait_done(a, waiter);
		else
			waiter->id = 0;
	}
	pthread_mutex_unlock(&a->lock);
	return (done ? 0 : err_set(e, ERR_IO, "no access record was accepted"));
}

bool
app_access_dead(struct app_access *a)
{
	bool dead;

	pthread_mutex_lock(&a->lock);
	dead = a->dead;
	pthread_mutex_unlock(&a->lock);
	return (dead);
}
