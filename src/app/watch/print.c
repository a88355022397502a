#include "app/watch/print.h"

#include <stdio.h>
#include <string.h>

#include "app/watch/figures.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "config/config.h"
#include "stats/counts.h"

#define WORD_BYTES 32

static uint64_t
number(const struct json_value *object, const char *key)
{
	uint64_t n;

	return (json_get_u64(object, key, &n) ? n : 0);
}

static bool
is_true(const struct json_value *object, const char *key)
{
	struct json_value v;

	return (json_get(object, key, &v) && v.type == JSON_TRUE);
}

/* What a person reads of a text: what the writer of JSON escaped stays so. */
static struct span
text(const struct json_value *object, const char *key)
{
	struct span t;

	return (json_get_str(object, key, &t) ? t : span_of("", 0));
}

/* ---- words ---- */

/* "48 s", "12 min", "5 h", "3 d". */
static void
print_span(char out[static WORD_BYTES], uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 2 * 86400, "d" }, { 2 * 3600, "h" }, { 2 * 60, "min" } };
	static const uint64_t sizes[] = { 86400, 3600, 60 };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < units[i].seconds)
			continue;
		(void)snprintf(
		    out, WORD_BYTES, "%ju %s", (uintmax_t)(seconds / sizes[i]), units[i].name);
		return;
	}
	(void)snprintf(out, WORD_BYTES, "%ju s", (uintmax_t)seconds);
}

/* How long ago key of stream was, as of now; "-" if it never was. */
static void
print_age(char out[static WORD_BYTES], const struct json_value *stream, const char *key,
    const struct json_value *all)
{
	struct span t = text(stream, key), now = text(all, "now");
	int64_t t_us, now_us;

	if (clock_parse_rfc3339(t.ptr, t.len, &t_us) == -1 ||
	    clock_parse_rfc3339(now.ptr, now.len, &now_us) == -1)
		(void)snprintf(out, WORD_BYTES, "-");
	else
		print_span(out, now_us > t_us ? (uint64_t)(now_us - t_us) / 1000000 : 0);
}

static void
print_rate(char out[static WORD_BYTES], uint64_t per_minute)
{
	if (per_minute >= 600)
		(void)num_print_grouped(out, per_minute / 60);
	else
		(void)snprintf(out, WORD_BYTES, "%u.%u", (unsigned)(per_minute / 60),
		    (unsigned)(per_minute % 60 / 6));
}

static void
print_rotation(char out[static WORD_BYTES], const struct json_value *stream)
{
	uint64_t s = number(stream, "next_rotation_s"),
		 left = number(stream, "rotation_left_bytes");

	if (left > 0)
		(void)num_print_bytes(out, left);
	else if (s > 0)
		print_span(out, s);
	else
		(void)snprintf(out, WORD_BYTES, "-");
}

/* ---- rows ---- */

static void
add_running(const struct json_value *stream, const struct json_value *all, struct buf *out)
{
	char rate[WORD_BYTES], lag[WORD_BYTES], sealed[WORD_BYTES], rotation[WORD_BYTES],
	    lost[WORD_BYTES], disk[WORD_BYTES];
	struct span name = text(stream, "name"), state = text(stream, "state");
	uint64_t lag_ms = number(stream, "lag_ms");

	print_rate(rate, number(stream, "lines_per_minute"));
	if (lag_ms < 10000)
		(void)snprintf(lag, sizeof(lag), "%u.%u s", (unsigned)(lag_ms / 1000),
		    (unsigned)(lag_ms % 1000 / 100));
	else
		print_span(lag, lag_ms / 1000);
	print_age(sealed, stream, "sealed", all);
	print_rotation(rotation, stream);
	(void)num_print_grouped(lost, number(stream, "lost"));
	(void)num_print_bytes(disk, number(stream, "disk_bytes"));
	buf_fmt(out, "%-17.*s %-8.*s %8s %8s %7s %9s %6s %10s\n", (int)name.len, name.ptr,
	    (int)state.len, state.ptr, rate, lag, sealed, rotation, lost, disk);
}

static void
add_stopped(const struct json_value *stream, const struct json_value *all, struct buf *out)
{
	char sealed[WORD_BYTES], records[WORD_BYTES], lost[WORD_BYTES], disk[WORD_BYTES];
	struct span name = text(stream, "name");

	print_age(sealed, stream, "sealed", all);
	(void)num_print_grouped(records, number(stream, "records"));
	(void)num_print_grouped(lost, number(stream, "lost"));
	(void)num_print_bytes(disk, number(stream, "disk_bytes"));
	buf_fmt(out, "%-32.*s %10s %16s %8s %10s\n", (int)name.len, name.ptr, sealed, records, lost,
	    disk);
}

/* A state that this version does not know is none to be content with. */
static bool
is_good(const struct json_value *stream)
{
	struct span state = text(stream, "state");

	for (int i = 0; i < APP_STATE_COUNT; i++)
		if (app_state_good[i] && span_is(state, app_state_names[i]))
			return (true);
	return (false);
}

/* ---- the head ---- */

/* "disk budget 1.2 GiB of 200.0 GiB, used up in 12 days" */
static void
add_budget(const struct json_value *all, struct buf *out)
{
	char used[WORD_BYTES], limit[WORD_BYTES];
	struct json_value disk;
	uint64_t bytes, days;

	if (!json_get(all, "disk", &disk) || disk.type != JSON_OBJECT)
		return;
	(void)num_print_bytes(limit, number(&disk, "limit_bytes"));
	if (json_get_u64(&disk, "used_bytes", &bytes)) {
		(void)num_print_bytes(used, bytes);
		buf_fmt(out, "disk budget: %s of %s", used, limit);
	} else {
		buf_fmt(out, "disk budget: what is used of %s is not known", limit);
	}
	if (is_true(&disk, "over"))
		buf_str(out, ", over: input waits");
	else if (json_get_u64(&disk, "days", &days))
		buf_fmt(out, ", used up in %ju days", (uintmax_t)days);
	buf_char(out, '\n');
}

static void
add_head(const struct json_value *all, struct buf *out)
{
	struct span store = text(all, "store");
	char since[WORD_BYTES], space[WORD_BYTES];

	if (!is_true(all, "running")) {
		buf_fmt(out, "no daemon runs on %.*s; what is sealed there:\n\n", (int)store.len,
		    store.ptr);
		buf_fmt(out, "%-32s %10s %16s %8s %10s\n", "stream", "sealed", "records", "lost",
		    "disk");
		return;
	}
	print_age(since, all, "since", all);
	(void)num_print_bytes(space, number(all, "disk_free_bytes"));
	buf_fmt(out, "store %.*s, %s free; pid %ju, for %s\n", (int)store.len, store.ptr, space,
	    (uintmax_t)number(all, "pid"), since);
	add_budget(all, out);
	buf_char(out, '\n');
	buf_fmt(out, "%-17s %-8s %8s %8s %7s %9s %6s %10s\n", "stream", "state", "lines/s", "lag",
	    "sealed", "rotates", "lost", "disk");
}

/* ---- notes: what is not as usual, below the rows ---- */

static void
add_note(struct span name, bool *any, struct buf *out)
{
	if (!*any)
		buf_char(out, '\n');
	*any = true;
	buf_fmt(out, "%-17.*s ", (int)name.len, name.ptr);
}

/* "lost: 12 gap, 3 socket" */
static void
add_losses(const struct json_value *causes, struct buf *out)
{
	const char *between = "lost: ";

	for (int i = 0; i < STATS_CAUSE_COUNT; i++) {
		uint64_t n = number(causes, stats_cause_names[i]);

		if (n == 0 || !stats_cause_is_loss((enum stats_cause)i))
			continue;
		buf_fmt(out, "%s%ju %s", between, (uintmax_t)n, stats_cause_names[i]);
		between = ", ";
	}
	buf_char(out, '\n');
}

static void
add_http(const struct json_value *http, struct buf *out)
{
	static const char *const keys[][2] = { { "bodies", "bodies" }, { "bad", "bad" },
		{ "too_large", "too large" }, { "denied", "denied" }, { "busy", "busy" },
		{ "sent_again", "again" } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		buf_fmt(out, "%s%ju %s", i == 0 ? "http: " : ", ",
		    (uintmax_t)number(http, keys[i][0]), keys[i][1]);
	buf_char(out, '\n');
}

static void
add_notes(const struct json_value *stream, bool *any, struct buf *out)
{
	struct span name = text(stream, "name"), raw = text(stream, "raw_at_rest"),
		    detail = text(stream, "detail"), until = text(stream, "detail_until");
	struct json_value v = { .type = JSON_NULL };

	if (detail.len > 0) {
		add_note(name, any, out);
		buf_fmt(out, "detail: at least %.*s until %.*s\n", (int)detail.len, detail.ptr,
		    (int)until.len, until.ptr);
	}
	if (raw.len > 0 && !span_is(raw, "none")) {
		add_note(name, any, out);
		buf_fmt(out, "raw at rest: %.*s\n", (int)raw.len, raw.ptr);
	}
	if (json_get(stream, "causes", &v) && v.type == JSON_OBJECT && number(&v, "rate") > 0) {
		add_note(name, any, out);
		buf_fmt(out, "over limits.rate: %ju events only counted\n",
		    (uintmax_t)number(&v, "rate"));
	}
	if (v.type == JSON_OBJECT && number(stream, "lost") > 0) {
		add_note(name, any, out);
		add_losses(&v, out);
	}
	if (json_get(stream, "http", &v) && v.type == JSON_OBJECT) {
		add_note(name, any, out);
		add_http(&v, out);
	}
}

/* What `verify` said when the daemon asked it last.  false: it found something. */
static bool
add_verified(const struct json_value *all, struct buf *out)
{
	char age[WORD_BYTES], records[WORD_BYTES];
	struct json_value v;
	uint64_t code;

	if (!json_get(all, "verified", &v) || v.type != JSON_OBJECT)
		return (true);
	code = number(&v, "code");
	print_age(age, &v, "at", all);
	(void)num_print_grouped(records, number(&v, "records"));
	buf_fmt(out, "\nverified %s ago: %s", age,
	    code == 0		    ? "good" :
		code == ERR_FINDING ? "IT DOES NOT VERIFY: run cretula verify" :
				      "not all could be checked: run cretula verify");
	if (number(&v, "took_ms") > 0)
		buf_fmt(out, " (%s records%s)", records,
		    is_true(&v, "full") ? "" : " that were new");
	buf_char(out, '\n');
	return (code != ERR_FINDING);
}

int
app_status_print(struct span json, struct buf *out, struct err *e)
{
	struct json_value all, list, stream;
	struct json_cursor at;
	struct span key;
	bool good = true, notes = false, running;

	while (json.len > 0 && json.ptr[json.len - 1] == '\n')
		json.len--;
	if (json_parse(json, &all, e) == -1)
		return (err_in(e, "the daemon's answer"));
	if (all.type != JSON_OBJECT || !json_get(&all, "streams", &list) || list.type != JSON_ARRAY)
		return (err_set(e, ERR_INPUT, "the daemon's answer is of another version"));
	running = is_true(&all, "running");
	add_head(&all, out);
	json_open(&at, &list);
	while (json_next(&at, &key, &stream)) {
		if (stream.type != JSON_OBJECT)
			continue;
		(running ? add_running : add_stopped)(&stream, &all, out);
		good = good && (!running || is_good(&stream));
	}
	json_open(&at, &list);
	while (running && json_next(&at, &key, &stream))
		if (stream.type == JSON_OBJECT)
			add_notes(&stream, &notes, out);
	good = add_verified(&all, out) && good;
	return (!running ? ERR_INCOMPLETE : good ? 0 : ERR_FINDING);
}

static bool
has_stream(const struct json_value *list, const char *name)
{
	struct json_value stream;
	struct json_cursor at;
	struct span key;

	json_open(&at, list);
	while (json_next(&at, &key, &stream))
		if (stream.type == JSON_OBJECT && span_is(text(&stream, "name"), name))
			return (true);
	return (false);
}

void
app_status_lack(struct span json, const struct config *config, struct buf *out)
{
	struct json_value all, list;
	bool any = false;

	while (json.len > 0 && json.ptr[json.len - 1] == '\n')
		json.len--;
	if (json_parse(json, &all, NULL) == -1 || all.type != JSON_OBJECT ||
	    !is_true(&all, "running") || !json_get(&all, "streams", &list) ||
	    list.type != JSON_ARRAY)
		return;
	for (unsigned i = 0; i < config->stream_count; i++) {
		const struct config_stream *s = &config->streams[i];

		if (s->input.kind == INPUT_PIPE || has_stream(&list, s->name))
			continue;
		add_note(span_str(s->name), &any, out);
		buf_str(out, "not of the daemon that answers: have it reload, or start it anew\n");
	}
	if (any)
		buf_str(out,
		    "\nOne daemon of a store answers: if another one reads those, let one do it\n");
}
