#include "seal/entry.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "seal/leaf.h"

#define MINUTE_US (INT64_C(60) * 1000000)
/* The last minute that RFC 3339 can say. */
#define MINUTE_MAX_US (INT64_C(253402300740) * 1000000)

static void
add_hex(struct buf *b, const char *key, const unsigned char *bytes, size_t len)
{
	json_key(b, key);
	buf_char(b, '"');
	buf_hex(b, bytes, len);
	buf_char(b, '"');
}

static void
add_time(struct buf *b, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(text, t_us);

	json_str(b, key, span_of(text, len));
}

/* Optional counts: zero is left out. */
static void
add_count(struct buf *b, const char *key, uint64_t count)
{
	if (count > 0)
		json_u64(b, key, count);
}

static void
open_object(struct buf *b, const char *key)
{
	json_key(b, key);
	buf_char(b, '{');
}

static void
add_policy(struct buf *b, struct span policy)
{
	json_key(b, "policy");
	buf_str(b, "\"sha256:");
	buf_span(b, policy);
	buf_char(b, '"');
}

static void
add_next(struct buf *b, const struct seal_entry *entry)
{
	assert(entry->has_next);
	json_u64(b, "epoch", entry->epoch);
	json_str(b, "next", entry->next);
}

static void
print_genesis(struct buf *b, const struct seal_entry *entry)
{
	const struct seal_genesis *g = &entry->of.genesis;

	json_str(b, "stream", g->stream);
	json_str(b, "origin", g->origin);
	json_str(b, "log", g->log);
	add_next(b, entry);
	json_bool(b, "escrow", g->escrow);
	add_policy(b, g->policy);
	json_str(b, "sw", entry->software);
}

static void
print_stream(struct buf *b, const struct seal_entry *entry)
{
	const struct seal_stream *s = &entry->of.stream;

	json_str(b, "name", s->name);
	json_str(b, "origin", s->origin);
	json_str(b, "log", s->log);
	add_hex(b, "genesis", s->genesis, sizeof(s->genesis));
	add_next(b, entry);
}

static void
print_file(struct buf *b, const struct seal_segment *s)
{
	char name[64];
	int len = snprintf(name, sizeof(name), "seg/%08ju.jsonl.zst", (uintmax_t)s->seg);

	open_object(b, "file");
	json_str(b, "name", span_of(name, (size_t)len));
	json_u64(b, "size", s->file_size);
	add_hex(b, "hash", s->file_hash, sizeof(s->file_hash));
	buf_char(b, '}');
}

/* Rounded out to the minute, for no single record shall be placed by it. */
static void
print_time(struct buf *b, const struct seal_segment *s)
{
	int64_t min = s->counts.time_min_us, max = s->counts.time_max_us;

	if (s->n == 0)
		return;
	min -= ((min % MINUTE_US) + MINUTE_US) % MINUTE_US;
	if (max > MINUTE_MAX_US)
		max = MINUTE_MAX_US;
	max += (MINUTE_US - ((max % MINUTE_US) + MINUTE_US) % MINUTE_US) % MINUTE_US;
	open_object(b, "time");
	add_time(b, "min", min);
	add_time(b, "max", max);
	buf_char(b, '}');
}

static void
print_outcome(struct buf *b, const struct stats_outcome *o, bool counted)
{
	json_u64(b, "parsed", o->parsed);
	json_u64(b, "partial", o->partial);
	json_u64(b, "unparsed", o->unparsed);
	if (counted)
		json_u64(b, "counted", o->counted);
}

static void
print_in(struct buf *b, const struct stats_counts *c)
{
	open_object(b, "in");
	json_u64(b, "lines", c->lines);
	json_u64(b, "bytes", c->bytes);
	print_outcome(b, &c->in, true);
	json_u64(b, "meta", c->meta);
	json_u64(b, "joined", c->joined);
	open_object(b, "split");
	print_outcome(b, &c->split, true);
	buf_char(b, '}');
	json_u64(b, "lost", c->lost);
	buf_char(b, '}');
	if (c->replay.parsed == 0 && c->replay.partial == 0 && c->replay.unparsed == 0)
		return;
	open_object(b, "replay");
	print_outcome(b, &c->replay, false);
	buf_char(b, '}');
}

static void
print_by(struct buf *b, const struct seal_segment *s, const struct seal_names *names)
{
	static const char *const statuses[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx",
		"4xx", "5xx" };

	if (!s->has_by)
		return;
	open_object(b, "by");
	open_object(b, "status");
	for (unsigned i = 0; i < STATS_STATUS_CLASSES; i++)
		add_count(b, statuses[i], s->counts.status[i]);
	buf_str(b, "}}");
	open_object(b, "masked");
	for (unsigned i = 0; i < names->class_count && i < STATS_CLASSES_MAX; i++)
		add_count(b, names->classes[i], s->counts.masked[i]);
	buf_char(b, '}');
}

static void
print_reasons(struct buf *b, const struct seal_segment *s, const struct seal_names *names)
{
	bool open = false;

	for (unsigned i = 0; i < names->reason_count && i < STATS_REASONS_MAX; i++) {
		if (s->counts.reasons[i] == 0)
			continue;
		if (!open)
			open_object(b, "reasons");
		open = true;
		json_u64(b, names->reasons[i], s->counts.reasons[i]);
	}
	if (open)
		buf_char(b, '}');
}

static void
print_sources(struct buf *b, const struct seal_segment *s)
{
	json_key(b, "sources");
	buf_char(b, '[');
	for (unsigned i = 0; i < s->source_count; i++) {
		const struct seal_source *source = &s->sources[i];

		buf_str(b, i == 0 ? "{" : ",{");
		add_hex(b, "fp", source->fp, sizeof(source->fp));
		json_u64(b, "head", source->head);
		json_u64(b, "at", source->at);
		json_bool(b, "end", source->end);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static void
print_segment(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;

	assert(s->source_count <= SEAL_SOURCES_MAX);
	json_u64(b, "seg", s->seg);
	json_u64(b, "first", s->first);
	json_u64(b, "n", s->n);
	json_u64(b, "bytes", s->bytes);
	json_key(b, "root");
	buf_char(b, '"');
	buf_base64(b, s->root, sizeof(s->root));
	buf_char(b, '"');
	print_file(b, s);
	add_hex(b, "idx", s->idx, sizeof(s->idx));
	print_time(b, s);
	print_in(b, &s->counts);
	print_by(b, s, names);
	print_reasons(b, s, names);
	add_policy(b, s->policy);
	json_key(b, "mask_epochs");
	buf_span(b, s->mask_epochs.len == 0 ? span_str("{}") : s->mask_epochs);
	if (s->has_mask_seed)
		add_hex(b, "mask_seed", s->mask_seed, sizeof(s->mask_seed));
	open_object(b, "words");
	json_u64(b, "n", s->words_count);
	add_hex(b, "hash", s->words_hash, sizeof(s->words_hash));
	buf_char(b, '}');
	print_sources(b, s);
	if (s->unlocked)
		json_bool(b, "unlocked", true);
	add_next(b, entry);
	json_str(b, "sw", entry->software);
}

static void
print_destroy(struct buf *b, const struct seal_entry *entry)
{
	const struct seal_destroy *d = &entry->of.destroy;

	json_str(b, "what", d->what);
	add_hex(b, "commitment", d->commitment, sizeof(d->commitment));
}

static void
print_own(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	switch (entry->type) {
	case SEAL_GENESIS: print_genesis(b, entry); break;
	case SEAL_STREAM: print_stream(b, entry); break;
	case SEAL_SEGMENT: print_segment(b, entry, names); break;
	case SEAL_DESTROY: print_destroy(b, entry); break;
	case SEAL_UNKNOWN: break;
	}
}

int
seal_entry_print(
    const struct seal_entry *entry, const struct seal_names *names, struct buf *out, struct err *e)
{
	static const char *const type_names[] = {
		[SEAL_GENESIS] = "genesis",
		[SEAL_STREAM] = "stream",
		[SEAL_SEGMENT] = "segment",
		[SEAL_DESTROY] = "destroy",
	};
	size_t start = out->len;

	assert(entry->type != SEAL_UNKNOWN);
	buf_char(out, '{');
	json_u64(out, "v", SEAL_VERSION);
	json_u64(out, "i", entry->index);
	json_str(out, "type", span_str(type_names[entry->type]));
	add_time(out, "t", entry->t_us);
	add_hex(out, "prev", entry->prev, sizeof(entry->prev));
	print_own(out, entry, names);
	buf_char(out, '}');
	if (!buf_ok(out))
		return (err_set(e, ERR_IO, "entry: out of memory"));
	if (out->len - start > SEAL_ENTRY_BYTES_MAX) {
		size_t len = out->len - start;

		out->len = start;
		return (err_set(
		    e, ERR_IO, "entry: %zu bytes are more than %d", len, SEAL_ENTRY_BYTES_MAX));
	}
	return (0);
}
