/* app: lines that come one by one, in parts into a segment. */
#ifndef CRETULA_APP_GATHER_H
#define CRETULA_APP_GATHER_H

#include <stddef.h>

struct app_gather;
struct err;
struct store_segment;

/* All memory is taken here; level is of zstd. */
int app_gather_open(int level, struct app_gather **g, struct err *e);
void app_gather_close(struct app_gather *g); /* NULL is legal */

/* Lines go into segment from now on, which is borrowed; what was not ended is forgotten. */
void app_gather_begin(struct app_gather *g, struct store_segment *segment);
/* Where the next line goes: RECORD_BYTES_MAX bytes. */
char *app_gather_room(struct app_gather *g);
/* It stands there, len bytes with its LF.  -1: what is at hand did not get into the segment. */
int app_gather_took(struct app_gather *g, size_t len, struct err *e);
/* The rest, too. */
int app_gather_end(struct app_gather *g, struct err *e);

#endif
