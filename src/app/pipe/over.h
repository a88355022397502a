/* app: more than limits.rate: told once a stretch, not each second. */
#ifndef CRETULA_APP_PIPE_OVER_H
#define CRETULA_APP_PIPE_OVER_H

#include <stdbool.h>
#include <stdint.h>

struct app_pipe;

/* All zero to start. */
struct app_over {
	bool on;
	int64_t last_ns; /* when some were only counted */
	uint64_t events;
};

/* So many more were only counted, or none since the last call; the writer's. */
void app_over_see(struct app_pipe *p, uint64_t events);

#endif
