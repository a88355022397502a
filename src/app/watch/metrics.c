/*
 * app: a snapshot in the text format of Prometheus.  Labels are of lists that
 * are known beforehand: streams of the configuration, states, statuses, classes
 * of identifiers, reasons.  No value of an event is one.
 */
#include <string.h>

#include "app/names.h"
#include "app/watch/board.h"
#include "seal/entry.h"

static const char *const status_names[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx",
	"5xx" };

struct sheet {
	const struct app_snapshot *s;
	struct buf *out;
};

/* ---- one line ---- */

static void
begin(const struct sheet *t, const char *name, const char *type, const char *help)
{
	buf_fmt(t->out, "# HELP cretula_%s %s\n# TYPE cretula_%s %s\n", name, help, name, type);
}

static void
one(const struct sheet *t, const char *name, uint64_t value)
{
	buf_fmt(t->out, "cretula_%s %ju\n", name, (uintmax_t)value);
}

/* Thousandths; exact, whatever the locale. */
static void
milli(struct buf *out, uint64_t n)
{
	buf_fmt(out, " %ju.%03u\n", (uintmax_t)(n / 1000), (unsigned)(n % 1000));
}

static void
of_stream(const struct sheet *t, const char *name, unsigned i, const char *label, const char *value,
    uint64_t n)
{
	buf_fmt(t->out, "cretula_%s{stream=\"%s\"", name, t->s->streams[i].name);
	if (label != NULL)
		buf_fmt(t->out, ",%s=\"%s\"", label, value);
	buf_fmt(t->out, "} %ju\n", (uintmax_t)n);
}

/* ---- rows: one number of each stream ---- */

static uint64_t
positive(int64_t n)
{
	return (n > 0 ? (uint64_t)n : 0);
}

static uint64_t
up(const struct app_seen *seen)
{
	return (seen->state == APP_READING);
}

static uint64_t
lines(const struct app_seen *seen)
{
	return (seen->counts.lines);
}

static uint64_t
bytes(const struct app_seen *seen)
{
	return (seen->counts.bytes);
}

static uint64_t
counted(const struct app_seen *seen)
{
	return (seen->counts.in.counted + seen->counts.split.counted);
}

static uint64_t
lost(const struct app_seen *seen)
{
	return (seen->counts.lost);
}

static uint64_t
over_rate(const struct app_seen *seen)
{
	return (seen->counts.causes[STATS_CAUSE_RATE]);
}

static uint64_t
commits(const struct app_seen *seen)
{
	return (seen->commits);
}

static uint64_t
entries(const struct app_seen *seen)
{
	return (seen->entries);
}

static uint64_t
segments(const struct app_seen *seen)
{
	return (seen->segments);
}

static uint64_t
open_bytes(const struct app_seen *seen)
{
	return (seen->open_bytes);
}

static uint64_t
open_records(const struct app_seen *seen)
{
	return (seen->open_records);
}

static uint64_t
connections(const struct app_seen *seen)
{
	return (seen->input.open);
}

static uint64_t
taken(const struct app_seen *seen)
{
	return (seen->input.connections);
}

static uint64_t
refused(const struct app_seen *seen)
{
	return (seen->input.refused);
}

static uint64_t
short_of(const struct app_seen *seen)
{
	return (seen->input.short_of);
}

static uint64_t
gone(const struct app_seen *seen)
{
	return (seen->input.gone);
}

static uint64_t
full_waits(const struct app_seen *seen)
{
	return (seen->full_waits);
}

static uint64_t
reopened(const struct app_seen *seen)
{
	return (seen->reopened);
}

static uint64_t
errors_minute(const struct app_seen *seen)
{
	return (seen->errors_minute);
}

static uint64_t
pruned_segments(const struct app_seen *seen)
{
	return (seen->pruned_segments);
}

static uint64_t
pruned_records(const struct app_seen *seen)
{
	return (seen->pruned_records);
}

static uint64_t
held_segments(const struct app_seen *seen)
{
	return (seen->held_segments);
}

static uint64_t
left_tries(const struct app_seen *seen)
{
	return (seen->left_tries);
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct app_seen *seen);
} rows[] = {
	{ "stream_up", "gauge", "1 if the stream is read, 0 if it waits or has failed.", up },
	{ "lines_total", "counter", "Lines that were committed.", lines },
	{ "line_bytes_total", "counter", "Bytes of these lines, as they came.", bytes },
	{ "counted_total", "counter", "Events that are counted without a record.", counted },
	{ "over_rate_total", "counter", "Those of them that were over limits.rate.", over_rate },
	{ "lost_total", "counter", "Lines that were lost on the way here, and sealed as lost.",
	    lost },
	{ "commits_total", "counter", "Commits of lines to the disk.", commits },
	{ "chain_entries", "gauge", "Entries of the chain.", entries },
	{ "segments", "gauge", "Sealed segments.", segments },
	{ "open_segment_bytes", "gauge", "Records that are committed and not yet sealed.",
	    open_bytes },
	{ "open_segment_records", "gauge", "The number of these records.", open_records },
	{ "connections", "gauge", "Connections that are open.", connections },
	{ "connections_total", "counter", "Connections that were taken.", taken },
	{ "connections_refused_total", "counter", "Connections closed for lack of room.", refused },
	{ "descriptors_short_total", "counter",
	    "How often connections waited for lack of descriptors.", short_of },
	{ "files_gone_total", "counter", "Renamed files that were gone before they were read.",
	    gone },
	{ "disk_full_waits_total", "counter", "How often input waited for space on the disk.",
	    full_waits },
	{ "errors_minute", "gauge", "Events of the last minute that were answered with 5xx.",
	    errors_minute },
	{ "pruned_segments_total", "counter", "Segments that went when their term was over.",
	    pruned_segments },
	{ "pruned_records_total", "counter", "Records of these segments.", pruned_records },
	{ "held_segments", "gauge", "Segments that are over their term, and held.", held_segments },
	{ "erase_failures_total", "counter", "Tries to overwrite what is gone that failed.",
	    left_tries },
	{ "reopened_total", "counter", "How often the stream was opened again after an error.",
	    reopened },
};

static void
add_rows(const struct sheet *t)
{
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		begin(t, rows[r].name, rows[r].type, rows[r].help);
		for (unsigned i = 0; i < t->s->count; i++)
			of_stream(t, rows[r].name, i, NULL, NULL, rows[r].value(&t->s->streams[i]));
	}
}

/* ---- times, in seconds ---- */

enum second { LAG, COMMIT, COMMITTED, RETAINED, SEALED, NEXT_SEAL, NEXT_ROTATION, SECOND_COUNT };

static const char *const seconds[SECOND_COUNT][2] = {
	[LAG] = { "lag_seconds", "How long the oldest line that came waits to be committed." },
	[COMMIT] = { "slowest_commit_seconds", "The slowest commit of this session." },
	[COMMITTED] = { "last_commit_timestamp_seconds", "When lines were committed last." },
	[RETAINED] = { "last_retain_timestamp_seconds",
	    "When it was last looked for what is over its term." },
	[SEALED] = { "last_seal_timestamp_seconds", "When a segment was sealed last." },
	[NEXT_SEAL] = { "next_seal_seconds", "Until the open segment is sealed at the latest." },
	[NEXT_ROTATION] = { "next_rotation_seconds", "Until the period ends (`rotate` by time)." },
};

/* In milliseconds; 0: there is no such time. */
static uint64_t
second(const struct sheet *t, const struct app_seen *seen, enum second which)
{
	const struct app_snapshot *s = t->s;

	switch (which) {
	case LAG:
		return (seen->waits_since_ns == 0 ?
			0 :
			positive(s->now_ns - seen->waits_since_ns) / 1000000);
	case COMMIT: return (positive(seen->slowest_commit_ns) / 1000000);
	case COMMITTED: return (positive(seen->committed_us) / 1000);
	case RETAINED: return (positive(seen->retained_us) / 1000);
	case SEALED: return (positive(seen->sealed_us) / 1000);
	case NEXT_SEAL: return (positive(seen->next_seal_ns - s->now_ns) / 1000000);
	default: return (positive(seen->next_rotation_us - s->now_us) / 1000);
	}
}

static void
add_seconds(const struct sheet *t)
{
	for (int which = 0; which < SECOND_COUNT; which++) {
		begin(t, seconds[which][0], "gauge", seconds[which][1]);
		for (unsigned i = 0; i < t->s->count; i++) {
			const struct app_seen *seen = &t->s->streams[i];
			uint64_t ms = second(t, seen, (enum second)which);

			if (which > COMMIT && ms == 0)
				continue;
			buf_fmt(t->out, "cretula_%s{stream=\"%s\"}", seconds[which][0], seen->name);
			milli(t->out, ms);
		}
	}
}

/* Of streams of whose hour of the week enough is known; thousandths. */
static void
add_usual(const struct sheet *t)
{
	begin(t, "errors_usual_minute", "gauge",
	    "How many of them a minute of this hour of the week usually has.");
	for (unsigned i = 0; i < t->s->count; i++) {
		const struct app_seen *seen = &t->s->streams[i];

		if (!seen->errors_usual.known)
			continue;
		buf_fmt(t->out, "cretula_errors_usual_minute{stream=\"%s\"}", seen->name);
		milli(t->out, (uint64_t)(seen->errors_usual.middle * 1000));
	}
	begin(t, "error_score", "gauge",
	    "How far they are above that, in robust deviations (0: not); 5 is a burst.");
	for (unsigned i = 0; i < t->s->count; i++) {
		const struct app_seen *seen = &t->s->streams[i];
		double score = stats_usual_score(&seen->errors_usual, seen->errors_minute);

		if (!seen->errors_usual.known)
			continue;
		buf_fmt(t->out, "cretula_error_score{stream=\"%s\"}", seen->name);
		milli(t->out, score > 0 ? (uint64_t)(score * 1000) : 0);
	}
}

/* ---- tables: several numbers of each stream ---- */

struct table {
	const char *name, *label;
	const char *const *values; /* of the label */
	unsigned count;
};

static void
add_table(const struct sheet *t, const struct table *table, unsigned i, const uint64_t *numbers)
{
	for (unsigned k = 0; k < table->count; k++)
		if (numbers[k] > 0)
			of_stream(t, table->name, i, table->label, table->values[k], numbers[k]);
}

static void
add_losses(const struct sheet *t, unsigned i)
{
	const uint64_t *causes = t->s->streams[i].counts.causes;

	for (int c = 0; c < STATS_CAUSE_COUNT; c++)
		if (stats_cause_is_loss((enum stats_cause)c))
			of_stream(
			    t, "lost_by_cause_total", i, "cause", stats_cause_names[c], causes[c]);
}

static void
add_tables(const struct sheet *t)
{
	const struct seal_names *names = app_names();
	const struct table responses = { "responses_total", "status", status_names,
		STATS_STATUS_CLASSES };
	const struct table masked = { "masked_total", "class", names->classes, names->class_count };
	const struct table unread = { "unread_total", "reason", names->reasons,
		names->reason_count };

	begin(t, "records_total", "counter", "Records that were committed, by how they were read.");
	for (unsigned i = 0; i < t->s->count; i++) {
		const struct stats_counts *c = &t->s->streams[i].counts;

		of_stream(t, "records_total", i, "state", "parsed", c->in.parsed + c->split.parsed);
		of_stream(
		    t, "records_total", i, "state", "partial", c->in.partial + c->split.partial);
		of_stream(
		    t, "records_total", i, "state", "unparsed", c->in.unparsed + c->split.unparsed);
	}
	begin(t, "responses_total", "counter", "Records by class of their HTTP status.");
	for (unsigned i = 0; i < t->s->count; i++)
		add_table(t, &responses, i, t->s->streams[i].counts.status);
	begin(t, "masked_total", "counter", "Values that were masked, by class of identifier.");
	for (unsigned i = 0; i < t->s->count; i++)
		add_table(t, &masked, i, t->s->streams[i].counts.masked);
	begin(t, "lost_by_cause_total", "counter", "Lost lines, by how they were lost.");
	for (unsigned i = 0; i < t->s->count; i++)
		add_losses(t, i);
	begin(t, "unread_total", "counter", "Lines that were not or partly read, by reason.");
	for (unsigned i = 0; i < t->s->count; i++)
		add_table(t, &unread, i, t->s->streams[i].counts.reasons);
}

/* Of streams whose input is HTTP. */
static void
add_http(const struct sheet *t)
{
	static const char *const results[] = { "bad", "too_large", "denied", "busy" };

	begin(t, "http_refused_total", "counter", "Requests that were not taken, by why.");
	for (unsigned i = 0; i < t->s->count; i++) {
		const struct input_live_counts *c = &t->s->streams[i].input;
		const uint64_t numbers[] = { c->bad, c->large, c->denied, c->busy };

		for (int k = 0; t->s->streams[i].http && k < 4; k++)
			of_stream(t, "http_refused_total", i, "result", results[k], numbers[k]);
	}
	begin(t, "http_bodies_total", "counter", "Bodies of requests that were looked at.");
	for (unsigned i = 0; i < t->s->count; i++)
		if (t->s->streams[i].http)
			of_stream(
			    t, "http_bodies_total", i, NULL, NULL, t->s->streams[i].input.bodies);
	begin(t, "http_sent_again_total", "counter", "Lines of bodies that had come before.");
	for (unsigned i = 0; i < t->s->count; i++)
		if (t->s->streams[i].http)
			of_stream(t, "http_sent_again_total", i, NULL, NULL,
			    t->s->streams[i].input.again);
}

/* ---- of the daemon ---- */

static void
add_disk(const struct sheet *t)
{
	begin(t, "stream_disk_bytes", "gauge", "Bytes on the disk of the files of a stream.");
	for (unsigned i = 0; i < t->s->count; i++)
		of_stream(t, "stream_disk_bytes", i, NULL, NULL, t->s->disk[i]);
	if (!t->s->has_space)
		return;
	begin(t, "disk_free_bytes", "gauge", "Free bytes where the store is.");
	one(t, "disk_free_bytes", t->s->space_free);
	begin(t, "disk_size_bytes", "gauge", "All bytes there.");
	one(t, "disk_size_bytes", t->s->space_total);
}

static void
add_budget(const struct sheet *t)
{
	const struct app_budget_seen *b = &t->s->budget;

	if (b->limit == 0)
		return;
	begin(t, "disk_budget_bytes", "gauge", "What the store may take (disk).");
	one(t, "disk_budget_bytes", b->limit);
	if (b->known) {
		begin(t, "disk_used_bytes", "gauge", "What its files take; none: not known.");
		one(t, "disk_used_bytes", b->used);
	}
	begin(t, "disk_budget_over", "gauge",
	    "1: more than it may, and what may go is not enough: input waits.");
	one(t, "disk_budget_over", b->over);
	if (b->days == -1)
		return;
	begin(t, "disk_budget_days", "gauge",
	    "Until it is used up, at the pace of the last week; none: it will not be.");
	one(t, "disk_budget_days", (uint64_t)b->days);
}

static void
add_verified(const struct sheet *t)
{
	const struct app_verified *v = &t->s->verified;

	if (v->at_us == 0)
		return;
	begin(t, "verify_exit_code", "gauge",
	    "Of the daemon's last look at its own store: 0 good, 1 findings, 3 not all checked.");
	one(t, "verify_exit_code", (uint64_t)v->code);
	begin(t, "last_verify_timestamp_seconds", "gauge", "When that was.");
	buf_str(t->out, "cretula_last_verify_timestamp_seconds");
	milli(t->out, positive(v->at_us) / 1000);
	begin(t, "verify_duration_seconds", "gauge", "How long it took.");
	buf_str(t->out, "cretula_verify_duration_seconds");
	milli(t->out, positive(v->took_ns) / 1000000);
}

static void
add_daemon(const struct sheet *t)
{
	begin(t, "build_info", "gauge", "The version that runs.");
	buf_str(t->out, "cretula_build_info{version=\"" CRETULA_VERSION "\"} 1\n");
	begin(t, "start_timestamp_seconds", "gauge", "When the daemon began.");
	buf_str(t->out, "cretula_start_timestamp_seconds");
	milli(t->out, positive(t->s->since_us) / 1000);
	begin(t, "reloads_total", "counter", "Configurations that were read again.");
	buf_fmt(t->out,
	    "cretula_reloads_total{result=\"taken\"} %ju\n"
	    "cretula_reloads_total{result=\"refused\"} %ju\n",
	    (uintmax_t)t->s->reloads, (uintmax_t)t->s->refused);
}

void
app_snapshot_metrics(const struct app_snapshot *s, struct buf *out)
{
	const struct sheet t = { s, out };

	add_daemon(&t);
	add_disk(&t);
	add_budget(&t);
	add_verified(&t);
	add_rows(&t);
	add_seconds(&t);
	add_usual(&t);
	add_tables(&t);
	add_http(&t);
}
