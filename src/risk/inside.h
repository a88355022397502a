/* risk, inside: what the units share.  Nobody outside of the room includes it. */
#ifndef CRETULA_RISK_INSIDE_H
#define CRETULA_RISK_INSIDE_H

#include <stddef.h>

#include "risk/risk.h"

/* What is known of one subject under one combination of columns. */
struct risk_row {
	uint64_t subject;                  /* keyed hash */
	uint32_t code[RISK_COLUMN_COUNT];  /* 0: the record has no such value */
	uint32_t window;                   /* records of the window */
	int64_t first_us, last_us;         /* of these */
};

/* Numbers for the values of one column, in order of appearance, from 1. */
struct risk_codes {
	uint64_t *hashes;
	uint32_t *codes;
	uint32_t count, capacity; /* a power of two, or 0 */
};

#define RISK_TRAILS 1000
#define RISK_TRAIL_POINTS 32
#define RISK_TRAIL_LEAST 4

struct risk_trail {
	uint64_t subject;
	uint64_t points[RISK_TRAIL_POINTS]; /* distinct */
	uint64_t met;                       /* with those that found no room */
	uint32_t count;
};

/* Who was at a point; of many it is only known that they are many. */
struct risk_point {
	uint64_t point;
	uint64_t *subjects;
	uint32_t count, capacity;
	bool many;
};
#define RISK_POINT_SUBJECTS 4096

/* A class of all columns, for the second pass. */
struct risk_class {
	uint64_t hash;
	uint64_t path; /* the first that was met */
	uint32_t subjects;
	bool met, several;
};

struct risk {
	struct risk_setup setup;
	uint64_t seed;
	struct risk_row *rows;
	uint32_t row_count, row_capacity;
	uint32_t *index; /* of rows by hash; 0: free, else row + 1 */
	uint32_t index_capacity;
	struct risk_codes codes[RISK_COLUMN_COUNT];
	struct risk_trail *trails; /* by ascending subject */
	uint32_t trail_count;
	struct risk_point *points; /* by ascending point */
	size_t point_count;
	struct risk_class *classes; /* by ascending hash */
	size_t class_count;
	struct risk_result result;
};

/* ---- trail.c ---- */

void risk_trail_first(struct risk *r, uint64_t subject, uint64_t point);
/* Choose the points that the second pass looks for. */
int risk_trail_choose(struct risk *r, struct err *e);
int risk_trail_second(struct risk *r, uint64_t subject, uint64_t point, struct err *e);
void risk_trail_result(struct risk *r);

/* ---- classes.c ---- */

int risk_classes_count(struct risk *r, struct err *e);
void risk_classes_second(struct risk *r, const uint32_t code[RISK_COLUMN_COUNT], uint64_t path);
void risk_classes_result(struct risk *r);

#endif
