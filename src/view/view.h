/*
 * view: what each role may see.
 *
 * The one door: who asks has a grant, a tier that the configuration may have
 * narrowed.  Records: developers see them, and auditors who were granted
 * fields of them.  Counts: tier/tier.h says which cells of them.
 */
#ifndef CRETULA_VIEW_VIEW_H
#define CRETULA_VIEW_VIEW_H

#include <stdbool.h>

#include "base/buf.h"
#include "record/record.h"

struct err;
struct filter;

enum view_role { VIEW_DEVELOPER, VIEW_ANALYST, VIEW_PUBLIC, VIEW_AUDITOR, VIEW_ROLE_COUNT };
extern const char *const view_role_names[VIEW_ROLE_COUNT];

/* -1 and ERR_USAGE with the list if there is none of that name. */
int view_role_find(const char *name, enum view_role *role, struct err *e);

/*
 * The record fields that a role can be granted, bit per enum record_field: all; of
 * analysts and the public those that counts are shown by.
 */
uint64_t view_role_fields(enum view_role role);

struct view_grant {
	const char *name; /* of the role, for errors */
	enum view_role tier;
	unsigned k; /* subjects that a cell of counts needs; 1: developers */
	uint64_t fields; /* of records, or of counts; time always; 0: none */
};

/* What the tier has without any configuration: auditors see no records. */
struct view_grant view_grant_of(enum view_role role);

/* May single records be seen?  0; or -1 with ERR_USAGE that names what may be used. */
int view_grant_records(const struct view_grant *grant, struct err *e);

/* A filter tells of the fields that it asks for.  0, or -1 with ERR_USAGE. */
int view_grant_filter(const struct view_grant *grant, const struct filter *filter, struct err *e);

/*
 * Entries of a chain count values that were masked by class, and why lines were not understood:
 * that is of every field.  May the role see them, or be told their sums?  Auditors may, whichever
 * fields of records they were granted, and developers who see every field (ADR 45).
 */
bool view_grant_entries(const struct view_grant *grant);

/*
 * Take away what is not granted: of r, and *line (its stored bytes, without LF)
 * becomes those of what is left, in room of RECORD_BYTES_MAX, if anything was.
 */
void view_grant_narrow(
    const struct view_grant *grant, struct record *r, struct span *line, char *room);

/* ---- renderers ---- */

struct view_renderer {
	const char *name; /* rows sorted */
	const char *help;
	void (*begin)(struct buf *out); /* what stands before the first record; NULL: nothing */
	/* Add one record to out, with its LF.  line: its stored bytes, without LF. */
	void (*record)(struct buf *out, const struct record *r, struct span line);
};
extern const struct view_renderer view_renderers[];
extern const size_t view_renderer_count;
const struct view_renderer *view_renderer_find(const char *name);

/* lines: not one that begins with a line of its own.  -1 and ERR_USAGE with those there are. */
int view_renderer_choose(
    const char *name, bool lines, const struct view_renderer **renderer, struct err *e);

#endif
