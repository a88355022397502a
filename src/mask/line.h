/* mask, inside: a line that was read, and what will be looked up for it. */
#ifndef CRETULA_MASK_LINE_H
#define CRETULA_MASK_LINE_H

#include "mask/url/render.h"
#include "parse/addr.h"
#include "parse/event.h"
#include "parse/parse.h"

/* A line as far as it is known before it is masked. */
struct mask_line {
	struct span line;
	uint64_t dropped;     /* bytes cut out of it */
	enum parse_piece_kind kind;
	bool ends_line;       /* a line end is its last byte */
	uint64_t line_ends;   /* of the source, in it */
	enum parse_result result;
	enum parse_reason reason;
	bool too_long;
	bool over;            /* limits.rate: it is counted, and nobody looked at it */
	struct mask_ahead ahead[MASK_RENDER_KINDS];
	struct mask_ahead peer_ahead; /* of the peer's token */
	uint64_t agent_ahead[2]; /* name of the agent's entry, if there is an agent */
	struct parse_addr peer;
	enum parse_addr_kind peer_kind;
	char *scratch;        /* PARSE_SCRATCH_BYTES: texts of the event */
	struct event event;
};

/* Entries whose texts the record at hand points to. */
#define MASK_SHOWN_MAX 8
struct mask_shown {
	const struct mask_render *entries[MASK_SHOWN_MAX];
	unsigned count;
};

#endif
