/* json: counts for programs; docs/roles.md. */
#include "app/role/counts.h"
#include "base/clock.h"
#include "base/json.h"

static void
put_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static void
put_counts(const struct app_counts *c, struct buf *out, const uint64_t n[static VIEW_MEASURES])
{
	json_u64(out, "requests", n[VIEW_REQUESTS]);
	if (c->grant.tier != VIEW_PUBLIC)
		json_u64(out, "bytes", n[VIEW_BYTES]);
}

static void
put_points(const struct app_counts *c, struct buf *out)
{
	json_array(out, "points");
	for (size_t i = 0; i < c->counts.point_count; i++) {
		const struct view_window *p = &c->counts.points[i];

		json_item(out);
		put_time(out, "since", p->begin_us);
		put_time(out, "until", p->end_us);
		put_counts(c, out, p->count);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
put_few(const struct app_counts *c, struct buf *out, const char *key)
{
	json_key(out, key);
	buf_fmt(out, "\"<%u\"", c->grant.k);
}

/* None that is shown may be some that are not: of few subjects, or what goes with them. */
static void
put_errors(struct buf *out, const char *key, uint64_t n, bool has_other)
{
	if (n == 0 && has_other) {
		json_key(out, key);
		buf_str(out, "null");
	} else
		json_u64(out, key, n);
}

static void
put_days(const struct app_counts *c, struct buf *out)
{
	json_array(out, "days");
	for (size_t i = 0; i < c->counts.day_count; i++) {
		const struct view_day *d = &c->counts.days[i];

		json_item(out);
		put_time(out, "day", d->begin_us);
		if (d->unknown) {
			json_key(out, "requests");
			buf_str(out, "null");
			json_str(out, "reason", span_str("subjects"));
		} else if (d->hidden)
			put_few(c, out, "requests");
		else
			json_u64(out, "requests", d->requests);
		if (!d->hidden && c->counts.shown[VIEW_STATUSES]) {
			put_errors(out, "errors_4xx", d->errors_4xx, d->has_other);
			put_errors(out, "errors_5xx", d->errors_5xx, d->has_other);
		}
		if (!d->hidden && d->uniques > 0)
			json_u64(out, "uniques", d->uniques);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
put_table(const struct app_counts *c, int dim, struct buf *out)
{
	const struct view_table *t = &c->counts.tables[dim];
	uint64_t total[VIEW_MEASURES];

	view_tier_total(t, total);
	json_key(out, view_dims[dim].name);
	buf_str(out, "{\"rows\":[");
	for (size_t i = 0; i < t->cell_count; i++) {
		json_item(out);
		json_str(out, "key", t->cells[i].key);
		put_counts(c, out, t->cells[i].count);
		buf_char(out, '}');
	}
	buf_str(out, "],\"other\":{");
	put_counts(c, out, t->rest);
	buf_str(out, "},\"total\":{");
	put_counts(c, out, total);
	buf_str(out, "}}");
}

void
app_counts_json(const struct app_counts *c, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "stream", span_str(c->stream));
	json_str(out, "tier", span_str(view_role_names[c->grant.tier]));
	json_u64(out, "k", c->grant.k);
	put_time(out, "since", c->counts.since_us);
	put_time(out, "until", c->counts.until_us);
	json_object(out, "total");
	put_counts(c, out, c->counts.total);
	buf_char(out, '}');
	put_points(c, out);
	put_days(c, out);
	json_object(out, "tables");
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		if (c->counts.shown[d])
			put_table(c, d, out);
	buf_str(out, "}}\n");
}
