/* own: what comes to a book: batches, and lines, which it has a batch of its own for. */
#include "tally/own/own.h"

#include "tally/alike.h"
#include "tally/shelf.h"

static int
add_batch(struct tally_book *book, struct tally_batch *b, struct err *e)
{
	tally_alike_settle(b);
	for (uint32_t i = 0; i < b->minute_count; i++)
		if (tally_shelf_total(book, &b->minutes[i], e) == -1)
			return (-1);
	if (tally_cells_add(book, b, e) == -1)
		return (-1);
	for (uint32_t i = 0; i < b->who_count; i++)
		if (tally_shelf_who(book, &b->who[i], e) == -1)
			return (-1);
	return (0);
}

int
tally_own_add(struct tally_book *book, struct err *e)
{
	if (add_batch(book, book->batch, e) == -1)
		return (-1);
	tally_batch_clear(book->batch);
	return (0);
}

/* What came first is first: who comes late has no place of his own any more. */
int
tally_book_add(struct tally_book *book, struct tally_batch *b, struct err *e)
{
	return (tally_own_add(book, e) == -1 ? -1 : add_batch(book, b, e));
}

/* The number in the book's own batch of who it was; NULL, -1: not known. */
static int
own_who(struct tally_book *book, const struct tally_who *who, const struct tally_local *local,
    int64_t time_us)
{
	struct tally_subject subject;
	int number;

	if (who == NULL || (number = tally_batch_who(book->batch, local->local, time_us, 0)) != -1)
		return (who == NULL ? -1 : number);
	subject.sampled = local->sampled;
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		subject.hash[p] = who->hash[p];
		subject.epoch[p] = who->epoch[p];
	}
	return (tally_batch_meet(book->batch, local->local, time_us, &subject));
}

/* From the book's own batch, which is added whenever it is full. */
static int
add_line(struct tally_book *book, struct span line, const struct tally_who *who,
    const struct tally_local *local, struct err *e)
{
	struct tally_batch *b = book->batch;
	struct tally_given given = { .who = -1 };
	struct record r;

	if (record_decode(&book->decoder, line, &r, e) == -1 ||
	    (b->who_count == TALLY_WHO && tally_own_add(book, e) == -1))
		return (-1);
	given.who = own_who(book, who, local, r.time_us);
	tally_batch_add(b, &r, TALLY_RECORD, &given);
	if (!tally_batch_full(b))
		return (0);
	if (tally_own_add(book, e) == -1)
		return (-1);
	given.who = own_who(book, who, local, r.time_us);
	tally_batch_add(b, &r, TALLY_RECORD, &given);
	return (0);
}

int
tally_book_late(struct tally_book *book, const struct tally_batch *b, uint64_t n, struct span line,
    struct err *e)
{
	uint32_t number = n < b->late_count ? b->late[n] : 0;

	if (number == 0)
		return (add_line(book, line, NULL, NULL, e));
	return (add_line(book, line, &b->who[number - 1], &b->locals[number - 1], e));
}

int
tally_book_line(struct tally_book *book, struct span line, struct err *e)
{
	return (add_line(book, line, NULL, NULL, e));
}
