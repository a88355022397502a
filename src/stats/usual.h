/*
 * stats: is a number unusual, beside what it was at the same hour of other weeks?
 *
 * A robust z-score: how far a number is above the median, in units of the
 * median absolute deviation.  A burst of some week among the samples moves
 * neither, as it would a mean and a variance.
 */
#ifndef CRETULA_STATS_USUAL_H
#define CRETULA_STATS_USUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_USUAL_WEEKS 8 /* that are looked back at */
#define STATS_USUAL_LEAST 3 /* of them that there must be */
#define STATS_USUAL_SCORE 5.0 /* from which on a number is unusual */

/* All zero: nothing is known. */
struct stats_usual {
	bool known;
	double middle; /* the median */
	double spread; /* never 0 */
};

/* Of count samples, from 1 on, which are left in another order. */
struct stats_usual stats_usual_of(uint64_t *samples, size_t count);

/*
 * So many spreads is n above the middle (negative: below); 0: nothing is
 * known.  The spread is that of a normal distribution with this median absolute
 * deviation, but at least what chance does to counts (the root of
 * the middle), and at least 1: where there was never an error, one is not unusual.
 */
double stats_usual_score(const struct stats_usual *usual, uint64_t n);

#endif
