#include "app/archive/pass.h"

#include <stdlib.h>
#include <string.h>

#include "app/gather.h"
#include "app/names.h"
#include "base/err.h"
#include "record/record.h"
#include "seal/leaf.h"

struct app_archive_pass {
	struct app_archive_work work;
	struct record_decoder decoder;
	struct record_encoder encoder;
	struct record record;
	struct app_gather *lines; /* on their way into the segment */
	struct store_segment *segment;
	struct seal_segment facts;
	struct stats_counts found; /* of the records */
	uint64_t read_bytes, made_bytes; /* of lines of the set */
};

/* ---- memory ---- */

int
app_archive_pass_open(
    const struct app_archive_work *work, struct app_archive_pass **p, struct err *e)
{
	struct app_archive_pass *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	made->work = *work;
	if (app_gather_open(work->a->level, &made->lines, e) == -1) {
		app_archive_pass_close(made);
		return (-1);
	}
	*p = made;
	return (0);
}

void
app_archive_pass_close(struct app_archive_pass *p)
{
	if (p == NULL)
		return;
	store_segment_drop(p->segment);
	app_gather_close(p->lines);
	free(p);
}

/* ---- lines into the segment ---- */

/* The lines of a set are never longer than those that they were: so they fit where those did. */
static size_t
encode(struct app_archive_pass *p, char *out)
{
	size_t len = record_encode(&p->encoder, &p->record, out);

	if (p->made_bytes + len <= p->read_bytes)
		return (len);
	archive_lean(p->work.strict, &p->record);
	return (record_encode(&p->encoder, &p->record, out));
}

static int
put(struct app_archive_pass *p, struct err *e)
{
	size_t len = encode(p, app_gather_room(p->lines));

	/* Only where lines of full segments were replaced by longer ones. */
	if (p->made_bytes + len > SEAL_BYTES_MAX)
		return (err_set(e, ERR_CONFIG, "its records do not fit one segment"));
	p->made_bytes += len;
	return (app_gather_took(p->lines, len, e));
}

/* ---- the two passes ---- */

static int
decode(struct app_archive_pass *p, struct span line, struct err *e)
{
	if (record_decode(&p->decoder, line, &p->record, e) == -1)
		return (err_in(e, "record %ju", (uintmax_t)p->work.source->records.number));
	if ((p->work.source->records.number & 0xfff) == 0)
		app_archive_pace_rest(p->work.pace);
	return (0);
}

static int
count_one(void *arg, struct span line, struct err *e)
{
	struct app_archive_pass *p = arg;

	if (decode(p, line, e) == -1)
		return (-1);
	archive_count(p->work.strict, &p->record);
	return (0);
}

/* What verify will count of it. */
static void
count_found(struct app_archive_pass *p)
{
	const struct record *r = &p->record;
	bool has_state = record_has(r, RECORD_FIELD_STATE);
	bool unparsed = has_state && span_is(r->text[RECORD_FIELD_STATE], "unparsed");
	int64_t status = record_has(r, RECORD_FIELD_STATUS) ? r->number[RECORD_FIELD_STATUS] : -1;
	int reason;

	stats_counts_record(
	    &p->found, status < 0 || status > 9999 ? -1 : (int)status, r->time_us);
	if (unparsed)
		p->found.in.unparsed++;
	else if (has_state)
		p->found.in.partial++;
	else
		p->found.in.parsed++;
	if (unparsed && record_has(r, RECORD_FIELD_REASON) &&
	    (reason = seal_reason_index(app_names(), r->text[RECORD_FIELD_REASON])) != -1)
		p->found.reasons[reason]++;
}

static int
take_one(void *arg, struct span line, struct err *e)
{
	struct app_archive_pass *p = arg;

	if (decode(p, line, e) == -1)
		return (-1);
	p->read_bytes += line.len + 1;
	archive_strict(p->work.strict, &p->record);
	count_found(p);
	return (put(p, e));
}

static int
walk(struct app_archive_pass *p, const struct app_archive_part *parts, size_t count,
    app_record_each each, struct err *e)
{
	struct app_archive_source *s = p->work.source;
	const struct app_archive *a = p->work.a;

	s->records.erased = 0;
	for (size_t i = 0; i < count; i++) {
		if (app_archive_source_walk(s, &parts[i], each, p, e) == -1)
			return (err_in(e, "store %s: stream %s: segment %ju", a->store, a->stream,
			    (uintmax_t)parts[i].seg));
		if (each == take_one)
			stats_counts_add(&p->facts.counts, &s->entry->of.segment.counts);
	}
	return (0);
}

/* ---- entries ---- */

static void
print_segs(const struct app_archive_part *parts, size_t count, struct buf *out)
{
	struct seal_range range = { parts[0].seg, parts[0].seg };
	struct buf ranges = { 0 };

	for (size_t i = 1; i < count; i++) {
		if (parts[i].seg != range.last + 1) {
			buf_add(&ranges, &range, sizeof(range));
			range.first = parts[i].seg;
		}
		range.last = parts[i].seg;
	}
	buf_add(&ranges, &range, sizeof(range));
	if (buf_ok(&ranges))
		seal_ranges_print((const struct seal_range *)(const void *)ranges.data,
		    ranges.len / sizeof(range), out);
	else
		out->broken = true;
	buf_free(&ranges);
}

static int
append(const struct app_archive_work *work, struct seal_entry *entry, struct err *e)
{
	return (store_stream_append(work->stream, entry, e));
}

/* What comes is said before it is sealed: a crash between leaves no segment that nobody knows. */
static int
announce(const struct app_archive_pass *p, struct span segs, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct buf text = { 0 };
	int rc = -1;

	buf_span(&text, buf_view(&p->work.source->origin));
	buf_char(&text, ' ');
	buf_span(&text, segs);
	if (entry != NULL && buf_ok(&text)) {
		entry->type = SEAL_CONFIG;
		entry->of.config.kind = span_str(APP_ARCHIVE_KIND);
		entry->of.config.policy = span_str(p->work.policy);
		entry->of.config.text = buf_view(&text);
		rc = append(&p->work, entry, e);
	} else {
		(void)err_memory(e);
	}
	buf_free(&text);
	free(entry);
	return (rc);
}

int
app_archive_bind(
    const struct app_archive_work *work, struct span segs, uint64_t seg, struct err *e)
{
	const struct seal_range range = { seg, seg };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct buf to = { 0 };
	int rc = -1;

	seal_ranges_print(&range, 1, &to);
	if (entry != NULL && buf_ok(&to)) {
		entry->type = SEAL_DERIVE;
		entry->of.derive.origin = buf_view(&work->source->origin);
		entry->of.derive.size = work->source->size;
		memcpy(entry->of.derive.root, work->source->root, 32);
		entry->of.derive.segs = segs;
		entry->of.derive.transform = span_str(APP_ARCHIVE_TRANSFORM);
		entry->of.derive.policy = span_str(work->policy);
		entry->of.derive.to = buf_view(&to);
		rc = append(work, entry, e);
	} else {
		(void)err_memory(e);
	}
	buf_free(&to);
	free(entry);
	return (rc);
}

/* ---- all of it ---- */

static int
seal(struct app_archive_pass *p, struct span segs, struct err *e)
{
	struct seal_segment *facts = &p->facts;
	struct store_segment *segment;
	struct buf epochs = { 0 };
	int rc = -1;

	archive_counts_settle(&facts->counts, &p->found);
	archive_epochs(p->work.strict, &epochs);
	facts->policy = span_str(p->work.policy);
	facts->mask_epochs = buf_view(&epochs);
	facts->has_mask_seed = true;
	archive_commitment(p->work.strict, facts->mask_seed);
	facts->unlocked = p->work.a->unlocked;
	if (!buf_ok(&epochs))
		(void)err_memory(e);
	else if (announce(p, segs, e) == 0) {
		segment = p->segment;
		p->segment = NULL; /* handed over */
		rc = store_segment_seal(segment, facts, span_of(NULL, 0), e);
	}
	buf_free(&epochs);
	return (rc);
}

static void
tell(struct app_archive_pass *p, size_t count)
{
	struct app_archive *a = p->work.a;
	struct archive_done done;

	archive_done(p->work.strict, &done);
	a->done.rare += done.rare;
	a->done.dropped += done.dropped;
	a->done.rekeyed += done.rekeyed;
	a->done.unheld += done.unheld;
	a->done.lean += done.lean;
	a->taken += count;
	a->made++;
	a->records += p->facts.n;
	a->erased += p->work.source->records.erased;
	a->bytes += p->facts.bytes;
	a->file_bytes += p->facts.file_size;
}

static int
fill(struct app_archive_pass *p, const struct app_archive_part *parts, size_t count, struct err *e)
{
	memset(&p->facts, 0, sizeof(p->facts));
	stats_counts_clear(&p->facts.counts);
	stats_counts_clear(&p->found);
	p->read_bytes = p->made_bytes = 0;
	archive_begin(p->work.strict);
	if (walk(p, parts, count, count_one, e) == -1 ||
	    store_segment_begin(p->work.stream, &p->segment, e) == -1)
		return (-1);
	app_gather_begin(p->lines, p->segment);
	return (walk(p, parts, count, take_one, e) == 0 ? app_gather_end(p->lines, e) : -1);
}

int
app_archive_pass(struct app_archive_pass *p, const struct app_archive_part *parts, size_t count,
    struct err *e)
{
	struct buf segs = { 0 };
	int rc = -1;

	print_segs(parts, count, &segs);
	if (!buf_ok(&segs))
		(void)err_memory(e);
	else if (fill(p, parts, count, e) == 0 && seal(p, buf_view(&segs), e) == 0 &&
	    app_archive_bind(&p->work, buf_view(&segs), p->facts.seg, e) == 0) {
		tell(p, count);
		rc = 0;
	}
	store_segment_drop(p->segment);
	p->segment = NULL;
	buf_free(&segs);
	return (rc);
}
