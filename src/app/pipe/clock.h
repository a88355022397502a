/* app: what a pipe believes of the time of day: never back, and no leap without proof. */
#ifndef CRETULA_APP_PIPE_CLOCK_H
#define CRETULA_APP_PIPE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct app_clock {
	int64_t now_us;             /* believed; never goes back */
	int64_t wall_us, boot_us;   /* of the last look */
	int64_t leap_us, leap_boot_us; /* believed time and boot clock when a leap was seen */
	bool leaping;               /* ahead by more than a day: not yet followed */
};

/* A time of day that did not follow from the last one. */
struct app_clock_break {
	int64_t was_us, now_us;
};

/* Time since boot, sleep included. */
int64_t app_clock_boot_us(void);

/*
 * From last_us (of the newest entry; INT64_MIN: none) on, which expected_us
 * (0: unknown) should be by now.  True: *b says how the clock broke meanwhile.
 */
bool app_clock_start(struct app_clock *c, int64_t wall_us, int64_t last_us, int64_t expected_us,
    struct app_clock_break *b);

/*
 * Look: c->now_us follows the wall clock, but not back, and more than a day
 * ahead of the boot clock only after a day.  True as above.
 */
bool app_clock_look(struct app_clock *c, int64_t wall_us, int64_t boot_us,
    struct app_clock_break *b);

/* May what cannot be undone be done by this clock? */
bool app_clock_is_sure(const struct app_clock *c);

#endif
