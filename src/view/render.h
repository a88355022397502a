/* render: the renderers of the table in renderer.c.  Private to view/. */
#ifndef CRETULA_VIEW_RENDER_H
#define CRETULA_VIEW_RENDER_H

#include "base/buf.h"
#include "record/record.h"

void view_render_combined(struct buf *out, const struct record *r, struct span line);
void view_render_json(struct buf *out, const struct record *r, struct span line);
void view_render_text(struct buf *out, const struct record *r, struct span line);

#endif
