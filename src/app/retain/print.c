#include "app/retain/budget.h"
#include "app/retain/plan.h"
#include "app/say.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"

static const char *const actions[RETAIN_ACTION_COUNT] = { "keep", "prune", "held", "gone", "room" };

/* The ids of the holds that keep something that is over. */
static void
each_hold(const struct app_retain *r, struct buf *out, const char *before, const char *behind)
{
	for (size_t h = 0, some = 0; h < r->hold_count; h++) {
		bool keeps = false;

		for (size_t i = 0; i < r->plan.count && !keeps; i++)
			keeps = r->plan.rows[i].action == RETAIN_HELD && r->plan.rows[i].hold == h;
		if (keeps)
			buf_fmt(out, "%s%s%.*s%s", some++ > 0 ? "," : "", before,
			    (int)r->holds[h].id.len, r->holds[h].id.ptr, behind);
	}
}

static void
time_member(struct buf *out, const char *name, int64_t us)
{
	char time[CLOCK_RFC3339_BYTES];

	json_str(out, name, span_of(time, clock_rfc3339(time, us - us % 1000)));
}

void
app_retain_json(const struct app_retain *r, bool dry, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "stream", span_str(r->stream));
	json_str(out, "rule", buf_view(&r->rule));
	json_bool(out, "dry_run", dry);
	time_member(out, "now", r->now_us);
	for (unsigned a = 0; a < RETAIN_ACTION_COUNT; a++) {
		const struct retain_sum *sum = &r->plan.sums[a];

		json_key(out, actions[a]);
		buf_char(out, '{');
		json_u64(out, "segments", sum->segments);
		json_u64(out, "records", sum->records);
		json_u64(out, "bytes", sum->bytes);
		buf_char(out, '}');
	}
	json_key(out, "holds");
	buf_char(out, '[');
	each_hold(r, out, "\"", "\"");
	buf_char(out, ']');
	if (r->plan.next_us != RETAIN_FOREVER)
		time_member(out, "next_at", r->plan.next_us);
	json_key(out, "entries");
	buf_char(out, '[');
	for (size_t i = 0; i < r->entry_count; i++)
		buf_fmt(out, "%s%ju", i == 0 ? "" : ",", (uintmax_t)r->entries[i]);
	buf_char(out, ']');
	if (r->untaken > 0)
		json_u64(out, "not_archived", r->untaken);
	if (r->tier == RETAIN_DETAIL)
		app_lines_json(&r->lines, out);
	json_u64(out, "folded", r->folded);
	json_u64(out, "expired", r->expired);
	buf_char(out, '}');
}

static void
print_sum(const struct retain_sum *sum, struct buf *out)
{
	char count[32], bytes[32];

	num_print_grouped(count, sum->records);
	num_print_bytes(bytes, sum->bytes);
	buf_fmt(out, "%ju segment%s, %s records, %s", (uintmax_t)sum->segments,
	    sum->segments == 1 ? "" : "s", count, bytes);
}

void
app_retain_print(const struct app_retain *r, bool dry, struct buf *out)
{
	const struct retain_sum *sums = r->plan.sums;
	char time[CLOCK_RFC3339_BYTES];

	buf_fmt(out, "%s (%.*s): %s ", r->stream, (int)r->rule.len, r->rule.data,
	    dry ? "would prune" : "pruned");
	print_sum(&sums[RETAIN_PRUNE], out);
	if (sums[RETAIN_ROOM].segments > 0) {
		buf_str(out, "; to make room (");
		app_budget_rule(r->limit, out);
		buf_str(out, "): ");
		print_sum(&sums[RETAIN_ROOM], out);
	}
	for (size_t i = 0; i < r->entry_count; i++)
		buf_fmt(out, "%s%ju", i == 0 ? "; entry " : ", ", (uintmax_t)r->entries[i]);
	if (sums[RETAIN_HELD].segments > 0) {
		buf_str(out, "\n  over, and held: ");
		print_sum(&sums[RETAIN_HELD], out);
		buf_str(out, " (");
		each_hold(r, out, "", "");
		buf_char(out, ')');
	}
	app_lines_print(&r->lines, dry, out);
	buf_str(out, "\n  stays: ");
	print_sum(&sums[RETAIN_KEEP], out);
	if (r->plan.next_us != RETAIN_FOREVER) {
		buf_str(out, "; the next goes at ");
		buf_add(out, time, clock_rfc3339(time, r->plan.next_us - r->plan.next_us % 1000));
	}
	buf_char(out, '\n');
	if (r->folded > 0)
		buf_fmt(out, "  stats: %ju counts of few subjects became part of \"other\"\n",
		    (uintmax_t)r->folded);
	if (r->expired > 0)
		buf_fmt(out, "  stats: %ju counts were over, and went\n", (uintmax_t)r->expired);
}

void
app_retain_tell(const struct app_retain *r)
{
	const struct retain_sum *sum = &r->plan.sums[RETAIN_PRUNE];
	const struct retain_sum *room = &r->plan.sums[RETAIN_ROOM];
	uint64_t held = r->plan.sums[RETAIN_HELD].segments;
	struct buf rule = { 0 };
	char records[32];

	app_lines_tell(&r->lines, r->stream);
	num_print_grouped(records, sum->records);
	if (sum->segments > 0)
		app_info(r->stream,
		    "pruned by %.*s: %llu segment%s, %s record%s; %llu more %s held",
		    (int)r->rule.len, r->rule.data, (unsigned long long)sum->segments,
		    sum->segments == 1 ? "" : "s", records, sum->records == 1 ? "" : "s",
		    (unsigned long long)held, held == 1 ? "is" : "are");
	if (room->segments == 0)
		return;
	app_budget_rule(r->limit, &rule);
	num_print_grouped(records, room->records);
	app_info(r->stream, "pruned to make room (%s): %llu segment%s, %s record%s",
	    buf_ok(&rule) ? rule.data : "", (unsigned long long)room->segments,
	    room->segments == 1 ? "" : "s", records, room->records == 1 ? "" : "s");
	buf_free(&rule);
}
