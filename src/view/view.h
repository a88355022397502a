/*
 * view: what each role may see.
 *
 * The one door to records: role and renderer.  For now the developer
 * sees every record; the other tiers are roles that refuse (issue 6 opens
 * them), never silently more.
 */
#ifndef CRETULA_VIEW_VIEW_H
#define CRETULA_VIEW_VIEW_H

#include <stdbool.h>

#include "base/buf.h"
#include "record/record.h"

struct err;

enum view_role { VIEW_DEVELOPER, VIEW_ANALYST, VIEW_PUBLIC, VIEW_AUDITOR, VIEW_ROLE_COUNT };

/* -1 and ERR_USAGE with the list if there is none of that name. */
int view_role_find(const char *name, enum view_role *role, struct err *e);

/* May role see single records?  0; or -1 with ERR_USAGE that names what it may use. */
int view_role_records(enum view_role role, struct err *e);

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
