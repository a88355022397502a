/* Entries of a live stream: where its ratchet stands, start, and alarms. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "base/io.h"
#include "store/live/ratchet.h"
#include "store/writer.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* proc files have no size: io_read_file is for regular ones with one. */
void
store_boot_id(unsigned char boot[static 16], bool *have)
{
	static const char digits[] = "0123456789abcdef";
	char text[64];
	int fd = io_open(AT_FDCWD, BOOT_ID, O_RDONLY, 0, NULL);
	ssize_t len = fd == -1 ? -1 : io_read(fd, text, sizeof(text), NULL);
	unsigned nibbles = 0;

	memset(boot, 0, 16);
	for (ssize_t i = 0; i < len && nibbles < 32; i++) {
		const char *digit = memchr(digits, text[i], 16);

		if (digit == NULL)
			continue;
		boot[nibbles / 2] = (unsigned char)(boot[nibbles / 2] << 4 | (digit - digits));
		nibbles++;
	}
	if (fd != -1)
		(void)io_close(fd, NULL);
	*have = nibbles == 32;
}

uint64_t
store_boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

int
store_open_append(struct store_live *l, struct seal_entry *entry, struct err *e)
{
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = store_writer_append(l->stream->writer, entry, false, e);
	if (rc == -1)
		store_open_failed(l);
	pthread_mutex_unlock(&l->lock);
	return (rc);
}

int
store_live_append(struct store_live *l, struct seal_entry *entry, struct err *e)
{
	if (store_open_append(l, entry, e) == -1)
		return (err_in(e, "stream %s", l->stream->name));
	return (0);
}

/* Where entry says that the next flush is, if it does. */
static bool
next_flush(const struct seal_entry *entry, uint64_t *g)
{
	const struct seal_ratchet_start *start = seal_ratchet_begun(entry);

	if (entry->type == SEAL_SEGMENT && entry->of.segment.has_tags) {
		*g = entry->of.segment.tags.g + 1;
		return (true);
	}
	if (start == NULL)
		return (false);
	*g = start->g;
	return (true);
}

int
store_open_expected(struct store_live *l, uint64_t *g, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = 1;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	for (size_t i = chain->count; i-- > 0 && rc == 1;) {
		if (seal_entry_read(store_chain_line(chain, i), &l->names, entry, e) == -1)
			rc = err_in(e, "entry %zu", i);
		else if (next_flush(entry, g))
			rc = 0;
	}
	free(entry);
	return (rc);
}

int
store_open_start(
    struct store_live *l, const struct store_live_options *how, bool fresh, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	bool waits = l->ram && how->escrow == NULL; /* in ratchet.next */
	struct seal_start *start;
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_START;
	start = &entry->of.start;
	start->mode = span_str(how->mode);
	start->unlocked = how->unlocked;
	store_boot_id(start->boot, &start->has_boot);
	if ((rc = store_ratchet_choose(l, how->escrow, fresh, start, e)) == 0 &&
	    (rc = store_open_append(l, entry, e)) == 0)
		rc = l->ram ? store_ratchet_erase(l, e) : waits ? store_ratchet_promote(l, e) : 0;
	free(entry);
	return (rc);
}

bool
store_open_alarmed(struct store_live *l)
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	bool alarmed = entry != NULL &&
	    seal_entry_read(store_chain_line(chain, chain->count - 1), &l->names, entry, NULL) ==
		0 &&
	    entry->type == SEAL_RECOVER && entry->of.recover.alarm;

	free(entry);
	return (alarmed);
}

/* The newest entries, down to those that were seen before. */
static void
see_entries(struct store_live *l, const struct store_chain *chain)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));

	for (size_t i = chain->count; entry != NULL && i-- > l->seen.entries;) {
		if (seal_entry_read(store_chain_line(chain, i), &l->names, entry, NULL) == -1 ||
		    entry->type != SEAL_SEGMENT)
			continue;
		l->seen.sealed_us = entry->t_us;
		l->seen.segments = entry->of.segment.seg;
		break;
	}
	l->seen.entries = chain->count;
	free(entry);
}

bool
store_live_chain(struct store_live *l, struct store_chain_seen *seen)
{
	const struct store_chain *chain;

	if (pthread_mutex_trylock(&l->lock) != 0)
		return (false);
	chain = store_writer_chain(l->stream->writer);
	if (chain->count != l->seen.entries)
		see_entries(l, chain);
	*seen = l->seen;
	pthread_mutex_unlock(&l->lock);
	return (true);
}

/* One entry more, towards the beginning. */
static void
take_past(struct live_past *past, const struct seal_entry *entry, bool *answered)
{
	const struct seal_ratchet_start *start = seal_ratchet_begun(entry);
	const struct seal_recover *recover = &entry->of.recover;
	uint64_t g;

	if (entry->type == SEAL_SEGMENT && entry->of.segment.has_tags &&
	    !entry->of.segment.tags.lost && !past->has_agg) {
		past->has_agg = true;
		memcpy(past->agg, entry->of.segment.tags.agg, sizeof(past->agg));
	}
	if (next_flush(entry, &g) && g + (start != NULL) > past->free_g)
		past->free_g = g + (start != NULL);
	if (start != NULL && !past->has_start) {
		past->has_start = true;
		past->start = *start;
		past->start.mode = span_of(NULL, 0);
	}
	if (entry->type != SEAL_RECOVER)
		return;
	*answered |= !recover->alarm && span_is(recover->reason, "accepted");
	past->alarm |= recover->alarm && !*answered;
}

int
store_open_past(struct store_live *l, struct live_past *past, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	bool answered = false;
	int rc = 0;

	*past = (struct live_past){ .free_g = 1 };
	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	for (size_t i = chain->count; i-- > 0 && rc == 0;) {
		if (seal_entry_read(store_chain_line(chain, i), &l->names, entry, e) == -1)
			rc = err_in(e, "entry %zu", i);
		else
			take_past(past, entry, &answered);
	}
	free(entry);
	return (rc);
}

int
store_open_session(struct store_live *l, bool *given_up, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	const struct seal_ratchet_start *start;
	bool found = false;
	int rc = 0;

	*given_up = l->ram = false;
	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	for (size_t i = chain->count; i-- > 0 && rc == 0 && !found;) {
		if (seal_entry_read(store_chain_line(chain, i), &l->names, entry, e) == -1) {
			rc = err_in(e, "entry %zu", i);
			break;
		}
		start = seal_ratchet_begun(entry);
		*given_up = start != NULL && entry->type == SEAL_RECOVER;
		l->ram = start != NULL && span_is(start->mode, "ram");
		found = start != NULL || entry->type == SEAL_START;
	}
	free(entry);
	return (rc);
}
