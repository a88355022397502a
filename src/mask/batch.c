/*
 * mask: whole batches of lines.
 */
#include "base/scan.h"
#include "mask/gaps.h"
#include "mask/inside.h"
#include "mask/method/count.h"
#include "mask/method/fields.h"
#include "mask/words/inside.h"
#include "parse/context.h"
#include "parse/piece.h"
#include "stats/gaps.h"

static bool
time_is_good(int64_t t_us)
{
	return (t_us >= KEY_TIME_MIN_US && t_us < KEY_TIME_MAX_US);
}

/* What the vocabulary shows this batch may differ from what the tables keep. */
static void
begin(struct mask *m, struct mask_batch *batch, bool learn_only)
{
	uint64_t settled = mask_words_settled(m->words);

	if (m->generation == 0 || settled != m->words_settled ||
	    (m->learn == NULL) != (batch->learn == NULL) || batch->number < m->batch_last ||
	    (batch->number > m->batch_last &&
		mask_words_changed(m->words, m->batch_last, batch->number)))
		m->generation++;
	m->words_settled = settled;
	m->batch_last = batch->number;
	m->batch = batch;
	m->learn = batch->learn;
	m->learn_only = learn_only;
	m->line_number = 0;
	m->most = batch->limited ? batch->most : UINT64_MAX;
	m->parse.now_us = m->now_us;
	if (time_is_good(batch->written_us) && batch->written_us < m->now_us)
		m->parse.now_us = batch->written_us;
	if (batch->context.ptr != NULL && m->parser.format->context != NULL)
		parse_resume(&m->parse, batch->context);
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		m->noted[c] = INT64_MIN;
	m->day = INT64_MIN;
	if (m->epochs == MASK_EPOCH_LIVE)
		mask_line_epochs(m, m->now_us);
}

struct lines {
	struct span rest; /* behind the last line given */
	size_t at, count; /* of m->ends, which hold offsets into block */
	struct span block;
	size_t start; /* of the next line in block */
	struct parse_group group; /* records that stand between each other's lines */
};

/* The next line without its LF; false at the end. */
static bool
next_line(const struct mask *m, struct lines *l, struct span *line)
{
	if (l->at == l->count) {
		size_t scanned;

		l->block = l->rest;
		l->start = l->at = 0;
		l->count = scan_lines(l->block, m->ends, MASK_ENDS, &scanned);
		if (l->count == 0) {
			*line = l->rest;
			l->rest.len = 0;
			return (line->len > 0);
		}
	}
	*line = span_of(l->block.ptr + l->start, m->ends[l->at] - l->start);
	l->start = m->ends[l->at++] + (size_t)1;
	l->rest = span_from(l->block, l->start);
	return (true);
}

/* The next piece, of a format that has them; false at the end. */
static bool
next_piece(const struct mask *m, struct lines *l, struct mask_line *line)
{
	struct parse_piece piece;

	if (parse_group_next(&l->group, &piece)) {
		line->line = piece.text;
		line->line_ends = piece.line_ends;
		line->ends_line = true;
		return (true);
	}
	if (l->rest.len == 0)
		return (false);
	m->parse.pieces(&m->parser, l->rest, &piece);
	if (piece.mixed) {
		parse_group_begin(&m->parser, span_of(l->rest.ptr, piece.len), &l->group);
		l->rest = span_from(l->rest, piece.len);
		return (next_piece(m, l, line));
	}
	if (m->batch->item && piece.kind == PARSE_PIECE_ITEM)
		parse_piece_cut(l->rest, &piece);
	line->line = piece.text;
	line->kind = piece.kind;
	line->ends_line = piece.text.len < piece.len;
	line->line_ends = piece.line_ends;
	if (piece.kind == PARSE_PIECE_RECORD && piece.line_ends == 0)
		line->line_ends = 1; /* the last one, without its end */
	l->rest = span_from(l->rest, piece.len);
	if (m->batch->item && l->rest.len == 0)
		line->line_ends += m->batch->dropped_lines;
	return (true);
}

/* Where the event at hand is counted. */
static struct stats_outcome *
outcome(struct mask *m)
{
	struct stats_counts *c = &m->batch->counts;

	return (m->at->kind == PARSE_PIECE_ITEM ? &c->split : &c->in);
}

/* Every line end is a record's, a container's (the last of it), or joins lines. */
static void
count_lines(struct mask *m, const struct mask_line *l)
{
	struct stats_counts *c = &m->batch->counts;
	bool record = l->kind == PARSE_PIECE_RECORD;
	bool frame = l->kind == PARSE_PIECE_FRAME && l->ends_line;

	c->lines += l->line_ends;
	c->meta += frame || (record && l->result == PARSE_META);
	c->joined += l->line_ends - (record || frame);
}

static bool
may_teach(const struct event *ev)
{
	int64_t status = ev->number[EVENT_STATUS];

	return ((ev->has_number >> EVENT_STATUS & 1) != 0 &&
	    ((status >= 200 && status <= 299) || status == 304));
}

static void
emit(struct mask *m)
{
	struct mask_batch *b = m->batch;

	char *out = b->records + b->records_len;
	size_t len = record_encode(&m->encoder, &m->record, out);

	if (m->pending.count > m->pending.line && !mask_pending_move(m))
		len = record_encode(&m->encoder, &m->record, out);
	mask_count_record(m, TALLY_RECORD, span_of(out, len - 1));
	b->records_len += len;
	b->ends[b->record_count++] = (uint32_t)b->records_len;
}

/* What all records of a line that cannot be read say; extra has one number. */
static void
start_skeleton(struct mask *m, enum parse_reason reason, const char *key, uint64_t number)
{
	struct record *r = &m->record;

	r->time_us = m->now_us;
	m->subject_known = false;
	record_set_text(r, RECORD_FIELD_EVENT, span_of("log", 3));
	record_set_text(r, RECORD_FIELD_REASON, span_str(parse_reason_names[reason]));
	record_set_text(r, RECORD_FIELD_STATE, span_of("unparsed", 8));
	r->extra[0].key = span_str(key);
	r->extra[0].number = (int64_t)number;
	r->extra[0].is_number = true;
	r->extra_count = 1;
	r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
	record_set_flag(r, RECORD_FLAG_TIME_ARRIVAL);
	if (m->batch->again)
		record_set_flag(r, RECORD_FLAG_SENT_AGAIN);
	stats_counts_record(&m->batch->counts, -1, r->time_us);
}

/* What a record has no room for stands in records of its own behind it (ADR 15). */
static void
emit_continued(struct mask *m, struct span rest)
{
	for (unsigned part = 2; rest.len > 0; part++) {
		record_clear(&m->record);
		m->text_used = m->shown.count = 0;
		start_skeleton(m, PARSE_REASON_CONTINUED, "line_part", part);
		rest = mask_hold_line(m, rest);
		m->batch->counts.split.unparsed++;
		emit(m);
	}
}

#define OTHERS_OF_BATCH 16 /* lines that are shown to other formats */
#define OTHERS_OF_RUN 256

/* What is it, if it is nothing that it should be? */
static void
try_others(struct mask *m, struct span line, enum parse_reason reason)
{
	struct parse_others *others = &m->batch->others;

	if (others->tried == OTHERS_OF_BATCH || m->others_tried == OTHERS_OF_RUN ||
	    reason == PARSE_REASON_TOO_LONG || reason == PARSE_REASON_BINARY)
		return;
	m->others_tried++;
	parse_others_try(
	    &m->parser, &(struct parse_line_at){ line, m->at->scratch, m->parse.now_us }, others);
}

/*
 * Of a line that says nothing: when it came, how long it was, and why; the
 * line itself only for who has the key of the quarantine.
 */
static void
emit_skeleton(struct mask *m, struct span line, uint64_t dropped, enum parse_reason reason)
{
	struct span rest;

	start_skeleton(m, reason, "line_bytes", line.len + dropped);
	rest = mask_hold_line(m, line);
	if (reason == PARSE_REASON_TOO_LONG)
		record_set_flag(&m->record, RECORD_FLAG_OVERLONG);
	outcome(m)->unparsed++;
	m->batch->counts.reasons[reason]++;
	emit(m);
	try_others(m, line, reason);
	/* What is cut, or what no limit allows, is never replayed: its beginning is enough. */
	if (dropped == 0 && line.len <= PARSE_LINE_MAX)
		emit_continued(m, rest);
}

/* The line's own time, or that of its arrival. */
static int64_t
time_of(const struct mask *m, const struct event *ev)
{
	return (ev->time_ok && time_is_good(ev->time_us) ? ev->time_us : m->now_us);
}

/* What no record will say. */
static void
count_apart(struct mask *m, enum tally_part part)
{
	mask_fields_take(m->policy, &m->record);
	mask_count_record(m, part, span_of("", 0));
}

/* Only of what was read whole; false: it is counted, and that is all. */
static bool
keep_detail(struct mask *m)
{
	enum detail_level level = detail_of(m->detail, &m->record);

	switch (level > m->least ? level : m->least) {
	case DETAIL_COUNT:
		count_apart(m, TALLY_COUNTED);
		mask_pending_drop(m, m->pending.line);
		outcome(m)->counted++;
		return (false);
	case DETAIL_SLIM:
		count_apart(m, TALLY_SLIMMED);
		detail_slim(&m->record);
		return (true);
	default: return (true);
	}
}

/* What triggers look at, whether it is kept or not. */
static void
see_event(struct mask *m)
{
	const struct record *r = &m->record;
	struct detail_events *seen = &m->batch->events;
	bool has_status = record_has(r, RECORD_FIELD_STATUS);
	int64_t status = has_status ? r->number[RECORD_FIELD_STATUS] : 0;

	seen->all++;
	seen->errors += status >= 500 && status <= 599;
	seen->refused += status == 401 ||
	    (!has_status && record_has(r, RECORD_FIELD_OUTCOME) &&
		span_is(r->text[RECORD_FIELD_EVENT], "auth.login") &&
		span_is(r->text[RECORD_FIELD_OUTCOME], "failure"));
}

static void
emit_event(struct mask *m, const struct event *ev, bool partial)
{
	struct record *r = &m->record;

	r->time_us = time_of(m, ev);
	if (!ev->time_ok || r->time_us != ev->time_us) {
		record_set_flag(r, RECORD_FLAG_TIME_ARRIVAL);
		partial = true;
	}
	if (ev->zone_assumed)
		record_set_flag(r, RECORD_FLAG_ZONE_ASSUMED);
	if (m->batch->again)
		record_set_flag(r, RECORD_FLAG_SENT_AGAIN);
	partial = partial || ev->bad_text != 0;
	if (m->epochs == MASK_EPOCH_EVENT)
		mask_line_epochs(m, r->time_us);
	m->learning =
	    m->learn != NULL && m->policy->words_mode == MASK_WORDS_LEARN && may_teach(ev);
	if (m->learning)
		mask_candidates_time(m->learn, r->time_us);
	mask_event(m, ev, partial);
	see_event(m);
	if (m->batch->gaps != NULL && !m->batch->again)
		mask_gaps_see(m, ev);
	if (!partial && m->detail != NULL && !keep_detail(m))
		return;
	if (partial)
		outcome(m)->partial++;
	else
		outcome(m)->parsed++;
	mask_fields_take(m->policy, r);
	stats_counts_record(&m->batch->counts,
	    record_has(r, RECORD_FIELD_STATUS) ? (int)r->number[RECORD_FIELD_STATUS] : -1,
	    r->time_us);
	emit(m);
}

/* Of events of a container the user sets no limit. */
static bool
is_long(const struct mask *m, const struct mask_line *l)
{
	return (l->dropped > 0 ||
	    (l->kind != PARSE_PIECE_ITEM && l->line.len > m->line_max));
}

/*
 * Over the rate: what it costs to find its end is all that it may cost.  What
 * says how other lines are read is read.
 */
static bool
is_over(const struct mask *m, const struct mask_line *l)
{
	return (m->most == 0 &&
	    (l->kind == PARSE_PIECE_ITEM || !parse_is_context(m->parser.format, l->line)));
}

static enum parse_result
parse_one(struct mask *m, struct mask_line *l)
{
	m->most -= m->most > 0;
	if (l->kind == PARSE_PIECE_ITEM)
		return (parse_item(&m->parse, l->line, l->scratch, &l->event, &l->reason));
	return (parse_line(&m->parse, l->line, l->scratch, &l->event, &l->reason));
}

/* Parse the next line and fetch what it will need; false at the end. */
static bool
read_line(struct mask *m, struct lines *lines, struct mask_line *l)
{
	l->reason = PARSE_REASON_GRAMMAR;
	l->kind = PARSE_PIECE_RECORD;
	l->line_ends = 1;
	l->over = false;
	if (!(m->parse.pieces != NULL ? next_piece(m, lines, l) : next_line(m, lines, &l->line)))
		return (false);
	l->dropped = lines->rest.len == 0 && lines->group.at == lines->group.bytes.len ?
	    m->batch->dropped : 0;
	if (l->kind == PARSE_PIECE_FRAME) {
		l->result = PARSE_META;
		return (true);
	}
	if ((l->over = is_over(m, l))) {
		l->result = PARSE_UNPARSED;
		return (true);
	}
	if (is_long(m, l)) {
		m->most -= m->most > 0;
		l->result = PARSE_UNPARSED;
		l->reason = PARSE_REASON_TOO_LONG;
		if (parse_is_context(m->parser.format, l->line))
			parse_resume(&m->parse, span_of("", 0)); /* nobody knows what it said */
		return (true);
	}
	l->result = parse_one(m, l);
	if (l->result == PARSE_UNPARSED || l->result == PARSE_META ||
	    (m->learn_only && !may_teach(&l->event)))
		return (true);
	if (m->epochs == MASK_EPOCH_EVENT && !m->learn_only)
		mask_line_epochs(m, time_of(m, &l->event));
	m->at = l;
	mask_event_ahead(m, &l->event);
	return (true);
}

static void
mask_line(struct mask *m, struct mask_line *l)
{
	count_lines(m, l);
	m->at = l;
	if (l->over) {
		outcome(m)->counted++;
		m->batch->counts.causes[STATS_CAUSE_RATE]++;
		if (m->batch->gaps != NULL)
			stats_gaps_forget(m->batch->gaps);
		return;
	}
	if (m->batch->gaps != NULL && (l->result == PARSE_META || l->result == PARSE_UNPARSED))
		stats_gaps_excuse(m->batch->gaps, 1);
	record_clear(&m->record);
	m->text_used = m->shown.count = 0;
	m->fresh_count = 0;
	switch (l->result) {
	case PARSE_META: break;
	case PARSE_UNPARSED: emit_skeleton(m, l->line, l->dropped, l->reason); break;
	default: emit_event(m, &l->event, l->result == PARSE_PARTIAL); break;
	}
	m->line_number++;
}

static void
learn_line(struct mask *m, struct mask_line *l)
{
	struct event *ev = &l->event;

	if (l->result == PARSE_UNPARSED || l->result == PARSE_META || !may_teach(ev) ||
	    !mask_client_subject(m, ev))
		return;
	record_clear(&m->record);
	m->text_used = m->shown.count = 0;
	m->at = l;
	m->learning = true;
	mask_candidates_time(m->learn, time_of(m, ev));
	if (mask_has(ev, EVENT_HOST))
		mask_host_field(m, ev->text[EVENT_HOST]);
	if (mask_has(ev, EVENT_TARGET))
		mask_target(m, ev);
	if (mask_has(ev, EVENT_REFERER))
		mask_referer(m, ev);
}

/* One line is read ahead of the one at hand: tables answer by then. */
static void
walk_lines(struct mask *m, void (*one)(struct mask *m, struct mask_line *l))
{
	struct lines lines = { .rest = m->batch->lines };
	bool more = read_line(m, &lines, &m->lines[0]);

	for (unsigned i = 0; more; i++) {
		more = read_line(m, &lines, &m->lines[(i + 1) % 2]);
		one(m, &m->lines[i % 2]);
	}
	m->batch = NULL;
}

void
mask_batch(struct mask *m, struct mask_batch *batch)
{
	begin(m, batch, false);
	batch->records_len = batch->record_count = 0;
	batch->words_seen = batch->words_clear = 0;
	stats_counts_clear(&batch->counts);
	memset(&batch->events, 0, sizeof(batch->events));
	memset(&batch->others, 0, sizeof(batch->others));
	mask_epochs_clear(&batch->epochs);
	batch->counts.bytes = batch->read;
	m->pending.open = true;
	mask_seal_begin(m);
	walk_lines(m, mask_line);
	mask_seal_end(m);
	mask_pending_finish(m);
	batch->looked_at = batch->limited ? batch->most - m->most : 0;
	m->pending.open = false;
}

void
mask_batch_learn(struct mask *m, struct mask_batch *batch)
{
	if (batch->learn == NULL || m->policy->words_mode != MASK_WORDS_LEARN)
		return;
	begin(m, batch, true);
	m->subject_known = false;
	walk_lines(m, learn_line);
}
