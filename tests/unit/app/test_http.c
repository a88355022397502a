/* The HTTP server that inputs and metrics share: what it answers, and what it does not wait for. */
#include <sys/socket.h>
#include <sys/un.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/http/http.h"
#include "base/err.h"

#define BODY_MAX 1000

static char dir[64], path[100];
static struct app_http *server;

/* What the door saw; a body that begins with "later" is answered by another thread. */
static struct {
	char bytes[BODY_MAX + 1];
	size_t len;
	unsigned begun, gone;
	struct app_http_request *request;
	pthread_t thread;
	bool later;
} seen;

static unsigned
get(void *arg, struct buf *out)
{
	buf_str(out, arg);
	return (200);
}

static unsigned
begin(void *arg, const struct app_http_head *head, struct app_http_request *r, void **body)
{
	(void)arg;
	if (head->length != UINT64_MAX && head->length > BODY_MAX)
		return (413);
	if (span_is(head->authorization, "Bearer no"))
		return (401);
	seen.begun++;
	seen.len = 0;
	seen.request = r;
	*body = &seen;
	return (0);
}

static unsigned
data(void *body, struct span bytes)
{
	(void)body;
	if (seen.len + bytes.len > BODY_MAX)
		return (413);
	memcpy(seen.bytes + seen.len, bytes.ptr, bytes.len);
	seen.len += bytes.len;
	return (0);
}

static void *
answer_later(void *arg)
{
	(void)arg;
	(void)usleep(20000);
	app_http_answer(seen.request, 200);
	return (NULL);
}

static unsigned
end(void *body)
{
	(void)body;
	seen.bytes[seen.len] = '\0';
	seen.later = strncmp(seen.bytes, "later", 5) == 0;
	if (!seen.later)
		return (strcmp(seen.bytes, "bad") == 0 ? 400 : 200);
	assert_int_equal(pthread_create(&seen.thread, NULL, answer_later, NULL), 0);
	return (0);
}

static void
gone(void *body)
{
	(void)body;
	seen.gone++;
	if (seen.later)
		(void)pthread_join(seen.thread, NULL);
	seen.later = false;
}

static const struct app_http_door door = { begin, data, end, gone };
static char metrics[] = "up 1\n";
static const struct app_http_route routes[] = {
	{ "/in", "application/json", NULL, &door, "{}", NULL },
	{ "/metrics", "text/plain; version=0.0.4", get, NULL, NULL, metrics },
};

static void
start(unsigned connections)
{
	struct input_place place = { .kind = INPUT_UNIX_STREAM };
	struct app_http_options how = {
		.routes = routes, .route_count = 2, .connections = connections
	};
	struct err e;

	memset(&seen, 0, sizeof(seen));
	(void)snprintf(place.path, sizeof(place.path), "%s", path);
	how.fd = input_listen(&place, &e);
	assert_true(how.fd != -1);
	if (app_http_start(&how, &server, &e) == -1)
		fail_msg("%s", e.text);
}

static void
stop(void)
{
	app_http_stop(server);
	assert_int_equal(unlink(path), 0);
}

static int
join(void)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(where.sun_path, sizeof(where.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	return (fd);
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Until the other side has closed. */
static void
hear(int fd, char text[static 4096])
{
	size_t len = 0;
	ssize_t n;

	while (len < 4095 && (n = recv(fd, text + len, 4095 - len, 0)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)close(fd);
}

/* Its first line, and the text behind its head. */
static void
ask(const char *request, const char *status, const char *body)
{
	char text[4096];
	const char *at;
	int fd = join();

	say(fd, request);
	hear(fd, text);
	if (strncmp(text, "HTTP/1.1 ", 9) != 0 || strncmp(text + 9, status, strlen(status)) != 0)
		fail_msg("asked %.40s: got %s, want %s", request, text, status);
	at = strstr(text, "\r\n\r\n");
	assert_non_null(at);
	assert_string_equal(at + 4, body);
}

#define HEAD " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"

#define TWO_WAYS "400: a head that may be read in two ways\n"

static void
test_answers(void **state)
{
	static const struct {
		const char *claim, *request, *status, *body;
	} rows[] = {
		{ "a text", "GET /metrics" HEAD "\r\n", "200", metrics },
		{ "only its head", "HEAD /metrics" HEAD "\r\n", "200", "" },
		{ "no such path", "GET /nothing" HEAD "\r\n", "404", "404: no such path\n" },
		{ "nor for a body", "POST /nothing" HEAD "Content-Length: 1\r\n\r\nx", "404",
		    "404: no such path\n" },
		{ "another method", "GET /in" HEAD "\r\n", "405", "405: not by this method\n" },
		{ "of a text", "DELETE /metrics" HEAD "\r\n", "405", "405: not by this method\n" },
		{ "a body", "POST /in" HEAD "Content-Length: 4\r\n\r\nbody", "200", "{}" },
		{ "in chunks",
		    "POST /in" HEAD "Transfer-Encoding: chunked\r\n\r\n"
		    "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
		    "200", "{}" },
		{ "no body", "POST /in" HEAD "Content-Length: 0\r\n\r\n", "200", "{}" },
		{ "answered later", "POST /in" HEAD "Content-Length: 5\r\n\r\nlater", "200", "{}" },
		{ "refused at its end", "POST /in" HEAD "Content-Length: 3\r\n\r\nbad", "400",
		    "400: the body is not what this path takes\n" },
		{ "too large, as it says", "POST /in" HEAD "Content-Length: 5000000\r\n\r\n", "413",
		    "413: the body is too large\n" },
		{ "refused at its head",
		    "POST /in" HEAD "Authorization: Bearer no\r\nContent-Length: 4\r\n\r\nbody",
		    "401", "401: a bearer token is wanted\n" },
		{ "a length in disguise", "POST /in" HEAD "Content-Length : 4\r\n\r\nbody", "400",
		    TWO_WAYS },
		{ "a name with a blank", "GET /metrics" HEAD "X Y: 1\r\n\r\n", "400", TWO_WAYS },
		{ "two lengths",
		    "POST /in" HEAD "Content-Length: 4\r\nContent-Length: 0\r\n\r\nbody", "400",
		    TWO_WAYS },
		{ "a length, and chunks",
		    "POST /in" HEAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "0\r\n\r\n",
		    "400", TWO_WAYS },
	};

	(void)state;
	start(8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ask(rows[i].request, rows[i].status, rows[i].body);
	assert_int_equal(seen.begun, seen.gone);
	assert_int_equal(seen.begun, 5);
	stop();
}

static void
test_chunks_too_large(void **state)
{
	char text[4096], bytes[1100];
	int fd;

	(void)state;
	start(8);
	fd = join();
	say(fd, "POST /in" HEAD "Transfer-Encoding: chunked\r\n\r\n44c\r\n");
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	say(fd, "\r\n0\r\n\r\n");
	hear(fd, text);
	assert_non_null(strstr(text, "413: the body is too large"));
	assert_null(strstr(text, "xx"));
	stop();
}

/* Who leaves in the middle of a body leaves nothing behind. */
static void
test_gone(void **state)
{
	struct app_http_counts counts;
	int fd;

	(void)state;
	start(8);
	fd = join();
	say(fd, "POST /in" HEAD "Content-Length: 400\r\n\r\nhalf");
	while (seen.begun == 0)
		(void)usleep(1000);
	(void)close(fd);
	while (seen.gone == 0)
		(void)usleep(1000);
	ask("GET /metrics" HEAD "\r\n", "200", metrics);
	app_http_count(server, &counts);
	assert_int_equal(counts.requests, 1);
	assert_int_equal(counts.errors, 0);
	stop();
}

/* Who only connects makes room for who asks; who is in a body does not. */
static void
test_room(void **state)
{
	struct app_http_counts counts;
	int idle[2], fd;
	char text[4096];

	(void)state;
	start(2);
	fd = join();
	say(fd, "POST /in" HEAD "Content-Length: 4\r\n\r\nbo");
	while (seen.begun == 0)
		(void)usleep(1000);
	idle[0] = join();
	ask("GET /metrics" HEAD "\r\n", "200", metrics);
	hear(idle[0], text); /* closed */
	assert_string_equal(text, "");
	idle[1] = join();
	say(fd, "dy");
	hear(fd, text);
	assert_non_null(strstr(text, "200"));
	app_http_count(server, &counts);
	assert_int_equal(counts.refused, 0);
	(void)close(idle[1]);
	stop();
}

/* Nor do those that were answered and stay keep others out: the one that is silent for longest goes. */
static void
test_room_of_idlers(void **state)
{
	static const char again[] = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
	struct app_http_counts counts;
	char text[4096];
	int idle[2];

	(void)state;
	start(2);
	for (int i = 0; i < 2; i++) {
		idle[i] = join();
		say(idle[i], again);
		assert_true(recv(idle[i], text, sizeof(text), 0) > 0);
		(void)usleep(20000); /* for the second one to be the younger */
	}
	ask("GET /metrics" HEAD "\r\n", "200", metrics);
	hear(idle[0], text); /* closed */
	assert_string_equal(text, "");
	say(idle[1], again);
	assert_true(recv(idle[1], text, sizeof(text), 0) > 0);
	app_http_count(server, &counts);
	assert_int_equal(counts.refused, 0);
	(void)close(idle[1]);
	stop();
}

/* A connection that came by another way; and a stop while one is owed its answer. */
static void
test_given(void **state)
{
	char text[4096];
	int ends[2];

	(void)state;
	start(4);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	app_http_give(server, ends[0]);
	say(ends[1], "POST /in" HEAD "Content-Length: 5\r\n\r\nlater");
	while (seen.begun == 0)
		(void)usleep(1000);
	app_http_quiet(server);
	hear(ends[1], text);
	assert_non_null(strstr(text, "200"));
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_chunks_too_large),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_room_of_idlers),
		cmocka_unit_test(test_given),
	};
	int failed;

	if (!app_http_built()) {
		printf("1..0 # SKIP built without libmicrohttpd\n");
		return (0);
	}
	(void)snprintf(dir, sizeof(dir), "/tmp/cretula-http-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return (1);
	(void)snprintf(path, sizeof(path), "%s/socket", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return (failed);
}
