/*
 * app: what a reader of records leaves out, because it is restricted.  Who has
 * KEYS leaves out exactly those records; who has none whole segments: all that
 * name an epoch under whose key a list is that cannot be opened.
 */
#ifndef CRETULA_APP_RESTRICT_LEFT_OUT_H
#define CRETULA_APP_RESTRICT_LEFT_OUT_H

#include "app/restrict/box.h"
#include "seal/entry.h"
#include "store/chain.h"

struct app_left_out;

/*
 * Where KEYS is (NULL: beside the store), and the tenant (NULL: default), for
 * all of this process; before there are threads.
 */
void app_left_out_keys(const char *path, const char *tenant);

/* As the chain of a stream of store has it; *l NULL: nothing is restricted. */
int app_left_out_open(
    const struct store_chain *chain, const char *store, struct app_left_out **l, struct err *e);
void app_left_out_close(struct app_left_out *l); /* NULL is legal */

/* The same, with keys that are there. */
int app_left_out_read(const struct store_chain *chain, const struct app_form_keys *as,
    struct app_left_out **l, struct err *e);
/*
 * Boxes in force of that request, epoch and value: returns how many; their runs are
 * taken out of those that are given (struct seal_range, ascending and apart).
 */
size_t app_left_out_less(const struct app_left_out *l, const char *id,
    const struct app_epoch *epoch, const unsigned char mac[static 32], struct buf *runs);

/* All of the segment, which is of the entry-th entry? */
bool app_left_out_hides(
    const struct app_left_out *l, const struct seal_segment *segment, uint64_t entry);
/* May some of it be?  Needs no keys. */
bool app_left_out_names(
    const struct app_left_out *l, const struct seal_segment *segment, uint64_t entry);
/* This record? */
bool app_left_out_has(const struct app_left_out *l, uint64_t number);

/* Ids (APP_BOX_ID_BYTES each, added to ids) of restrictions in force of a value. */
int app_left_out_of(const struct store_chain *chain, const struct app_form_keys *as,
    const struct mask_value *value, struct buf *ids, struct err *e);

/* Is a restriction of this id in force?  1, 0 or -1.  Needs no keys. */
int app_left_out_is(const struct store_chain *chain, struct span id, struct err *e);

#endif
