/* input: what other threads have a part in: connections by TLS, and bodies of requests. */

#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "input/accept.h"
#include "input/live/inside.h"

/* By the thread of TLS: the plain end of a connection. */
static void
give(void *arg, int fd)
{
	const struct input_live *in = arg;

	if (write(in->give_fd, &fd, sizeof(fd)) != sizeof(fd))
		(void)close(fd);
}

int
input_secure_open(const struct input_live_options *how, struct input_live *in, struct err *e)
{
	struct input_tls_options tls = {
		.files = *how->tls, .connections = how->connections, .give = give, .arg = in
	};
	int ends[2];

	if ((in->listen_fd = tls.fd = input_place_open(how, in, e)) == -1)
		return (-1);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return (err_sys(e, ERR_IO, "pipe"));
	in->feeds[0].fd = ends[0];
	in->give_fd = ends[1];
	return (input_tls_open(&tls, &in->tls, e));
}

int
input_secure_accept(const struct input_live *in, bool *short_of)
{
	int fd;

	if (in->tls == NULL)
		return (input_accept(in->feeds[0].fd, short_of));
	*short_of = false;
	return (read(in->feeds[0].fd, &fd, sizeof(fd)) == sizeof(fd) ? fd : -1);
}

int
input_live_start(struct input_live *in, struct err *e)
{
	if (in->tls != NULL)
		return (input_tls_start(in->tls, e));
	return (in->given.start != NULL ? in->given.start(in->given.arg, in->listen_fd, e) : 0);
}

void
input_live_count(const struct input_live *in, struct input_live_counts *counts)
{
	struct input_tls_counts tls = { 0 };

	if (in->tls != NULL)
		input_tls_count(in->tls, &tls);
	*counts = (struct input_live_counts){
		.connections = in->connections,
		.refused = in->refused + tls.refused,
		.short_of = in->short_of + tls.short_of,
		.gone = in->gone,
		.missed = in->missed,
		.failed = tls.failed,
		.open = in->open,
	};
	if (in->given.count != NULL)
		in->given.count(in->given.arg, counts);
}

void
input_live_commit(struct input_live *in, uint64_t ticket)
{
	if (in->given.commit != NULL)
		in->given.commit(in->given.arg, ticket);
}

void
input_live_forget(struct input_live *in)
{
	if (in->given.forget != NULL)
		in->given.forget(in->given.arg);
}

void
input_live_desert(struct input_live *in)
{
	if (in->given.desert != NULL)
		in->given.desert(in->given.arg);
}

int
input_live_reload(struct input_live *in, struct err *e)
{
	if (in->tls != NULL)
		return (input_tls_reload(in->tls, e));
	return (in->given.reload != NULL ? in->given.reload(in->given.arg, e) : 0);
}
