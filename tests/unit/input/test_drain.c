/* A process that is told to stop and then sleeps: what others had sent before is read all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "input/live.h"
#include "input/live/inside.h"

#define ROOM ((size_t)2 << 20)
#define MINUTE_NS INT64_C(60000000000)

static char dir[64], *out;

static int
setup(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/cretula-drain-XXXXXX");
	out = malloc(ROOM);
	return (mkdtemp(dir) == NULL || out == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	free(out);
	return (rmdir(dir));
}

static struct input_live *
open_place(const char *kind, unsigned connections)
{
	struct input_live_options how = {
		.fd = -1, .line_max = 1024, .connections = connections
	};
	struct input_live *in = NULL;
	char text[128];
	struct err e;

	(void)snprintf(text, sizeof(text), "%s:%s/s", kind, dir);
	assert_int_equal(input_place_read(span_str(text), &how.place, &e), 0);
	assert_int_equal(input_live_open(&how, &in, &e), 0);
	return (in);
}

/* How many lines come behind a stop that was a minute ago. */
static size_t
stop_late(struct input_live *in)
{
	struct input_more more = { .end = false };
	struct err e;
	size_t lines = 0;

	input_live_stop(in);
	in->stopped_ns -= MINUTE_NS;
	for (int turns = 0; turns < 10000 && !more.end; turns++) {
		assert_int_equal(input_live_read(in, out, ROOM, 1, &more, &e), 0);
		for (size_t i = 0; i < more.len; i++)
			lines += out[i] == '\n';
	}
	assert_true(more.end);
	input_live_close(in);
	return (lines);
}

static void
test_connections(void **state)
{
	enum { COUNT = 200 };
	struct input_live *in = open_place("unix-stream", COUNT);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fds[COUNT];

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/s", dir);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(connect(fds[i], (const struct sockaddr *)&to, sizeof(to)), 0);
		assert_int_equal(write(fds[i], "a\nb", 3), 3);
	}
	assert_int_equal(stop_late(in), 2 * COUNT);
	for (int i = 0; i < COUNT; i++)
		(void)close(fds[i]);
}

static void
test_fifo(void **state)
{
	struct input_live *in = open_place("fifo", 0);
	char path[128], text[1000];
	size_t wrote = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/s", dir);
	fd = open(path, O_WRONLY | O_NONBLOCK);
	(void)fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	while (wrote < 900 && write(fd, text, sizeof(text)) == (ssize_t)sizeof(text))
		wrote++;
	assert_true(wrote > 10);
	assert_int_equal(stop_late(in), wrote);
	(void)close(fd);
	(void)unlink(path);
}

/* Who sends when nobody will read any more is told so: what the kernel takes is read. */
static void
test_datagrams(void **state)
{
	struct input_live *in = open_place("unix", 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/s", dir);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send(fd, "a\nb", 3, 0), 3);
	input_live_stop(in);
	assert_int_equal(send(fd, "late", 4, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(stop_late(in), 5);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_datagrams),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
