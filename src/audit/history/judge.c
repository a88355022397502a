/* The signed entries once more, in order: what each may say of what is before it. */
#include "audit/history/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/outside/anchors.h"
#include "base/err.h"
#include "store/erase/erase.h"
#include "store/layout.h"
#include "store/words.h"

struct judge {
	struct audit_chain *chain;
	struct seal_entry entry;
	struct audit_place at;
	bool silent; /* an entry before is damaged */
	uint64_t *alarms; /* entries that nothing answered so far */
	size_t alarm_count, alarm_size;
	unsigned char (*made)[32], (*gone)[32]; /* seeds of imports */
	size_t made_count, made_size, gone_count, gone_size;
};

static void *
grow(struct judge *j, void *items, size_t count, size_t *size, size_t item_bytes)
{
	size_t more = *size == 0 ? 16 : *size * 2;

	if (count < *size)
		return (items);
	if ((items = reallocarray(items, more, item_bytes)) == NULL)
		j->chain->list.failed = true;
	else
		*size = more;
	return (items);
}

static void
tell(struct judge *j, enum audit_code code, const char *text)
{
	if (j->silent)
		j->chain->list.suppressed++;
	else
		audit_report(&j->chain->list, code, &j->at, "%s", text);
}

/* ---- alarms ---- */

static void
add_alarm(struct judge *j)
{
	uint64_t *alarms = grow(j, j->alarms, j->alarm_count, &j->alarm_size, sizeof(j->alarms[0]));

	if (alarms == NULL)
		return;
	j->alarms = alarms;
	alarms[j->alarm_count++] = j->at.entry;
}

static void
tell_alarms(struct judge *j, enum audit_code code, const char *text)
{
	struct audit_place at = j->at;

	for (size_t k = 0; k < j->alarm_count; k++) {
		at.entry = j->alarms[k];
		audit_report(&j->chain->list, code, &at, "%s", text);
	}
	if (code == AUDIT_W_LOSS_ACCEPTED)
		j->chain->coverage->losses_accepted += j->alarm_count;
	j->alarm_count = 0;
}

static void
take_recover(struct judge *j)
{
	const struct seal_recover *recover = &j->entry.of.recover;

	if (recover->alarm && !j->silent)
		add_alarm(j);
	else if (!recover->alarm && span_is(recover->reason, "accepted")) {
		/* Keys that are lost raise no alarm: nobody could sign one. */
		if (j->alarm_count == 0 && recover->has_ratchet)
			tell(j, AUDIT_W_LOSS_ACCEPTED, "what was open was given up");
		tell_alarms(j, AUDIT_W_LOSS_ACCEPTED, "the loss was accepted");
	}
}

/* ---- seeds of imports ---- */

static void
add_seed(struct judge *j, const unsigned char seed[static 32], bool gone)
{
	size_t *count = gone ? &j->gone_count : &j->made_count;
	unsigned char(*seeds)[32] =
	    grow(j, gone ? j->gone : j->made, *count, gone ? &j->gone_size : &j->made_size, 32);

	if (seeds == NULL)
		return;
	memcpy(seeds[(*count)++], seed, 32);
	if (gone)
		j->gone = seeds;
	else
		j->made = seeds;
}

static int
compare_seeds(const void *a, const void *b)
{
	return (memcmp(a, b, 32));
}

static void
count_seeds(const struct judge *j)
{
	if (j->made_count == 0)
		return;
	qsort(j->made, j->made_count, 32, compare_seeds);
	if (j->gone_count > 0)
		qsort(j->gone, j->gone_count, 32, compare_seeds);
	for (size_t i = 0; i < j->made_count; i++) {
		if (i > 0 && memcmp(j->made[i - 1], j->made[i], 32) == 0)
			continue;
		if (j->gone_count == 0 ||
		    bsearch(j->made[i], j->gone, j->gone_count, 32, compare_seeds) == NULL)
			j->chain->coverage->import_keys++;
	}
}

/* ---- heads ---- */

/* A stream that is listed is a head of nothing. */
static void
add_head(struct judge *j, struct span name, const struct seal_head *head)
{
	struct audit_heads *heads = &j->chain->heads;
	struct audit_head *items =
	    grow(j, heads->items, heads->count, &heads->size, sizeof(*items));

	if (items == NULL)
		return;
	heads->items = items;
	items += heads->count++;
	*items = (struct audit_head){ .entry = j->at.entry, .listed = head == NULL };
	(void)snprintf(items->name, sizeof(items->name), "%.*s", (int)name.len, name.ptr);
	if (head == NULL)
		return;
	items->size = head->size;
	memcpy(items->root, head->root, sizeof(items->root));
}

/* ---- one entry ---- */

static void
take_past(struct judge *j)
{
	enum seal_verdict verdict;
	struct err why = { 0 };

	if (seal_history_take(j->chain->history, &j->entry, &verdict, &why) == -1)
		j->chain->list.failed = true;
	else if (verdict == SEAL_VERDICT_TARGET)
		tell(j, AUDIT_E_ENTRY_TARGET, why.text);
	else if (verdict == SEAL_VERDICT_HELD)
		tell(j, AUDIT_E_PRUNE_UNDER_HOLD, why.text);
	else if (verdict == SEAL_VERDICT_COUNTS)
		tell(j, AUDIT_E_COUNTS, why.text);
	else if (verdict == SEAL_VERDICT_OPEN)
		j->chain->coverage->unknown_entries++;
}

/* Who can write words/NAME, or records, can write all of the store: that stays, unlike a log. */
static void
take_config(struct judge *j)
{
	const struct seal_config *config = &j->entry.of.config;

	if (span_is(config->kind, "words") &&
	    span_starts(config->text, span_str(STORE_WORDS_REFUSED)))
		tell(j, AUDIT_W_WORDS_REFUSED, "words/NAME was not what the writer had left");
	if (span_is(config->kind, STORE_ERASE_DAMAGED))
		tell(j, AUDIT_W_ERASED_DAMAGED,
		    "what had replaced a record was not what is sealed when it was erased");
	take_past(j);
}

static void
take_entry(struct judge *j)
{
	const struct seal_entry *entry = &j->entry;
	bool own = strcmp(j->chain->name, STORE_OWN_STREAM) == 0;

	switch (entry->type) {
	case SEAL_ANCHOR:
		if (!j->silent)
			audit_anchor_check(j->chain, &entry->of.anchor, &j->at);
		break;
	case SEAL_CONFIG: take_config(j); break;
	case SEAL_DERIVE:
		take_past(j);
		if (!j->silent)
			audit_derive_check(j->chain, &entry->of.derive, &j->at);
		break;
	case SEAL_DESTROY:
		if (span_is(entry->of.destroy.what, "import"))
			add_seed(j, entry->of.destroy.commitment, true);
		take_past(j);
		break;
	case SEAL_HEAD:
		if (own)
			add_head(j, entry->of.head.name, &entry->of.head);
		break;
	case SEAL_RECOVER: take_recover(j); break;
	case SEAL_SEGMENT:
		if (entry->of.segment.has_mask_seed)
			add_seed(j, entry->of.segment.mask_seed, false);
		if (entry->of.segment.has_tags)
			j->chain->coverage->untagged += entry->of.segment.tags.untagged;
		take_past(j);
		break;
	case SEAL_STREAM:
		if (own)
			add_head(j, entry->of.stream.name, NULL);
		break;
	case SEAL_UNKNOWN: j->chain->coverage->unknown_entries++; break;
	default: take_past(j); break;
	}
}

/* What an entry out of its place says is done, else its files were unknown; it is not told. */
static void
take_placed(struct judge *j, uint64_t i)
{
	bool silent = j->silent;

	j->silent = silent || j->entry.index != i;
	take_entry(j);
	j->silent = silent;
}

static void
cover(struct judge *j)
{
	const struct seal_history *history = j->chain->history;
	struct audit_coverage *coverage = j->chain->coverage;

	coverage->pruned += seal_history_pruned(history);
	coverage->holds += seal_history_holds(history, j->entry.t_us);
	for (size_t i = 0; i < j->chain->segment_count; i++) {
		const struct seal_past *past =
		    seal_history_segment(history, j->chain->segments[i].seg);

		if (past == NULL || past->pruned)
			continue;
		coverage->erased += past->erased_count;
		coverage->replaced += past->touched_count - past->erased_count;
	}
}

void
audit_judge_entries(struct audit_chain *chain)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (j == NULL || seal_history_open(&chain->history, NULL) == -1) {
		chain->list.failed = true;
		free(j);
		return;
	}
	j->chain = chain;
	j->at = audit_place("chain.jsonl");
	for (uint64_t i = 0; i < chain->signed_count; i++) {
		j->at.entry = i;
		if (seal_entry_read(audit_line(chain, i), chain->names, &j->entry, NULL) == -1) {
			j->silent = true;
			/* It could be read before, unless that was told. */
			chain->list.failed = chain->list.failed ||
			    !(chain->damaged || chain->window.lost != AUDIT_NONE);
		} else if (i == chain->bad_entry)
			j->silent = true;
		else
			take_placed(j, i);
	}
	tell_alarms(j, AUDIT_E_OPEN, "the writer found its open segment changed");
	if (chain->heads.count > 0)
		audit_heads_end(chain);
	audit_derived_end(chain);
	cover(j);
	count_seeds(j);
	free(j->alarms);
	free(j->made);
	free(j->gone);
	free(j);
}
