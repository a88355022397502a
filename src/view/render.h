/* render: the renderers of the table in renderer.c.  Private to view/. */
#ifndef CRETULA_VIEW_RENDER_H
#define CRETULA_VIEW_RENDER_H

#include "base/buf.h"
#include "record/record.h"

void view_render_combined(struct buf *out, const struct record *r, struct span line);
void view_render_csv(struct buf *out, const struct record *r, struct span line);
void view_render_csv_begin(struct buf *out);
void view_render_ecs(struct buf *out, const struct record *r, struct span line);
void view_render_json(struct buf *out, const struct record *r, struct span line);
void view_render_otel(struct buf *out, const struct record *r, struct span line);
void view_render_text(struct buf *out, const struct record *r, struct span line);

/*
 * Add text as a record's line escapes it, and what text_is_hidden, too, which lines keep as
 * it came.  next: one character of a text that is not empty; returns its bytes.  quote: as a
 * string of JSON.
 */
size_t view_escape_next(struct buf *out, struct span text);
void view_escape(struct buf *out, struct span text);
void view_quote(struct buf *out, struct span text);

/* As a quoted cell of CSV; what a spreadsheet would take for a formula is none. */
void view_cell(struct buf *out, struct span text);

/* Add an instant in RFC 3339. */
void view_add_time(struct buf *out, int64_t time_us);

/* What a list of values that are written has in place of any other. */
#define VIEW_UNKNOWN "[unknown]"

/* "1.1" of "HTTP/1.1" and "1.3" of "TLSv1.3": what the schemas mean by a version. */
struct span view_version(struct span text);

#endif
