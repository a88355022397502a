/* app: the search over all streams of a request, and its records in order. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/subject/answer.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "seal/placeholder.h"
#include "store/reader.h"

#define SHEET_BYTES ((size_t)256 << 10)
#define DAY_US INT64_C(86400000000)

int
app_answers_find(struct app_desk *d, struct app_answers *a, struct err *e)
{
	if ((a->list = calloc(d->stream_count, sizeof(*a->list))) == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < d->stream_count; i++) {
		struct app_answer *one = &a->list[a->count++];

		one->stream = d->streams[i];
		one->records.stream_fd = -1;
		if (app_desk_find(d, one->stream, &one->records, &one->found, e) == -1)
			return (-1);
		a->records += one->found.count;
		a->network += one->found.network;
		a->gone += one->found.gone.len / sizeof(struct app_gone);
		a->missing += one->found.missing;
	}
	return (0);
}

void
app_answers_close(struct app_answers *a)
{
	for (size_t i = 0; i < a->count; i++) {
		app_records_close(&a->list[i].records);
		app_found_free(&a->list[i].found);
	}
	free(a->list);
}

/* ---- the records ---- */

struct walk {
	struct app_answer *answer;
	app_answer_each each;
	void *arg;
	struct app_found_at at;
	uint64_t next; /* of the numbers; UINT64_MAX: there is no more */
};

/* The first number that is not below least. */
static uint64_t
next_number(struct walk *w, uint64_t least)
{
	while (w->next < least)
		w->next = app_found_next(&w->answer->found, &w->at) ? w->at.number : UINT64_MAX;
	return (w->next);
}

static int
see(void *arg, struct span line, struct err *e)
{
	struct walk *w = arg;
	uint64_t number = w->answer->records.number;

	/* One that was erased since it was found is not handed out. */
	if (next_number(w, number) != number)
		return (w->next == UINT64_MAX);
	return (w->each(w->arg, number, line, e));
}

int
app_answer_walk(struct app_answer *a, app_answer_each each, void *arg, struct err *e)
{
	struct walk w = { .answer = a, .each = each, .arg = arg };
	struct store_reader *reader = NULL;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t at = 0;
	bool more = app_found_next(&a->found, &w.at);
	int rc = entry == NULL ? err_memory(e) : store_reader_open(&reader, e);

	w.next = more ? w.at.number : UINT64_MAX;
	while (rc == 0 && (rc = app_records_entry(&a->records, &at, entry, e)) == 0) {
		const struct seal_segment *s = &entry->of.segment;

		if (next_number(&w, s->first) < s->first + s->n &&
		    app_records_segment(&a->records, reader, s, see, &w, e) == -1)
			rc = -1;
	}
	store_reader_close(reader);
	free(entry);
	return (rc == -1 ? -1 : 0);
}

int
app_sheet_write(struct app_sheet *sheet, bool all, struct err *e)
{
	int rc;

	if (!buf_ok(&sheet->buf))
		return (err_memory(e));
	if (!all && sheet->buf.len < SHEET_BYTES)
		return (0);
	rc = io_write(sheet->fd, sheet->buf.data, sheet->buf.len, e);
	buf_clear(&sheet->buf);
	return (rc);
}

/* ---- as JSON ---- */

size_t
app_day_text(int64_t day, char out[static 16])
{
	char text[CLOCK_RFC3339_BYTES];

	(void)clock_rfc3339(text, day * DAY_US);
	memcpy(out, text, 10);
	out[10] = '\0';
	return (10);
}

static void
put_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != INT64_MIN && t_us != INT64_MAX)
		json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

void
app_network_text(uint64_t count, struct buf *out)
{
	char text[32];

	if (count == 0)
		return;
	num_print_grouped(text, count);
	buf_fmt(out, "%s more that say only the network stay: others are in it, too\n", text);
}

void
app_desk_json(const struct app_desk *d, struct buf *out)
{
	const struct app_request *r = &d->request;

	json_str(out, "kind", span_str(app_request_kinds[r->kind]));
	json_str(out, "id", span_str(r->id));
	json_key(out, "sha256");
	buf_char(out, '"');
	buf_hex(out, d->hash, sizeof(d->hash));
	buf_char(out, '"');
	json_str(out, "store", r->store);
	json_str(out, "class", span_str(mask_value_names[r->value_kind]));
	json_str(out, "reason", r->reason);
	put_time(out, "since", r->since_us);
	put_time(out, "until", r->until_us);
	put_time(out, "answered", d->live.now_us);
}

void
app_answer_json(const struct app_answer *a, struct buf *out)
{
	const struct app_found *f = &a->found;
	const struct app_day *days = (const struct app_day *)(const void *)f->days.data;
	const struct app_gone *gone = (const struct app_gone *)(const void *)f->gone.data;
	char text[16];

	json_str(out, "stream", span_str(a->stream));
	json_u64(out, "records", f->count);
	json_u64(out, "same_network", f->network);
	json_u64(out, "searched", f->records);
	json_object(out, "days");
	for (size_t i = 0; i < f->days.len / sizeof(days[0]); i++) {
		(void)app_day_text(days[i].day, text);
		json_u64(out, text, days[i].count);
	}
	buf_char(out, '}');
	json_array(out, "keys_gone");
	for (size_t i = 0; i < f->gone.len / sizeof(gone[0]); i++) {
		json_item(out);
		json_str(out, "epoch", span_str(gone[i].epoch));
		json_bool(out, "destroyed", gone[i].destroyed);
		json_u64(out, "segments", gone[i].segments);
		json_u64(out, "records", gone[i].records);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

void
app_answers_json(const struct app_desk *d, const struct app_answers *a, struct buf *out)
{
	buf_char(out, '{');
	app_desk_json(d, out);
	json_u64(out, "records", a->records);
	json_array(out, "streams");
	for (size_t i = 0; i < a->count; i++) {
		json_item(out);
		app_answer_json(&a->list[i], out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}
