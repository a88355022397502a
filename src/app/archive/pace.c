#include "app/archive/pace.h"

#include <time.h>

#include "app/archive/plan.h"
#include "base/clock.h"

#define SECOND_NS INT64_C(1000000000)
#define LEAST_NS INT64_C(20000000) /* of work, before a rest is worth it */

static int64_t
worked_ns(void)
{
	struct timespec t;

	return (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == -1 ?
		0 :
		t.tv_sec * SECOND_NS + t.tv_nsec);
}

void
app_archive_pace_begin(struct app_archive_pace *p, unsigned share)
{
	p->share = share;
	p->cpu_ns = worked_ns();
	p->wall_ns = clock_mono_ns();
}

void
app_archive_pace_rest(struct app_archive_pace *p)
{
	int64_t cpu_ns, rest;
	struct timespec t;

	if (p->share >= 100 || (cpu_ns = worked_ns() - p->cpu_ns) < LEAST_NS)
		return;
	rest = app_archive_rest_ns(cpu_ns, clock_mono_ns() - p->wall_ns, p->share);
	t.tv_sec = rest / SECOND_NS;
	t.tv_nsec = rest % SECOND_NS;
	if (rest > 0)
		(void)nanosleep(&t, NULL);
	/* What it waited for a disk it does not catch up with later. */
	app_archive_pace_begin(p, p->share);
}
