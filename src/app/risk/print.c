/* print: the figures of risk, for people and for programs. */
#include <stdio.h>

#include "app/risk/print.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"

/* Smallest cells of the roles that see aggregates (design.md 8). */
#define ANALYST_LEVEL 2 /* of risk_levels: 10 */

static double
share(uint64_t n, uint64_t of)
{
	return (of == 0 ? 0.0 : (double)n / (double)of);
}

static double
largest(const struct risk_set *set)
{
	return (set->k_min == 0 ? 0.0 : 1.0 / (double)set->k_min);
}

/* Which column to coarsen: the one without which least is alone; -1: none helps. */
static int
coarsen(const struct app_risk_said *s)
{
	const struct risk_result *r = s->result;
	uint64_t least = r->all.below[1];
	int best = -1;

	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		if ((s->result->present >> c & 1) != 0 && r->without[c].below[1] < least) {
			least = r->without[c].below[1];
			best = c;
		}
	return (best);
}

/* ---- for people ---- */

static void
number(struct buf *out, uint64_t n)
{
	char text[32];

	num_print_grouped(text, n);
	buf_str(out, text);
}

static void
print_set(struct buf *out, const char *name, const struct risk_set *set)
{
	char classes[32], k[32];

	num_print_grouped(classes, set->classes);
	num_print_grouped(k, set->k_min);
	buf_fmt(out, "  %-13s %10s %11s", name, classes, k);
	for (int i = 0; i < RISK_LEVELS; i++)
		buf_fmt(out, "  %5.1f %%", 100.0 * share(set->below[i], set->records));
	buf_char(out, '\n');
}

static void
print_columns(const struct app_risk_said *s, struct buf *out)
{
	const struct risk_set *all = &s->result->all;

	buf_fmt(out, "\n  %-13s %10s %11s  %-7s  %-7s  %s\n", "column", "classes", "smallest k",
	    "k < 2", "k < 5", "k < 10");
	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		if ((s->result->present >> c & 1) != 0)
			print_set(out, risk_column_names[c], &s->result->one[c]);
	print_set(out, "all together", all);
	buf_fmt(out, "  %-36s", "the same in 30 days");
	for (int i = 0; i < RISK_LEVELS; i++)
		buf_fmt(out, "  %5.1f %%", 100.0 * share(all->mapped_below[i], all->records));
	buf_char(out, '\n');
}

static void
print_judgement(const struct app_risk_said *s, struct buf *out)
{
	const struct risk_result *r = s->result;
	int column = coarsen(s);

	buf_fmt(out, "\n  largest risk    %.2f, of a client in the smallest class",
	    largest(&r->all));
	if (s->has_limit)
		buf_fmt(out, "; limit %.2f: %s", s->limit, s->over ? "OVER" : "kept");
	buf_fmt(out, "\n  mean risk       %.2f, over clients and their classes\n",
	    share(r->all.classes, r->all.pairs));
	if (column != -1)
		buf_fmt(out, "  to coarsen      %s: %s; k < 5 for %.1f %% of records then\n",
		    risk_column_names[column], risk_column_advice[column],
		    100.0 * share(r->without[column].below[1], r->without[column].records));
	else if (r->all.below[1] > 0)
		buf_str(out, "  to coarsen      no single column is enough\n");
}

static void
print_trails(const struct risk_result *r, struct buf *out)
{
	buf_str(out, "  trails          ");
	if (r->trails == 0)
		buf_str(out, "no client has four different hours and paths\n");
	else
		buf_fmt(out,
		    "alone with 2, 3, 4 known hours and paths: "
		    "%.1f, %.1f, %.1f %% of %llu clients\n",
		    100.0 * share(r->trails_unique[0], r->trails),
		    100.0 * share(r->trails_unique[1], r->trails),
		    100.0 * share(r->trails_unique[2], r->trails), (unsigned long long)r->trails);
	buf_fmt(out, "  followed for    up to %.1f days\n", (double)r->longest_us / 86400e6);
	buf_fmt(out, "  one path only   in %.1f %% of the classes of two clients or more\n",
	    100.0 * share(r->shared_one_path, r->shared));
}

/* The three questions of the Article 29 working party's opinion 05/2014. */
static void
print_tiers(const struct app_risk_said *s, struct buf *out)
{
	const struct risk_result *r = s->result;
	double folded = 0.0;

	for (int c = 0; c < RISK_COLUMN_COUNT; c++) {
		double of_column =
		    100.0 * share(r->one[c].below[ANALYST_LEVEL], r->one[c].records);

		if ((r->present >> c & 1) != 0 && of_column > folded)
			folded = of_column;
	}
	buf_str(out, "\n  tier       singling out           linking            inference\n");
	buf_fmt(out,
	    "  developer  %5.1f %% of records     up to %5.1f days   %5.1f %% of classes\n",
	    100.0 * share(r->all.below[0], r->all.records), (double)r->longest_us / 86400e6,
	    100.0 * share(r->shared_one_path, r->shared));
	buf_fmt(out,
	    "  analyst    no cell below 10       no tokens          what a cell says,\n"
	    "                                                       up to %.1f %% folded\n",
	    folded);
	buf_str(out, "  public     no cell below 20       no tokens          what a cell says,\n"
		     "                                                       rounded to 10\n");
}

static void
print_window(const struct app_risk_said *s, struct buf *out)
{
	char text[CLOCK_RFC3339_BYTES];

	buf_fmt(out, "stream %s", s->stream);
	if (s->since_us != INT64_MIN) {
		buf_str(out, ", since ");
		buf_add(out, text, clock_rfc3339(text, s->since_us));
	}
	if (s->until_us != INT64_MAX) {
		buf_str(out, ", until ");
		buf_add(out, text, clock_rfc3339(text, s->until_us));
	}
	buf_str(out, ": ");
	number(out, s->result->records);
	buf_str(out, " records of clients");
	if (s->result->without_client > 0) {
		buf_str(out, ", ");
		number(out, s->result->without_client);
		buf_str(out, " without one are not judged");
	}
	buf_char(out, '\n');
	if (s->result->sampled > 0)
		buf_fmt(out,
		    "one client in %llu was looked at: classes seem smaller than they are\n",
		    1ULL << s->result->sampled);
}

void
app_risk_text(const struct app_risk_said *s, struct buf *out)
{
	print_window(s, out);
	if (s->result->records == 0)
		return;
	print_columns(s, out);
	print_judgement(s, out);
	print_trails(s->result, out);
	print_tiers(s, out);
}

/* ---- for programs ---- */

static void
json_share(struct buf *out, const char *key, double n)
{
	json_key(out, key);
	buf_fmt(out, "%.6f", n);
}

static void
json_below(struct buf *out, const char *key, const uint64_t below[RISK_LEVELS], uint64_t of)
{
	json_key(out, key);
	buf_char(out, '{');
	for (int i = 0; i < RISK_LEVELS; i++) {
		char level[16];

		(void)snprintf(level, sizeof(level), "%u", risk_levels[i]);
		json_share(out, level, share(below[i], of));
	}
	buf_char(out, '}');
}

static void
json_set(struct buf *out, const char *key, const struct risk_set *set)
{
	json_key(out, key);
	buf_char(out, '{');
	json_u64(out, "classes", set->classes);
	json_u64(out, "smallest_k", set->k_min);
	json_share(out, "largest_risk", largest(set));
	json_share(out, "mean_risk", share(set->classes, set->pairs));
	json_below(out, "records_below", set->below, set->records);
	json_below(out, "mapped_below", set->mapped_below, set->records);
	buf_char(out, '}');
}

static void
json_trails(struct buf *out, const struct risk_result *r)
{
	json_key(out, "trails");
	buf_char(out, '{');
	json_u64(out, "clients", r->trails);
	json_share(out, "alone_with_2", share(r->trails_unique[0], r->trails));
	json_share(out, "alone_with_3", share(r->trails_unique[1], r->trails));
	json_share(out, "alone_with_4", share(r->trails_unique[2], r->trails));
	buf_char(out, '}');
}

void
app_risk_json(const struct app_risk_said *s, struct buf *out)
{
	const struct risk_result *r = s->result;
	int column = coarsen(s);

	buf_char(out, '{');
	json_str(out, "stream", span_str(s->stream));
	json_u64(out, "records", r->records);
	json_u64(out, "without_client", r->without_client);
	json_u64(out, "population", r->population);
	json_u64(out, "one_client_in", UINT64_C(1) << r->sampled);
	json_set(out, "all", &r->all);
	json_key(out, "columns");
	buf_char(out, '{');
	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		if ((s->result->present >> c & 1) != 0)
			json_set(out, risk_column_names[c], &r->one[c]);
	buf_char(out, '}');
	json_key(out, "without");
	buf_char(out, '{');
	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		if ((s->result->present >> c & 1) != 0)
			json_set(out, risk_column_names[c], &r->without[c]);
	buf_char(out, '}');
	if (column != -1)
		json_str(out, "coarsen", span_str(risk_column_names[column]));
	json_trails(out, r);
	json_share(out, "longest_days", (double)r->longest_us / 86400e6);
	json_share(out, "one_path_only", share(r->shared_one_path, r->shared));
	if (s->has_limit) {
		json_share(out, "limit", s->limit);
		json_bool(out, "over", s->over);
	}
	buf_str(out, "}\n");
}
