#include "store/erase/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "seal/note.h"
#include "store/inside.h"
#include "store/writer.h"

#define DAY_US INT64_C(86400000000)
#define KIND "subject"
#define DONE "subject-done" /* what takes a while reached its end */

static const struct seal_names no_names = { .classes = NULL };

/* Is nothing to be done by the request any more? */
static bool
ends(const struct seal_report *report)
{
	return (
	    span_is(report->kind, DONE) || (span_is(report->kind, KIND) && report->result == 0));
}

/* From the newest entry back to those that are older than what is asked for. */
static int
check(const struct store_chain *chain, const struct store_asked *asked, struct seal_entry *entry,
    struct err *e)
{
	int64_t day_us = INT64_MIN, from_us;
	unsigned count = 0;

	for (size_t i = chain->count; i-- > 0;) {
		if (seal_entry_read(store_chain_line(chain, i), &no_names, entry, e) == -1)
			return (err_in(e, "stream " STORE_OWN_STREAM ": entry %zu", i));
		if (day_us == INT64_MIN) {
			/* What an entry that comes now would have: never less than the last one. */
			day_us = clock_now_us() > entry->t_us ? clock_now_us() : entry->t_us;
			day_us -= DAY_US;
		}
		from_us = day_us < asked->made_us ? day_us : asked->made_us;
		if (entry->t_us < from_us)
			break;
		if (entry->type != SEAL_REPORT)
			continue;
		if (ends(&entry->of.report) && memcmp(entry->of.report.hash, asked->hash, 32) == 0)
			return (err_set(e, ERR_CONFIG,
			    "the request was carried out already (entry %zu of " STORE_OWN_STREAM
			    "): make another",
			    i));
		count += span_is(entry->of.report.kind, KIND) && entry->t_us > day_us;
	}
	if (count >= asked->most)
		return (err_set(e, ERR_BUSY,
		    "%u requests were carried out within 24 hours, and no more may be "
		    "(subject.requests)",
		    count));
	return (0);
}

int
store_asked_check(struct store *s, const struct store_asked *asked, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain own = { 0 };
	int rc = -1;

	if (entry == NULL)
		(void)err_memory(e);
	else if (store_own_read(s, &own, e) == 0)
		rc = check(&own, asked, entry, e);
	store_chain_free(&own);
	free(entry);
	return (rc);
}

/* What the entry says beside the request. */
struct word {
	const char *kind;
	uint64_t result;
	bool checks;
};

static int
append(struct store_writer *own, const struct store_asked *asked, const struct word *word,
    struct seal_entry *entry, struct err *e)
{
	if (word->checks && check(store_writer_chain(own), asked, entry, e) == -1)
		return (-1);
	memset(entry, 0, sizeof(*entry));
	entry->type = SEAL_REPORT;
	entry->of.report.kind = span_str(word->kind);
	entry->of.report.result = word->result;
	entry->of.report.by = asked->by;
	memcpy(entry->of.report.hash, asked->hash, sizeof(entry->of.report.hash));
	return (store_writer_append(own, entry, false, e));
}

static int
say(struct store *s, const struct store_asked *asked, const struct word *word, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_writer *own = NULL;
	int rc = -1;

	if (entry == NULL)
		(void)err_memory(e);
	else if (store_own_open(s, false, &own, e) == 0)
		rc = append(own, asked, word, entry, e);
	store_writer_close(own);
	free(entry);
	return (rc);
}

int
store_asked_seal(struct store *s, const struct store_asked *asked, struct err *e)
{
	static const struct word word = { KIND, 0, true };

	return (say(s, asked, &word, e));
}

int
store_asked_begin(struct store *s, const struct store_asked *asked, struct err *e)
{
	static const struct word word = { KIND, ERR_INCOMPLETE, true };

	return (say(s, asked, &word, e));
}

int
store_asked_end(struct store *s, const struct store_asked *asked, struct err *e)
{
	static const struct word word = { DONE, 0, false };

	return (say(s, asked, &word, e));
}

int
store_sign(struct store *s, struct span body, struct buf *out, struct err *e)
{
	struct store_writer *own = NULL;
	struct seal_signer signer;

	if (store_own_open(s, false, &own, e) == -1)
		return (-1);
	signer = (struct seal_signer){ span_str(own->origin), own->keys->log.secret };
	seal_signature_add(&signer, body, out);
	store_writer_close(own);
	return (buf_ok(out) ? 0 : err_memory(e));
}
