/* app: a plan is carried out, one redact entry for as many records of a segment as fit it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/names.h"
#include "app/retain/erasing.h"
#include "app/subject/subject.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "store/reader.h"

#define ASK_NS INT64_C(30000000000) /* while the daemon does it for another one */
#define LOOK_NS 100000000

/* What the next entry will name. */
struct batch {
	const struct seal_segment *segment;
	struct store_erase_item items[SEAL_ERASED_MAX];
	size_t starts[SEAL_ERASED_MAX + 1]; /* of new lines in lines */
	size_t most; /* fit an entry */
	size_t count;
	uint64_t last; /* number of the last one */
	bool full;
	struct buf lines;
};

static int
add_one(void *arg, uint64_t number, uint64_t changed, struct span line, struct err *e)
{
	struct batch *b = arg;

	(void)changed;
	if (b->count == b->most) {
		b->full = true;
		return (1);
	}
	b->items[b->count].record = (uint32_t)(number - b->segment->first);
	b->items[b->count].line = line; /* where it lies is settled when all are there */
	b->last = number;
	buf_span(&b->lines, line);
	b->starts[++b->count] = b->lines.len;
	return (buf_ok(&b->lines) ? 0 : err_set(e, ERR_IO, "out of memory"));
}

static int
stop(struct err *e)
{
	if (e->code == ERR_INCOMPLETE)
		e->code = ERR_BUSY; /* it has gone since: the rest is there, to be erased again */
	return (-1);
}

/*
 * Somebody else may erase, or ask whether he can, between two of our segments.
 * Who got no answer in all that time asks no more: it may be done meanwhile.
 */
static int
ask(const struct app_subject *s, const struct store_erase_order *what, uint64_t *entry,
    struct err *e)
{
	struct app_erasing a = { .order = *what };
	const struct timespec look = { 0, LOOK_NS };
	const int64_t until_ns = clock_mono_ns() + ASK_NS;

	(void)snprintf(a.stream, sizeof(a.stream), "%s", s->stream);
	while (app_erasing_ask(s->daemon, &a, entry, e) == -1) {
		if (e->code != ERR_BUSY || clock_mono_ns() >= until_ns)
			return (stop(e));
		(void)nanosleep(&look, NULL);
	}
	return (0);
}

static int
take(struct app_subject *s, struct store_eraser *x, const struct store_erase_order *what,
    uint64_t *entry, struct err *e)
{
	if (s->taker != NULL)
		return (s->taker(s->taker_arg, what, entry, e));
	return (x != NULL ? store_erase(x, what, entry, e) : ask(s, what, entry, e));
}

static bool
is_enough(const struct app_subject *s)
{
	return (s->entries_max > 0 && s->entries.len / sizeof(uint64_t) >= s->entries_max);
}

static int
order(struct app_subject *s, struct store_eraser *x, struct batch *b, struct err *e)
{
	const struct store_erase_order what = { .seg = b->segment->seg,
		.items = b->items,
		.count = b->count,
		.reason = s->reason,
		.ref = s->ref,
		.by = s->by };
	uint64_t entry;

	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].line.ptr != NULL)
			b->items[i].line.ptr = b->lines.data + b->starts[i];
	if (take(s, x, &what, &entry, e) == -1)
		return (-1);
	s->done += b->count;
	buf_add(&s->entries, &entry, sizeof(entry));
	return (buf_ok(&s->entries) ? 0 : err_set(e, ERR_IO, "out of memory"));
}

/* After an entry the segment is read again: its file is another one. */
static int
do_segment(struct app_subject *s, struct store_eraser *x, struct store_reader *reader,
    struct batch *b, struct err *e)
{
	s->from = 0;
	b->most = s->rescrub ? SEAL_ITEMS_MAX : SEAL_ERASED_MAX;
	do {
		if ((s->stopped = is_enough(s)))
			return (0);
		b->count = 0;
		b->full = false;
		buf_clear(&b->lines);
		if (app_subject_walk(s, reader, b->segment, add_one, b, e) == -1)
			return (-1);
		if (b->count > 0 && order(s, x, b, e) == -1)
			return (-1);
		s->from = b->last + 1;
	} while (b->full);
	return (0);
}

/* What is in front of our entries in the chain says so, whoever wrote them. */
static void
see_damaged(struct app_subject *s, struct seal_entry *entry)
{
	const uint64_t *entries = (const uint64_t *)(const void *)s->entries.data;
	const struct store_chain *chain = &s->records->chain;
	uint64_t count;

	if (s->rescrub || s->entries.len == 0 || app_records_again(s->records, NULL) == -1)
		return;
	for (size_t i = 0; i < s->entries.len / sizeof(entries[0]); i++) {
		struct span text;

		if (entries[i] == 0 || entries[i] > chain->count ||
		    seal_entry_read(store_chain_line(chain, (size_t)entries[i] - 1), app_names(),
			entry, NULL) == -1 ||
		    entry->type != SEAL_CONFIG ||
		    !span_is(entry->of.config.kind, STORE_ERASE_DAMAGED))
			continue;
		text = entry->of.config.text;
		(void)span_word(&text);
		if (num_u64(span_word(&text), &count) == 0)
			s->damaged += count;
	}
}

int
app_subject_carry_out(struct app_subject *s, struct store_eraser *x, struct err *e)
{
	const struct app_subject_part *parts =
	    (const struct app_subject_part *)(const void *)s->plan.data;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct batch *b = calloc(1, sizeof(*b));
	struct store_reader *reader = NULL;
	int rc = -1;

	if (entry == NULL || b == NULL)
		(void)err_set(e, ERR_IO, "out of memory");
	else
		rc = store_reader_open(&reader, e);
	for (size_t i = 0; rc == 0 && i < s->plan.len / sizeof(parts[0]); i++) {
		rc = seal_entry_read(
		    store_chain_line(&s->records->chain, parts[i].at), app_names(), entry, e);
		if (rc == 0) {
			b->segment = &entry->of.segment;
			rc = do_segment(s, x, reader, b, e);
		}
	}
	if (entry != NULL)
		see_damaged(s, entry);
	store_reader_close(reader);
	if (b != NULL)
		buf_free(&b->lines);
	free(b);
	free(entry);
	return (rc);
}
