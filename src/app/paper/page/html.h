/*
 * html: text and tables of a page that has no scripts and loads nothing.
 * Whatever comes from a store goes through app_html_text.
 */
#ifndef CRETULA_APP_PAPER_PAGE_HTML_H
#define CRETULA_APP_PAPER_PAGE_HTML_H

#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * Escaped, for between tags and inside of "": control characters, bytes that
 * are no UTF-8 and what turns the direction of writing become U+FFFD.
 */
void app_html_text(struct buf *out, struct span text);

/* A policy for the head: the style by its hash, and nothing else, may be used. */
void app_html_style(struct buf *out, const char *style);

/*
 * A table with its caption and columns, "a|#b": # is of numbers.  Without rows
 * it says none; app_html_end closes it.
 */
void app_html_table(struct buf *out, const char *caption, const char *columns);
void app_html_end(struct buf *out);
void app_html_row(struct buf *out);
void app_html_row_end(struct buf *out);
/* Cells: the first of a row is its header. */
void app_html_head(struct buf *out, const char *text);
void app_html_cell(struct buf *out, const char *text);
void app_html_word(struct buf *out, const char *text); /* that stays in one line */
void app_html_name(struct buf *out, const char *text); /* of which most are short */
void app_html_number(struct buf *out, uint64_t n);
void app_html_time(struct buf *out, int64_t t_us); /* 0, or a bound of int64_t: a dash */

/* "1,234" */
void app_html_grouped(struct buf *out, uint64_t n);
/* "2026-11-24 12:00:00" as <time>, UTC. */
void app_html_moment(struct buf *out, int64_t t_us);

#endif
