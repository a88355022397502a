#include "app/serve/trust.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "app/records.h"
#include "app/retain/plan.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "seal/lists.h"
#include "store/erase/erase.h"
#include "store/layout.h"

#define HOLD_US INT64_C(600000000)

/* ---- keys ---- */

/* The oldest makes room: names of one kind sort by time, and destroyed ones are listed below. */
static struct trust_key *
find_key(struct trust *t, struct span name)
{
	struct trust_key *key;

	if (name.len == 0 || name.len >= TRUST_EPOCH_BYTES)
		return (NULL);
	for (unsigned i = 0; i < t->key_count; i++)
		if (span_is(name, t->keys[i].name))
			return (&t->keys[i]);
	if (t->key_count == TRUST_KEYS_MAX)
		memmove(t->keys, t->keys + 1, --t->key_count * sizeof(t->keys[0]));
	key = &t->keys[t->key_count++];
	memset(key, 0, sizeof(*key));
	memcpy(key->name, name.ptr, name.len);
	return (key);
}

/* "2026-W47", or "2026-W45..2026-W47", of which the first and the last are named. */
static void
see_epoch(struct trust *t, struct span text)
{
	size_t at = 0;

	while (at + 1 < text.len && (text.ptr[at] != '.' || text.ptr[at + 1] != '.'))
		at++;
	if (at + 1 >= text.len) {
		(void)find_key(t, text);
		return;
	}
	(void)find_key(t, span_of(text.ptr, at));
	(void)find_key(t, span_from(text, at + 2));
}

static void
see_epochs(struct trust *t, struct span raw)
{
	struct json_cursor classes, list;
	struct json_value all, of, one;
	struct span key;

	if (json_parse(raw, &all, NULL) == -1 || all.type != JSON_OBJECT)
		return;
	json_open(&classes, &all);
	while (json_next(&classes, &key, &of)) {
		if (of.type != JSON_ARRAY)
			continue;
		json_open(&list, &of);
		while (json_next(&list, &key, &one))
			if (one.type == JSON_STRING)
				see_epoch(t, one.text);
	}
}

/* The key of one import, which has a commitment in place of a name. */
static struct span
name_import(const unsigned char commitment[static 32], char name[static TRUST_EPOCH_BYTES])
{
	char digits[9];

	digits[text_hex(digits, commitment, 4)] = '\0';
	return (span_of(name, (size_t)snprintf(name, TRUST_EPOCH_BYTES, "import %s", digits)));
}

/* ---- deletions ---- */

static void
see_deletion(struct trust *t, const struct trust_deletion *one)
{
	struct trust_deletion *oldest = &t->deletions[0];

	if (t->deletion_count < TRUST_DELETIONS_MAX) {
		t->deletions[t->deletion_count++] = *one;
		return;
	}
	for (unsigned i = 1; i < TRUST_DELETIONS_MAX; i++)
		if (t->deletions[i].at_us < oldest->at_us)
			oldest = &t->deletions[i];
	if (oldest->at_us <= one->at_us)
		*oldest = *one;
}

static uint64_t
count_items(struct span items)
{
	struct json_cursor c;
	struct seal_item item;
	uint64_t count = 0;

	seal_items_open(items, &c);
	while (seal_items_next(&c, &item))
		count++;
	return (count);
}

static void
see_prune(
    struct trust *t, struct trust_deletion *d, struct span segs, const struct seal_history *history)
{
	struct json_cursor c;
	struct seal_range range;
	const struct seal_past *past;

	seal_ranges_open(segs, &c);
	while (seal_ranges_next(&c, &range)) {
		d->segment = range.last;
		for (uint64_t seg = range.first; seg <= range.last; seg++)
			if ((past = seal_history_segment(history, seg)) != NULL)
				d->records += past->n;
			else
				break;
	}
	see_deletion(t, d);
}

/* ---- one stream ---- */

static void
see_gap(struct trust_stream *s, const struct stats_counts *c, int64_t t_us)
{
	bool has = c->time_min_us <= c->time_max_us, any = false;
	int64_t first_us = has ? c->time_min_us : t_us, last_us = has ? c->time_max_us : t_us;
	struct trust_gap *gap;

	for (int i = 0; i < STATS_CAUSE_COUNT; i++)
		any = any || c->causes[i] > 0;
	if (!any)
		return;
	if (s->gap_count < TRUST_GAPS_MAX) {
		gap = &s->gaps[s->gap_count++];
		*gap = (struct trust_gap){ .first_us = INT64_MAX, .last_us = INT64_MIN };
	} else
		gap = &s->gaps[TRUST_GAPS_MAX - 1];
	if (first_us < gap->first_us)
		gap->first_us = first_us;
	if (last_us > gap->last_us)
		gap->last_us = last_us;
	for (int i = 0; i < STATS_CAUSE_COUNT; i++)
		gap->causes[i] += c->causes[i];
}

static void
see_segment(struct trust *t, struct trust_stream *s, const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	char import[TRUST_EPOCH_BYTES];

	s->segments++;
	s->records += segment->n;
	s->sealed_us = entry->t_us;
	s->balanced = s->balanced && stats_counts_balanced(&segment->counts);
	stats_counts_add(&s->counts, &segment->counts);
	see_gap(s, &segment->counts, entry->t_us);
	/* Epochs of an import are of its own key, and end with it. */
	if (segment->has_mask_seed)
		(void)find_key(t, name_import(segment->mask_seed, import));
	else
		see_epochs(t, segment->mask_epochs);
}

static void
see_destroy(struct trust *t, struct trust_deletion *d, const struct seal_entry *entry)
{
	struct span what = entry->of.destroy.what;
	char import[TRUST_EPOCH_BYTES];
	struct trust_key *key;
	size_t len;

	if (span_is(what, "import"))
		what = name_import(entry->of.destroy.commitment, import);
	key = find_key(t, what);
	len = what.len < TRUST_EPOCH_BYTES ? what.len : TRUST_EPOCH_BYTES - 1;
	memcpy(d->epoch, what.ptr, len);
	if (key != NULL && !key->destroyed) {
		key->destroyed = true;
		key->at_us = entry->t_us;
		see_deletion(t, d); /* other streams say the same of it */
	}
}

static void
see_entry(struct trust *t, struct trust_stream *s, const struct seal_entry *entry,
    const struct seal_history *history)
{
	struct trust_deletion d = { .at_us = entry->t_us, .stream = s->name };

	s->head_us = entry->t_us;
	seal_raw_take(&s->raw, entry);
	switch (entry->type) {
	case SEAL_SEGMENT: see_segment(t, s, entry); break;
	case SEAL_DESTROY:
		d.kind = "destroy";
		see_destroy(t, &d, entry);
		break;
	case SEAL_PRUNE:
		d.kind = "prune";
		see_prune(t, &d, entry->of.prune.segs, history);
		break;
	case SEAL_REDACT:
		d.kind = "redact";
		d.segment = entry->of.redact.seg;
		d.records = count_items(entry->of.redact.items);
		see_deletion(t, &d);
		break;
	default: break;
	}
}

static void
see_history(struct trust *t, struct trust_stream *s, const struct seal_history *history)
{
	const struct seal_past *past;
	struct span hold;

	s->pruned_segments = seal_history_pruned(history);
	for (uint64_t seg = 1; s->pruned_segments > 0 && seg <= s->segments; seg++)
		if ((past = seal_history_segment(history, seg)) != NULL && past->pruned)
			s->pruned_records += past->n;
	for (unsigned i = 0; i < t->key_count; i++)
		if (!t->keys[i].held &&
		    seal_history_held_epoch(
			history, span_str(t->keys[i].name), clock_now_us(), &hold))
			t->keys[i].held = true;
}

/* The auditor's line: the log key and the first entry of the store's own chain. */
static void
see_genesis(struct trust *t, const struct seal_entry *entry, struct span line)
{
	struct buf out = { 0 };
	unsigned char hash[32];

	crypto_sha256(line.ptr, line.len, hash);
	buf_span(&out, entry->of.genesis.log);
	buf_str(&out, " sha256:");
	buf_hex(&out, hash, sizeof(hash));
	if (buf_ok(&out))
		(void)snprintf(t->anchor, sizeof(t->anchor), "%s", out.data);
	buf_free(&out);
}

static void
hash_line(struct span line, unsigned char hash[static 32])
{
	crypto_sha256(line.ptr, line.len, hash);
}

static int
see_chain(struct trust *t, struct trust_stream *s, const struct store_chain *chain,
    struct seal_entry *entry, struct err *e)
{
	struct seal_history *history = NULL;

	if (store_history_read(chain, app_names(), &history, e) == -1)
		return (-1);
	for (size_t i = 0; i < chain->count; i++) {
		if (seal_entry_read(store_chain_line(chain, i), app_names(), entry, e) == -1) {
			seal_history_free(history);
			return (err_in(e, "entry %zu", i));
		}
		if (i == 0 && entry->type == SEAL_GENESIS && strcmp(s->name, STORE_OWN_STREAM) == 0)
			see_genesis(t, entry, store_chain_line(chain, 0));
		see_entry(t, s, entry, history);
	}
	s->entries = chain->count;
	if (chain->count > 0)
		hash_line(store_chain_line(chain, chain->count - 1), s->head);
	see_history(t, s, history);
	seal_history_free(history);
	return (0);
}

static int
see_stream(struct trust *t, const char *store, const char *name, struct err *e)
{
	struct trust_stream *s = &t->streams[t->stream_count];
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct app_records r = { .stream_fd = -1 };
	int rc = -1;

	memset(s, 0, sizeof(*s));
	memcpy(s->name, name, sizeof(s->name));
	s->balanced = true;
	stats_counts_clear(&s->counts);
	if (entry == NULL)
		(void)err_memory(e);
	else if (app_records_open(&r, store, name, NULL, NULL, e) == 0)
		rc = see_chain(t, s, &r.chain, entry, e);
	app_records_close(&r);
	free(entry);
	t->stream_count += rc == 0;
	return (rc == 0 ? 0 : err_in(e, "stream %s", name));
}

uint64_t
app_trust_key(const char *store)
{
	char names[CONFIG_STREAMS_MAX][SERVE_NAME_BYTES], path[CONFIG_PATH_BYTES + 128];
	uint64_t key = (uint64_t)(clock_now_us() / HOLD_US); /* holds end by the clock */
	struct stat st;
	unsigned count;

	if (app_serving_names(store, names, &count, NULL) == -1)
		return (0);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/streams/%s/chain.jsonl", store, names[i]);
		if (stat(path, &st) == -1)
			return (0);
		key = hash_bytes(&st.st_size, sizeof(st.st_size), key);
		key = hash_bytes(&st.st_ino, sizeof(st.st_ino), key);
	}
	return (key | 1);
}

/* What is held stays.  What cannot be planned is not said: verify tells of the chain. */
static void
see_retain(struct trust_stream *s, const char *store, const struct trust_terms *terms)
{
	struct app_retain r = { .store = store,
		.stream = s->name,
		.now_us = clock_now_us(),
		.records = { .stream_fd = -1 } };

	if (strcmp(s->name, APP_ACCESS_STREAM) == 0)
		r.policy = *terms->access;
	else if (strcmp(s->name, STORE_OWN_STREAM) == 0 ||
	    !app_retain_policy(terms->config, s->name, &r.policy))
		return;
	if (app_retain_read(&r, NULL) == 0) {
		app_lines_rules(&r, s->rule, sizeof(s->rule));
		app_retain_next(&r, &s->next_us, &s->next_segments, &s->next_records);
	}
	app_retain_free(&r);
}

int
app_trust_read(const char *store, const struct trust_terms *terms, struct trust *t, struct err *e)
{
	char names[CONFIG_STREAMS_MAX][SERVE_NAME_BYTES];
	unsigned count;

	memset(t, 0, sizeof(*t));
	if (app_serving_names(store, names, &count, e) == -1)
		return (-1);
	for (unsigned i = 0; i < count; i++)
		if (see_stream(t, store, names[i], e) == -1)
			return (-1);
	for (unsigned i = 0; i < t->stream_count; i++)
		see_retain(&t->streams[i], store, terms);
	return (0);
}
