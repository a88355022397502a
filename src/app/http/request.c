/* app: a request, from its head to its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/http/inside.h"
#include "base/num.h"
#include "crypto/random.h"

#define SWALLOW_MAX ((uint64_t)4 << 20) /* of a refused body: who sends it may read why */

/* ---- answers ---- */

static const struct {
	unsigned status;
	const char *text;
} texts[] = {
	{ 400, "the body is not what this path takes" },
	{ 401, "a bearer token is wanted" },
	{ 404, "no such path" },
	{ 405, "not by this method" },
	{ 413, "the body is too large" },
	{ 415, "of Content-Encoding only gzip and zstd are known" },
	{ 500, "out of memory" },
	{ 503, "not now; try again" },
};

static void
text_of(const struct app_http_request *r, char out[static 128])
{
	const char *text = "refused";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == r->status)
			text = texts[i].text;
	if (r->flawed)
		text = "a head that may be read in two ways";
	(void)snprintf(out, 128, "%u: %s\n", r->status, text);
}

static enum MHD_Result
send_text(struct app_http_request *r, const char *type, struct span text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    text.len, (void *)(uintptr_t)text.ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	if (response == NULL)
		return (MHD_NO);
	if (text.len > 0)
		(void)MHD_add_response_header(response, "Content-Type", type);
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	if (r->status == 401)
		(void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	if (r->status == 405)
		(void)MHD_add_response_header(
		    response, "Allow", r->route->door != NULL ? "POST" : "GET, HEAD");
	if (r->flawed)
		(void)MHD_add_response_header(response, "Connection", "close");
	if (r->status == 503)
		(void)MHD_add_response_header(response, "Retry-After", "2");
	rc = MHD_queue_response(r->connection, r->status, response);
	MHD_destroy_response(response);
	return (rc);
}

static enum MHD_Result
answer(struct app_http_request *r)
{
	struct app_http *s = r->server;
	char text[128];

	app_http_phase(r->peer, HTTP_PHASE_ANSWER);
	pthread_mutex_lock(&s->lock);
	s->counts.requests++;
	s->counts.errors += r->status >= 400;
	pthread_mutex_unlock(&s->lock);
	if (r->status < 300)
		return (send_text(r, r->route->type,
		    r->route->done == NULL ? span_of("", 0) : span_str(r->route->done)));
	text_of(r, text);
	return (send_text(r, "text/plain; charset=utf-8", span_str(text)));
}

static enum MHD_Result
answer_get(struct app_http_request *r)
{
	struct buf out = { 0 };
	enum MHD_Result rc;

	r->status = r->route->get(r->route->arg, &out);
	if (buf_ok(&out) && out.len > 0) {
		app_http_phase(r->peer, HTTP_PHASE_ANSWER);
		pthread_mutex_lock(&r->server->lock);
		r->server->counts.requests++;
		r->server->counts.errors += r->status >= 400;
		pthread_mutex_unlock(&r->server->lock);
		rc = send_text(r, r->route->type, buf_view(&out));
	} else {
		r->status = buf_ok(&out) ? r->status : 500;
		rc = answer(r);
	}
	buf_free(&out);
	return (rc);
}

/* ---- the head ---- */

static struct span
header(struct MHD_Connection *connection, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(
		connection, MHD_HEADER_KIND, name, strlen(name), &value, &len) == MHD_NO ||
	    value == NULL)
		return (span_of("", 0));
	return (span_of(value, len));
}

/* A name is a token (RFC 9110). */
static bool
is_name(const char *name, size_t name_len)
{
	static const char more[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name_len; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    memchr(more, c, sizeof(more) - 1) == NULL)
			return (false);
	}
	return (name_len > 0);
}

/*
 * libmicrohttpd 0.9 ends a value at a byte of zero, takes a bare line feed for the end of a line,
 * and puts what is folded behind the name: "Content-Length:" and " 7" are "Content-Length7".  It
 * reads in place, and has a zero for each byte of CRLF.  Later ones refuse all of that.
 */
static bool
is_a_line(const char *name, size_t name_len, const char *value, size_t len)
{
#if MHD_VERSION < 0x01000000
	const char *behind = name + name_len + 1;

	while (*behind == ' ' || *behind == '\t')
		behind++;
	return (behind == value && value[len + 1] == '\0');
#else
	(void)name, (void)name_len, (void)value, (void)len;
	return (true);
#endif
}

/* What we do not read, as "Content-Length ", somebody in front of us may. */
bool
app_http_header_ok(const char *name, size_t name_len, const char *value, size_t len)
{
	for (size_t i = 0; value != NULL && i < len; i++)
		if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
			return (false);
	return (
	    is_name(name, name_len) && (value == NULL || is_a_line(name, name_len, value, len)));
}

struct lengths {
	unsigned lengths, codings;
	bool flawed;
};

static enum MHD_Result
see_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
    size_t len)
{
	struct lengths *seen = arg;
	bool coding = strncasecmp(name, "Transfer-Encoding", name_len + 1) == 0;

	(void)kind;
	/* Of another coding than chunks libmicrohttpd would wait for the end of the connection. */
	seen->flawed = seen->flawed || !app_http_header_ok(name, name_len, value, len) ||
	    (coding && (value == NULL || strcasecmp(value, "chunked") != 0));
	seen->lengths += strncasecmp(name, "Content-Length", name_len + 1) == 0;
	seen->codings += coding;
	return (MHD_YES);
}

/* Does somebody else, perhaps, see another end of the body than we? */
static bool
is_flawed(struct MHD_Connection *connection)
{
	struct lengths seen = { 0 };

	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &seen);
	return (seen.flawed || seen.lengths + seen.codings > 1);
}

static void
read_head(struct MHD_Connection *connection, struct app_http_head *head)
{
	struct span length = header(connection, "Content-Length");

	head->authorization = header(connection, "Authorization");
	head->encoding = header(connection, "Content-Encoding");
	head->key = header(connection, "Idempotency-Key");
	head->digest = header(connection, "Content-Digest");
	if (length.len == 0 || num_u64(length, &head->length) == -1)
		head->length = UINT64_MAX;
}

/* 0, or why not. */
static unsigned
find_route(struct app_http_request *r, const char *path, const char *method)
{
	const struct app_http *s = r->server;

	for (unsigned i = 0; i < s->route_count && r->route == NULL; i++)
		if (strcmp(s->routes[i].path, path) == 0)
			r->route = &s->routes[i];
	if (r->route == NULL)
		return (404);
	r->get =
	    r->route->get != NULL && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0);
	return (r->get || (r->route->door != NULL && strcmp(method, "POST") == 0) ? 0 : 405);
}

static enum MHD_Result
begin(struct app_http_request *r, const struct app_http_head *head)
{
	app_http_phase(r->peer, HTTP_PHASE_BODY);
	if (r->status == 0 && !r->get)
		r->status = r->route->door->begin(r->route->arg, head, r, &r->body);
	if (r->status == 0)
		return (MHD_YES);
	/* Who is closed while it sends does not read why. */
	r->swallow = head->length == UINT64_MAX || head->length <= SWALLOW_MAX;
	return (r->swallow ? MHD_YES : answer(r));
}

static enum MHD_Result
open_request(struct app_http *s, struct MHD_Connection *connection, const char *url,
    const char *method, void **request)
{
	struct app_http_request *r = calloc(1, sizeof(*r));
	struct app_http_head head = { 0 };

	if (r == NULL)
		return (MHD_NO);
	*request = r;
	r->server = s;
	r->connection = connection;
	r->peer = app_http_peer(connection);
	r->status = find_route(r, url, method);
	read_head(connection, &head);
	if ((r->flawed = is_flawed(connection))) {
		/* What follows is not read. */
		r->status = 400;
		return (answer(r));
	}
	return (begin(r, &head));
}

/* ---- the body ---- */

static enum MHD_Result
take(struct app_http_request *r, const char *bytes, size_t len)
{
	r->peer->bytes += len;
	if (r->status == 0 && !r->get) {
		r->status = r->route->door->data(r->body, span_of(bytes, len));
		r->swallow = r->status != 0;
	} else
		r->swallowed += len;
	/* They lie in memory of libmicrohttpd, which is done with them. */
	crypto_wipe((void *)(uintptr_t)bytes, len);
	return (r->swallowed > SWALLOW_MAX ? MHD_NO : MHD_YES);
}

static enum MHD_Result
end(struct app_http_request *r)
{
	unsigned status;

	if (r->get && r->status == 0)
		return (answer_get(r));
	if (r->status != 0)
		return (answer(r));
	app_http_phase(r->peer, HTTP_PHASE_WORK);
	/* From here on another thread may set r->status, which is ours to see once it wakes us. */
	if ((status = r->route->door->end(r->body)) != 0) {
		r->status = status;
		return (answer(r));
	}
	MHD_suspend_connection(r->connection);
	return (MHD_YES);
}

enum MHD_Result
app_http_handle(void *server, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *len, void **request)
{
	struct app_http *s = server;
	enum MHD_Result rc;

	(void)version;
	if (s->whole != NULL)
		return (app_http_whole_handle(s, connection, method, bytes, len, request));
	if (*request == NULL)
		return (open_request(server, connection, url, method, request));
	if (*len == 0)
		return (end(*request));
	rc = take(*request, bytes, *len);
	*len = 0;
	return (rc);
}

void
app_http_completed(void *server, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode why)
{
	struct app_http_request *r = *request;

	(void)server;
	(void)connection;
	(void)why;
	if (r == NULL)
		return;
	if (r->whole != NULL) {
		app_http_whole_completed(r->whole);
		*request = NULL;
		return;
	}
	if (r->body != NULL)
		r->route->door->gone(r->body);
	app_http_phase(r->peer, HTTP_PHASE_IDLE);
	free(r);
	*request = NULL;
}
