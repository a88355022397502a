/* walk: where the lines and the records of a damaged segment part and meet.  Private to audit/. */
#ifndef CRETULA_AUDIT_LOCATE_WALK_H
#define CRETULA_AUDIT_LOCATE_WALK_H

#include "audit/segment.h"

#define AUDIT_EVENTS_MAX AUDIT_FINDINGS_PER_FILE
#define AUDIT_SALTS 256 /* of one block of the cache */
#define AUDIT_BLOCKS 4

/* From record i and line j on, records stand in the place of lines. */
struct audit_event {
	uint64_t i, j, records, lines;
};

struct audit_locate {
	struct audit_job *job;
	const struct audit_target *target;
	uint64_t n; /* records sealed */
	uint64_t i, j; /* the next record, the next line */
	unsigned ahead; /* lines in the window, from j on */
	uint32_t len[AUDIT_WINDOW];
	struct span run; /* of the reader, not yet in the window */
	uint64_t bytes;
	bool ended, stopped;
	uint64_t matched;
	uint64_t far_bytes;
	struct audit_event events[AUDIT_EVENTS_MAX];
	size_t event_count;
	uint64_t damaged_lines, damaged_records;
	uint32_t kept_len[AUDIT_KEPT];
	uint64_t kept_line[AUDIT_KEPT], kept_record[AUDIT_KEPT];
	uint64_t moved[AUDIT_KEPT]; /* of a kept line: the record that it is; AUDIT_NONE */
	bool found[AUDIT_KEPT]; /* is a kept record one of those? */
	bool any_moved;
	uint64_t marks[AUDIT_EVENTS_MAX]; /* damaged lines that are no records */
	bool mark_bad[AUDIT_EVENTS_MAX]; /* it only begins like a placeholder */
	unsigned char mark_leaf[AUDIT_EVENTS_MAX][32];
	size_t mark_count;
	bool told; /* a placeholder in its place, that may not be there */
	unsigned char leaf[1][32]; /* of the last match */
	uint64_t bad_block; /* the first block whose root differs; AUDIT_NONE */
	uint64_t blocks;
	struct {
		uint64_t block;
		unsigned char salts[AUDIT_SALTS][16];
	} cache[AUDIT_BLOCKS];
	unsigned victim;
};

/* Is line record i, as far as two bytes can tell? */
bool audit_locate_match(struct audit_locate *w, struct span line, uint64_t i);

/* The walk is at its end: report what it found. */
void audit_locate_tell(struct audit_locate *w);

#endif
