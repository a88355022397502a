/* app: what import says when it is done: one screen. */
#include <math.h>

#include "app/names.h"
#include "app/summary.h"
#include "base/json.h"
#include "base/num.h"

static void
number(struct buf *out, uint64_t n)
{
	char text[32];

	num_print_grouped(text, n);
	buf_str(out, text);
}

static void
bytes(struct buf *out, uint64_t n)
{
	char text[32];

	num_print_bytes(text, n);
	buf_str(out, text);
}

static void
label(struct buf *out, const char *name)
{
	buf_fmt(out, "  %-10s", name);
}

static void
lines_read(const struct app_import *im, struct buf *out)
{
	label(out, "read");
	number(out, im->counts.lines);
	buf_str(out, " lines, ");
	bytes(out, im->counts.bytes);
	buf_str(out, ", ");
	app_envelope_print(im->sources->parser.envelope, out);
	buf_str(out, im->sources->parser.format->name);
	if (im->sources->detect_lines > 0)
		buf_fmt(out, " (detected: %u of %u lines)", im->sources->detect_fit,
		    im->sources->detect_lines);
	buf_char(out, '\n');
}

/* Some of a kind, unless there are none. */
static void
some(uint64_t count, const char *what, struct buf *out)
{
	if (count == 0)
		return;
	number(out, count);
	buf_fmt(out, " %s, ", what);
}

static void
lines_parsed(const struct stats_counts *c, struct buf *out)
{
	label(out, "lines");
	number(out, c->in.parsed);
	buf_str(out, " parsed, ");
	number(out, c->in.partial);
	buf_str(out, " partial, ");
	number(out, c->in.unparsed);
	buf_str(out, " unparsed, ");
	some(c->in.counted, "counted", out);
	some(c->joined, "joined to others", out);
	number(out, c->meta);
	buf_str(out, " blank or comments");
	for (unsigned i = 0, said = 0; i < app_names()->reason_count; i++)
		if (c->reasons[i] > 0)
			buf_fmt(out, "%s%s %llu", said++ == 0 ? " (" : ", ",
			    app_names()->reasons[i], (unsigned long long)c->reasons[i]);
	if (c->in.unparsed + c->split.unparsed > 0)
		buf_char(out, ')');
	buf_char(out, '\n');
	if (c->split.parsed + c->split.partial + c->split.unparsed + c->split.counted == 0)
		return;
	label(out, "events");
	buf_str(out, "of containers: ");
	number(out, c->split.parsed);
	buf_str(out, " parsed, ");
	some(c->split.counted, "counted", out);
	number(out, c->split.partial);
	buf_str(out, " partial, ");
	number(out, c->split.unparsed);
	buf_str(out, " unparsed\n");
}

/* What those are that could not be read, if they are of one kind. */
static void
unparsed_are(const struct parse_others *others, struct buf *out)
{
	uint32_t count;
	const struct parse_format *format = parse_others_best(others, &count);

	if (format == NULL)
		return;
	label(out, "mixed");
	buf_fmt(out, "%u of %u unparsed lines that were tried are %s: import them by themselves\n",
	    count, others->tried, format->name);
}

static void
masked(const struct stats_counts *c, struct buf *out)
{
	unsigned shown = 0;

	label(out, "masked");
	for (unsigned i = 0; i < app_names()->class_count; i++) {
		if (c->masked[i] == 0)
			continue;
		buf_fmt(out, "%s%s ",
		    shown == 0         ? "" :
			shown % 4 == 0 ? ",\n            " :
					 ", ",
		    app_names()->classes[i]);
		number(out, c->masked[i]);
		shown++;
	}
	buf_str(out, shown == 0 ? "nothing\n" : "\n");
}

static void
written(const struct app_import *im, struct buf *out)
{
	label(out, "written");
	number(out, im->records);
	buf_str(out, " records, ");
	bytes(out, im->record_bytes);
	buf_str(out, " of JSON lines in ");
	bytes(out, im->disk_bytes);
	buf_fmt(out, " on disk, %llu segment%s\n", (unsigned long long)im->segments,
	    im->segments == 1 ? "" : "s");
}

static void
speed(const struct app_import *im, struct buf *out)
{
	double s = im->learn_s + im->seal_s;

	label(out, "speed");
	buf_fmt(out, "%.0f MB/s (%.2f s", s > 0 ? (double)im->counts.bytes / s / 1e6 : 0, s);
	if (im->learn_first)
		buf_fmt(out, ": learning %.2f, masking and sealing %.2f", im->learn_s, im->seal_s);
	buf_str(out, ")\n");
}

static void
verified(const struct app_summary *s, struct buf *out)
{
	label(out, "verified");
	if (s->verified == NULL)
		buf_str(out, "no (--no-verify)\n");
	else {
		buf_fmt(out, "%s: ", s->verified->exit_code == 0 ? "good" : "DOES NOT VERIFY");
		number(out, s->verified->coverage.records);
		buf_str(out, " records, ");
		number(out, s->verified->coverage.entries);
		buf_fmt(out, " signed entries of the whole store (%.2f s)\n", s->verify_s);
	}
}

static unsigned
unfinished_lines(const struct app_import *im)
{
	return (im->unfinished + im->sources->unfinished);
}

static void
skipped(const struct app_import *im, struct buf *out)
{
	for (size_t i = 0; i < im->sources->count; i++) {
		if (im->sources->list[i].note == NULL)
			continue;
		label(out, im->sources->list[i].skip ? "skipped" : "continued");
		buf_fmt(out, "%s: %s", im->sources->list[i].path, im->sources->list[i].note);
		if (im->sources->list[i].other != NULL)
			buf_fmt(out, " %s", im->sources->list[i].other);
		buf_char(out, '\n');
	}
	if (unfinished_lines(im) == 0)
		return;
	label(out, "left");
	buf_fmt(out, "%u unfinished line%s left for the next run (--final takes %s)\n",
	    unfinished_lines(im), unfinished_lines(im) == 1 ? " is" : "s are",
	    unfinished_lines(im) == 1 ? "it" : "them");
}

static const char *
headline(const struct app_import *im)
{
	if (im->interrupted)
		return (" is sealed up to where it was interrupted");
	return (im->segments == 0 ? ": nothing new" : " is masked and sealed");
}

/* What was done; with nothing to do, that is not worth five lines of zeros. */
static void
done(const struct app_import *im, struct buf *out)
{
	lines_read(im, out);
	lines_parsed(&im->counts, out);
	unparsed_are(&im->others, out);
	masked(&im->counts, out);
	if (im->words_seen > 0) {
		label(out, "words");
		buf_fmt(out, "%.1f %% of path words stay readable (%zu promoted, k = %u)\n",
		    100.0 * (double)im->words_clear / (double)im->words_seen,
		    mask_words_promoted(im->setup->words), im->setup->policy->words_k);
	}
	written(im, out);
	speed(im, out);
}

void
app_summary_text(const struct app_summary *s, struct buf *out)
{
	const struct app_import *im = s->import;

	buf_fmt(out, "cretula: stream %s%s\n\n", im->stream_name, headline(im));
	if (im->segments > 0 || im->interrupted)
		done(im, out);
	verified(s, out);
	skipped(im, out);
	label(out, "store");
	buf_fmt(out, "%s   keys %s%s\n", s->store_path, s->keys_path,
	    s->keys_made ? " (new, no escrow: copy them if you must keep them)" : "");
	label(out, "auditor");
	buf_span(out, s->anchor);
	buf_fmt(out,
	    "\n\nnext:  cretula view --store %s --stream %s --as text | head\n"
	    "       cretula stats --store %s --stream %s\n"
	    "       cretula verify --store %s\n",
	    s->store_path, im->stream_name, s->store_path, im->stream_name, s->store_path);
}

void
app_summary_json(const struct app_summary *s, struct buf *out)
{
	const struct app_import *im = s->import;
	double seconds = im->learn_s + im->seal_s;
	uint32_t count;
	const struct parse_format *format = parse_others_best(&im->others, &count);

	buf_char(out, '{');
	json_str(out, "stream", span_str(im->stream_name));
	json_str(out, "format", span_str(im->sources->parser.format->name));
	json_u64(out, "lines", im->counts.lines);
	json_u64(out, "bytes", im->counts.bytes);
	json_u64(out, "parsed", im->counts.in.parsed);
	json_u64(out, "partial", im->counts.in.partial);
	json_u64(out, "unparsed", im->counts.in.unparsed);
	json_u64(out, "counted", im->counts.in.counted);
	json_u64(out, "meta", im->counts.meta);
	json_u64(out, "joined", im->counts.joined);
	json_key(out, "split");
	buf_char(out, '{');
	json_u64(out, "parsed", im->counts.split.parsed);
	json_u64(out, "partial", im->counts.split.partial);
	json_u64(out, "unparsed", im->counts.split.unparsed);
	json_u64(out, "counted", im->counts.split.counted);
	buf_char(out, '}');
	if (format != NULL) {
		json_key(out, "mixed");
		buf_char(out, '{');
		json_str(out, "format", span_str(format->name));
		json_u64(out, "lines", count);
		json_u64(out, "tried", im->others.tried);
		buf_char(out, '}');
	}
	json_u64(out, "records", im->records);
	json_u64(out, "record_bytes", im->record_bytes);
	json_u64(out, "disk_bytes", im->disk_bytes);
	json_u64(out, "segments", im->segments);
	json_key(out, "masked");
	buf_char(out, '{');
	for (unsigned i = 0; i < app_names()->class_count; i++)
		if (im->counts.masked[i] > 0)
			json_u64(out, app_names()->classes[i], im->counts.masked[i]);
	buf_char(out, '}');
	json_u64(out, "words_seen", im->words_seen);
	json_u64(out, "words_clear", im->words_clear);
	json_u64(out, "milliseconds", (uint64_t)llround(seconds * 1000));
	json_u64(out, "unfinished", unfinished_lines(im));
	json_bool(out, "interrupted", im->interrupted);
	json_bool(out, "verified", s->verified != NULL && s->verified->exit_code == 0);
	json_str(out, "store", span_str(s->store_path));
	json_str(out, "keys", span_str(s->keys_path));
	json_str(out, "anchor", s->anchor);
	buf_str(out, "}\n");
}
