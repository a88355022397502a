/* What the units of leak share: views, a scanner's memory, how they call each other. */
#ifndef CRETULA_LEAK_INSIDE_H
#define CRETULA_LEAK_INSIDE_H

#include "leak/rules/set.h"

#define DEPTH_MAX 5 /* decodings of decodings */
#define REGION_BYTES_MAX ((size_t)64 << 10) /* of one decoded piece */
#define WINDOW_BYTES ((size_t)512 << 10)
#define BEHIND_BYTES ((size_t)4096) /* kept in front of what is looked at */
#define AHEAD_BYTES ((size_t)4096) /* looked at, to begin a find in later */
#define DECODED_BYTES_MAX ((size_t)64 << 20) /* a window's, all views together */

/* Bytes to look at: a window of the text, or what a part of another view decodes to. */
struct leak_view {
	unsigned char *bytes; /* LEAK_MARKS_SLACK readable around them */
	size_t len;
	size_t begin, limit; /* finds begin in [begin, limit) */
	const uint32_t *map; /* place in the parent, len + 1 of them; NULL: the text itself */
	uint64_t base; /* of the text itself: offset of bytes[0] */
	const struct leak_view *parent;
	unsigned kinds; /* how it was decoded: bits of leak_way */
	uint32_t rule_done[LEAK_RULES_MAX];
	uint32_t way_done[8]; /* by decoder: looked at so far */
};

enum leak_way {
	LEAK_WAY_PERCENT = 1,
	LEAK_WAY_ESCAPE = 2,
	LEAK_WAY_ENTITY = 4,
	LEAK_WAY_UNICODE = 8,
	LEAK_WAY_QUOTED = 16,
	LEAK_WAY_SHARP = 32,
	LEAK_WAY_BASE64 = 64,
	LEAK_WAY_HEX = 128,
	LEAK_WAY_WIDE = 256
};

/* Slots of way_done. */
enum { DONE_ESCAPE, DONE_QUOTED, DONE_SHARP, DONE_HEX, DONE_BASE64 /* four of them */ };

#define SEEN_COUNT 8192

struct leak_scanner {
	const struct leak_rules *rules;
	leak_found *found;
	void *arg;
	char container[32];
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	bool gave_up[LEAK_RULES_MAX]; /* in this text */
	char gap[96];
	struct leak_marks marks[DEPTH_MAX + 1];
	unsigned char *decoded[DEPTH_MAX + 1]; /* the bytes of a view of that depth, with slack */
	uint32_t *map[DEPTH_MAX + 1];
	size_t decoded_bytes; /* in this window */
	unsigned char *window; /* slack, WINDOW_BYTES, slack */
	size_t window_len, window_begin;
	uint64_t window_base;
	struct leak_view views[DEPTH_MAX + 1];
	uint64_t seen[SEEN_COUNT]; /* findings, so that two views of one thing count once */
};

/* rules/match.c: the rules of a kind at place p; the added rules over all of a view. */
void leak_match_at(struct leak_scanner *s, struct leak_view *view, enum leak_kind kind, size_t p);
void leak_match_own(struct leak_scanner *s, struct leak_view *view);
void leak_report(struct leak_scanner *s, const struct leak_view *view, size_t rule, uint64_t value,
    const char *form, size_t at);

/* rules/values.c */
void leak_values_find(struct leak_scanner *s, const struct leak_view *view);

/* view/look.c: everything there is to find in a view, and in what it decodes to. */
void leak_look(struct leak_scanner *s, unsigned depth);

/* view/decode.c, view/base64.c ...: decode what is at p, and look at it. */
void leak_decode_escapes(struct leak_scanner *s, unsigned depth, enum leak_kind kind, size_t p);
void leak_decode_base64(struct leak_scanner *s, unsigned depth, size_t p);
void leak_decode_hex(struct leak_scanner *s, unsigned depth, size_t p);
void leak_decode_wide(struct leak_scanner *s, unsigned depth, size_t p);

/*
 * A child of depth being made: bytes are added with their place in the parent,
 * then looked at.  False: no deeper, or enough decoded in this window.
 */
struct leak_child {
	struct leak_scanner *scanner;
	unsigned depth; /* the child's */
	unsigned char *bytes;
	uint32_t *map;
	size_t len;
};
bool leak_child_begin(struct leak_scanner *s, unsigned parent, struct leak_child *child);
bool leak_child_add(struct leak_child *child, unsigned char byte, size_t place);
void leak_child_look(struct leak_child *child, unsigned kinds, size_t place_end);

/* A byte of plain text: printable ASCII, tab, line end? */
static inline bool
leak_is_text(unsigned char c)
{
	return ((c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r');
}

static inline bool
leak_is_digit(unsigned char c)
{
	return (c >= '0' && c <= '9');
}

static inline bool
leak_is_alnum(unsigned char c)
{
	return (leak_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
}

/* -1 if it is no hex digit. */
static inline int
leak_hex_value(unsigned char c)
{
	if (leak_is_digit(c))
		return (c - '0');
	c |= 0x20;
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

#endif
