/* app: where the periods of a pipe end, by the clock of a zone. */
#ifndef CRETULA_APP_PIPE_ROTATE_H
#define CRETULA_APP_PIPE_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "key/key.h"
#include "parse/named/zone.h"

struct app_rotate {
	bool by_time;
	enum key_period period; /* by_time */
	uint64_t bytes; /* of records; 0: no periods by size */
	struct parse_zone zone; /* by_time: whose midnight it is */
};

#define APP_ROTATE_BYTES_MIN ((uint64_t)1 << 20)

/* never, daily, weekly, monthly, or a size from 1M; zone "": UTC.  0 or -1. */
int app_rotate_parse(const char *text, const char *zone, struct app_rotate *r);

/* The name of the period of a time, by_time. */
void app_rotate_name(const struct app_rotate *r, int64_t t_us, char name[static 16]);

/* Does a period end between two times?  Then its name, which is that of from_us. */
bool app_rotate_ends(
    const struct app_rotate *r, int64_t from_us, int64_t to_us, char name[static 16]);

/* When the period of a time ends: the first instant after it; 0: not by time. */
int64_t app_rotate_end(const struct app_rotate *r, int64_t t_us);

#endif
