#include "app/pipe/over.h"

#include "app/pipe/pipe.h"
#include "base/clock.h"

#define OVER_NS INT64_C(10000000000) /* without any: it is over */

void
app_over_see(struct app_pipe *p, uint64_t events)
{
	struct app_over *o = &p->over;
	int64_t now_ns = clock_mono_ns();

	if (events > 0 && !o->on)
		app_pipe_warn(p,
		    "more than limits.rate (%llu/s): what is over is counted, and not kept",
		    (unsigned long long)p->rate);
	else if (o->on && events == 0 && now_ns - o->last_ns >= OVER_NS)
		app_pipe_warn(p, "below limits.rate again: %llu events were only counted",
		    (unsigned long long)o->events);
	else if (events == 0)
		return;
	o->on = events > 0;
	o->events = o->on ? o->events + events : 0;
	o->last_ns = now_ns;
}
