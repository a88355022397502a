#include "seal/entry.h"

#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/canonical.h"
#include "seal/note.h"
#include "seal/take.h"

#define MINUTE_US (INT64_C(60) * 1000000)

/* Bytewise. */
static bool
span_less(struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return (order < 0 || (order == 0 && a.len < b.len));
}

/* ---- texts of a certain form ---- */

/* Does text look like form, where 0 stands for a digit? */
static bool
looks_like(struct span text, const char *form)
{
	if (text.len != strlen(form))
		return (false);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (form[i] == '0' ? c < '0' || c > '9' : c != form[i])
			return (false);
	}
	return (true);
}

enum epoch_kind { NO_EPOCH, DAY, WEEK, MONTH };

static enum epoch_kind
epoch_kind(struct span name)
{
	if (looks_like(name, "0000-00-00"))
		return (DAY);
	if (looks_like(name, "0000-W00"))
		return (WEEK);
	return (looks_like(name, "0000-00") ? MONTH : NO_EPOCH);
}

/* A name of a stream, the reserved ones included. */
static bool
is_stream(struct span name)
{
	if (span_is(name, "cretula.store") || span_is(name, "cretula.access"))
		return (true);
	if (name.len == 0 || name.len > 32 || name.ptr[0] < 'a' || name.ptr[0] > 'z')
		return (false);
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return (false);
	}
	return (true);
}

/* "cretula/" 16 hex digits "/" stream. */
static bool
is_origin(struct span text)
{
	static const struct span start = SPAN("cretula/");
	unsigned char id[8];
	size_t len;

	if (text.len < start.len + 18 || !span_starts(text, start) ||
	    text_unhex(span_of(text.ptr + start.len, 16), id, sizeof(id), &len) == -1)
		return (false);
	return (text.ptr[start.len + 16] == '/' && is_stream(span_from(text, start.len + 17)));
}

static struct span
take_stream(struct seal_taker *r, const char *key)
{
	struct span text = seal_take_text(r, key);

	if (!is_stream(text))
		seal_refuse(r, key, "not a stream name");
	return (text);
}

static struct span
take_origin(struct seal_taker *r)
{
	struct span text = seal_take_text(r, "origin");

	if (!is_origin(text))
		seal_refuse(r, "origin", "not cretula/ID/NAME");
	return (text);
}

static struct span
take_vkey(struct seal_taker *r, const char *key)
{
	struct span text = seal_take_text(r, key);
	struct seal_vkey vkey;

	if (r->why == NULL && seal_vkey_read(text, &vkey, NULL) == -1)
		seal_refuse(r, key, "not a vkey");
	return (text);
}

static void
take_next(struct seal_taker *r, struct seal_entry *entry)
{
	entry->epoch = seal_take_u64(r, "epoch");
	entry->next = take_vkey(r, "next");
	entry->has_next = true;
}

static void
read_genesis(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_genesis *g = &entry->of.genesis;

	(void)names;
	g->stream = take_stream(r, "stream");
	g->origin = take_origin(r);
	g->log = take_vkey(r, "log");
	take_next(r, entry);
	g->escrow = seal_take_bool(r, "escrow");
	if (g->escrow)
		seal_refuse(r, "escrow", "true");
	g->policy = seal_take_policy(r);
	entry->software = seal_take_text(r, "sw");
}

static void
read_stream(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_stream *s = &entry->of.stream;

	(void)names;
	s->name = take_stream(r, "name");
	s->origin = take_origin(r);
	s->log = take_vkey(r, "log");
	seal_take_hex(r, "genesis", s->genesis, sizeof(s->genesis));
	take_next(r, entry);
}

static void
read_destroy(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_destroy *d = &entry->of.destroy;

	(void)names;
	d->what = seal_take_text(r, "what");
	if (!span_is(d->what, "import") && epoch_kind(d->what) == NO_EPOCH)
		seal_refuse(r, "what", "neither import nor an epoch");
	seal_take_hex(r, "commitment", d->commitment, sizeof(d->commitment));
}

static void
read_file(struct seal_taker *r, struct seal_segment *s)
{
	struct seal_taker in;
	struct span name;
	char want[64];
	int len = snprintf(want, sizeof(want), "seg/%08ju.jsonl.zst", (uintmax_t)s->seg);

	seal_take_inner(r, "file", &in);
	name = seal_take_text(&in, "name");
	if (in.why == NULL && !span_equal(name, span_of(want, (size_t)len)))
		seal_refuse(&in, "file", "not named by its segment");
	s->file_size = seal_take_u64(&in, "size");
	seal_take_hex(&in, "hash", s->file_hash, sizeof(s->file_hash));
	seal_take_outer(r, &in);
}

static void
read_time(struct seal_taker *r, struct seal_segment *s)
{
	struct seal_taker in;

	s->counts.time_min_us = INT64_MAX;
	s->counts.time_max_us = INT64_MIN;
	if (s->n == 0)
		return;
	seal_take_inner(r, "time", &in);
	s->counts.time_min_us = seal_take_time(&in, "min", MINUTE_US);
	s->counts.time_max_us = seal_take_time(&in, "max", MINUTE_US);
	if (in.why == NULL && s->counts.time_min_us > s->counts.time_max_us)
		seal_refuse(&in, "time", "backwards");
	seal_take_outer(r, &in);
}

static void
read_outcome(struct seal_taker *r, struct stats_outcome *o, bool counted)
{
	o->parsed = seal_take_u64(r, "parsed");
	o->partial = seal_take_u64(r, "partial");
	o->unparsed = seal_take_u64(r, "unparsed");
	if (counted)
		o->counted = seal_take_u64(r, "counted");
}

static void
read_in(struct seal_taker *r, struct stats_counts *c)
{
	struct seal_taker in, split, replay;

	seal_take_inner(r, "in", &in);
	c->lines = seal_take_u64(&in, "lines");
	c->bytes = seal_take_u64(&in, "bytes");
	read_outcome(&in, &c->in, true);
	c->meta = seal_take_u64(&in, "meta");
	c->joined = seal_take_u64(&in, "joined");
	seal_take_inner(&in, "split", &split);
	read_outcome(&split, &c->split, true);
	seal_take_outer(&in, &split);
	c->lost = seal_take_u64(&in, "lost");
	seal_take_outer(r, &in);
	if (!seal_take_is(r, "replay"))
		return;
	seal_take_inner(r, "replay", &replay);
	read_outcome(&replay, &c->replay, false);
	if (c->replay.parsed == 0 && c->replay.partial == 0 && c->replay.unparsed == 0)
		seal_refuse(&replay, "replay", "all zero");
	seal_take_outer(r, &replay);
}

/*
 * Name to count, the known names in their order, none zero.  Unknown names
 * are a newer writer's.
 */
static void
read_counts(struct seal_taker *r, const char *key, const char *const *names, unsigned count,
    uint64_t *counts)
{
	struct seal_taker in;
	unsigned next = 0;

	seal_take_inner(r, key, &in);
	while (in.why == NULL && in.have) {
		unsigned known = 0;

		while (known < count && !span_is(in.key, names[known]))
			known++;
		if (in.value.type != JSON_INT || in.value.number == 0)
			seal_refuse(&in, key, "not a count above zero");
		else if (known < next)
			seal_refuse(&in, key, "out of order");
		else if (known < count) {
			counts[known] = (uint64_t)in.value.number;
			next = known + 1;
		}
		in.have = json_next(&in.cursor, &in.key, &in.value);
	}
	seal_take_outer(r, &in);
}

static void
read_by(struct seal_taker *r, const struct seal_names *names, struct seal_segment *s)
{
	static const char *const statuses[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx",
		"4xx", "5xx" };
	unsigned classes = names->class_count;
	struct seal_taker in;

	s->has_by = s->n >= SEAL_BY_MIN;
	if (!s->has_by)
		return;
	seal_take_inner(r, "by", &in);
	read_counts(&in, "status", statuses, STATS_STATUS_CLASSES, s->counts.status);
	seal_take_outer(r, &in);
	if (classes > STATS_CLASSES_MAX)
		classes = STATS_CLASSES_MAX;
	read_counts(r, "masked", names->classes, classes, s->counts.masked);
}

static void
read_reasons(struct seal_taker *r, const struct seal_names *names, struct seal_segment *s)
{
	unsigned reasons = names->reason_count;

	if (!seal_take_is(r, "reasons"))
		return;
	if (r->value.raw.len == 2)
		seal_refuse(r, "reasons", "empty");
	if (reasons > STATS_REASONS_MAX)
		reasons = STATS_REASONS_MAX;
	read_counts(r, "reasons", names->reasons, reasons, s->counts.reasons);
}

/* NAME or FIRST..LAST, as a pair. */
static bool
read_range(struct span text, struct span *first, struct span *last)
{
	static const struct span dots = SPAN("..");
	size_t at = span_find(text, '.');

	*first = *last = span_of(text.ptr, at);
	if (at == text.len)
		return (true);
	*last = span_from(text, at + dots.len);
	return (span_starts(span_from(text, at), dots) && span_less(*first, *last));
}

/* Epochs and ranges of one kind, ascending; their names sort as their times. */
static bool
is_epoch_list(const struct json_value *list)
{
	struct json_cursor c;
	struct json_value item;
	struct span first, last, before = { NULL, 0 };
	enum epoch_kind kind = NO_EPOCH;

	if (list->type != JSON_ARRAY)
		return (false);
	json_open(&c, list);
	while (json_next(&c, NULL, &item)) {
		if (item.type != JSON_STRING || !read_range(item.text, &first, &last))
			return (false);
		if (before.ptr == NULL)
			kind = epoch_kind(first);
		else if (!span_less(before, first))
			return (false);
		if (kind == NO_EPOCH || epoch_kind(first) != kind || epoch_kind(last) != kind)
			return (false);
		before = last;
	}
	return (kind != NO_EPOCH);
}

/* Token prefix, ascending, to a list of epochs. */
static struct span
take_mask_epochs(struct seal_taker *r)
{
	struct json_value v = seal_take(r, "mask_epochs", JSON_OBJECT), list;
	struct span key, before = { NULL, 0 };
	struct json_cursor c;

	if (r->why != NULL)
		return (span_of("", 0));
	json_open(&c, &v);
	while (json_next(&c, &key, &list)) {
		if (!is_epoch_list(&list))
			seal_refuse(
			    r, "mask_epochs", "not lists of epochs, each of one kind and sorted");
		if (before.ptr != NULL && !span_less(before, key))
			seal_refuse(r, "mask_epochs", "out of order");
		before = key;
	}
	return (v.raw);
}

static void
read_sources(struct seal_taker *r, struct seal_segment *s)
{
	struct json_value v = seal_take(r, "sources", JSON_ARRAY), item;
	struct json_cursor c;

	json_open(&c, &v);
	while (r->why == NULL && json_next(&c, NULL, &item)) {
		struct seal_source *source = &s->sources[s->source_count];
		struct seal_taker in;

		if (s->source_count == SEAL_SOURCES_MAX || item.type != JSON_OBJECT) {
			seal_refuse(r, "sources", "not at most 64 objects");
			return;
		}
		seal_take_open(&in, &item);
		seal_take_hex(&in, "fp", source->fp, sizeof(source->fp));
		source->head = seal_take_u64(&in, "head");
		source->at = seal_take_u64(&in, "at");
		source->end = seal_take_bool(&in, "end");
		seal_take_outer(r, &in);
		s->source_count++;
	}
}

static void
read_words(struct seal_taker *r, struct seal_segment *s)
{
	struct seal_taker in;

	seal_take_inner(r, "words", &in);
	s->words_count = seal_take_u64(&in, "n");
	seal_take_hex(&in, "hash", s->words_hash, sizeof(s->words_hash));
	seal_take_outer(r, &in);
}

static void
read_segment(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;

	s->seg = seal_take_u64(r, "seg");
	s->first = seal_take_u64(r, "first");
	s->n = seal_take_u64(r, "n");
	s->bytes = seal_take_u64(r, "bytes");
	seal_take_base64(r, "root", s->root, sizeof(s->root));
	read_file(r, s);
	seal_take_hex(r, "idx", s->idx, sizeof(s->idx));
	read_time(r, s);
	read_in(r, &s->counts);
	read_by(r, names, s);
	read_reasons(r, names, s);
	s->policy = seal_take_policy(r);
	s->mask_epochs = take_mask_epochs(r);
	s->has_mask_seed = seal_take_is(r, "mask_seed");
	if (s->has_mask_seed)
		seal_take_hex(r, "mask_seed", s->mask_seed, sizeof(s->mask_seed));
	read_words(r, s);
	read_sources(r, s);
	s->unlocked = seal_take_is(r, "unlocked");
	if (s->unlocked && !seal_take_bool(r, "unlocked"))
		seal_refuse(r, "unlocked", "false");
	take_next(r, entry);
	entry->software = seal_take_text(r, "sw");
}

static const struct {
	const char *name;
	enum seal_type type;
	void (*read)(
	    struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry);
} types[] = {
	{ "destroy", SEAL_DESTROY, read_destroy },
	{ "genesis", SEAL_GENESIS, read_genesis },
	{ "segment", SEAL_SEGMENT, read_segment },
	{ "stream", SEAL_STREAM, read_stream },
};

static void
read_unknown(const struct json_value *line, struct seal_entry *entry)
{
	entry->type = SEAL_UNKNOWN;
	entry->has_next =
	    json_get_u64(line, "epoch", &entry->epoch) && json_get_str(line, "next", &entry->next);
}

static void
read_members(struct seal_taker *r, const struct json_value *line, const struct seal_names *names,
    struct seal_entry *entry)
{
	if (seal_take_u64(r, "v") != SEAL_VERSION)
		seal_refuse(r, "v", "not 1");
	entry->index = seal_take_u64(r, "i");
	entry->type_name = seal_take_text(r, "type");
	entry->t_us = seal_take_time(r, "t", 1000);
	seal_take_hex(r, "prev", entry->prev, sizeof(entry->prev));
	if (r->why != NULL)
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!span_is(entry->type_name, types[i].name))
			continue;
		entry->type = types[i].type;
		types[i].read(r, names, entry);
		seal_take_close(r);
		return;
	}
	read_unknown(line, entry);
}

int
seal_entry_read(
    struct span line, const struct seal_names *names, struct seal_entry *entry, struct err *e)
{
	struct json_value v;
	struct seal_taker r;

	memset(entry, 0, sizeof(*entry));
	if (line.len > SEAL_ENTRY_BYTES_MAX)
		return (err_set(e, ERR_FINDING, "entry: too long"));
	if (json_parse(line, &v, e) == -1) {
		if (e != NULL)
			e->code = ERR_FINDING;
		return (err_in(e, "entry"));
	}
	if (v.type != JSON_OBJECT)
		return (err_set(e, ERR_FINDING, "entry: not an object"));
	if (seal_canonical(line, &v, e) == -1)
		return (-1);
	seal_take_open(&r, &v);
	read_members(&r, &v, names, entry);
	if (r.why != NULL)
		return (err_set(e, ERR_FINDING, "entry: %s: %s", r.at, r.why));
	return (0);
}
