/*
 * risk: how well somebody can be singled out of what is kept.
 *
 * Masked records still say where from, with what and when.  Whoever knows
 * that of a person may find the person's records.  This room measures it:
 *
 * - a subject is a value of `client`, within its key epoch;
 * - columns are what is left and might be known: country, asn, agent with its
 *   major version, os, hour of the day (UTC), origin of the referer;
 * - a class is all records with equal columns, k its number of subjects.  The
 *   prosecutor risk is 1 / the smallest k, the marketer risk the mean of 1/k
 *   over subjects and their classes (El Emam, Dankar 2008);
 * - k-map: the same k, counted in a larger population (Sweeney 2002), here
 *   the records of the 30 days before the end of the window;
 * - a trail: how many subjects are the only one with 2, 3 or 4 random (path,
 *   hour) points of theirs (de Montjoye et al. 2013, unicity);
 * - l-diversity (Machanavajjhala et al. 2007): in how many classes of two or
 *   more subjects the path is the same for all, so that the class tells it.
 *
 * Two passes over the same records.  Values are hashed under a random key of
 * the run and forgotten with it.
 */
#ifndef CRETULA_RISK_RISK_H
#define CRETULA_RISK_RISK_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

struct err;

enum risk_column {
	RISK_COUNTRY, RISK_ASN, RISK_AGENT, RISK_OS, RISK_HOUR, RISK_REFERER, RISK_COLUMN_COUNT
};
extern const char *const risk_column_names[RISK_COLUMN_COUNT];
/* What to do if it says too much: "write the day only" ... */
extern const char *const risk_column_advice[RISK_COLUMN_COUNT];

#define RISK_LEVELS 3 /* k below 2, 5 and 10 */
extern const unsigned risk_levels[RISK_LEVELS];

struct risk_setup {
	unsigned columns;             /* bit per enum risk_column */
	int64_t since_us, until_us;   /* the window, half open; other records are population */
	uint32_t rows_max;            /* 0: RISK_ROWS_MAX; tests take less */
};

/* Distinct (subject, columns) that are held, 56 bytes each; more: subjects are sampled. */
#define RISK_ROWS_MAX (UINT32_C(1) << 21)

/* What a set of columns tells. */
struct risk_set {
	uint64_t classes;            /* with records of the window */
	uint64_t pairs;              /* of a subject and a class */
	uint64_t records;
	uint64_t k_min;              /* 0: no records */
	uint64_t below[RISK_LEVELS]; /* records in classes of fewer subjects than the level */
	uint64_t mapped_below[RISK_LEVELS]; /* the same, k counted in the population */
};

#define RISK_POINTS 3 /* trails of 2, 3 and 4 points */

struct risk_result {
	uint64_t records, population;   /* with a client; in the window, and at all */
	uint64_t without_client;        /* in the window; not judged */
	unsigned sampled;               /* one subject in 2^sampled was looked at */
	unsigned present;               /* columns of the setup that some record has */
	struct risk_set all;            /* every column of the setup together */
	struct risk_set one[RISK_COLUMN_COUNT];     /* each alone */
	struct risk_set without[RISK_COLUMN_COUNT]; /* all but this */
	uint64_t trails;                /* subjects with four points or more, at most 1,000 */
	uint64_t trails_unique[RISK_POINTS];
	uint64_t shared, shared_one_path; /* classes of two subjects or more; of one path only */
	int64_t longest_us;             /* the longest time between two records of a subject */
};

struct risk;

/* 0; or -1 and ERR_IO without memory. */
int risk_open(const struct risk_setup *setup, struct risk **r, struct err *e);
void risk_close(struct risk *r); /* NULL is legal */

/* First pass: each record of population and window.  -1: ERR_IO, no memory. */
int risk_first(struct risk *r, const struct record *record, struct err *e);
/* Between: the classes.  -1 as above. */
int risk_between(struct risk *r, struct err *e);
/* Second pass: the same records.  -1 as above. */
int risk_second(struct risk *r, const struct record *record, struct err *e);
void risk_result(struct risk *r, struct risk_result *result);

#endif
