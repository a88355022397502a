/* key audit: what each thief could do, for people and for programs. */
#include <string.h>

#include "app/fold.h"
#include "app/key/audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"

struct sums {
	uint64_t records, linkable, escrows;
	int64_t oldest_us; /* of a record */
	size_t streams, signing, running;
};

static struct sums
sum(const struct app_audit *a)
{
	struct sums s = { .oldest_us = INT64_MAX };

	for (size_t i = 0; i < a->stream_count; i++) {
		const struct app_audit_stream *one = &a->streams[i];

		s.records += one->records;
		s.linkable += one->linkable;
		s.escrows += one->escrows;
		s.streams += one->records > 0;
		s.signing += one->signs;
		s.running += one->running;
		if (one->oldest_us < s.oldest_us)
			s.oldest_us = one->oldest_us;
	}
	return (s);
}

static void
print_day(struct buf *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	(void)clock_rfc3339(text, t_us);
	buf_fmt(out, "%.10s", text);
}

/* ---- sentences, one thief each ---- */

static void
of_store(const struct app_audit *a, const struct sums *s, struct buf *out)
{
	char records[32];

	if (a->live.store_path == NULL) {
		buf_str(out, "not looked at: --store DIR");
		return;
	}
	num_print_grouped(records, s->records);
	buf_fmt(out,
	    "reads %s masked records of %zu stream%s and sees which have one token; tests no "
	    "guess, forges no entry",
	    records, s->streams, s->streams == 1 ? "" : "s");
	if (a->same_disk)
		buf_str(out, ". But KEYS is on the same file system: a thief of the disk has both");
}

static void
of_backup(const struct app_audit *a, const struct sums *s, struct buf *out)
{
	(void)s;
	buf_str(out,
	    "as above where KEYS is left out; with an older KEYS in it, keys that "
	    "were destroyed since come back");
	if (a->same_disk)
		buf_str(out, ". KEYS is on the same file system as STORE: see that it is left out");
}

static void
of_keyring(const struct app_audit *a, const struct sums *s, struct buf *out)
{
	(void)s;
	buf_fmt(out,
	    "with kek: %zu seeds, which make no key without root.key; without kek: nothing",
	    a->live.all.count);
}

static void
of_root(const struct app_audit *a, const struct sums *s, struct buf *out)
{
	(void)a;
	(void)s;
	buf_str(out,
	    "nothing: each key needs the seed of its epoch, which root.key does not make");
}

static void
of_keys(const struct app_audit *a, const struct sums *s, struct buf *out)
{
	buf_fmt(out, "makes the keys of %zu epochs", a->live.all.count);
	if (a->oldest_us != INT64_MAX) {
		buf_str(out, " back to ");
		print_day(out, a->oldest_us);
	}
	if (a->import_open)
		buf_str(out, " and of an import");
	buf_str(out, ": with STORE, tests guesses");
	if (a->live.store_path != NULL && s->linkable == 0)
		buf_str(out, ", but no sealed record is of these epochs");
	else if (a->live.store_path != NULL) {
		buf_fmt(out,
		    " (all of IPv4 in minutes) against %ju of %ju sealed records, the oldest of ",
		    (uintmax_t)s->linkable, (uintmax_t)s->records);
		print_day(out, s->oldest_us);
	}
	buf_fmt(out, "; signs new entries of %zu chains, rewrites none that somebody has seen",
	    s->signing);
}

static void
of_memory(const struct app_audit *a, const struct sums *s, struct buf *out)
{
	if (a->live.store_path == NULL)
		buf_str(out, "as whole KEYS, while a process runs; ");
	else if (s->running == 0)
		buf_str(out, "nothing now: no process writes; while one does, as whole KEYS and ");
	else
		buf_fmt(out, "as whole KEYS, from the processes that write %zu streams now, and ",
		    s->running);
	buf_str(out, "the raw lines that are just being masked");
	if (a->swap)
		buf_str(out, ". There is swap: locked memory never goes there");
}

static const struct thief {
	const char *name, *title;
	void (*say)(const struct app_audit *a, const struct sums *s, struct buf *out);
} thieves[] = {
	{ "store", "disk of STORE", of_store },
	{ "backup", "a backup", of_backup },
	{ "keyring", "keyring, not root.key", of_keyring },
	{ "root", "root.key, not keyring", of_root },
	{ "keys", "whole KEYS", of_keys },
	{ "memory", "live memory", of_memory },
};

/* ---- text ---- */

static void
print_thief(const struct app_audit *a, const struct sums *s, size_t i, struct buf *out)
{
	struct buf text = { 0 };
	size_t start = out->len;

	buf_fmt(out, "  %-22s ", thieves[i].title);
	thieves[i].say(a, s, &text);
	app_fold_words(buf_view(&text), out->len - start, out->len - start, APP_FOLD_COLUMNS, out);
	buf_char(out, '\n');
	buf_free(&text);
}

static void
print_lines(const struct buf *lines, const char *title, struct buf *out)
{
	struct span rest = buf_view(lines);

	while (rest.len > 0) {
		size_t len = span_find(rest, '\n');

		buf_fmt(out, "%s  ", title);
		app_fold_words(span_of(rest.ptr, len), strlen(title) + 2, strlen(title) + 2,
		    APP_FOLD_COLUMNS, out);
		buf_char(out, '\n');
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
}

void
app_audit_text(const struct app_audit *a, struct buf *out)
{
	struct sums s = sum(a);
	char linkable[32], records[32];

	buf_fmt(out, "keys %s", a->live.keys_path);
	if (a->live.store_path != NULL)
		buf_fmt(out, ", store %s", a->live.store_path);
	buf_fmt(out,
	    "\n  epochs: %zu in use, %zu in grace, %zu held, %zu over\n"
	    "  recovery key: %s; ratchet keys given out: %ju\n\nwho steals\n",
	    a->used, a->grace, a->held, a->over, a->has_recovery ? "made" : "none",
	    (uintmax_t)s.escrows);
	for (size_t i = 0; i < sizeof(thieves) / sizeof(thieves[0]); i++)
		print_thief(a, &s, i, out);
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct app_audit_stream *one = &a->streams[i];

		if (one->records == 0)
			continue;
		num_print_grouped(linkable, one->linkable);
		num_print_grouped(records, one->records);
		buf_fmt(out, "  stream %-15s %s of %s records can be linked by KEYS", one->name,
		    linkable, records);
		if (one->oldest_us != INT64_MAX) {
			buf_str(out, ", the oldest of ");
			print_day(out, one->oldest_us);
		}
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
	print_lines(&a->notes, "note     ", out);
	print_lines(&a->findings, "FINDING  ", out);
	if (a->findings.len == 0)
		buf_str(out, "good: nothing is worse than designed\n");
}

/* ---- JSON ---- */

static void
json_lines(const struct buf *lines, const char *key, struct buf *out)
{
	struct span rest = buf_view(lines);
	bool first = true;

	json_key(out, key);
	buf_char(out, '[');
	while (rest.len > 0) {
		size_t len = span_find(rest, '\n');

		buf_str(out, first ? "" : ",");
		json_quote(out, span_of(rest.ptr, len));
		rest = span_from(rest, len < rest.len ? len + 1 : len);
		first = false;
	}
	buf_char(out, ']');
}

static void
json_day(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us == INT64_MAX)
		return;
	(void)clock_rfc3339(text, t_us);
	json_str(out, key, span_of(text, 10));
}

static void
json_stream(const struct app_audit_stream *s, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "name", span_str(s->name));
	json_u64(out, "records", s->records);
	json_u64(out, "linkable", s->linkable);
	json_day(out, "oldest", s->oldest_us);
	json_u64(out, "unlocked_segments", s->unlocked);
	json_u64(out, "escrows", s->escrows);
	json_u64(out, "import_keys_unsaid", s->seeds);
	json_bool(out, "signs", s->signs);
	json_bool(out, "running", s->running);
	buf_char(out, '}');
}

static void
json_thieves(const struct app_audit *a, struct buf *out)
{
	struct sums s = sum(a);

	json_key(out, "thieves");
	buf_char(out, '{');
	for (size_t i = 0; i < sizeof(thieves) / sizeof(thieves[0]); i++) {
		struct buf text = { 0 };

		thieves[i].say(a, &s, &text);
		json_str(out, thieves[i].name, buf_view(&text));
		buf_free(&text);
	}
	buf_char(out, '}');
}

void
app_audit_json(const struct app_audit *a, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "keys", span_str(a->live.keys_path));
	if (a->live.store_path != NULL)
		json_str(out, "store", span_str(a->live.store_path));
	json_key(out, "epochs");
	buf_char(out, '{');
	json_u64(out, "used", a->used);
	json_u64(out, "grace", a->grace);
	json_u64(out, "held", a->held);
	json_u64(out, "over", a->over);
	json_day(out, "oldest", a->oldest_us);
	buf_char(out, '}');
	json_bool(out, "import_key", a->import_open);
	json_bool(out, "recovery", a->has_recovery);
	json_bool(out, "same_file_system", a->same_disk);
	json_bool(out, "swap", a->swap);
	json_bool(out, "clock_sure", a->live.sure);
	json_key(out, "streams");
	buf_char(out, '[');
	for (size_t i = 0; i < a->stream_count; i++) {
		buf_str(out, i == 0 ? "" : ",");
		json_stream(&a->streams[i], out);
	}
	buf_char(out, ']');
	json_thieves(a, out);
	json_lines(&a->notes, "notes", out);
	json_lines(&a->findings, "findings", out);
	buf_str(out, "}\n");
}
