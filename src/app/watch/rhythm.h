/*
 * app: when a daemon verifies its store, and how much of it.  What it cannot
 * remember over a restart the reports that it sealed tell.
 */
#ifndef CRETULA_APP_WATCH_RHYTHM_H
#define CRETULA_APP_WATCH_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

/* Of one stream; all zero but every_us: nothing was verified. */
struct app_rhythm {
	int64_t every_us; /* verify_every, by the caller */
	int64_t full_us; /* of the last report of the whole store; 0: there is none */
	/*
	 * Entries that are verified for sure: those before the report before the
	 * newest one, both good.  What was sealed in front of the newest one may have
	 * come while the store was read for it.
	 */
	uint64_t checked, next;
	unsigned char hash[32]; /* of the newest one */
};

/* Its next report, entry number index of the chain. */
void app_rhythm_see(struct app_rhythm *r, uint64_t index, int64_t t_us, int code);

/* Is it time to read all of it?  full_us: when that was done last; 0: never. */
bool app_rhythm_is_full(int64_t every_us, int64_t full_us, int64_t now_us);

/* When the next one is due, behind a start at now_us; last_us: of the newest report, 0: none. */
int64_t app_rhythm_due(int64_t every_us, int64_t last_us, int64_t now_us);

#endif
