/* A line as the body of a request, as collectors and API servers send theirs. */
#include <sys/socket.h>
#include <sys/time.h>

#include <string.h>
#include <unistd.h>

#include "app/canary/canary.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "crypto/random.h"
#include "key/key.h"

#define TOKEN_BYTES 512
#define ANSWER_BYTES 512
#define ANSWER_S 20 /* it comes once the line is committed */

/* ---- bodies ---- */

static bool
put_list(struct span line, struct buf *body)
{
	buf_str(body, "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[");
	buf_span(body, line);
	buf_str(body, "]}");
	return (true);
}

/* Members become attributes.  false: it has some that are no texts and no numbers. */
static bool
put_record(struct span line, struct buf *body)
{
	struct json_value all, value;
	struct json_cursor at;
	struct span key;
	const char *glue = "";

	if (json_parse(line, &all, NULL) == -1 || all.type != JSON_OBJECT)
		return (false);
	buf_str(body, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"attributes\":[");
	for (json_open(&at, &all); json_next(&at, &key, &value); glue = ",") {
		bool text = value.type == JSON_STRING;

		if (!text && value.type != JSON_INT)
			return (false);
		buf_fmt(body, "%s{\"key\":\"%.*s\",\"value\":{\"%s\":%s%.*s%s}}", glue,
		    (int)key.len, key.ptr, text ? "stringValue" : "intValue", text ? "" : "\"",
		    (int)value.raw.len, value.raw.ptr, text ? "" : "\"");
	}
	buf_str(body, "]}]}]}]}");
	return (true);
}

/* By the format that its lines have; of any other, and in an envelope, they are lines. */
static const struct shape {
	const char *format, *path, *type;
	bool (*put)(struct span line, struct buf *body);
} shapes[] = {
	{ "json-lines", "/v1/logs", "application/json", put_record },
	{ "k8s-audit", "/k8s/audit", "application/json", put_list },
};
static const struct shape lines = { "", "/ndjson", "application/x-ndjson", NULL };

static const struct shape *
make_body(const struct app_canary *c, struct buf *body)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		buf_clear(body);
		if (strcmp(c->shape, shapes[i].format) == 0 &&
		    shapes[i].put(buf_view(&c->line), body))
			return (&shapes[i]);
	}
	buf_clear(body);
	buf_span(body, buf_view(&c->line));
	buf_char(body, '\n');
	return (&lines);
}

/* ---- the request ---- */

static int
add_token(const char *path, struct buf *request, struct err *e)
{
	char bytes[TOKEN_BYTES];
	ssize_t n;

	if (path[0] == '\0')
		return (0);
	if ((n = key_given_read(path, bytes, sizeof(bytes), e)) == -1)
		return (-1);
	buf_str(request, "Authorization: Bearer ");
	buf_add(request, bytes, span_find(span_of(bytes, (size_t)n), '\n'));
	buf_str(request, "\r\n");
	crypto_wipe(bytes, sizeof(bytes));
	return (0);
}

static int
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (n <= 0)
			return (-1);
		bytes = span_from(bytes, (size_t)n);
	}
	return (0);
}

/* The status of the answer; 0 if it is none. */
static unsigned
read_status(int fd)
{
	static const struct span version = SPAN("HTTP/1.1 ");
	char text[ANSWER_BYTES];
	uint64_t status = 0;
	size_t len = 0;
	ssize_t n;

	while (len < version.len + 3 && (n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	if (len < version.len + 3 || !span_starts(span_of(text, len), version) ||
	    num_u64(span_of(text + version.len, 3), &status) == -1)
		return (0);
	return ((unsigned)status);
}

int
app_canary_post(const struct app_canary *c, int fd, const char *token, struct err *e)
{
	const struct timeval patience = { .tv_sec = ANSWER_S };
	struct buf body = { 0 }, request = { 0 };
	const struct shape *shape = make_body(c, &body);
	unsigned status;
	int rc;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	buf_fmt(&request,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n",
	    shape->path, shape->type, body.len);
	rc = add_token(token, &request, e);
	buf_str(&request, "\r\n");
	buf_span(&request, buf_view(&body));
	if (rc == 0 && (!buf_ok(&body) || !buf_ok(&request)))
		rc = err_memory(e);
	else if (rc == 0 && write_all(fd, buf_view(&request)) == -1)
		rc = err_sys(e, ERR_INPUT, "POST %s", shape->path);
	else if (rc == 0 && (status = read_status(fd)) != 200)
		rc = err_set(e, ERR_INPUT,
		    status == 0 ? "POST %s: no answer" : "POST %s: the answer is %u", shape->path,
		    status);
	buf_wipe(&body);
	buf_wipe(&request);
	return (rc);
}
