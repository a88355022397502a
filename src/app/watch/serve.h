/* app: /metrics and /healthz of a daemon over HTTP. */
#ifndef CRETULA_APP_WATCH_SERVE_H
#define CRETULA_APP_WATCH_SERVE_H

#include "app/http/http.h"
#include "app/watch/board.h"

struct err;

struct app_serve {
	struct app_board *board;
	struct app_snapshot *snapshot; /* the server's thread's */
	struct app_http *http;
	struct input_place place;
	int fd; /* listens, and is not the server's yet; -1 */
	struct app_http_route routes[2];
};

/* Listen; place: as config_listen reads it. */
int app_serve_open(struct app_serve *s, struct app_board *board, const char *place, struct err *e);
/* Answer.  Nothing, if it does not listen. */
int app_serve_start(struct app_serve *s, struct err *e);
void app_serve_close(struct app_serve *s); /* legal after a failure, and of one all zero */

#endif
