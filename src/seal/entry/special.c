/* What of an entry is no plain value: most of it is a segment's. */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "seal/entry/field.h"

#define MINUTE_US (INT64_C(60) * 1000000)
/* The last minute that RFC 3339 can say. */
#define MINUTE_MAX_US (INT64_C(253402300740) * 1000000)

static const char *const statuses[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx",
	"5xx" };

/* ---- printing ---- */

/* Optional counts: zero is left out. */
static void
add_count(struct buf *b, const char *key, uint64_t count)
{
	if (count > 0)
		json_u64(b, key, count);
}

/* A segment's file; revisions count what erasures left. */
static struct span
file_name(char out[static 80], uint64_t seg, uint64_t revision)
{
	int len = revision == 0 ?
	    snprintf(out, 80, "seg/%08ju.jsonl.zst", (uintmax_t)seg) :
	    snprintf(out, 80, "seg/%08ju.r%ju.jsonl.zst", (uintmax_t)seg, (uintmax_t)revision);

	return (span_of(out, (size_t)len));
}

static void
print_file(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;
	char name[80];

	(void)names;
	seal_add_object(b, "file");
	json_str(b, "name", file_name(name, s->seg, 0));
	json_u64(b, "size", s->file_size);
	seal_add_hex(b, "hash", s->file_hash, sizeof(s->file_hash));
	buf_char(b, '}');
}

static void
print_redact_file(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_redact *d = &entry->of.redact;
	char name[80];

	(void)names;
	seal_add_object(b, "file");
	json_str(b, "name", file_name(name, d->seg, d->revision));
	json_u64(b, "size", d->file_size);
	buf_char(b, '}');
}

/* Rounded out to the minute, for no single record shall be placed by it. */
static void
print_time(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;
	int64_t min = s->counts.time_min_us, max = s->counts.time_max_us;

	(void)names;
	if (s->n == 0)
		return;
	min -= ((min % MINUTE_US) + MINUTE_US) % MINUTE_US;
	if (max > MINUTE_MAX_US)
		max = MINUTE_MAX_US;
	max += (MINUTE_US - ((max % MINUTE_US) + MINUTE_US) % MINUTE_US) % MINUTE_US;
	seal_add_object(b, "time");
	seal_add_time(b, "min", min);
	seal_add_time(b, "max", max);
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
print_in(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct stats_counts *c = &entry->of.segment.counts;

	(void)names;
	seal_add_object(b, "in");
	json_u64(b, "lines", c->lines);
	json_u64(b, "bytes", c->bytes);
	print_outcome(b, &c->in, true);
	json_u64(b, "meta", c->meta);
	json_u64(b, "joined", c->joined);
	seal_add_object(b, "split");
	print_outcome(b, &c->split, true);
	buf_char(b, '}');
	json_u64(b, "lost", c->lost);
	buf_char(b, '}');
	if (c->replay.parsed == 0 && c->replay.partial == 0 && c->replay.unparsed == 0)
		return;
	seal_add_object(b, "replay");
	print_outcome(b, &c->replay, false);
	buf_char(b, '}');
}

static void
print_by(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;

	if (!s->has_by)
		return;
	seal_add_object(b, "by");
	seal_add_object(b, "status");
	for (unsigned i = 0; i < STATS_STATUS_CLASSES; i++)
		add_count(b, statuses[i], s->counts.status[i]);
	buf_str(b, "}}");
	seal_add_object(b, "masked");
	for (unsigned i = 0; i < names->class_count && i < STATS_CLASSES_MAX; i++)
		add_count(b, names->classes[i], s->counts.masked[i]);
	buf_char(b, '}');
}

int
seal_reason_index(const struct seal_names *names, struct span reason)
{
	if (span_is(reason, "continued"))
		return (-1);
	for (unsigned i = 0; i < names->reason_count && i < STATS_REASONS_MAX; i++)
		if (span_is(reason, names->reasons[i]))
			return ((int)i);
	return (-1);
}

static void
print_reasons(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;
	bool open = false;

	for (unsigned i = 0; i < names->reason_count && i < STATS_REASONS_MAX; i++) {
		if (s->counts.reasons[i] == 0)
			continue;
		if (!open)
			seal_add_object(b, "reasons");
		open = true;
		json_u64(b, names->reasons[i], s->counts.reasons[i]);
	}
	if (open)
		buf_char(b, '}');
}

static void
print_causes(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const uint64_t *causes = entry->of.segment.counts.causes;
	bool open = false;

	(void)names;
	for (unsigned i = 0; i < STATS_CAUSE_COUNT; i++) {
		if (causes[i] == 0)
			continue;
		if (!open)
			seal_add_object(b, "causes");
		open = true;
		json_u64(b, stats_cause_names[i], causes[i]);
	}
	if (open)
		buf_char(b, '}');
}

static void
print_sources(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;

	(void)names;
	assert(s->source_count <= SEAL_SOURCES_MAX);
	json_key(b, "sources");
	buf_char(b, '[');
	for (unsigned i = 0; i < s->source_count; i++) {
		const struct seal_source *source = &s->sources[i];

		buf_str(b, i == 0 ? "{" : ",{");
		seal_add_hex(b, "fp", source->fp, sizeof(source->fp));
		json_u64(b, "head", source->head);
		json_u64(b, "at", source->at);
		if (source->has_tail)
			seal_add_hex(b, "tail", source->tail, sizeof(source->tail));
		json_bool(b, "end", source->end);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

/* What binds the flushes; or that nothing does. */
static void
print_agg(struct buf *b, const struct seal_entry *entry, const struct seal_names *names)
{
	const struct seal_segment *s = &entry->of.segment;

	(void)names;
	if (s->tags.lost) {
		json_bool(b, "lost", true);
		return;
	}
	json_key(b, "agg");
	buf_char(b, '"');
	buf_base64(b, s->tags.agg, sizeof(s->tags.agg));
	buf_char(b, '"');
}

/* ---- reading ---- */

static void
take_file_name(struct seal_taker *r, uint64_t seg, uint64_t revision)
{
	struct span name = seal_take_text(r, "name");
	char want[80];

	if (r->why == NULL && !span_equal(name, file_name(want, seg, revision)))
		seal_refuse(r, "file", "not named by its segment");
}

static void
read_file(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;
	struct seal_taker in;

	(void)names;
	seal_take_inner(r, "file", &in);
	take_file_name(&in, s->seg, 0);
	s->file_size = seal_take_u64(&in, "size");
	seal_take_hex(&in, "hash", s->file_hash, sizeof(s->file_hash));
	seal_take_outer(r, &in);
}

static void
read_redact_file(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_redact *d = &entry->of.redact;
	struct seal_taker in;

	(void)names;
	if (d->revision == 0)
		seal_refuse(r, "rev", "0");
	seal_take_inner(r, "file", &in);
	take_file_name(&in, d->seg, d->revision);
	d->file_size = seal_take_u64(&in, "size");
	seal_take_outer(r, &in);
}

static void
read_time(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;
	struct seal_taker in;

	(void)names;
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
read_in(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct stats_counts *c = &entry->of.segment.counts;
	struct seal_taker in, split, replay;

	(void)names;
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
read_by(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;
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
read_reasons(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;
	unsigned reasons = names->reason_count;

	if (!seal_take_is(r, "reasons"))
		return;
	if (r->value.raw.len == 2)
		seal_refuse(r, "reasons", "empty");
	if (reasons > STATS_REASONS_MAX)
		reasons = STATS_REASONS_MAX;
	read_counts(r, "reasons", names->reasons, reasons, s->counts.reasons);
}

static void
read_causes(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	(void)names;
	if (!seal_take_is(r, "causes"))
		return;
	if (r->value.raw.len == 2)
		seal_refuse(r, "causes", "empty");
	read_counts(
	    r, "causes", stats_cause_names, STATS_CAUSE_COUNT, entry->of.segment.counts.causes);
}

static void
read_sources(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;
	struct json_value v = seal_take(r, "sources", JSON_ARRAY), item;
	struct json_cursor c;

	(void)names;
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
		if ((source->has_tail = seal_take_is(&in, "tail")))
			seal_take_hex(&in, "tail", source->tail, sizeof(source->tail));
		source->end = seal_take_bool(&in, "end");
		seal_take_outer(r, &in);
		s->source_count++;
	}
}

static void
read_agg(struct seal_taker *r, const struct seal_names *names, struct seal_entry *entry)
{
	struct seal_segment *s = &entry->of.segment;

	(void)names;
	s->tags.lost = seal_take_is(r, "lost");
	if (!s->tags.lost)
		seal_take_base64(r, "agg", s->tags.agg, sizeof(s->tags.agg));
	else if (!seal_take_bool(r, "lost"))
		seal_refuse(r, "lost", "not true");
}

const struct seal_special seal_segment_file = { print_file, read_file };
const struct seal_special seal_segment_time = { print_time, read_time };
const struct seal_special seal_segment_in = { print_in, read_in };
const struct seal_special seal_segment_by = { print_by, read_by };
const struct seal_special seal_segment_reasons = { print_reasons, read_reasons };
const struct seal_special seal_segment_causes = { print_causes, read_causes };
const struct seal_special seal_segment_sources = { print_sources, read_sources };
const struct seal_special seal_segment_agg = { print_agg, read_agg };
const struct seal_special seal_redact_file = { print_redact_file, read_redact_file };
