/* The entries of a chain, one after the other: syntax, links, times, epochs, numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/check.h"
#include "audit/history/judge.h"
#include "audit/notes.h"
#include "audit/segment.h"
#include "audit/store_check.h"
#include "base/err.h"
#include "crypto/sha256.h"
#include "seal/tree.h"

#define CHAIN_FILE "chain.jsonl"

struct walk {
	struct audit_chain *chain;
	struct audit_notes notes;
	struct seal_tree tree;
	struct seal_entry entry;
	bool readable; /* entry is that of the line at hand */
	bool numbered; /* and its index is its place */
	unsigned char before[32]; /* hash of the line before */
	int64_t t_us;
	uint64_t index, seg, first, epoch; /* what comes next */
	size_t segment_size;
};

/* ---- reading ---- */

int
audit_chain_read(struct audit_chain *chain)
{
	struct audit_place at = audit_place(CHAIN_FILE);
	enum audit_code code = AUDIT_E_CHAIN_TRUNCATED;
	struct err e;

	if (audit_window_open(&chain->window, &e) == -1 ||
	    audit_lines_open(&chain->lines, chain->dirfd, &code, &e) == -1) {
		audit_report(&chain->list, code, &at, "%s", e.text);
		return (-1);
	}
	chain->count = chain->lines.count;
	chain->torn = chain->lines.torn;
	return (0);
}

struct span
audit_line(struct audit_chain *chain, uint64_t i)
{
	return (audit_line_in(&chain->lines, &chain->window, i));
}

void
audit_chain_free(struct audit_chain *chain)
{
	if (chain->dirfd != -1)
		(void)close(chain->dirfd);
	audit_list_free(&chain->list);
	store_chain_free(&chain->lines);
	audit_window_close(&chain->window);
	free(chain->segments);
	free(chain->heads.items);
	buf_free(&chain->derived);
	audit_keys_free(&chain->keys);
	seal_history_free(chain->history);
	buf_free(&chain->anchors);
	*chain = (struct audit_chain){ .dirfd = -1 };
}

/* ---- one entry ---- */

static bool
is_own(const struct audit_chain *chain)
{
	return (strcmp(chain->name, STORE_OWN_STREAM) == 0);
}

/* Does it differ from what comes next?  Of an odd entry, or behind a damaged one, a dependant. */
static bool
is_jump(struct walk *w, bool differs)
{
	if (!differs)
		return (false);
	if (w->numbered && !w->chain->damaged)
		return (true);
	w->chain->list.suppressed++;
	return (false);
}

/* Is the recovery key named ORIGIN/recovery? */
static bool
is_recovery(const struct seal_genesis *genesis)
{
	struct seal_vkey key;

	return (seal_vkey_read(genesis->recovery, &key, NULL) == 0 &&
	    span_starts(key.name, genesis->origin) &&
	    span_is(span_from(key.name, genesis->origin.len), "/recovery"));
}

static void
check_genesis(struct walk *w, const struct audit_place *at)
{
	struct audit_chain *chain = w->chain;
	const struct seal_genesis *genesis = &w->entry.of.genesis;
	struct err e;

	if (at->entry != 0 || w->entry.type != SEAL_GENESIS) {
		audit_report(&chain->list, AUDIT_E_GENESIS, at, "genesis is entry 0 and only that");
		return;
	}
	chain->has_genesis = true;
	chain->genesis = *genesis;
	if (!span_is(genesis->stream, chain->name))
		audit_report(&chain->list, AUDIT_E_GENESIS, at, "genesis of another stream");
	if (seal_vkey_read(genesis->log, &chain->log, &e) == -1)
		audit_report(&chain->list, AUDIT_E_GENESIS, at, "log key: %s", e.text);
	else if (!span_equal(chain->log.name, genesis->origin))
		audit_report(&chain->list, AUDIT_E_GENESIS, at, "log key of another origin");
	else {
		chain->has_log = true;
		audit_keys_begin(chain);
	}
	if (genesis->recovery.len > 0 && !is_recovery(genesis))
		audit_report(&chain->list, AUDIT_E_GENESIS, at, "recovery key of another origin");
}

static void
add_segment(struct walk *w, const struct seal_segment *facts, uint64_t line)
{
	struct audit_chain *chain = w->chain;
	struct audit_segment *segments = chain->segments;

	if (chain->segment_count == w->segment_size) {
		size_t size = w->segment_size == 0 ? 64 : w->segment_size * 2;

		if ((segments = reallocarray(segments, size, sizeof(*segments))) == NULL) {
			chain->list.failed = true;
			return;
		}
		chain->segments = segments;
		w->segment_size = size;
	}
	segments[chain->segment_count++] = (struct audit_segment){ .line = line,
		.seg = facts->seg,
		.first = facts->first,
		.n = facts->n,
		.bytes = facts->bytes };
}

static void
check_numbers(struct walk *w, const struct seal_segment *facts, const struct audit_place *at)
{
	struct audit_chain *chain = w->chain;

	if (is_jump(w, facts->seg != w->seg))
		audit_report(&chain->list, AUDIT_E_SEGMENT_GAP, at, "segment %ju, expected %ju",
		    (uintmax_t)facts->seg, (uintmax_t)w->seg);
	if (is_jump(w, facts->first != w->first))
		audit_report(&chain->list, AUDIT_E_RECORD_GAP, at,
		    "segment %ju starts with record %ju, expected %ju", (uintmax_t)facts->seg,
		    (uintmax_t)facts->first, (uintmax_t)w->first);
	w->seg = facts->seg + 1;
	w->first = facts->first + facts->n;
}

static void
check_segment_entry(struct walk *w, const struct audit_place *at)
{
	struct audit_chain *chain = w->chain;
	const struct seal_segment *facts = &w->entry.of.segment;
	struct audit_place place = *at;

	place.segment = facts->seg;
	if (is_own(chain)) {
		audit_report(
		    &chain->list, AUDIT_E_ENTRY_SYNTAX, at, "a segment in the store's chain");
		return;
	}
	check_numbers(w, facts, &place);
	if (facts->n > SEAL_RECORDS_MAX || facts->bytes > SEAL_BYTES_MAX) {
		audit_report(
		    &chain->list, AUDIT_E_LIMIT, &place, "a segment larger than the format allows");
		return;
	}
	audit_counts_balance(&w->entry, &chain->list);
	add_segment(w, facts, at->entry);
	audit_words_said(chain, &w->entry, at->entry);
}

/* Index, link and time.  Each compares with the entry before, so one slip is one finding. */
static void
check_place(struct walk *w, const struct audit_place *at)
{
	struct audit_chain *chain = w->chain;
	const struct seal_entry *entry = &w->entry;

	w->numbered = entry->index == w->index;
	if (!w->numbered) {
		chain->displaced = true;
		audit_report(&chain->list, AUDIT_E_ENTRY_INDEX, at, "index %ju, expected %ju",
		    (uintmax_t)entry->index, (uintmax_t)w->index);
	}
	w->index = entry->index + 1;
	if (memcmp(entry->prev, w->before, sizeof(w->before)) != 0)
		audit_report(&chain->list, AUDIT_E_ENTRY_LINK, at,
		    "prev is not the hash of entry %jd", (intmax_t)at->entry - 1);
	if (is_jump(w, entry->t_us < w->t_us))
		audit_report(&chain->list, AUDIT_E_TIME_BACK, at, "earlier than the entry before");
	w->t_us = entry->t_us;
}

static void
check_entry(struct walk *w, uint64_t i, struct span line)
{
	struct audit_chain *chain = w->chain;
	struct audit_place at = audit_place(CHAIN_FILE);
	struct err e;

	at.entry = i;
	w->numbered = false;
	w->readable = seal_entry_read(line, chain->names, &w->entry, &e) == 0;
	if (!w->readable) {
		audit_report(&chain->list, AUDIT_E_ENTRY_SYNTAX, &at, "%s", e.text);
		w->index = i + 1;
		return;
	}
	check_place(w, &at);
	if (i == 0 || w->entry.type == SEAL_GENESIS)
		check_genesis(w, &at);
	seal_raw_take(&chain->raw, &w->entry);
	if (w->entry.type == SEAL_SEGMENT)
		check_segment_entry(w, &at);
	else if (w->entry.type == SEAL_CONFIG)
		audit_words_said(chain, &w->entry, i);
	else if (w->entry.type == SEAL_STREAM && !is_own(chain))
		audit_report(&chain->list, AUDIT_E_ENTRY_SYNTAX, &at,
		    "streams are listed in " STORE_OWN_STREAM " only");
	else if (w->entry.type == SEAL_HEAD && !is_own(chain))
		audit_report(&chain->list, AUDIT_E_ENTRY_SYNTAX, &at,
		    "heads are in " STORE_OWN_STREAM " only");
}

/* ---- epochs ---- */

/*
 * Take the key that the entry announces: before its own note if there is none
 * that could sign it (genesis, or the keys are lost), else after it.
 */
static void
turn_epoch(struct walk *w, uint64_t i)
{
	struct audit_chain *chain = w->chain;
	uint64_t number = i == 0 ? 0 : w->epoch + 1;
	struct audit_place at = audit_place(CHAIN_FILE);
	struct seal_vkey key;
	char name[SEAL_NAME_BYTES_MAX + 32];
	struct err e;

	if (!w->readable || !w->entry.has_next || !chain->has_genesis)
		return;
	at.entry = i;
	(void)snprintf(name, sizeof(name), "%.*s/epoch/%ju", (int)chain->genesis.origin.len,
	    chain->genesis.origin.ptr, (uintmax_t)number);
	if (seal_vkey_read(w->entry.next, &key, &e) == -1) {
		audit_report(&chain->list, AUDIT_E_EPOCH_ORDER, &at, "next: %s", e.text);
		chain->has_epoch = false;
		return;
	}
	if (is_jump(w, w->entry.epoch != w->epoch || !span_is(key.name, name)))
		audit_report(&chain->list, AUDIT_E_EPOCH_ORDER, &at,
		    "epoch %ju, expected %ju and the key of epoch %ju", (uintmax_t)w->entry.epoch,
		    (uintmax_t)w->epoch, (uintmax_t)number);
	w->epoch = i == 0 ? 0 : w->entry.epoch + 1;
	chain->has_epoch = audit_epoch_copy(&chain->epoch, chain->epoch_name, &key);
}

static void
check_line(struct walk *w, uint64_t i)
{
	struct audit_chain *chain = w->chain;
	struct span line = audit_line(chain, i);
	unsigned char leaf[1][32], root[32];
	bool was_damaged = chain->damaged, own_key = i == 0;

	check_entry(w, i, line);
	if (w->readable && audit_keys_take(chain, &w->entry, i, w->numbered && !was_damaged))
		own_key = true;
	if (own_key)
		turn_epoch(w, i);
	seal_entry_leaf(line.ptr, line.len, leaf[0]);
	(void)seal_tree_add(&w->tree, (const unsigned char(*)[32])leaf, 1, NULL);
	seal_tree_root(&w->tree, root);
	audit_notes_check(&w->notes, i + 1, root);
	audit_keys_turn(chain, i);
	if (!own_key)
		turn_epoch(w, i);
	crypto_sha256(line.ptr, line.len, w->before);
	if (i == 0)
		memcpy(chain->genesis_hash, w->before, sizeof(w->before));
	if (!was_damaged && chain->damaged && w->numbered)
		chain->bad_entry = i;
	if (!w->readable)
		chain->damaged = true;
	if (w->readable && !chain->damaged && w->t_us > chain->coverage->newest_us)
		chain->coverage->newest_us = w->t_us;
}

/* Asserted by the writer, as counts are: what it says is passed on. */
static void
note_raw(const struct audit_chain *chain)
{
	struct audit_coverage *c = chain->coverage;
	unsigned i = c->raw_count;

	if (chain->raw.words[0] == '\0' || i == AUDIT_OPENS)
		return;
	(void)snprintf(c->raw[i].stream, sizeof(c->raw[i].stream), "%s", chain->name);
	memcpy(c->raw[i].words, chain->raw.words, sizeof(c->raw[i].words));
	c->raw_count++;
}

void
audit_chain_check(struct audit_chain *chain)
{
	struct audit_place at = audit_place(CHAIN_FILE);
	struct walk *w = calloc(1, sizeof(*w));

	chain->bad_entry = AUDIT_NONE;
	if (w == NULL) {
		chain->list.failed = true;
		return;
	}
	w->chain = chain;
	w->t_us = INT64_MIN;
	w->seg = 1;
	seal_tree_init(&w->tree);
	audit_notes_init(&w->notes, chain);
	for (uint64_t i = 0; i < chain->count; i++)
		check_line(w, i);
	audit_notes_end(&w->notes);
	if (chain->torn) {
		at.entry = chain->count;
		audit_report(&chain->list, AUDIT_E_CHAIN_TORN, &at,
		    "%zu whole entries, then one without an end", chain->count);
	}
	chain->coverage->entries += chain->count;
	note_raw(chain);
	audit_judge_entries(chain);
	audit_notes_free(&w->notes);
	free(w);
}
