/* app: a request that is read whole, and its answer or its events. */
#include "app/http/whole.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/http/inside.h"
#include "base/num.h"
#include "crypto/random.h"

/* ---- the head ---- */

/* As soon as the request line is there; what it says is of nobody else's memory. */
void *
app_http_whole_uri(void *server, const char *uri, struct MHD_Connection *connection)
{
	struct http_whole *w = calloc(1, sizeof(*w));

	(void)connection;
	if (w == NULL)
		return (NULL);
	w->request.server = server;
	w->request.whole = w;
	if ((w->target = strdup(uri)) == NULL) {
		free(w);
		return (NULL);
	}
	return (w);
}

struct reading {
	struct http_whole *w;
	bool length, coding;
};

/* A header that means something to us may come once. */
static void
see(struct http_whole *w, struct span *place, struct span value)
{
	if (place->ptr != NULL && w->asked.flaw == SERVE_FLAW_NONE)
		w->asked.flaw = place == &w->asked.host ? SERVE_FLAW_HOST : SERVE_FLAW_HEADER;
	*place = value;
}

static void
see_length(struct reading *reading, struct span value)
{
	struct http_whole *w = reading->w;
	uint64_t length;

	if (reading->length || num_u64(value, &length) == -1)
		w->asked.flaw = SERVE_FLAW_LENGTH;
	else if (length > w->request.server->whole->body_max)
		w->asked.flaw = SERVE_FLAW_BODY;
	reading->length = true;
}

static enum MHD_Result
see_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
    size_t len)
{
	struct reading *reading = arg;
	struct serve_request *q = &reading->w->asked;
	struct {
		const char *name;
		struct span *place;
	} rows[] = { { "Accept", &q->accept }, { "Accept-Encoding", &q->encoding },
		{ "Authorization", &q->authorization }, { "Content-Type", &q->type },
		{ "Cookie", &q->cookie }, { "Host", &q->host }, { "If-None-Match", &q->none_match },
		{ "Last-Event-ID", &q->last_event }, { "Origin", &q->origin },
		{ "Sec-Fetch-Site", &q->site }, { "X-Remote-User", &q->user } };

	(void)kind;
	if (!app_http_header_ok(name, name_len, value, len) && q->flaw == SERVE_FLAW_NONE)
		q->flaw = SERVE_FLAW_HEADER;
	if (value == NULL)
		value = "";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == name_len &&
		    strncasecmp(name, rows[i].name, name_len) == 0)
			see(reading->w, rows[i].place, span_of(value, len));
	if (strncasecmp(name, "Content-Length", name_len + 1) == 0)
		see_length(reading, span_of(value, len));
	if (strncasecmp(name, "Transfer-Encoding", name_len + 1) == 0)
		reading->coding = true;
	return (MHD_YES);
}

/* The address of IPv4, however it is written, or the /64 of IPv6.  It is kept nowhere. */
static uint64_t
network_of(int fd)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	socklen_t len = sizeof(from);
	uint64_t network = 0;
	uint32_t last;

	if (getpeername(fd, (struct sockaddr *)&from, &len) == -1)
		return (0);
	if (from.ss_family == AF_INET) {
		memcpy(&in, &from, sizeof(in));
		return (in.sin_addr.s_addr);
	}
	if (from.ss_family != AF_INET6)
		return (0);
	memcpy(&in6, &from, sizeof(in6));
	memcpy(&network, &in6.sin6_addr, sizeof(network));
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		memcpy(&last, in6.sin6_addr.s6_addr + 12, sizeof(last));
		network = last;
	}
	return (network);
}

static void
see_peer(struct http_whole *w)
{
	const struct app_http_whole *how = w->request.server->whole;
	struct ucred who = { 0 };
	socklen_t len = sizeof(who);

	w->asked.tls = how->tls;
	w->asked.local =
	    how->local && getsockopt(w->request.peer->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0;
	w->asked.uid = w->asked.local ? who.uid : UINT32_MAX;
	w->asked.network = how->local ? 0 : network_of(w->request.peer->fd);
}

static enum MHD_Result
see_head(struct http_whole *w, struct MHD_Connection *connection, const char *method)
{
	struct reading reading = { .w = w };

	w->seen = true;
	w->request.connection = connection;
	w->request.peer = app_http_peer(connection);
	if (w->request.peer == NULL || (w->method = strdup(method)) == NULL)
		return (MHD_NO);
	app_http_phase(w->request.peer, HTTP_PHASE_BODY);
	w->asked.method = span_str(w->method);
	w->asked.target = span_str(w->target);
	see_peer(w);
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &reading);
	if (reading.coding)
		w->asked.flaw = SERVE_FLAW_LENGTH;
	if (w->asked.host.ptr == NULL && w->asked.flaw == SERVE_FLAW_NONE)
		w->asked.flaw = SERVE_FLAW_HOST;
	return (MHD_YES);
}

/* ---- the answer ---- */

static ssize_t
next_events(void *arg, uint64_t at, char *out, size_t max)
{
	struct http_whole *w = arg;
	struct app_http *s = w->request.server;
	ssize_t n;

	(void)at;
	pthread_mutex_lock(&s->lock);
	n = (ssize_t)(w->events.len < max ? w->events.len : max);
	if (n > 0) {
		memcpy(out, w->events.data, (size_t)n);
		memmove(w->events.data, w->events.data + n, w->events.len - (size_t)n);
		w->events.len -= (size_t)n;
	} else if (w->ended || s->stop)
		n = MHD_CONTENT_READER_END_OF_STREAM;
	else {
		w->sleeps = true;
		MHD_suspend_connection(w->request.connection);
	}
	pthread_mutex_unlock(&s->lock);
	app_http_phase(w->request.peer, HTTP_PHASE_STREAM);
	return (n);
}

static struct MHD_Response *
make_response(struct http_whole *w)
{
	struct serve_answer *a = &w->answer;
	struct span body = a->fixed.len > 0 ? a->fixed : buf_view(&a->body);

	if (a->stream)
		return (MHD_create_response_from_callback(
		    MHD_SIZE_UNKNOWN, 4096, next_events, w, NULL));
	/* It lies in w, or in the program: both outlive the response. */
	return (MHD_create_response_from_buffer(
	    body.len, (void *)(uintptr_t)(body.len > 0 ? body.ptr : ""), MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result
send_answer(struct http_whole *w)
{
	struct serve_answer *a = &w->answer;
	struct app_http *s = w->request.server;
	struct MHD_Response *response = make_response(w);
	enum MHD_Result rc;

	if (response == NULL)
		return (MHD_NO);
	app_http_phase(w->request.peer, a->stream ? HTTP_PHASE_STREAM : HTTP_PHASE_ANSWER);
	w->request.peer->bytes = a->fixed.len > 0 ? a->fixed.len : a->body.len;
	pthread_mutex_lock(&s->lock);
	s->counts.requests++;
	s->counts.errors += a->status >= 400;
	pthread_mutex_unlock(&s->lock);
	if (a->type != NULL && a->status != 304 && a->status != 204)
		(void)MHD_add_response_header(response, "Content-Type", a->type);
	for (unsigned i = 0; i < a->header_count; i++)
		(void)MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
	if (a->close)
		(void)MHD_add_response_header(response, "Connection", "close");
	rc = MHD_queue_response(w->request.connection, a->status, response);
	MHD_destroy_response(response);
	return (rc);
}

void
app_http_reply(struct app_http_request *r, struct serve_answer *a)
{
	struct http_whole *w = r->whole;
	struct app_http *s = r->server;

	pthread_mutex_lock(&s->lock);
	w->answer = *a;
	/* From here on somebody pushes, even if the client left before a byte was sent. */
	w->streams = a->stream;
	r->status = a->status;
	app_http_wake(r);
	pthread_mutex_unlock(&s->lock);
	memset(a, 0, sizeof(*a));
}

bool
app_http_push(struct app_http_request *r, struct span bytes)
{
	struct http_whole *w = r->whole;
	struct app_http *s = r->server;
	bool taken;

	pthread_mutex_lock(&s->lock);
	taken = !w->ended && w->events.len + bytes.len <= HTTP_STREAM_BYTES &&
	    buf_reserve(&w->events, bytes.len) == 0;
	if (taken)
		buf_span(&w->events, bytes);
	else
		w->events.broken = false; /* what is there is whole */
	if (w->sleeps) {
		w->sleeps = false;
		app_http_wake(r);
	}
	pthread_mutex_unlock(&s->lock);
	return (taken);
}

bool
app_http_room(struct app_http_request *r, size_t bytes)
{
	struct app_http *s = r->server;
	bool room;

	pthread_mutex_lock(&s->lock);
	room = r->whole->events.len + bytes <= HTTP_STREAM_BYTES;
	pthread_mutex_unlock(&s->lock);
	return (room);
}

void
app_http_end(struct app_http_request *r)
{
	struct http_whole *w = r->whole;
	struct app_http *s = r->server;

	pthread_mutex_lock(&s->lock);
	w->ended = true;
	if (w->sleeps) {
		w->sleeps = false;
		app_http_wake(r);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- libmicrohttpd ---- */

/* All of it is there: from here on it is another thread's, until that replies. */
static enum MHD_Result
ask(struct http_whole *w)
{
	const struct app_http_whole *how = w->request.server->whole;

	w->asked.body = buf_view(&w->body);
	app_http_phase(w->request.peer, HTTP_PHASE_WORK);
	MHD_suspend_connection(w->request.connection);
	how->ask(how->arg, &w->request, &w->asked);
	return (MHD_YES);
}

static void
take(struct http_whole *w, const char *bytes, size_t len)
{
	w->request.peer->bytes += len;
	if (w->asked.flaw == SERVE_FLAW_NONE &&
	    w->body.len + len > w->request.server->whole->body_max)
		w->asked.flaw = SERVE_FLAW_BODY;
	if (w->asked.flaw == SERVE_FLAW_NONE)
		buf_add(&w->body, bytes, len);
	if (w->body.broken)
		w->asked.flaw = SERVE_FLAW_BODY;
	/* A token, perhaps. */
	crypto_wipe((void *)(uintptr_t)bytes, len);
}

enum MHD_Result
app_http_whole_handle(struct app_http *s, struct MHD_Connection *connection, const char *method,
    const char *bytes, size_t *len, void **request)
{
	struct http_whole *w = *request;

	(void)s;
	if (w == NULL)
		return (MHD_NO);
	if (!w->seen) {
		if (see_head(w, connection, method) == MHD_NO)
			return (MHD_NO);
		/* A body that is none of ours is not read. */
		return (w->asked.flaw != SERVE_FLAW_NONE ? ask(w) : MHD_YES);
	}
	if (w->request.status != 0)
		return (send_answer(w));
	if (*len == 0)
		return (ask(w));
	take(w, bytes, *len);
	*len = 0;
	return (w->request.peer->bytes > 4 * s->whole->body_max ? MHD_NO : MHD_YES);
}

void
app_http_whole_completed(struct http_whole *w)
{
	struct app_http *s = w->request.server;

	if (w->streams)
		s->whole->gone(s->whole->arg, &w->request);
	if (w->request.peer != NULL)
		app_http_phase(w->request.peer, HTTP_PHASE_IDLE);
	buf_wipe(&w->body);
	buf_free(&w->events);
	serve_answer_free(&w->answer);
	free(w->target);
	free(w->method);
	free(w);
}
