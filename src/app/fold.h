/* app: what people read, as wide as their terminal. */
#ifndef CRETULA_APP_FOLD_H
#define CRETULA_APP_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct buf;

#define APP_FOLD_COLUMNS 80 /* of a terminal that does not say */

/* Characters of a row where standard output is a terminal; 0: it is none. */
unsigned app_fold_columns(void);

/*
 * Add text to out, lines that are wider than columns broken between words; what
 * follows stands below the text if a name stands in front of it, else two further in
 * than the line.  To be copied, and left as they are: lines that begin eight blanks in,
 * and those with a word that has no place.
 */
void app_fold(struct span text, unsigned columns, struct buf *out);

/* Add words of text where a line has come to column; lines that follow begin further in. */
void app_fold_words(
    struct span text, size_t column, size_t further, unsigned columns, struct buf *out);

/*
 * Break the last line of out, which begins at from, where the row has come to column: between
 * fields, two blanks apart, and within a field only if it has no place in a row of its own.
 * What follows stands further in.
 */
void app_fold_fields(struct buf *out, size_t from, size_t column, unsigned columns);

/* Does the locale say that characters other than ASCII are not shown as UTF-8? */
bool app_fold_ascii(void);

/* Add the bar of n: the one of most is width characters, in eighths if the locale has them. */
void app_fold_bar(struct buf *out, uint64_t n, uint64_t most, unsigned width);

#endif
