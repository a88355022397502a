/* app: how much of a processor a pass may take. */
#ifndef CRETULA_APP_ARCHIVE_PACE_H
#define CRETULA_APP_ARCHIVE_PACE_H

#include <stdint.h>

/* Of the thread that began it. */
struct app_archive_pace {
	unsigned share; /* percent; 100: all of it */
	int64_t cpu_ns, wall_ns; /* when the run of work began */
};

void app_archive_pace_begin(struct app_archive_pace *p, unsigned share);
/* Called often: rests as long as is due. */
void app_archive_pace_rest(struct app_archive_pace *p);

#endif
