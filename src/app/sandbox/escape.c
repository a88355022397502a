/* app, in tests only: what a daemon that was taken over would try. */
#ifdef CRETULA_TESTING

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sandbox/sandbox.h"

static int
try_exec(void)
{
	char *const none[] = { NULL };

	return (execve("/bin/true", none, none));
}

static int
try_ptrace(void)
{
	return (ptrace(PTRACE_SEIZE, getppid(), 0, 0) == -1 ? -1 : 0);
}

static int
try_fork(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return (child == -1 ? -1 : 0);
}

static int
try_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (fd == -1 ? -1 : connect(fd, (const struct sockaddr *)&to, sizeof(to)));
}

static int
try_connect_unix(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "notify.sock" };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	return (fd == -1 ? -1 : connect(fd, (const struct sockaddr *)&to, sizeof(to)));
}

static int
try_send(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "notify.sock" };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	return (fd == -1 ? -1 :
			   (int)sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)));
}

static int
try_datagrams(void)
{
	return (socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int
try_netlink(void)
{
	return (socket(AF_NETLINK, SOCK_RAW, 0));
}

static const char *
escape_to(void)
{
	const char *path = getenv("CRETULA_ESCAPE_TO");

	return (path == NULL ? "" : path);
}

/* A file of the test's that anybody may read. */
static int
try_read(void)
{
	return (open(escape_to(), O_RDONLY | O_CLOEXEC));
}

static int
try_write(void)
{
	return (open(escape_to(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int
try_remove(void)
{
	return (unlink(escape_to()));
}

/* By a name of one of our places. */
static int
try_link(void)
{
	return (linkat(AT_FDCWD, escape_to(), AT_FDCWD, "store/streams/x", 0));
}

static int
try_memory(void)
{
	return (open("/proc/self/mem", O_RDWR | O_CLOEXEC));
}

static int
try_code(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0) == MAP_FAILED ?
		-1 :
		0);
}

static int
try_kill(void)
{
	return (kill(getppid(), 0));
}

static int
try_root(void)
{
	return (setuid(0));
}

static int
try_shells_input(void)
{
	return (ioctl(STDERR_FILENO, TIOCSTI, "x"));
}

static const struct {
	const char *name;
	int (*attempt)(void);
} attempts[] = {
	{ "code", try_code },
	{ "connect", try_connect },
	{ "connect-unix", try_connect_unix },
	{ "datagrams", try_datagrams },
	{ "exec", try_exec },
	{ "fork", try_fork },
	{ "kill", try_kill },
	{ "link", try_link },
	{ "memory", try_memory },
	{ "netlink", try_netlink },
	{ "ptrace", try_ptrace },
	{ "read", try_read },
	{ "remove", try_remove },
	{ "root", try_root },
	{ "send", try_send },
	{ "terminal", try_shells_input },
	{ "write", try_write },
};

static void *
attempt(void *arg)
{
	const char *list = arg;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const char *name = attempts[i].name, *at = strstr(list, name), *end;
		size_t len = strlen(name);

		if (at == NULL || (at != list && at[-1] != ' ') ||
		    (at[len] != '\0' && at[len] != ' '))
			continue;
		errno = 0;
		end = attempts[i].attempt() == -1 ? strerror(errno) : "worked";
		(void)dprintf(STDERR_FILENO, "level=info msg=\"escape %s: %s\"\n", name, end);
	}
	return (NULL);
}

void
app_escape(void)
{
	char *list = getenv("CRETULA_ESCAPE");
	pthread_t thread;

	if (list == NULL || pthread_create(&thread, NULL, attempt, list) != 0)
		return;
	(void)pthread_join(thread, NULL);
}

#else
typedef int app_escape_unused;
#endif
