/*
 * leak: what written bytes still give away.
 *
 * An independent scanner: no parser, detector or decoder of the rooms that
 * mask, so that a fault there is not repeated here.  Rules are PCRE2 patterns
 * with verifiers; they are run wherever a cheap look at all bytes finds what
 * an identifier cannot do without, over the bytes as they stand and over what
 * they decode to (percent, JSON, entities, base64, hex, UTF-16 ..., nested).
 * Planted values are searched for in the forms that software gives them.
 *
 * Nothing here hands out the bytes that it found: a finding is a rule, a
 * place and how one has to look at it.
 */
#ifndef CRETULA_LEAK_LEAK_H
#define CRETULA_LEAK_LEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct leak_rules;
struct leak_scanner;

enum leak_flags {
	LEAK_PLAIN = 0,
	LEAK_STRICT = 1, /* also what only looks random, or like an address to people */
	LEAK_VALUES_ONLY = 2 /* no rules: only planted values and rules that are added */
};

#define LEAK_RULES_MAX 192 /* all together */
#define LEAK_OWN_RULES_MAX 64 /* added by leak_rules_add */
#define LEAK_VALUE_BYTES_MIN 4
#define LEAK_VALUE_BYTES_MAX 256
#define LEAK_VALUES_MAX 100000
#define LEAK_VIEW_BYTES 120

/*
 * The rules that cretula comes with.  0; or -1 with e (ERR_CONFIG: a pattern
 * does not compile, which no release does).
 */
int leak_rules_open(unsigned flags, struct leak_rules **rules, struct err *e);
void leak_rules_close(struct leak_rules *rules); /* NULL is legal */

/*
 * Rules of one's own, a line each: NAME, blanks, PATTERN (PCRE2, over bytes);
 * below it lines "+ TEXT" that it must find and "- TEXT" that it must not.
 * "#" begins a comment.  Each is tried on texts that make bad patterns run
 * away.  0; or -1 with e (ERR_CONFIG and the line) and rules unchanged but for
 * the ones before that line.
 */
int leak_rules_add(struct leak_rules *rules, struct span text, struct err *e);

/*
 * Values that must be nowhere, one a line, looked for raw and folded, in
 * base64 and base32 at any alignment, hex, UTF-16, reversed, hashed, and, by
 * the views, in whatever else decodes.  Reported as rule "value N", N being
 * the number of the line from 1.  0, or -1 with e (ERR_CONFIG: a line is too
 * short or too long); no text carries a value.
 */
int leak_rules_plant(struct leak_rules *rules, struct span text, struct err *e);

/* Leave the rule called name out.  0; or -1 with ERR_USAGE: there is none. */
int leak_rules_skip(struct leak_rules *rules, const char *name, struct err *e);

/* For lists and counts by rule; planted values are all "value". */
size_t leak_rules_count(const struct leak_rules *rules);
const char *leak_rules_name(const struct leak_rules *rules, size_t i);
const char *leak_rules_help(const struct leak_rules *rules, size_t i);

struct leak_finding {
	size_t rule; /* for leak_rules_name */
	uint64_t value; /* which planted value, from 1; else 0 */
	uint64_t at; /* offset in the file; in a compressed one, in what it holds */
	const char *view; /* "" as it stands, else "zst > base64 > percent"; borrowed */
};

typedef void leak_found(void *arg, const struct leak_finding *finding);

/*
 * One thread's memory for scanning.  rules must outlive it and not change
 * meanwhile.  0, or -1 with e (ERR_IO: no memory).
 */
int leak_scanner_open(const struct leak_rules *rules, leak_found *found, void *arg,
    struct leak_scanner **scanner, struct err *e);
void leak_scanner_close(struct leak_scanner *scanner); /* NULL is legal */

/*
 * A text in pieces of any size: begin, add ..., end.  container is what view
 * begins with ("zst"), "" for none.  Findings come in no special order.
 */
void leak_scanner_begin(struct leak_scanner *scanner, const char *container);
void leak_scanner_add(struct leak_scanner *scanner, const void *bytes, size_t len);
void leak_scanner_end(struct leak_scanner *scanner);

/*
 * Why the text since leak_scanner_begin was not looked at whole, or NULL: a
 * rule ran into its limits, or the text decodes to more and more.
 */
const char *leak_scanner_gap(const struct leak_scanner *scanner);

#endif
