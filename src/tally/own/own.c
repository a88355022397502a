/* own: what comes to a book: batches, and lines, which it has a batch of its own for. */
#include "tally/own/own.h"

#include "tally/alike.h"
#include "tally/own/apart.h"
#include "tally/cells.h"

static int
add_batch(struct tally_book *book, struct tally_batch *b, struct err *e)
{
	tally_alike_settle(b);
	if (tally_late_meet(book, b, e) == -1)
		return (-1);
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

/* ---- one by one ---- */

/* The number in the book's own batch of one in another (-1: not known); there is room for him. */
static int
own_who(struct tally_book *book, const struct tally_batch *from, int number, int64_t time_us)
{
	const struct tally_local *local = &from->locals[number < 0 ? 0 : number];
	const struct tally_who *who = &from->who[number < 0 ? 0 : number];
	struct tally_subject subject = { .sampled = local->sampled };
	int own =
	    number < 0 ? -1 : tally_batch_who(book->batch, local->local, time_us, (unsigned)number);

	if (number < 0 || own >= 0)
		return (own);
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		subject.hash[p] = who->hash[p];
		subject.epoch[p] = who->epoch[p];
	}
	return (tally_batch_meet(book->batch, local->local, time_us, &subject));
}

/* To the book's own batch, which is added whenever it is full. */
static int
add_record(struct tally_book *book, const struct record *r, enum tally_part part,
    const struct tally_batch *from, int who, struct err *e)
{
	struct tally_batch *b = book->batch;
	struct tally_given given = { .who = -1 };

	if ((b->who_count == TALLY_WHO || !tally_batch_has_room(b)) && tally_own_add(book, e) == -1)
		return (-1);
	given.who = own_who(book, from, who, r->time_us);
	tally_batch_add(b, r, part, &given);
	return (0);
}

/* What came first is first: who comes late has no place of his own any more. */
int
tally_book_add(struct tally_book *book, struct tally_batch *b, struct err *e)
{
	struct tally_apart one;

	if (tally_own_add(book, e) == -1 || add_batch(book, b, e) == -1)
		return (-1);
	for (size_t at = 0; tally_apart_next(b, &at, &one);)
		if (add_record(book, &one.record, one.part, b, one.who, e) == -1)
			return (-1);
	return (0);
}

static int
add_line(struct tally_book *book, struct span line, const struct tally_batch *from, int who,
    struct err *e)
{
	struct record r;

	return (record_decode(&book->decoder, line, &r, e) == -1 ?
		-1 :
		add_record(book, &r, TALLY_RECORD, from, who, e));
}

int
tally_book_late(struct tally_book *book, const struct tally_batch *b, uint64_t n, struct span line,
    struct err *e)
{
	return (add_line(book, line, b, n < b->late_count ? b->late[n] - 1 : -1, e));
}

int
tally_book_line(struct tally_book *book, struct span line, struct err *e)
{
	return (add_line(book, line, book->batch, -1, e));
}
