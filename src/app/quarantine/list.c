#include "app/quarantine/quarantine.h"
#include "app/say.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"

struct sums {
	size_t held, replayed;
};

static const char *
line_of(const struct app_held *held)
{
	if (held->replayed)
		return ("replayed");
	return (held->whole ? "held" : held->held ? "beginning" : "gone");
}

static const char *
reason_of(const struct app_held *held)
{
	return (held->reason < PARSE_REASON_COUNT ? parse_reason_names[held->reason] : "-");
}

static void
print_text(const struct app_quarantine *q, const struct sums *sums, struct buf *out)
{
	if (q->count > 0)
		buf_fmt(out, "%10s  %-24s  %-9s  %8s  %s\n", "record", "came", "reason", "bytes",
		    "line");
	for (size_t i = 0; i < q->count; i++) {
		const struct app_held *held = &q->list[i];
		char time[CLOCK_RFC3339_BYTES];

		(void)clock_rfc3339(time, held->time_us / 1000 * 1000);
		buf_fmt(out, "%10llu  %-24.24s  %-9s  %8llu  %s", (unsigned long long)held->number,
		    time, reason_of(held), (unsigned long long)held->line_bytes, line_of(held));
		if (held->replayed)
			buf_fmt(out, " as %llu", (unsigned long long)held->by);
		buf_char(out, '\n');
	}
	buf_fmt(out, "%s%zu lines could not be read, %zu of them are held, %zu were replayed\n",
	    q->count > 0 ? "\n" : "", q->count, sums->held, sums->replayed);
}

static void
print_json(const struct app_quarantine *q, const struct sums *sums, struct buf *out)
{
	buf_char(out, '{');
	json_u64(out, "held", sums->held);
	json_u64(out, "replayed", sums->replayed);
	json_key(out, "lines");
	buf_char(out, '[');
	for (size_t i = 0; i < q->count; i++) {
		const struct app_held *held = &q->list[i];
		char time[CLOCK_RFC3339_BYTES];
		size_t len = clock_rfc3339(time, held->time_us);

		buf_str(out, i == 0 ? "{" : ",{");
		json_u64(out, "record", held->number);
		json_str(out, "time", span_of(time, len));
		json_str(out, "reason", span_str(reason_of(held)));
		json_u64(out, "line_bytes", held->line_bytes);
		json_str(out, "line", span_str(line_of(held)));
		if (held->replayed)
			json_u64(out, "by", held->by);
		buf_char(out, '}');
	}
	buf_str(out, "]}\n");
}

int
app_quarantine_list(const struct app_args *args)
{
	const char *store = app_arg(args, "store"), *stream = app_arg(args, "stream");
	static struct app_quarantine q;
	struct err e = { ERR_NONE, "" };
	struct sums sums = { 0, 0 };
	struct buf out = { 0 };
	int code;

	if (app_quarantine_scan(&q, store, stream, &e) == -1)
		code = app_fail("quarantine list", &e);
	else {
		for (size_t i = 0; i < q.count; i++) {
			sums.held += q.list[i].held && !q.list[i].replayed;
			sums.replayed += q.list[i].replayed;
		}
		(args->json ? print_json : print_text)(&q, &sums, &out);
		code = app_finish_words("quarantine list", &out, 0);
	}
	app_quarantine_close(&q);
	return (code);
}
