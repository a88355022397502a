#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "app/retain/hold.h"
#include "app/tail/follow.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "detect/detect.h"
#include "filter/filter.h"
#include "store/reader.h"

int
app_hold_text(const char *option, struct span text, struct err *e)
{
	enum record_class found = detect_class(text);

	if (found == RECORD_CLASS_NONE)
		return (0);
	return (err_set(e, ERR_USAGE,
	    "--%s: there seems to be an identifier in it (%s); it stays in the chain for good",
	    option, record_classes[found].name));
}

#define DAY_US INT64_C(86400000000)

/* ---- runs of segments ---- */

/* Twice as wide gaps are closed until there is room. */
static void
make_room(struct app_hold_choice *choice)
{
	struct seal_range *runs = choice->ranges;

	for (uint64_t gap = 2; choice->count == STORE_HOLD_RANGES_MAX; gap *= 2) {
		size_t kept = 0;

		for (size_t i = 1; i < choice->count; i++) {
			if (runs[i].first - runs[kept].last <= gap)
				runs[kept].last = runs[i].last;
			else
				runs[++kept] = runs[i];
		}
		choice->count = kept + 1;
	}
}

static void
add_segment(struct app_hold_choice *choice, const struct seal_segment *segment)
{
	choice->segments++;
	choice->records += segment->n;
	while (
	    !seal_ranges_add(choice->ranges, &choice->count, STORE_HOLD_RANGES_MAX, segment->seg))
		make_room(choice);
}

/* ---- keys ---- */

/*
 * From the first to the last epoch of each length, whatever class has it.
 * Names of a length sort as their times.
 */
static const struct {
	const char *name;
	size_t len;
	const char *never; /* the last that there is */
} periods[] = {
	{ "day", sizeof("2026-11-25") - 1, "9999-12-31" },
	{ "month", sizeof("2026-11") - 1, "9999-12" },
	{ "week", sizeof("2026-W48") - 1, "9999-W52" },
};
#define PERIODS (sizeof(periods) / sizeof(periods[0]))

struct spans {
	char first[PERIODS][16], last[PERIODS][16];
};

static void
add_epoch(struct spans *spans, struct span name)
{
	name.len = span_find(name, '.'); /* 2026-W48.2 is a later key of that week */
	for (size_t p = 0; p < PERIODS; p++) {
		char *first = spans->first[p], *last = spans->last[p];

		if (name.len != periods[p].len)
			continue;
		if (first[0] == '\0' || memcmp(name.ptr, first, name.len) < 0)
			memcpy(first, name.ptr, name.len);
		if (last[0] == '\0' || memcmp(name.ptr, last, name.len) > 0)
			memcpy(last, name.ptr, name.len);
	}
}

/* "A" or "A..B" */
static void
add_epochs(struct spans *spans, struct span map)
{
	struct json_value object, list, item;
	struct json_cursor lists, items;

	if (json_parse(map, &object, NULL) == -1 || object.type != JSON_OBJECT)
		return;
	for (json_open(&lists, &object); json_next(&lists, NULL, &list);) {
		if (list.type != JSON_ARRAY)
			continue;
		for (json_open(&items, &list); json_next(&items, NULL, &item);) {
			size_t dots = span_find(item.text, '.');
			bool range = dots + 1 < item.text.len && item.text.ptr[dots + 1] == '.';

			add_epoch(spans, range ? span_of(item.text.ptr, dots) : item.text);
			if (range)
				add_epoch(spans, span_from(item.text, dots + 2));
		}
	}
}

/* What comes has later keys, of days, weeks or months: none that begins from now on goes. */
static void
print_epochs(const struct spans *spans, bool onward, struct buf *out)
{
	bool some = false;

	buf_char(out, '{');
	for (size_t p = 0; p < PERIODS; p++) {
		const char *last = onward ? periods[p].never : spans->last[p];

		if (spans->first[p][0] == '\0')
			continue;
		buf_fmt(out, "%s\"%s\":[\"%s", some ? "," : "", periods[p].name, spans->first[p]);
		if (strcmp(spans->first[p], last) != 0)
			buf_fmt(out, "..%s", last);
		buf_str(out, "\"]");
		some = true;
	}
	buf_char(out, '}');
}

static void
add_epochs_of(struct spans *spans, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES], week[9];

	(void)clock_rfc3339(text, t_us);
	clock_iso_week(t_us / DAY_US, week);
	add_epoch(spans, span_of(text, periods[0].len));
	add_epoch(spans, span_of(text, periods[1].len));
	add_epoch(spans, span_str(week));
}

/* ---- records ---- */

struct looking {
	const struct app_records *records;
	const struct filter *filter; /* NULL: all of the window */
	struct record_decoder decoder;
	struct record record;
};

static int
see(void *arg, struct span line, struct err *e)
{
	struct looking *l = arg;

	if (record_decode(&l->decoder, line, &l->record, e) == -1)
		return (err_in(e, "record %ju", (uintmax_t)l->records->number));
	return (l->record.time_us >= l->records->since_us &&
		    l->record.time_us < l->records->until_us &&
		    (l->filter == NULL || filter_match(l->filter, &l->record)) ?
		1 :
		0);
}

struct choosing {
	struct app_records *records;
	struct app_hold_choice *choice;
	struct looking *looking;
	struct store_reader *reader;
	struct spans spans;
};

static int
take(struct choosing *c, const struct seal_segment *segment, struct err *e)
{
	int rc = segment->n > 0;

	if (rc == 1 && c->looking->filter != NULL)
		rc = app_records_segment(c->records, c->reader, segment, see, c->looking, e);
	if (rc != 1)
		return (rc);
	add_segment(c->choice, segment);
	if (!segment->has_mask_seed) /* the key of an import is gone with its end */
		add_epochs(&c->spans, segment->mask_epochs);
	return (0);
}

/* The segment and the record that come next, and when what is in front of them was sealed. */
struct behind {
	uint64_t segment, record;
	int64_t sealed_us;
};

static int
find_behind(
    const struct app_records *r, struct seal_entry *entry, struct behind *behind, struct err *e)
{
	*behind = (struct behind){ .segment = 1, .sealed_us = INT64_MIN };
	for (size_t i = r->chain.count; i-- > 0;) {
		if (seal_entry_read(store_chain_line(&r->chain, i), app_names(), entry, e) == -1)
			return (err_in(e, "entry %zu", i));
		if (entry->type == SEAL_SEGMENT) {
			behind->segment = entry->of.segment.seg + 1;
			behind->record = entry->of.segment.first + entry->of.segment.n;
			behind->sealed_us = entry->t_us;
			break;
		}
	}
	return (0);
}

/* Who reads an old log has records of long ago that are open.  0; or -1, ERR_BUSY: one is meant. */
static int
check_open(struct choosing *c, const struct behind *behind, struct err *e)
{
	struct app_follow follow = { .records = c->records, .each = see, .arg = c->looking };
	int rc = c->records->until_us > behind->sealed_us;

	c->records->from = behind->record;
	if (rc == 0)
		rc = app_follow_step(&follow, e);
	if (rc == 1)
		return (err_set(e, ERR_BUSY,
		    "records from before --until are not sealed yet: have them sealed (SIGUSR1), "
		    "then try again, or leave out --until"));
	return (rc);
}

static int
choose(struct choosing *c, struct seal_entry *entry, int64_t now_us, struct err *e)
{
	struct app_hold_choice *choice = c->choice;
	struct behind behind;
	size_t at = 0;
	int rc;

	while ((rc = app_records_entry(c->records, &at, entry, e)) == 0)
		if (take(c, &entry->of.segment, e) == -1)
			return (-1);
	if (rc == -1 || find_behind(c->records, entry, &behind, e) == -1)
		return (-1);
	choice->onward = behind.segment;
	choice->has_onward = c->records->until_us > now_us;
	if (choice->has_onward) {
		add_epochs_of(&c->spans, now_us);
		/* What is open, or being sealed, may have begun before midnight. */
		if (choice->busy)
			add_epochs_of(&c->spans, now_us - DAY_US);
	} else if (choice->busy && check_open(c, &behind, e) == -1)
		return (-1);
	if (!choice->has_onward && choice->segments == 0)
		return (err_set(e, ERR_INPUT,
		    "nothing that is kept is of that time%s: there is nothing to hold",
		    c->looking->filter == NULL ? "" : " and matches"));
	print_epochs(&c->spans, choice->has_onward, &choice->epochs);
	return (buf_ok(&choice->epochs) ? 0 : err_memory(e));
}

int
app_hold_choose(struct app_records *r, const struct filter *filter, int64_t now_us,
    struct app_hold_choice *choice, struct err *e)
{
	struct choosing c = { .records = r, .choice = choice };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = -1;

	if ((c.looking = calloc(1, sizeof(*c.looking))) != NULL)
		*c.looking = (struct looking){ .records = r, .filter = filter };
	if (entry == NULL || c.looking == NULL)
		(void)err_memory(e);
	else if (store_reader_open(&c.reader, e) == 0)
		rc = choose(&c, entry, now_us, e);
	store_reader_close(c.reader);
	free(c.looking);
	free(entry);
	return (rc);
}
