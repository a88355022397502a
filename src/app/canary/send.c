/* A line into the input of a daemon, as a server would. */
#include <sys/socket.h>
#include <sys/stat.h>
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
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	memcpy(to.sun_path, path, len);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
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

/* A log that servers write: behind its last line, and not in the middle of one. */
static int
open_log(struct app_canary *c, const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st = { 0 };
	char last = '\n';
	int rc = 0;

	if (fd == -1 || fstat(fd, &st) == -1)
		rc = err_sys(e, ERR_INPUT, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(e, ERR_INPUT, "%s is no file", path);
	else if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1)
		rc = err_sys(e, ERR_INPUT, "%s", path);
	else if (last != '\n')
		rc = err_set(e, ERR_INCOMPLETE, "%s: somebody is about to end its last line", path);
	if (rc == -1 && fd != -1) {
		(void)close(fd);
		fd = -1;
	}
	c->appended = rc == 0;
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	return (fd);
}

/* The descriptor to write to; -1 with e. */
static int
reach(struct app_canary *c, const struct input_place *place, struct err *e)
{
	int type = place->kind == INPUT_UNIX || place->kind == INPUT_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd;

	if (place->kind == INPUT_FILE)
		return (open_log(c, place->path, e));
	if (place->kind == INPUT_FIFO)
		fd = open(place->path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = place->port[0] == '\0' ? connect_unix(place->path, type) :
					      connect_inet(place, type);
	if (fd == -1)
		(void)err_sys(e, ERR_INPUT, "it cannot be reached");
	return (fd);
}

static int
write_line(int fd, const struct input_place *place, struct span line, struct err *e)
{
	struct buf whole = { 0 };
	int rc = 0;

	buf_span(&whole, line);
	if (place->kind != INPUT_UNIX && place->kind != INPUT_UDP)
		buf_char(&whole, '\n');
	if (!buf_ok(&whole))
		rc = err_memory(e);
	else if (write(fd, whole.data, whole.len) != (ssize_t)whole.len)
		rc = err_sys(e, ERR_INPUT, "it was not taken");
	buf_wipe(&whole);
	return (rc);
}

int
app_canary_may(const struct config_stream *stream, bool append, struct err *e)
{
	const struct input_place *place = &stream->input;
	char name[INPUT_TEXT_BYTES];

	input_place_print(place, name);
	if (place->kind == INPUT_FILE && !append && stream->after_read == INPUT_KEEP)
		return (err_set(e, ERR_INCOMPLETE,
		    "%s: the line would stay raw in that log, which is somebody's: --append puts "
		    "it "
		    "there",
		    name));
	if (place->kind == INPUT_PIPE)
		return (err_set(e, ERR_INCOMPLETE,
		    "%s: nobody but the program in front of `cretula pipe` can write there", name));
	if (stream->tls.certificate[0] != '\0')
		return (err_set(e, ERR_INCOMPLETE,
		    "%s: canary does not speak TLS, and has no certificate that a client may need; "
		    "behind TLS lines go the same way as of tcp and plain http",
		    name));
	return (0);
}

int
app_canary_send(struct app_canary *c, const struct config_stream *stream, struct err *e)
{
	const struct input_place *place = &stream->input;
	char name[INPUT_TEXT_BYTES];
	int fd = reach(c, place, e), rc = -1;

	if (fd != -1)
		rc = place->kind == INPUT_HTTP ? app_canary_post(c, fd, stream->token, e) :
						 write_line(fd, place, buf_view(&c->line), e);
	if (fd != -1)
		(void)close(fd);
	if (rc == -1) {
		input_place_print(place, name);
		(void)err_in(e, "%s", name);
	}
	return (rc);
}
