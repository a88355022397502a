/* app: what a pipe says of itself to whoever watches a daemon. */
#ifndef CRETULA_APP_PIPE_PUBLISH_H
#define CRETULA_APP_PIPE_PUBLISH_H

#include <stdint.h>

struct app_pipe;
struct err;

/* The reader; raw_ns: arrival of the oldest line that is not masked, 0: there is none. */
void app_pipe_publish_reader(struct app_pipe *p, int64_t raw_ns);
/* How lines are read is known now. */
void app_pipe_publish_format(struct app_pipe *p);
/* The writer, now and then. */
void app_pipe_publish_writer(struct app_pipe *p);

/* What the daemon found when it verified its store goes into the chain.  0; -1 with e. */
int app_pipe_report(struct app_pipe *p, struct err *e);

#endif
