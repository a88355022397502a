/* A line into the input of a daemon, as a server would. */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/canary/canary.h"
#include "base/err.h"

static int
connect_unix(const char *path, int type)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd != -1 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1) {
		(void)close(fd);
		fd = -1;
	}
	return (fd);
}

static int
connect_inet(const struct input_place *place, int type)
{
	struct addrinfo want = { .ai_socktype = type, .ai_flags = AI_NUMERICSERV }, *all = NULL;
	int fd = -1;

	if (getaddrinfo(place->path[0] == '\0' ? NULL : place->path, place->port, &want, &all) != 0)
		return (-1);
	for (const struct addrinfo *a = all; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family, type | SOCK_CLOEXEC, 0);
		if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
			(void)close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(all);
	return (fd);
}

/* The descriptor to write to; -1: it cannot be had; -2: not by this kind. */
static int
reach(const struct input_place *place, bool *lines)
{
	*lines = place->kind != INPUT_UNIX && place->kind != INPUT_UDP;
	switch (place->kind) {
	case INPUT_UNIX: return (connect_unix(place->path, SOCK_DGRAM));
	case INPUT_UNIX_STREAM: return (connect_unix(place->path, SOCK_STREAM));
	case INPUT_UDP: return (connect_inet(place, SOCK_DGRAM));
	case INPUT_TCP: return (connect_inet(place, SOCK_STREAM));
	case INPUT_FIFO: return (open(place->path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
	default: return (-2);
	}
}

int
app_canary_send(const struct input_place *place, struct span line, struct err *e)
{
	char name[INPUT_TEXT_BYTES];
	struct buf whole = { 0 };
	bool lines;
	int fd = reach(place, &lines), rc = 0;

	input_place_print(place, name);
	if (fd == -2)
		return (err_set(e, ERR_INCOMPLETE,
		    "%s: a canary goes into sockets and FIFOs; in a file it would stay raw", name));
	if (fd == -1)
		return (err_sys(e, ERR_INPUT, "%s", name));
	buf_span(&whole, line);
	if (lines)
		buf_char(&whole, '\n');
	if (!buf_ok(&whole))
		rc = err_memory(e);
	else if (write(fd, whole.data, whole.len) != (ssize_t)whole.len)
		rc = err_sys(e, ERR_INPUT, "%s", name);
	(void)close(fd);
	buf_wipe(&whole);
	return (rc);
}
