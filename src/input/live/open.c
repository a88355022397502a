/* input: where lines come from: names of places, and their descriptors. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "input/live/tail.h"
#include "input/local.h"

#define BACKLOG 1024
#define RECEIVE_BYTES (8 << 20) /* asked for; the kernel gives what net.core.rmem_max allows */
#define PIPE_BYTES (1 << 20)

/* ---- names ---- */

static const struct {
	const char *prefix;
	enum input_kind kind;
} kinds[] = {
	{ "fifo:", INPUT_FIFO },
	{ "file:", INPUT_FILE },
	{ "unix:", INPUT_UNIX },
	{ "unix-stream:", INPUT_UNIX_STREAM },
	{ "udp:", INPUT_UDP },
	{ "tcp:", INPUT_TCP },
	{ "tls:", INPUT_TLS },
	{ "http:", INPUT_HTTP },
};

/* HOST:PORT; a host with colons in brackets. */
static int
read_address(struct span text, struct input_place *place, struct err *e)
{
	size_t colon = text.len;
	struct span host, port;
	uint64_t number;

	while (colon > 0 && text.ptr[colon - 1] != ':')
		colon--;
	port = span_from(text, colon);
	host = span_of(text.ptr, colon == 0 ? 0 : colon - 1);
	if (colon == 0 || num_u64(port, &number) == -1 || number == 0 || number > 65535)
		return (err_set(e, ERR_CONFIG, "an address is HOST:PORT, as 127.0.0.1:514"));
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = span_of(host.ptr + 1, host.len - 2);
	else if (span_find(host, ':') < host.len)
		return (err_set(e, ERR_CONFIG, "an IPv6 address stands in brackets: [::1]:514"));
	if (host.len >= sizeof(place->path))
		return (
		    err_set(e, ERR_CONFIG, "a host has fewer than %zu bytes", sizeof(place->path)));
	if (host.len > 0 && !(host.len == 1 && host.ptr[0] == '*'))
		memcpy(place->path, host.ptr, host.len);
	(void)snprintf(place->port, sizeof(place->port), "%u", (unsigned)number);
	return (0);
}

static int
read_path(struct span text, struct input_place *place, struct err *e)
{
	size_t most = place->kind == INPUT_FIFO || place->kind == INPUT_FILE ?
	    sizeof(place->path) :
	    sizeof(((struct sockaddr_un *)0)->sun_path);

	if (text.len == 0 || text.ptr[0] != '/' || text.ptr[text.len - 1] == '/' ||
	    text.len >= most)
		return (err_set(
		    e, ERR_CONFIG, "a path begins with / and has fewer than %zu bytes", most));
	memcpy(place->path, text.ptr, text.len);
	return (0);
}

static bool
has_address(enum input_kind kind, struct span text)
{
	return (kind == INPUT_UDP || kind == INPUT_TCP || kind == INPUT_TLS ||
	    (kind == INPUT_HTTP && !span_starts(text, span_of("/", 1))));
}

int
input_place_read(struct span text, struct input_place *place, struct err *e)
{
	memset(place, 0, sizeof(*place));
	if (span_is(text, "pipe"))
		return (0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct span prefix = span_str(kinds[i].prefix);

		if (!span_starts(text, prefix))
			continue;
		place->kind = kinds[i].kind;
		text = span_from(text, prefix.len);
		return (has_address(place->kind, text) ? read_address(text, place, e) :
							 read_path(text, place, e));
	}
	return (err_set(e, ERR_CONFIG,
	    "not pipe, fifo:PATH, file:PATH, unix:PATH, unix-stream:PATH, udp:HOST:PORT, "
	    "tcp:HOST:PORT, tls:HOST:PORT, http:HOST:PORT or http:PATH"));
}

void
input_place_print(const struct input_place *place, char out[static INPUT_TEXT_BYTES])
{
	bool colons = strchr(place->path, ':') != NULL && place->port[0] != '\0';
	const char *kind = "pipe";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == place->kind)
			kind = kinds[i].prefix;
	(void)snprintf(out, INPUT_TEXT_BYTES, "%s%s%s%s%s%s", kind, colons ? "[" : "",
	    place->port[0] != '\0' && place->path[0] == '\0' ? "*" : place->path, colons ? "]" : "",
	    place->port[0] != '\0' ? ":" : "", place->port);
}

/* ---- descriptors ---- */

static int
fail(int fd, const char *path, struct err *e)
{
	int errnum = errno;

	if (fd != -1)
		(void)close(fd);
	errno = errnum;
	return (err_sys(e, errnum == EADDRINUSE ? ERR_BUSY : ERR_CONFIG, "%s", path));
}

static int
open_fifo(const char *path, struct input_live *in, struct err *e)
{
	struct stat st;
	int fd;

	in->made = mkfifo(path, 0660) == 0;
	if (!in->made && errno != EEXIST)
		return (fail(-1, path, e));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || fstat(fd, &st) == -1)
		return (fail(fd, path, e));
	if (!S_ISFIFO(st.st_mode)) {
		(void)close(fd);
		return (err_set(e, ERR_CONFIG, "%s: not a FIFO", path));
	}
	/* With a writer of our own it does not end when a server goes. */
	in->keep_fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (in->keep_fd == -1)
		return (fail(fd, path, e));
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	return (fd);
}

static int
open_unix(const char *path, int type, bool *made, struct err *e)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int fd;

	memcpy(where.sun_path, path, strlen(path)); /* read_path saw to its length */
	if ((fd = input_local_bind(&where, type, 0660)) == -1)
		return (fail(fd, path, e));
	*made = true;
	if (type == SOCK_STREAM && listen(fd, BACKLOG) == -1)
		return (fail(fd, path, e));
	return (fd);
}

static int
bind_one(const struct addrinfo *a, int type)
{
	const int one = 1;
	int fd = socket(a->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), errnum;

	if (fd == -1)
		return (-1);
	/* Connections hold a port for a minute; of UDP it lets another one in beside us. */
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return (fd);
	errnum = errno;
	(void)close(fd);
	errno = errnum;
	return (-1);
}

/* Names are looked up once, at the start; without a host both families. */
static int
open_inet(const struct input_place *place, int type, struct err *e)
{
	struct addrinfo want = { .ai_family = place->path[0] == '\0' ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = type,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *all = NULL;
	char name[INPUT_PLACE_BYTES + 16];
	int fd = -1, rc;

	(void)snprintf(name, sizeof(name), "%s:%s", place->path, place->port);
	rc = getaddrinfo(place->path[0] == '\0' ? NULL : place->path, place->port, &want, &all);
	if (rc != 0)
		return (err_set(e, ERR_CONFIG, "%s: %s", name, gai_strerror(rc)));
	for (const struct addrinfo *a = all; a != NULL && fd == -1; a = a->ai_next)
		fd = bind_one(a, type);
	freeaddrinfo(all);
	return (fd == -1 ? fail(-1, name, e) : fd);
}

int
input_live_give(struct input_live *in, uid_t uid, gid_t gid, struct err *e)
{
	int rc = 0;

	if (in->path[0] != '\0')
		rc = lchown(in->path, uid, gid);
	else if (in->made)
		rc = fchown(in->feeds[0].fd, uid, gid);
	return (rc == -1 ? err_sys(e, ERR_CONFIG, "its owner") : 0);
}

int
input_live_check(const struct input_live *in, struct err *e)
{
	if (in->tail == NULL ||
	    faccessat(in->tail->dir_fd, in->tail->base, R_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return (0);
	return (err_sys(e, ERR_CONFIG, "%s", in->tail->base));
}

/*
 * Who is gone without a word (a crash, a cable) would hold his place for good:
 * connections take these from what listens.
 */
static void
look_for_the_dead(int fd)
{
	const int on = 1, idle_s = 600, between_s = 60, times = 5;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof(between_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
}

/* Is what was handed to us what the place says? */
static int
check_given(int fd, enum input_kind kind, struct input_live *in, struct err *e)
{
	char self[40];
	bool stream = kind == INPUT_TCP || kind == INPUT_TLS || kind == INPUT_HTTP ||
	    kind == INPUT_UNIX_STREAM;
	int type = 0, flags;
	socklen_t len = sizeof(type);

	if (kind == INPUT_PIPE)
		return (fd);
	if (kind != INPUT_FIFO &&
	    (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
		type != (stream ? SOCK_STREAM : SOCK_DGRAM)))
		return (err_set(e, ERR_CONFIG, "the descriptor given is no %s socket",
		    stream ? "stream" : "datagram"));
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return (err_sys(e, ERR_CONFIG, "the descriptor given"));
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (kind == INPUT_FIFO)
		in->keep_fd = open(self, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return (fd);
}

int
input_place_open(const struct input_live_options *how, struct input_live *in, struct err *e)
{
	const struct input_place *place = &how->place;
	const int bytes = RECEIVE_BYTES;
	bool made = false;
	int fd = -1;

	if (how->fd != -1)
		fd = check_given(how->fd, place->kind, in, e);
	else if (place->kind == INPUT_FIFO)
		fd = open_fifo(place->path, in, e);
	else if (place->kind == INPUT_UNIX)
		fd = open_unix(place->path, SOCK_DGRAM, &made, e);
	else if (place->kind == INPUT_UDP)
		fd = open_inet(place, SOCK_DGRAM, e);
	else if (place->kind != INPUT_PIPE && place->path[0] == '/')
		fd = open_unix(place->path, SOCK_STREAM, &made, e);
	else if (place->kind != INPUT_PIPE)
		fd = open_inet(place, SOCK_STREAM, e);
	else
		return (err_set(e, ERR_CONFIG, "a pipe has to be given"));
	if (made)
		memcpy(in->path, place->path, strlen(place->path) + 1);
	if (fd != -1 && (place->kind == INPUT_UDP || place->kind == INPUT_UNIX))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (fd != -1 && place->port[0] != '\0' && place->kind != INPUT_UDP)
		look_for_the_dead(fd);
	if (fd != -1 && place->kind == INPUT_PIPE)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	return (fd);
}

void
input_place_leave(struct input_live *in)
{
	if ((in->kind != INPUT_UDP && in->kind != INPUT_TCP) || in->feeds[0].fd == -1)
		return;
	(void)close(in->feeds[0].fd);
	in->feeds[0].fd = -1;
}

int
input_listen(const struct input_place *place, struct err *e)
{
	const struct input_live_options how = { .place = *place, .fd = -1 };
	struct input_live in = { .path = "" };

	return (input_place_open(&how, &in, e));
}
