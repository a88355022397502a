/* Sockets, FIFOs and pipes: whole lines, whatever pieces they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

#define ROOM ((size_t)2 << 20)

#define TWENTY "01234567890123456789"
#define LONG_PATH "unix:/" TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY

static char dir[64];
static char *out;

/* ---- what a source gives ---- */

struct got {
	char *text; /* out */
	size_t len, added;
	uint64_t dropped, lost;
	unsigned cuts;
	bool end;
};

/*
 * How long a call waits before it counts as silent.  What this process wrote to a local socket or
 * a FIFO is there when write returns; a packet of UDP takes its way through the network's queue.
 */
static int silent_ms = 1;

/* Until calls in a row gave nothing, or the end. */
static void
drain(struct input_live *in, struct got *g)
{
	struct input_more more;
	struct err e;

	memset(g, 0, sizeof(*g));
	g->text = out;
	for (int silent = 0; silent < 3 && !g->end;) {
		assert_int_equal(
		    input_live_read(in, out + g->len, ROOM - g->len, silent_ms, &more, &e), 0);
		silent = more.len > 0 ? 0 : silent + 1;
		if (more.len > 0)
			assert_true(out[g->len + more.len - 1] == '\n');
		assert_true(more.cut <= more.len);
		g->len += more.len;
		g->added += more.added;
		g->cuts += more.cut > 0;
		g->dropped += more.dropped;
		g->lost += more.lost;
		g->end = more.end;
	}
	out[g->len] = '\0';
}

static struct input_live *
open_place(const char *text, size_t line_max, unsigned connections)
{
	struct input_live_options how = {
		.fd = -1, .line_max = line_max, .connections = connections
	};
	struct input_live *in = NULL;
	struct err e;

	assert_int_equal(input_place_read(span_str(text), &how.place, &e), 0);
	if (input_live_open(&how, &in, &e) == -1)
		fail_msg("%s: %s", text, e.text);
	return (in);
}

static const char *
place(const char *kind, const char *name)
{
	static char text[128];

	(void)snprintf(text, sizeof(text), "%s:%s/%s", kind, dir, name);
	return (text);
}

static int
call(const char *name, int type)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", dir, name);
	assert_true(fd != -1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return (fd);
}

static void
say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int
setup(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/cretula-live-XXXXXX");
	out = malloc(ROOM + 1);
	return (mkdtemp(dir) == NULL || out == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	free(out);
	return (rmdir(dir));
}

/* ---- names ---- */

static void
test_places(void **state)
{
	static const struct {
		const char *text, *path, *port;
		enum input_kind kind;
	} good[] = {
		{ "pipe", "", "", INPUT_PIPE },
		{ "fifo:/run/a", "/run/a", "", INPUT_FIFO },
		{ "unix:/run/a.sock", "/run/a.sock", "", INPUT_UNIX },
		{ "unix-stream:/run/a.sock", "/run/a.sock", "", INPUT_UNIX_STREAM },
		{ "udp:127.0.0.1:514", "127.0.0.1", "514", INPUT_UDP },
		{ "tcp:[::1]:601", "::1", "601", INPUT_TCP },
		{ "tcp:*:601", "", "601", INPUT_TCP },
		{ "tcp::601", "", "601", INPUT_TCP },
		{ "tcp:logs.example:601", "logs.example", "601", INPUT_TCP },
		{ "tls:*:6514", "", "6514", INPUT_TLS },
		{ "http:127.0.0.1:4318", "127.0.0.1", "4318", INPUT_HTTP },
		{ "http:/run/a.sock", "/run/a.sock", "", INPUT_HTTP },
	};
	static const char *const bad[] = { "", "pipes", "fifo:a", "fifo:", "unix:", "unix:a/b",
		LONG_PATH, "udp:514", "udp:127.0.0.1:", "udp:127.0.0.1:0", "tcp:127.0.0.1:65536",
		"tcp:::1:601", "tcp:a:x", "tls:/a", "http:a", "https:a:1" };
	struct input_place p;
	struct err e;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(input_place_read(span_str(good[i].text), &p, &e), 0);
		assert_int_equal(p.kind, good[i].kind);
		assert_string_equal(p.path, good[i].path);
		assert_string_equal(p.port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(input_place_read(span_str(bad[i]), &p, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
	}
}

/* ---- connections ---- */

/* What is sent in one connection, and what comes out. */
static const struct {
	const char *name, *sent, *lines;
	size_t added;
} streams[] = {
	{ "lines", "a\nbc\n\nd\n", "a\nbc\n\nd\n", 0 },
	{ "no last line end", "a\nb", "a\nb\n", 1 },
	{ "nothing", "", "", 0 },
	{ "frames", "5 <1> a7 <2> bcd3 <3>", "<1> a\n<2> bcd\n<3>\n", 3 },
	{ "frames that end in LF", "6 <1> a\n8 <2> bcd\n", "<1> a\n<2> bcd\n", 0 },
	{ "frames with an LF between", "5 <1> a\n5 <2> b", "<1> a\n<2> b\n", 2 },
	{ "a line end in a frame", "7 <1> a\nb", "<1> a#012b\n", 4 },
	{ "half a frame", "9 <1> a", "<1> a\n", 1 },
	{ "lines that begin with digits", "192.0.2.7 - -\n5 apples\n7\n",
	    "192.0.2.7 - -\n5 apples\n7\n", 0 },
	{ "a length without end", "0000000000000000000001 <x\ny\n",
	    "0000000000000000000001 <x\ny\n", 0 },
	{ "no length", " <1> a\n", " <1> a\n", 0 },
	{ "length zero", "0 <1> a\n", "0 <1> a\n", 0 },
	{ "lines behind frames", "5 <1> ax y\nz\n", "<1> a\nx y\nz\n", 1 },
	{ "digits only", "12345", "12345\n", 1 },
};

/* In pieces of every size: the same lines come out. */
static void
test_streams(void **state)
{
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		for (size_t piece = 1; piece <= 8; piece++) {
			const char *sent = streams[i].sent;
			size_t len = strlen(sent);
			struct input_live *in = open_place(place("unix-stream", "s"), 1024, 4);
			int fd = call("s", SOCK_STREAM);
			struct got g;
			char all[128];

			all[0] = '\0';
			for (size_t at = 0; at < len; at += piece) {
				size_t n = len - at < piece ? len - at : piece;

				assert_int_equal(write(fd, sent + at, n), (ssize_t)n);
				if (piece > 3)
					continue;
				drain(in, &g);
				(void)strcat(all, g.text);
			}
			(void)close(fd);
			drain(in, &g);
			(void)strcat(all, g.text);
			if (strcmp(all, streams[i].lines) != 0)
				fail_msg("%s, in pieces of %zu: %s", streams[i].name, piece, all);
			if (piece > 3)
				assert_int_equal(g.added, streams[i].added);
			input_live_close(in);
		}
	}
}

static void
test_interleaved(void **state)
{
	struct input_live *in = open_place(place("unix-stream", "s"), 1024, 8);
	int a = call("s", SOCK_STREAM), b = call("s", SOCK_STREAM);
	struct got g;

	say(a, "one ");
	say(b, "two ");
	drain(in, &g);
	assert_string_equal(g.text, "");
	say(b, "zwei\n");
	drain(in, &g);
	assert_string_equal(g.text, "two zwei\n");
	say(a, "eins\nun");
	drain(in, &g);
	assert_string_equal(g.text, "one eins\n");
	input_live_stop(in);
	drain(in, &g);
	assert_string_equal(g.text, "un\n");
	assert_true(g.end);
	(void)close(a);
	(void)close(b);
	input_live_close(in);
}

/* ---- long lines ---- */

static void
say_many(struct input_live *in, int fd, char c, size_t count, struct got *all)
{
	char some[4096];

	memset(some, c, sizeof(some));
	while (count > 0) {
		size_t n = count < sizeof(some) ? count : sizeof(some);
		struct got g;

		assert_int_equal(write(fd, some, n), (ssize_t)n);
		count -= n;
		drain(in, &g);
		all->len += g.len;
		all->dropped += g.dropped;
		all->cuts += g.cuts;
	}
}

static void
test_long(void **state)
{
	static const struct {
		size_t len, kept;
	} lines[] = { { 1024, 1024 }, { 1025, 1025 }, { 1026, 1025 }, { 300000, 1025 } };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct input_live *in = open_place(place("unix-stream", "s"), 1024, 4);
		int fd = call("s", SOCK_STREAM);
		struct got g = { 0 };

		say_many(in, fd, 'x', lines[i].len, &g);
		assert_int_equal(g.len, 0);
		say(fd, "\nnext\n");
		drain(in, &g);
		assert_int_equal(g.len, lines[i].kept + 6);
		assert_int_equal(g.dropped, lines[i].len - lines[i].kept);
		assert_int_equal(g.cuts, lines[i].len > lines[i].kept);
		assert_string_equal(g.text + g.len - 5, "next\n");
		assert_int_equal(g.added, 0);
		(void)close(fd);
		input_live_close(in);
	}
}

/* ---- too many ---- */

/* Half lines of many: memory is bounded, and each stays a line. */
static void
test_pool(void **state)
{
	enum { COUNT = 300 };
	struct input_live *in = open_place(place("unix-stream", "s"), 65536, COUNT);
	struct input_live_counts counts;
	struct got g;
	size_t total = 0;
	char *half = malloc(65000);
	int fds[COUNT];

	memset(half, 'h', 65000);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = call("s", SOCK_STREAM);
		assert_int_equal(write(fds[i], half, 65000), 65000);
		drain(in, &g);
		total += g.len - g.added;
	}
	assert_true(total > 0); /* not all of them had room */
	for (int i = 0; i < COUNT; i++)
		(void)close(fds[i]);
	for (int i = 0; i < 40; i++) {
		drain(in, &g);
		total += g.len - g.added;
	}
	assert_int_equal(total, (size_t)COUNT * 65000);
	input_live_count(in, &counts);
	assert_int_equal(counts.connections, COUNT);
	assert_int_equal(counts.open, 0);
	free(half);
	input_live_close(in);
}

/* Those who never sent a line make room; those who did stay. */
static void
test_connections(void **state)
{
	struct input_live *in = open_place(place("unix-stream", "s"), 1024, 2);
	struct input_live_counts counts;
	int quiet = call("s", SOCK_STREAM), good, other, last;
	struct got g;

	drain(in, &g);
	good = call("s", SOCK_STREAM);
	say(good, "a\n");
	drain(in, &g);
	other = call("s", SOCK_STREAM); /* in the place of the quiet one */
	say(other, "b\n");
	drain(in, &g);
	assert_string_equal(g.text, "b\n");
	assert_int_equal(read(quiet, out, 1), 0);
	last = call("s", SOCK_STREAM); /* both are of use: it has to go */
	drain(in, &g);
	assert_int_equal(read(last, out, 1), 0);
	say(good, "c\n");
	drain(in, &g);
	assert_string_equal(g.text, "c\n");
	input_live_count(in, &counts);
	assert_int_equal(counts.connections, 3);
	assert_int_equal(counts.refused, 2);
	(void)close(quiet);
	(void)close(good);
	(void)close(other);
	(void)close(last);
	input_live_close(in);
}

/* ---- datagrams ---- */

static void
test_datagrams(void **state)
{
	struct input_live *in = open_place(place("unix", "d"), 1024, 0);
	int fd = call("d", SOCK_DGRAM);
	char big[3000];
	struct got g;

	say(fd, "<1> a");
	say(fd, "<2> b\n");
	say(fd, "two\nlines\n");
	assert_int_equal(send(fd, "z\0", 2, 0), 2);
	assert_int_equal(send(fd, "", 0, 0), 0);
	drain(in, &g);
	assert_string_equal(g.text, "<1> a\n<2> b\ntwo#012lines\nz\n\n");
	assert_int_equal(g.added, 1 + 0 + 3 + 0 + 1);
	memset(big, 'x', sizeof(big));
	assert_int_equal(send(fd, big, sizeof(big), 0), (ssize_t)sizeof(big));
	say(fd, "c");
	drain(in, &g);
	assert_int_equal(g.len, 1026 + 2);
	assert_int_equal(g.dropped, sizeof(big) - 1025);
	say(fd, "d");
	input_live_stop(in);
	drain(in, &g);
	assert_string_equal(g.text, "d\n");
	assert_true(g.end);
	(void)close(fd);
	input_live_close(in);
}

/* On a free port, of none that the kernel or free_port of the e2e tests gives away. */
static struct input_live *
open_udp(uint16_t *port)
{
	struct input_live_options how = { .fd = -1, .line_max = 1024 };
	struct input_live *in = NULL;
	char text[32];
	struct err e;

	for (unsigned i = 0; i < 8000; i++) {
		*port = (uint16_t)(2000 + ((unsigned)getpid() + i) % 8000);
		(void)snprintf(text, sizeof(text), "udp:127.0.0.1:%u", (unsigned)*port);
		assert_int_equal(input_place_read(span_str(text), &how.place, &e), 0);
		if (input_live_open(&how, &in, &e) == 0)
			return (in);
		assert_int_equal(e.code, ERR_BUSY);
	}
	fail();
	return (NULL);
}

/* Full sockets of UDP lose; the kernel says how many. */
static void
test_udp(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct input_live *in;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t sent = 0, lines = 0, lost = 0;
	uint16_t port;
	struct got g;

	in = open_udp(&port);
	to.sin_port = htons(port);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	for (; sent < 60000; sent++)
		assert_int_equal(send(fd, "0123456789", 10, 0), 10);
	/* Nothing follows: what came last was dropped. */
	silent_ms = 20;
	drain(in, &g);
	lines += g.len / 11;
	lost += g.lost;
	assert_int_equal(lines + lost, sent);
	assert_true(lost > 0);
	drain(in, &g);
	assert_int_equal(g.lost, 0);
	silent_ms = 1;
	(void)close(fd);
	input_live_close(in);
}

/* ---- FIFOs, pipes ---- */

static void
test_fifo(void **state)
{
	struct input_live *in = open_place(place("fifo", "f"), 1024, 0);
	char path[96];
	struct got g;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/f", dir);
	for (int i = 0; i < 2; i++) { /* a writer goes, another one comes */
		fd = open(path, O_WRONLY | O_NONBLOCK);
		assert_true(fd != -1);
		say(fd, "a\nb\n");
		drain(in, &g);
		assert_string_equal(g.text, "a\nb\n");
		assert_false(g.end);
		(void)close(fd);
	}
	fd = open(path, O_WRONLY | O_NONBLOCK);
	say(fd, "rest");
	input_live_stop(in);
	drain(in, &g);
	assert_string_equal(g.text, "rest\n");
	assert_true(g.end);
	(void)close(fd);
	input_live_close(in);
	assert_int_equal(unlink(path), 0);
}

static void
test_pipe(void **state)
{
	struct input_live_options how = { .place = { .kind = INPUT_PIPE }, .line_max = 1024 };
	struct input_live *in;
	struct got g;
	struct err e;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	how.fd = fds[0];
	assert_int_equal(input_live_open(&how, &in, &e), 0);
	say(fds[1], "a\nb");
	drain(in, &g);
	assert_string_equal(g.text, "a\n");
	(void)close(fds[1]);
	drain(in, &g);
	assert_string_equal(g.text, "b\n");
	assert_int_equal(g.added, 1);
	assert_true(g.end);
	input_live_close(in);
	(void)close(fds[0]);
}

/* ---- who is there already ---- */

static void
test_taken(void **state)
{
	struct input_live_options how = { .fd = -1, .line_max = 1024, .connections = 4 };
	struct input_live *in, *other;
	char path[96];
	struct err e;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/s", dir);
	in = open_place(place("unix-stream", "s"), 1024, 4);
	assert_int_equal(input_place_read(span_str(place("unix-stream", "s")), &how.place, &e), 0);
	assert_int_equal(input_live_open(&how, &other, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	input_live_close(in);
	assert_int_equal(access(path, F_OK), -1);

	/* What a crash left is taken over; what is no socket is not. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	{
		struct sockaddr_un at = { .sun_family = AF_UNIX };

		(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
		assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	}
	(void)close(fd);
	in = open_place(place("unix-stream", "s"), 1024, 4);
	input_live_close(in);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	assert_int_equal(input_live_open(&how, &other, &e), -1);
	assert_int_equal(access(path, F_OK), 0);
	how.place.kind = INPUT_FIFO;
	assert_int_equal(input_live_open(&how, &other, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(unlink(path), 0);
}

/* Of two on one port the second one would take all of UDP without a word. */
static void
test_taken_udp(void **state)
{
	struct input_live_options how = { .fd = -1, .line_max = 1024 };
	struct input_live *in, *other = NULL;
	uint16_t port;
	char text[32];
	struct err e;

	in = open_udp(&port);
	(void)snprintf(text, sizeof(text), "udp:127.0.0.1:%u", (unsigned)port);
	assert_int_equal(input_place_read(span_str(text), &how.place, &e), 0);
	assert_int_equal(input_live_open(&how, &other, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	input_live_close(in);
	assert_int_equal(input_live_open(&how, &in, &e), 0); /* free again, at once */
	input_live_close(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_taken_udp),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
