/* The store: its own chain first, then what it lists and what is there, in order. */
#include "audit/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/check.h"
#include "audit/history/judge.h"
#include "audit/live/again.h"
#include "audit/live/coverage.h"
#include "audit/live/live.h"
#include "audit/live/moving.h"
#include "audit/outside/anchor.h"
#include "audit/outside/anchors.h"
#include "audit/outside/bundle.h"
#include "audit/outside/pin.h"
#include "audit/segment.h"
#include "audit/store_check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"

#define FINDINGS_MAX 10000
#define STREAMS_MAX 65536 /* names, listed and found */

/* A stream that the store's chain lists, or that is found, or both. */
struct stream {
	char name[STORE_NAME_MAX + 8];
	bool found;
	uint64_t entry; /* that lists it; AUDIT_NONE */
	unsigned char genesis[32];
	struct span origin, log; /* borrow the store's chain */
};

struct verify {
	const struct audit_options *options;
	struct audit_result *result;
	int store, streams, words; /* directories; words may be -1 */
	bool has_words; /* or there are none, as there may be; else something else is there */
	struct audit_list all;
	struct audit_pool pool;
	struct audit_chain own;
	bool has_own;
	struct stream *items;
	size_t count, size;
	unsigned shortages; /* of memory, before; one more, and no verdict is worth anything */
};

/* ---- which streams ---- */

static struct stream *
add_stream(struct verify *v, struct span name)
{
	struct stream *items, *item;

	if (v->count == STREAMS_MAX) {
		v->result->coverage.unknown_entries++;
		return (NULL);
	}
	if (v->count == v->size) {
		size_t size = v->size == 0 ? 16 : v->size * 2;

		if ((items = reallocarray(v->items, size, sizeof(*items))) == NULL) {
			v->all.failed = true;
			return (NULL);
		}
		v->items = items;
		v->size = size;
	}
	item = &v->items[v->count++];
	*item = (struct stream){ .entry = AUDIT_NONE };
	memcpy(item->name, name.ptr, name.len);
	return (item);
}

/* Entries of the store's chain that somebody signed. */
static void
list_streams(struct verify *v)
{
	struct audit_place at = audit_place("chain.jsonl");
	struct seal_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		v->all.failed = true;
	for (uint64_t i = 0; entry != NULL && i < v->own.signed_count; i++) {
		const struct seal_stream *listed = &entry->of.stream;
		struct stream *item;

		if (seal_entry_read(audit_line(&v->own, i), v->own.names, entry, NULL) == -1 ||
		    entry->type != SEAL_STREAM)
			continue;
		at.entry = i;
		if (!store_name_known(listed->name) || span_is(listed->name, STORE_OWN_STREAM)) {
			audit_report(
			    &v->own.list, AUDIT_E_ENTRY_SYNTAX, &at, "not a stream's name");
			continue;
		}
		if ((item = add_stream(v, listed->name)) == NULL)
			break;
		item->entry = i;
		item->origin = listed->origin;
		item->log = listed->log;
		memcpy(item->genesis, listed->genesis, sizeof(item->genesis));
	}
	free(entry);
}

static void
see_stream(void *arg, int dir, const char *name)
{
	struct verify *v = arg;
	struct audit_place at = audit_place(name);
	struct stream *item;

	if (strcmp(name, STORE_OWN_STREAM) == 0 || audit_unfinished(name, &v->result->coverage))
		return;
	if (!store_name_known(span_str(name)) || audit_kind(dir, name) == AUDIT_REGULAR) {
		audit_report(&v->all, AUDIT_W_UNKNOWN_FILE, &at, "not a stream");
		return;
	}
	if ((item = add_stream(v, span_str(name))) != NULL)
		item->found = true;
}

/* By name, what the chain lists before what is found, in the order of the entries. */
static int
compare_streams(const void *a, const void *b)
{
	const struct stream *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return (order != 0 ? order : (one->entry > other->entry) - (one->entry < other->entry));
}

static void
merge_streams(struct verify *v)
{
	struct audit_place at = audit_place("chain.jsonl");
	struct stream *items = v->items;
	size_t kept = 0;

	if (v->count == 0)
		return;
	qsort(items, v->count, sizeof(items[0]), compare_streams);
	for (size_t i = 0; i < v->count; i++) {
		struct stream *item = &items[i], *before = kept == 0 ? NULL : &items[kept - 1];

		if (before == NULL || strcmp(before->name, item->name) != 0) {
			items[kept++] = *item;
			continue;
		}
		before->found = before->found || item->found;
		if (item->entry == AUDIT_NONE)
			continue;
		at.entry = item->entry;
		audit_report(
		    &v->own.list, AUDIT_E_GENESIS, &at, "stream %s is listed twice", item->name);
	}
	v->count = kept;
}

/* ---- one stream ---- */

static void
check_listing(const struct verify *v, const struct stream *stream, struct audit_chain *chain)
{
	struct audit_place at = audit_place("chain.jsonl");

	if (stream->entry == AUDIT_NONE) {
		at = audit_place("");
		if (v->has_own && !v->own.damaged)
			audit_report(&chain->list, AUDIT_E_STREAM_UNLISTED, &at,
			    "no entry of " STORE_OWN_STREAM " lists it");
		else
			chain->list.suppressed++;
		return;
	}
	at.entry = 0;
	if (chain->count == 0 || memcmp(chain->genesis_hash, stream->genesis, 32) != 0)
		audit_report(&chain->list, AUDIT_E_GENESIS, &at,
		    "not the genesis that entry %ju of " STORE_OWN_STREAM " lists",
		    (uintmax_t)stream->entry);
	else if (chain->has_genesis &&
	    (!span_equal(chain->genesis.log, stream->log) ||
		!span_equal(chain->genesis.origin, stream->origin)))
		audit_report(&chain->list, AUDIT_E_GENESIS, &at,
		    "not the key that entry %ju of " STORE_OWN_STREAM " lists",
		    (uintmax_t)stream->entry);
}

/* Empty periods are sealed too: a stream that is written to has a young entry. */
static void
check_age(const struct verify *v, struct audit_chain *chain)
{
	struct audit_place at = audit_place("chain.jsonl");
	struct seal_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		chain->list.failed = true;
	else if (chain->count == 0 || chain->damaged ||
	    seal_entry_read(audit_line(chain, chain->count - 1), chain->names, entry, NULL) == -1)
		chain->list.suppressed++;
	else if (clock_now_us() - entry->t_us > v->options->max_age_us) {
		at.entry = chain->count - 1;
		audit_report(&chain->list, AUDIT_E_STALE, &at, "it is %jd hours old",
		    (intmax_t)((clock_now_us() - entry->t_us) / 3600000000));
	}
	free(entry);
}

/* What the auditor brings: pins, and how old a stream may be. */
static void
check_seen(const struct verify *v, struct audit_chain *chain)
{
	if (v->options->pins != NULL)
		audit_pins_check(v->options->pins, chain);
	if (v->options->max_age_us > 0 && (chain != &v->own || v->count == 0))
		check_age(v, chain);
}

static void
check_stream(struct verify *v, const struct stream *stream)
{
	int64_t others_us = v->result->coverage.newest_us;
	unsigned opens = v->result->coverage.open_count;
	struct audit_chain chain;
	struct audit_list segments, vocabulary, flushes;
	bool words = v->has_words; /* are those of the newest segment at hand */

	audit_list_init(&segments, stream->name, FINDINGS_MAX);
	audit_list_init(&vocabulary, stream->name, FINDINGS_MAX);
	audit_list_init(&flushes, stream->name, FINDINGS_MAX);
	v->result->coverage.streams++;
	v->result->coverage.newest_us = INT64_MIN;
	if (audit_stream_begin(
		&chain, v->streams, stream->name, v->options, &v->result->coverage) == 0) {
		check_listing(v, stream, &chain);
		check_seen(v, &chain);
		audit_heads_check(&v->own.heads, &chain);
		if (v->options->range != NULL) {
			words = audit_range_apply(v->options->range, &chain) && words;
			v->result->coverage.open_count = opens; /* a bundle has none */
		}
		if (v->options->escrow != NULL)
			audit_ratchet_replay(&chain, v->options->escrow, &flushes);
		v->pool.defer = true;
		audit_pool_check(&v->pool, &chain, &segments);
		if (words && chain.segment_count > 0)
			audit_words_again(&chain, v->words, &vocabulary);
		if (v->pool.again_count > 0)
			audit_stream_again(&(struct audit_again){ &v->pool, v->streams,
					       stream->name, v->options, &segments },
			    &v->result->coverage);
	}
	(void)audit_window_settle(&chain.window, &chain.list);
	audit_list_sort(&chain.list);
	audit_list_move(&v->all, &chain.list);
	audit_list_move(&v->all, &segments);
	audit_list_move(&v->all, &vocabulary);
	audit_list_move(&v->all, &flushes);
	audit_chain_free(&chain);
	audit_note_end(&v->result->coverage, stream->name, others_us);
}

/* ---- the anchor ---- */

static int
check_anchor(struct verify *v, struct err *e)
{
	struct audit_place at = audit_place("chain.jsonl");
	struct audit_anchor anchor;

	audit_anchor_print(
	    v->own.genesis.log, v->own.genesis_hash, v->result->coverage.auditor);
	if (v->options->anchor == NULL)
		return (0);
	if (audit_anchor_read(v->options->anchor, &anchor, e) == -1)
		return (-1);
	at.entry = 0;
	if (v->own.count == 0 ||
	    memcmp(anchor.genesis, v->own.genesis_hash, sizeof(anchor.genesis)) != 0)
		audit_report(&v->own.list, AUDIT_E_GENESIS, &at, "not the genesis of the anchor");
	else if (!span_equal(anchor.vkey, v->own.genesis.log))
		audit_report(&v->own.list, AUDIT_E_GENESIS, &at, "not the log key of the anchor");
	else
		v->result->coverage.anchored = true;
	return (0);
}

/* ---- the store ---- */

/* A link is not followed, wherever it leads: of no stream anything is told then. */
static void
open_words(struct verify *v)
{
	enum audit_kind kind = audit_kind(v->store, "words");
	struct audit_place at = audit_place("words");

	v->words = io_open_dir(v->store, "words", NULL);
	v->has_words = kind == AUDIT_MISSING || kind == AUDIT_DIRECTORY;
	if (!v->has_words)
		audit_report(&v->all, AUDIT_E_FILE_TYPE, &at, "not a directory");
}

static int
open_store(struct verify *v, const char *store, struct err *e)
{
	if ((v->store = io_open(AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0, e)) == -1 ||
	    (v->streams = io_open_dir(v->store, "streams", e)) == -1) {
		if (e != NULL)
			e->code = ERR_INPUT;
		return (errno == ENOENT || errno == ENOTDIR ?
			err_set(e, ERR_INPUT, "%s is no store: %s", store,
			    v->store == -1 ? "nothing is there" : "another folder") :
			err_in(e, "%s", store));
	}
	open_words(v);
	return (audit_pool_open(&v->pool, v->options->jobs, e));
}

/* What is there, and what the store's chain says of it. */
static int
find_streams(struct verify *v, struct err *e)
{
	v->has_own = audit_stream_begin(&v->own, v->streams, STORE_OWN_STREAM, v->options,
			 &v->result->coverage) == 0;
	v->result->coverage.own_us = v->result->coverage.newest_us;
	list_streams(v);
	if (audit_walk(v->store, "streams", see_stream, v, e) == -1)
		return (-1);
	merge_streams(v);
	return (0);
}

/* Is something there that a writer may be about to list? */
static bool
is_being_made(const struct verify *v)
{
	bool unlisted = !v->has_own;

	for (size_t i = 0; i < v->count && !unlisted; i++)
		unlisted = v->items[i].entry == AUDIT_NONE;
	return (unlisted &&
	    (audit_is_young(v->store, "streams") || audit_is_warm(&v->own) ||
		audit_is_young(v->streams, STORE_OWN_STREAM)));
}

static int
check_own(struct verify *v, struct err *e)
{
	struct audit_coverage coverage = v->result->coverage;
	struct audit_list all = v->all;

	for (unsigned attempt = 0;; attempt++) {
		if (find_streams(v, e) == -1)
			return (-1);
		if (attempt + 1 == AUDIT_ATTEMPTS || !is_being_made(v))
			break;
		audit_pause(attempt);
		audit_chain_free(&v->own);
		audit_list_back(&v->all, &all);
		v->result->coverage = coverage;
		v->count = 0;
	}
	if (check_anchor(v, e) == -1)
		return (-1);
	if (v->has_own)
		check_seen(v, &v->own);
	(void)audit_window_settle(&v->own.window, &v->own.list);
	audit_list_sort(&v->own.list);
	audit_list_move(&v->all, &v->own.list);
	return (0);
}

/* Bytes of lines that there are to read, for the progress only. */
static void
count_bytes(struct verify *v, const struct stream *stream)
{
	struct audit_chain chain = { .name = stream->name, .dirfd = -1 };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	bool there = entry != NULL &&
	    (chain.dirfd = io_open_dir(v->streams, stream->name, NULL)) != -1 &&
	    audit_chain_read(&chain) == 0;

	for (size_t i = 0; there && i < chain.count; i++)
		if (seal_entry_read(audit_line(&chain, i), v->options->names, entry, NULL) == 0 &&
		    entry->type == SEAL_SEGMENT && entry->of.segment.bytes <= SEAL_BYTES_MAX)
			v->pool.total += entry->of.segment.bytes;
	audit_chain_free(&chain);
	free(entry);
}

static int
check_streams(struct verify *v, struct err *e)
{
	const char *only = v->options->stream;
	bool any = only == NULL || strcmp(only, STORE_OWN_STREAM) == 0;

	for (size_t i = 0; i < v->count && v->options->progress != NULL; i++)
		if (only == NULL || strcmp(only, v->items[i].name) == 0)
			count_bytes(v, &v->items[i]);
	v->pool.progress = v->options->progress;
	v->pool.progress_arg = v->options->progress_arg;
	for (size_t i = 0; i < v->count; i++) {
		if (only != NULL && strcmp(only, v->items[i].name) != 0)
			continue;
		any = true;
		check_stream(v, &v->items[i]);
	}
	if (!any && v->options->range != NULL)
		any = audit_range_missing(v->options->range, &v->all);
	if (v->options->pins != NULL)
		audit_pins_missing(v->options->pins, only, &v->all);
	audit_anchors_missing(v->options, &v->result->coverage, &v->all);
	return (any ? 0 : err_set(e, ERR_INPUT, "the store has no stream of that name"));
}

/* ---- the result ---- */

/* Stable: within a severity the order of streams and segments stays. */
static void
take_findings(
    struct audit_result *result, const struct audit_list *all, enum audit_severity severity)
{
	for (size_t i = 0; i < all->count; i++) {
		if (audit_code_severity[all->items[i].code] != severity)
			continue;
		result->findings[result->finding_count++] = all->items[i];
		result->errors += severity == AUDIT_ERROR;
		result->warnings += severity == AUDIT_WARNING;
	}
}

static int
finish(struct verify *v, struct err *e)
{
	struct audit_result *result = v->result;
	struct audit_list *all = &v->all;

	if (all->failed || err_memory_count() != v->shortages ||
	    (result->findings = calloc(all->count + 1, sizeof(all->items[0]))) == NULL)
		return (err_memory(e));
	take_findings(result, all, AUDIT_ERROR);
	take_findings(result, all, AUDIT_WARNING);
	result->suppressed = all->suppressed;
	if (all->has_error)
		result->exit_code = ERR_FINDING;
	else if (result->coverage.unknown_entries > 0)
		result->exit_code = ERR_INCOMPLETE;
	audit_name_unchecked(v->options, v->count, &result->coverage);
	return (0);
}

int
audit_verify(const char *store, const struct audit_options *options, struct audit_result *result,
    struct err *e)
{
	struct verify v = { .options = options,
		.result = result,
		.store = -1,
		.streams = -1,
		.words = -1,
		.own.dirfd = -1,
		.shortages = err_memory_count() };
	int rc = -1;

	*result = (struct audit_result){ .coverage = { .time_min_us = INT64_MAX,
					     .time_max_us = INT64_MIN,
					     .newest_us = INT64_MIN,
					     .laggard_us = INT64_MAX } };
	audit_list_init(&v.all, "", FINDINGS_MAX);
	(void)snprintf(result->store, sizeof(result->store), "%s", store);
	if (options->found != NULL)
		audit_list_move(&v.all, options->found);
	if (open_store(&v, store, e) == 0 && check_own(&v, e) == 0 && check_streams(&v, e) == 0)
		rc = finish(&v, e);
	if (v.store != -1)
		(void)close(v.store);
	if (v.streams != -1)
		(void)close(v.streams);
	if (v.words != -1)
		(void)close(v.words);
	audit_chain_free(&v.own);
	audit_list_free(&v.all);
	audit_pool_close(&v.pool);
	free(v.items);
	return (rc);
}

void
audit_result_free(struct audit_result *result)
{
	free(result->findings);
	*result = (struct audit_result){ 0 };
}
