/*
 * agents: the rules of uap-core, matched in linear time.  Private to detect/.
 *
 * generate.py turns each regular expression into a short program.  match.c
 * runs it as a backtracking search that visits no step twice at one place of
 * the text, so that its time is at most text times steps; and it counts all
 * steps, so that whatever a client sends costs no more than AGENTS_BUDGET.
 */
#ifndef CRETULA_DETECT_AGENTS_MATCH_H
#define CRETULA_DETECT_AGENTS_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define AGENTS_TEXT_MAX 512
#define AGENTS_BUDGET 4000 /* steps of all programs for one text */
#define AGENTS_BUCKET_BITS 13 /* as in generate.py */

enum detect_agents_op {
	AGENTS_BYTE, /* takes the byte argument */
	AGENTS_SET, /* takes a byte of detect_agents_sets[argument] */
	AGENTS_SPLIT, /* x, or if that fails y */
	AGENTS_LAZY, /* y, or if that fails x */
	AGENTS_GUARD, /* as SPLIT, but x only before a byte of detect_agents_sets[argument] */
	AGENTS_CASE, /* x before a byte of detect_agents_sets[argument], else y: never both */
	AGENTS_JUMP, /* to x */
	AGENTS_SAVE, /* where argument / 2 begins (even) or ends */
	AGENTS_BEGIN,
	AGENTS_END,
	AGENTS_BORDER,
	AGENTS_INSIDE,
	AGENTS_MATCH
};

struct detect_agents_step {
	uint8_t op;
	uint16_t x, y; /* of the rule's own steps */
	uint16_t argument;
	uint16_t mark; /* of a branch: its number in the rule */
};

struct detect_agents_literal {
	const char *text;
	uint8_t len;
	uint8_t waiting; /* rules that are candidates if it is there */
	uint16_t first_waiting; /* in detect_agents_waiting */
};

struct detect_agents_rule {
	const char *name; /* "\001": what the group took */
	int8_t name_group, major_group; /* -1: none */
	int16_t major; /* -1: that of the group */
	uint16_t first; /* set of the bytes with which a match begins */
	uint16_t code, marks; /* first step; branches */
	uint16_t needs; /* groups of literals beside the first, one of each must be there */
	uint16_t first_need; /* in detect_agents_needs: count, then literals */
};

/* ---- made by generate.py ---- */

extern const struct detect_agents_rule detect_agents_rules[]; /* families, then operating systems */
extern const size_t detect_agents_system_first, detect_agents_rule_count;
extern const struct detect_agents_step detect_agents_code[];
extern const struct detect_agents_literal detect_agents_literals[];
/* By hash of the first bytes: where its literals begin. */
extern const uint16_t detect_agents_buckets[];
extern const uint16_t detect_agents_waiting[], detect_agents_needs[], detect_agents_always[];
extern const size_t detect_agents_always_count;
extern const uint64_t detect_agents_sets[][4];
extern const struct span detect_agents_names[]; /* sorted: all that may be said */
extern const size_t detect_agents_name_count;

/* ---- match.c ---- */

struct detect_agents_found {
	struct span family, os; /* names; empty: none */
	int major; /* of the family; -1: none, or over 999 */
};

struct detect_agents_memory; /* of one thread */
struct detect_agents_memory *detect_agents_memory_open(void); /* NULL without memory */
void detect_agents_memory_close(struct detect_agents_memory *m); /* NULL is legal */

/* At most AGENTS_TEXT_MAX bytes of text are looked at. */
void detect_agents_find(
    struct detect_agents_memory *m, struct span text, struct detect_agents_found *found);

#endif
