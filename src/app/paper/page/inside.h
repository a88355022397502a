/* Between the files of the page: its sections. */
#ifndef CRETULA_APP_PAPER_PAGE_INSIDE_H
#define CRETULA_APP_PAPER_PAGE_INSIDE_H

#include "app/paper/page/html.h"
#include "app/paper/paper.h"

void app_page_more(struct buf *out, uint64_t total, uint64_t shown);

void app_page_integrity(const struct paper *p, struct buf *out);
void app_page_completeness(const struct paper *p, struct buf *out);
void app_page_masking(const struct paper *p, struct buf *out);
void app_page_deletion(const struct paper *p, struct buf *out);
void app_page_keys(const struct paper *p, struct buf *out);
void app_page_access(const struct paper *p, struct buf *out);
void app_page_changes(const struct paper *p, struct buf *out);
void app_page_exceptions(const struct paper *p, struct buf *out);
void app_page_controls(const struct paper *p, struct buf *out);

#endif
