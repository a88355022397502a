/* app: looking for a person in a stream, segment by segment. */
#include "app/subject/find.h"

#include <stdlib.h>

#include "app/subject/forms.h"
#include "base/err.h"
#include "seal/lists.h"
#include "store/reader.h"

#define DAY_US INT64_C(86400000000)

struct finding {
	struct app_forms *forms;
	struct app_records *records;
	struct app_search search;
	struct app_needles needles; /* of the segment at hand */
	struct app_found *found;
	bool counts;
	struct record_decoder decoder;
	struct record record;
};

void
app_found_free(struct app_found *found)
{
	buf_free(&found->numbers);
	buf_free(&found->days);
	buf_free(&found->gone);
	buf_wipe(&found->lines);
}

void
app_found_add(struct app_found *found, uint64_t number)
{
	uint64_t more = number - found->newest;

	for (; more > 0x7f; more >>= 7)
		buf_char(&found->numbers, (char)(0x80 | (more & 0x7f)));
	buf_char(&found->numbers, (char)more);
	found->newest = number;
}

bool
app_found_next(const struct app_found *found, struct app_found_at *at)
{
	unsigned shift = 0;
	unsigned char byte;

	if (at->at == found->numbers.len)
		return (false);
	do {
		byte = (unsigned char)found->numbers.data[at->at++];
		at->number += (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte > 0x7f);
	return (true);
}

int
app_found_ranges(const struct app_found *found, struct buf *ranges, struct err *e)
{
	struct app_found_at at = { 0 };
	struct seal_range range;
	bool more = app_found_next(found, &at);

	while (more) {
		range = (struct seal_range){ at.number, at.number };
		while ((more = app_found_next(found, &at)) && at.number == range.last + 1)
			range.last = at.number;
		buf_add(ranges, &range, sizeof(range));
	}
	return (buf_ok(ranges) ? 0 : err_memory(e));
}

static int
add_record(struct finding *f, struct err *e)
{
	struct app_found *found = f->found;
	struct app_day *days = (struct app_day *)(void *)found->days.data, one;
	size_t at = found->days.len / sizeof(one);

	one.day = f->record.time_us / DAY_US - (f->record.time_us % DAY_US < 0);
	one.count = 1;
	found->count++;
	if (!f->counts)
		app_found_add(found, f->records->number);
	while (at > 0 && days[at - 1].day > one.day)
		at--;
	if (at > 0 && days[at - 1].day == one.day)
		days[at - 1].count++;
	else {
		buf_add(&found->days, &one, sizeof(one));
		if (buf_ok(&found->days)) {
			days = (struct app_day *)(void *)found->days.data;
			memmove(days + at + 1, days + at, found->days.len - (at + 1) * sizeof(one));
			days[at] = one;
		}
	}
	return (buf_ok(&found->days) && buf_ok(&found->numbers) ? 0 : err_memory(e));
}

/* Whoever wants them reads the records again if they are not kept. */
static void
keep_line(struct app_found *found, struct span line)
{
	if (found->keeps && found->lines.len + line.len < APP_FOUND_BYTES) {
		buf_span(&found->lines, line);
		buf_char(&found->lines, '\n');
	} else
		found->keeps = false;
	found->keeps = found->keeps && buf_ok(&found->lines);
	if (!found->keeps)
		buf_wipe(&found->lines);
}

static int
see(void *arg, struct span line, struct err *e)
{
	struct finding *f = arg;
	int got;

	if (record_decode(&f->decoder, line, &f->record, e) == -1)
		return (err_in(e, "record %ju", (uintmax_t)f->records->number));
	if (f->record.time_us < f->records->since_us || f->record.time_us >= f->records->until_us)
		return (0);
	got = app_forms_judge(f->forms, &f->record);
	f->found->network += got == 1;
	if (got != 2)
		return (0);
	keep_line(f->found, line);
	return (add_record(f, e));
}

/* ---- the search ---- */

static bool
may(void *arg, const struct store_skip *skip, size_t frame, uint64_t first)
{
	const struct finding *f = arg;

	(void)first;
	return (app_forms_may(f->forms, skip, frame, f->records->since_us, f->records->until_us));
}

static bool
meant(const void *forms, const struct record *r)
{
	return (app_forms_judge(forms, r) != 0);
}

/* What is looked for in the lines of the segment that the forms are of. */
static void
look(struct finding *f)
{
	f->search.look = (struct app_look){ .arg = f->forms };
	if (app_forms_needles(f->forms, &f->needles))
		f->search.look.needles = &f->needles;
	if (!app_forms_bound(f->forms))
		f->search.look.meant = meant;
}

static int
search(struct finding *f, struct err *e)
{
	struct app_records *r = f->records;
	struct store_reader *reader = NULL;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t at = 0;
	int rc = entry == NULL ? err_memory(e) : store_reader_open(&reader, e), end = 0;

	if (rc == 0)
		rc = app_forms_stream(f->forms, &r->chain, f->found, e);
	while (rc == 0 && (end = app_records_entry(r, &at, entry, e)) == 0) {
		struct seal_segment *segment = &entry->of.segment;

		f->found->segments++;
		f->found->records += segment->n;
		if (segment->n == 0 || (rc = app_forms_make(f->forms, entry, e)) == -1)
			continue;
		look(f);
		rc = app_records_segment(r, reader, segment, see, f, e);
	}
	store_reader_close(reader);
	free(entry);
	return (rc == -1 || end == -1 ? -1 : 0);
}

int
app_find(struct app_forms *forms, struct app_records *r, const struct app_find_where *where,
    struct app_found *found, struct err *e)
{
	struct finding *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL)
		return (err_memory(e));
	f->forms = forms;
	f->records = r;
	f->found = found;
	f->counts = where->counts;
	app_search_open(&f->search, r, where->store, where->stream, NULL, !where->touches);
	f->search.doubts = where->touches;
	f->search.jobs = where->jobs;
	f->search.may = may;
	f->search.may_arg = f;
	rc = search(f, e);
	r->search = NULL;
	app_search_close(&f->search);
	free(f);
	return (rc == 0 ? 0 : err_in(e, "stream %s", where->stream));
}
