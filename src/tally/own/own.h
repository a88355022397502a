/* tally, inside: what is counted one by one comes together in a batch of the book's own. */
#ifndef CRETULA_TALLY_OWN_OWN_H
#define CRETULA_TALLY_OWN_OWN_H

struct err;
struct tally_book;

/* Add what came together so far. */
int tally_own_add(struct tally_book *book, struct err *e);

#endif
