/* tally, inside: what both units of less/ share. */
#ifndef CRETULA_TALLY_LESS_INSIDE_H
#define CRETULA_TALLY_LESS_INSIDE_H

#include "base/buf.h"
#include "tally/less/less.h"
#include "tally/cells.h"

#define TALLY_LESS_GROUPS 2048 /* that have "other", at most */
#define TALLY_LESS_CELLS ((size_t)4 << 20) /* bytes of cells, before repetitions go */
#define TALLY_LESS_LOOK 1024 /* records that are looked at together */

/* Cells that share the places of a dimension: of a period. */
struct tally_less_place {
	int64_t index;
	uint8_t period, dim;
};
/* One with a place of its own that became less; hash: of its key, without the lowest bit. */
struct tally_less_cell {
	struct tally_less_place place;
	uint64_t hash;
};

struct tally_less_group {
	struct tally_less_place place;
	int64_t from_us, to_us; /* half open */
	bool again; /* others come first now */
	uint32_t left; /* keys of cells that became less, and were not met yet; 0: it is settled */
	uint32_t slots; /* a power of two */
	uint64_t *keys; /* hashes of those that have a place; the lowest bit: it is left */
};

enum tally_less_statement {
	TALLY_LESS_TOTAL,
	TALLY_LESS_TOTAL_GONE,
	TALLY_LESS_SAMPLES,
	TALLY_LESS_COUNT
};

struct tally_less {
	struct tally_book *book;
	sqlite3_stmt *st[TALLY_LESS_COUNT];
	struct buf cells; /* struct tally_less_cell, any order, with repetitions */
	size_t sort_at; /* bytes of these */
	struct tally_less_group *groups; /* by place */
	size_t count;
	bool counts; /* those that are again are counted; else those not settled looked at */
	bool hour_known, hour_asked; /* of the last line */
	int64_t hour;
};

/*
 * Step a statement with these numbers behind the stream, and a key behind them (ptr NULL: none).
 * 1: a row; 0: no more.  To be reset by tally_less_end.
 */
struct tally_less_bind {
	int64_t numbers[9];
	int count;
	struct span key;
};
int tally_less_step(struct tally_less *less, enum tally_less_statement which,
    const struct tally_less_bind *bind, struct err *e);
void tally_less_end(struct tally_less *less, enum tally_less_statement which);
/* The same of one that gives no row; it is reset. */
int tally_less_run(struct tally_less *less, enum tally_less_statement which,
    const struct tally_less_bind *bind, struct err *e);

/* ---- places.c ---- */

uint64_t tally_less_hash(const struct tally_less *less, struct span key);
/* Repetitions among cells go. */
void tally_less_sort(struct tally_less *less);
/* Places of cells become groups, if they have "other". */
int tally_less_find_groups(struct tally_less *less, struct err *e);
/* What the book's batch holds is looked at, or counted; the batch is empty then. */
int tally_less_add(struct tally_less *less, struct err *e);
/* Groups that are still not settled are again; what is again is emptied. */
int tally_less_empty(struct tally_less *less, struct err *e);
/* Who was seen with what these do not count any more goes. */
int tally_less_tidy(struct tally_less *less, struct err *e);

#endif
