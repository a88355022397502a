/* app: a snapshot as JSON: what the control socket and `status --json` say. */
#include "app/names.h"
#include "app/watch/board.h"
#include "base/clock.h"
#include "base/json.h"
#include "seal/entry.h"

static const char *const status_names[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx",
	"5xx" };

static void
add_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != 0)
		json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static uint64_t
positive(int64_t n)
{
	return (n > 0 ? (uint64_t)n : 0);
}

static void
add_counts(struct buf *out, const struct app_seen *seen)
{
	const struct stats_counts *c = &seen->counts;

	json_u64(out, "lines", c->lines);
	json_u64(out, "bytes", c->bytes);
	json_u64(out, "records", seen->records);
	json_u64(out, "parsed", c->in.parsed + c->split.parsed);
	json_u64(out, "partial", c->in.partial + c->split.partial);
	json_u64(out, "unparsed", c->in.unparsed + c->split.unparsed);
	json_u64(out, "counted", c->in.counted + c->split.counted);
	json_u64(out, "meta", c->meta);
	json_u64(out, "joined", c->joined);
	json_u64(out, "lost", c->lost);
	json_counts(out, "status", status_names, c->status, STATS_STATUS_CLASSES);
	json_counts(out, "masked", app_names()->classes, c->masked, app_names()->class_count);
	json_counts(out, "reasons", app_names()->reasons, c->reasons, app_names()->reason_count);
	json_counts(out, "causes", stats_cause_names, c->causes, STATS_CAUSE_COUNT);
}

static void
add_progress(struct buf *out, const struct app_snapshot *s, const struct app_seen *seen)
{
	json_u64(out, "lines_per_minute", seen->per_minute);
	json_u64(out, "lag_ms",
	    seen->waits_since_ns == 0 ? 0 : positive(s->now_ns - seen->waits_since_ns) / 1000000);
	json_u64(out, "commits", seen->commits);
	json_u64(out, "slowest_commit_ms", positive(seen->slowest_commit_ns) / 1000000);
	add_time(out, "committed", seen->committed_us);
	add_time(out, "sealed", seen->sealed_us);
	if (seen->next_seal_ns != 0)
		json_u64(out, "next_seal_s", positive(seen->next_seal_ns - s->now_ns) / 1000000000);
	json_str(out, "rotate", span_str(seen->rotate));
	if (seen->next_rotation_us != 0)
		json_u64(
		    out, "next_rotation_s", positive(seen->next_rotation_us - s->now_us) / 1000000);
	if (seen->rotation_left != 0)
		json_u64(out, "rotation_left_bytes", seen->rotation_left);
	json_u64(out, "entries", seen->entries);
	json_u64(out, "segments", seen->segments);
	json_u64(out, "open_records", seen->open_records);
	json_u64(out, "open_bytes", seen->open_bytes);
	json_u64(out, "full_waits", seen->full_waits);
	json_u64(out, "reopened", seen->reopened);
	json_u64(out, "connections", seen->input.open);
	json_u64(out, "connections_refused", seen->input.refused);
	json_u64(out, "descriptors_short", seen->input.short_of);
	json_u64(out, "files_gone", seen->input.gone);
}

/* Of HTTP: bodies that were looked at, requests not taken, by why, and lines sent again. */
static void
add_http(struct buf *out, const struct app_seen *seen)
{
	const struct input_live_counts *c = &seen->input;

	if (!seen->http)
		return;
	json_key(out, "http");
	buf_char(out, '{');
	json_u64(out, "bodies", c->bodies);
	json_u64(out, "bad", c->bad);
	json_u64(out, "too_large", c->large);
	json_u64(out, "denied", c->denied);
	json_u64(out, "busy", c->busy);
	json_u64(out, "sent_again", c->again);
	buf_char(out, '}');
}

static void
add_stream(struct buf *out, const struct app_snapshot *s, unsigned i)
{
	const struct app_seen *seen = &s->streams[i];

	buf_str(out, i == 0 ? "{" : ",{");
	json_str(out, "name", span_str(seen->name));
	if (s->running) {
		json_str(out, "state", span_str(app_state_names[seen->state]));
		json_str(out, "input", span_str(seen->place));
		json_str(out, "format", span_str(seen->format));
		json_str(out, "envelope", span_str(seen->envelope));
		add_counts(out, seen);
		add_progress(out, s, seen);
		json_str(out, "raw_at_rest", span_str(seen->raw_at_rest));
		add_http(out, seen);
		if (seen->detail != DETAIL_COUNT) {
			json_str(out, "detail", span_str(detail_level_names[seen->detail]));
			add_time(out, "detail_until", seen->detail_until_us);
		}
	} else {
		json_str(out, "state", span_str("stopped"));
		json_u64(out, "records", seen->records);
		json_u64(out, "lost", seen->counts.lost);
		json_u64(out, "entries", seen->entries);
		json_u64(out, "segments", seen->segments);
		add_time(out, "sealed", seen->sealed_us);
	}
	json_u64(out, "disk_bytes", s->disk[i]);
	buf_char(out, '}');
}

static void
add_verified(struct buf *out, const struct app_verified *v)
{
	if (v->at_us == 0)
		return;
	json_key(out, "verified");
	buf_char(out, '{');
	add_time(out, "at", v->at_us);
	json_u64(out, "code", (uint64_t)v->code);
	json_bool(out, "full", v->full);
	json_u64(out, "segments", v->segments);
	json_u64(out, "records", v->records);
	json_u64(out, "took_ms", positive(v->took_ns) / 1000000);
	buf_char(out, '}');
}

static void
add_budget(struct buf *out, const struct app_budget_seen *b)
{
	if (b->limit == 0)
		return;
	json_key(out, "disk");
	buf_char(out, '{');
	json_u64(out, "limit_bytes", b->limit);
	if (b->known)
		json_u64(out, "used_bytes", b->used);
	json_bool(out, "over", b->over);
	if (b->days != -1)
		json_u64(out, "days", (uint64_t)b->days);
	buf_char(out, '}');
}

void
app_snapshot_json(const struct app_snapshot *s, struct buf *out)
{
	buf_char(out, '{');
	json_bool(out, "running", s->running);
	if (s->running) {
		json_u64(out, "pid", s->pid);
		add_time(out, "since", s->since_us);
		json_u64(out, "reloads", s->reloads);
		json_u64(out, "reloads_refused", s->refused);
	}
	add_time(out, "now", s->now_us);
	json_str(out, "store", span_str(s->store));
	if (s->has_space) {
		json_u64(out, "disk_free_bytes", s->space_free);
		json_u64(out, "disk_total_bytes", s->space_total);
	}
	add_budget(out, &s->budget);
	add_verified(out, &s->verified);
	json_key(out, "streams");
	buf_char(out, '[');
	for (unsigned i = 0; i < s->count; i++)
		add_stream(out, s, i);
	buf_str(out, "]}\n");
}
