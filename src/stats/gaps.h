/*
 * stats: lines that are missing, by the numbers that their sources give them.
 *
 * Many sources, each of which numbers what it says: 1, 2, 4 is one lost.
 * Nothing is known of what came before the first number seen of a source, nor
 * of a source that was forgotten for want of room; a number that falls back,
 * or leaps further than anybody loses, is of another life of the source. So
 * too few are counted, and never one that was not lost.
 */
#ifndef CRETULA_STATS_GAPS_H
#define CRETULA_STATS_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#define STATS_GAPS_LEAP 65536 /* more are not lost at once */
#define STATS_GAPS_MAX UINT32_MAX /* of a number */
#define STATS_GAPS_WINDOW 64 /* numbers that may come in any order */

struct stats_gaps;

/* All memory is taken here; NULL: there is none. */
struct stats_gaps *stats_gaps_open(void);
void stats_gaps_close(struct stats_gaps *g); /* NULL is legal */

/*
 * who, a hash, said number.  in_order: its numbers never pass each other, else
 * one is missing only once it is STATS_GAPS_WINDOW behind.  How many are lost
 * that were not known to be.
 */
uint64_t stats_gaps_see(struct stats_gaps *g, uint64_t who, uint64_t number, bool in_order);

/* So many came or were lost whose numbers nobody saw: they account for as many gaps. */
void stats_gaps_excuse(struct stats_gaps *g, uint64_t lines);

/* Nobody knows how many came meanwhile: begin anew. */
void stats_gaps_forget(struct stats_gaps *g);

#endif
