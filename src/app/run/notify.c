/* app: what a service manager hands over, and wants to hear. */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/run/run.h"
#include "base/clock.h"
#include "base/num.h"

#define FIRST_FD 3

/* Of the process, for a confined one connects to nobody any more. */
static int manager_fd = -1;

void
app_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path == NULL ? 0 : strlen(path);

	if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager_fd == -1 ||
	    connect(manager_fd, (const struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
		return;
	(void)close(manager_fd);
	manager_fd = -1;
}

/* What a manager that reads slowly has not been told: later, in order; it stops nobody. */
#define UNTOLD_MAX 8
static const char *untold[UNTOLD_MAX];
static unsigned untold_count;

/* Nobody to tell who does not listen: a manager that is gone stops nothing, either. */
static bool
must_wait(const char *text)
{
	return (send(manager_fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) == -1 &&
	    (errno == EAGAIN || errno == ENOBUFS || errno == EINTR));
}

static void
forget_oldest(void)
{
	untold_count--;
	memmove(untold, untold + 1, untold_count * sizeof(untold[0]));
}

static void
tell(void)
{
	while (untold_count > 0 && !must_wait(untold[0]))
		forget_oldest();
}

void
app_notify(const char *text)
{
	if (manager_fd == -1)
		return;
	if (untold_count == UNTOLD_MAX) /* what was long ago */
		forget_oldest();
	untold[untold_count++] = text;
	tell();
}

static bool
is_ours(const char *variable)
{
	const char *pid = getenv(variable);
	uint64_t number;

	return (pid != NULL && num_u64(span_str(pid), &number) == 0 &&
	    number == (uint64_t)getpid());
}

void
app_notify_alive(void)
{
	static int64_t told_ns;
	int64_t now_ns = clock_mono_ns(), every_ns = app_notify_watchdog_ns();

	if (manager_fd == -1)
		return;
	tell();
	if (every_ns != 0 && now_ns - told_ns >= every_ns / 2 && untold_count == 0 &&
	    !must_wait("WATCHDOG=1"))
		told_ns = now_ns;
}

int64_t
app_notify_watchdog_ns(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t us;

	if (text == NULL || (getenv("WATCHDOG_PID") != NULL && !is_ours("WATCHDOG_PID")) ||
	    num_u64(span_str(text), &us) == -1 || us == 0 || us > UINT64_C(1000000000000))
		return (0);
	return ((int64_t)us * 500); /* twice as often as it must be */
}

void
app_listen_read(struct app_listen *l)
{
	const char *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
	uint64_t number = 0;

	memset(l, 0, sizeof(*l));
	if (!is_ours("LISTEN_PID") || count == NULL || num_u64(span_str(count), &number) == -1)
		return;
	for (; l->count < number && l->count < APP_LISTEN_MAX; l->count++) {
		size_t len = names == NULL ? 0 : strcspn(names, ":");

		(void)fcntl(FIRST_FD + (int)l->count, F_SETFD, FD_CLOEXEC);
		if (len > 0 && len < CONFIG_NAME_BYTES)
			memcpy(l->name[l->count], names, len);
		names = names != NULL && names[len] == ':' ? names + len + 1 : NULL;
	}
}

int
app_listen_take(struct app_listen *l, const char *name, bool only)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->taken[i] || (strcmp(l->name[i], name) != 0 && !(only && l->count == 1)))
			continue;
		l->taken[i] = true;
		return (FIRST_FD + (int)i);
	}
	return (-1);
}
