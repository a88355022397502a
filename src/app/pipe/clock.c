#include "app/pipe/clock.h"

#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

int64_t
app_clock_boot_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return ((int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000);
}

static void
leap(struct app_clock *c, int64_t boot_us)
{
	c->leaping = true;
	c->leap_us = c->now_us;
	c->leap_boot_us = boot_us;
}

bool
app_clock_start(struct app_clock *c, int64_t wall_us, int64_t last_us, int64_t expected_us,
    struct app_clock_break *b)
{
	int64_t boot_us = app_clock_boot_us();

	*c = (struct app_clock){ .now_us = wall_us, .wall_us = wall_us, .boot_us = boot_us };
	b->now_us = wall_us;
	if (wall_us < last_us) {
		c->now_us = last_us;
		b->was_us = last_us;
		return (wall_us < last_us - SECOND_US);
	}
	if (expected_us == 0 || wall_us <= expected_us + DAY_US)
		return (false);
	c->now_us = b->was_us = expected_us;
	leap(c, boot_us);
	return (true);
}

/* A leap is over: the clock came back, or it has stayed there for a day. */
static bool
leap_is_over(const struct app_clock *c, int64_t wall_us, int64_t boot_us)
{
	int64_t gone_us = boot_us - c->leap_boot_us;

	return (gone_us >= DAY_US || wall_us <= c->leap_us + gone_us + DAY_US);
}

bool
app_clock_look(
    struct app_clock *c, int64_t wall_us, int64_t boot_us, struct app_clock_break *b)
{
	int64_t expected_us = c->wall_us + (boot_us - c->boot_us), believed;
	bool back = wall_us < c->wall_us - SECOND_US, ahead = wall_us > expected_us + DAY_US;

	b->was_us = back ? c->wall_us : expected_us;
	b->now_us = wall_us;
	if (!c->leaping && wall_us > c->now_us + (boot_us - c->boot_us) + DAY_US)
		leap(c, boot_us);
	else if (c->leaping && leap_is_over(c, wall_us, boot_us))
		c->leaping = false;
	believed = c->leaping ? c->leap_us + (boot_us - c->leap_boot_us) : wall_us;
	if (believed > c->now_us)
		c->now_us = believed;
	c->wall_us = wall_us;
	c->boot_us = boot_us;
	return (back || ahead);
}

bool
app_clock_is_sure(const struct app_clock *c)
{
	return (!c->leaping && c->wall_us >= c->now_us - SECOND_US);
}
