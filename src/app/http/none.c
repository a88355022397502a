/* app: what stands for HTTP where libmicrohttpd was not there to build with. */
#include <unistd.h>

#include "app/http/http.h"
#include "app/http/whole.h"
#include "base/err.h"

int
app_http_start(const struct app_http_options *how, struct app_http **server, struct err *e)
{
	(void)server;
	if (how->fd != -1)
		(void)close(how->fd);
	return (err_set(
	    e, ERR_CONFIG, "this cretula was built without HTTP: libmicrohttpd-dev was not there"));
}

void
app_http_quiet(struct app_http *server)
{
	(void)server;
}

void
app_http_stop(struct app_http *server)
{
	(void)server;
}

void
app_http_give(struct app_http *server, int fd)
{
	(void)server;
	(void)close(fd);
}

void
app_http_answer(struct app_http_request *r, unsigned status)
{
	(void)r;
	(void)status;
}

void
app_http_reply(struct app_http_request *r, struct serve_answer *a)
{
	(void)r;
	serve_answer_free(a);
}

bool
app_http_push(struct app_http_request *r, struct span bytes)
{
	(void)r;
	(void)bytes;
	return (false);
}

bool
app_http_room(struct app_http_request *r, size_t bytes)
{
	(void)r;
	(void)bytes;
	return (false);
}

void
app_http_end(struct app_http_request *r)
{
	(void)r;
}

void
app_http_count(struct app_http *server, struct app_http_counts *counts)
{
	(void)server;
	*counts = (struct app_http_counts){ 0 };
}

bool
app_http_built(void)
{
	return (false);
}
