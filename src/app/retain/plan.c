#include "app/retain/plan.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "base/err.h"
#include "retain/room.h"
#include "store/keys.h"
#include "store/layout.h"
#include "store/periods.h"
#include "store/skip/skip.h"
#include "store/store.h"

#define ACCESS_STREAM "cretula.access"

/* ---- whose terms ---- */

void
app_retain_access(const struct config *c, struct retain_policy *policy)
{
	int64_t longest_us = 0;

	for (unsigned i = 0; i < c->stream_count; i++) {
		int64_t term_us = retain_term(&c->streams[i].retain, RETAIN_ACCESS);

		if (term_us > longest_us)
			longest_us = term_us;
	}
	*policy = (struct retain_policy){ .term_us = { [RETAIN_ACCESS] = longest_us } };
}

bool
app_retain_policy(const struct config *c, const char *stream, struct retain_policy *policy)
{
	*policy = (struct retain_policy){ .preset = 0 };
	if (strcmp(stream, ACCESS_STREAM) == 0) {
		app_retain_access(c, policy);
		return (true);
	}
	for (unsigned i = 0; i < c->stream_count; i++)
		if (strcmp(c->streams[i].name, stream) == 0) {
			*policy = c->streams[i].retain;
			return (true);
		}
	return (c->stream_count == 0);
}

/* ---- what is there ---- */

/* An archive is derived from another stream; what is derived of the stream itself makes it none. */
static void
see_origin(struct app_retain *r, const struct seal_entry *entry)
{
	if (entry->type == SEAL_GENESIS)
		(void)snprintf(r->origin, sizeof(r->origin), "%.*s",
		    (int)entry->of.genesis.origin.len, entry->of.genesis.origin.ptr);
	else if (entry->type == SEAL_DERIVE && !span_is(entry->of.derive.origin, r->origin))
		r->tier = RETAIN_ARCHIVE;
}

static uint64_t
blocks_of(const struct app_retain *r, const char *path)
{
	struct stat st;

	return (fstatat(r->records.stream_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) ?
		(uint64_t)st.st_blocks * 512 :
		0);
}

/* All that goes with it, or is still to go. */
static uint64_t
bytes_of(const struct app_retain *r, const struct seal_past *past)
{
	static const char *const ends[] = { "idx", "jsonl.zst", "salt", "tags" };
	char path[STORE_PATH_BYTES], skip[STORE_PATH_BYTES + STORE_NAME_MAX];
	uint64_t bytes = 0;

	if (!r->on_disk)
		return (past->file_size);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		store_revision_path(
		    path, past->seg, i == 1 || i == 2 ? past->revision : 0, ends[i]);
		bytes += blocks_of(r, path);
	}
	(void)snprintf(skip, sizeof(skip), "../../" STORE_SKIP_DIR "/%s/%08ju", r->stream,
	    (uintmax_t)past->seg);
	return (bytes + blocks_of(r, skip));
}

static int
read_segments(struct app_retain *r, struct seal_entry *entry, struct err *e)
{
	const struct store_chain *chain = &r->records.chain;
	const struct seal_past *past;
	size_t count = 0;

	r->segments = calloc(chain->count + 1, sizeof(r->segments[0]));
	r->lines.counts = calloc(chain->count + 1, sizeof(r->lines.counts[0]));
	if (r->segments == NULL || r->lines.counts == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < chain->count; i++) {
		const struct seal_segment *facts = &entry->of.segment;

		if (seal_entry_read(store_chain_line(chain, i), app_names(), entry, e) == -1)
			return (err_in(e, "entry %zu", i));
		see_origin(r, entry);
		if (entry->type == SEAL_CONFIG)
			app_lines_see(r, entry, count);
		if (entry->type != SEAL_SEGMENT ||
		    (past = seal_history_segment(r->records.history, facts->seg)) == NULL ||
		    past->entry != i)
			continue;
		app_lines_see(r, entry, count);
		r->segments[count++] = (struct retain_segment){ .seg = facts->seg,
			.sealed_us = entry->t_us,
			.newest_us = facts->n == 0 ? 0 : facts->counts.time_max_us,
			.live = facts->has_tags,
			.gone = past->pruned,
			.records = facts->n - past->erased_count,
			.bytes = bytes_of(r, past) };
	}
	r->plan.count = count;
	return (0);
}

static int
read_holds(struct app_retain *r, struct err *e)
{
	const struct seal_hold_past *past;
	size_t count = 0;

	while (seal_history_hold(r->records.history, count) != NULL)
		count++;
	if ((r->holds = calloc(count + 1, sizeof(r->holds[0]))) == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < count; i++) {
		past = seal_history_hold(r->records.history, i);
		if (seal_hold_in_force(past, r->now_us))
			r->holds[r->hold_count++] = (struct retain_hold){ .id = past->id,
				.ranges = past->ranges,
				.range_count = past->range_count,
				.has_onward = past->has_onward,
				.onward = past->onward };
	}
	return (0);
}

/* more: the one in front of it stays, too. */
static void
add_span(struct app_retain *r, const struct stats_counts *counts, bool more)
{
	struct app_retain_span *last;

	if (r->span_count == 0 || (!more && r->span_count < APP_RETAIN_SPANS_MAX)) {
		last = &r->spans[r->span_count++];
		last->first_us = counts->time_min_us;
		last->last_us = counts->time_max_us;
	} else {
		last = &r->spans[r->span_count - 1];
		if (counts->time_min_us < last->first_us)
			last->first_us = counts->time_min_us;
		if (counts->time_max_us > last->last_us)
			last->last_us = counts->time_max_us;
	}
}

static int
compare_spans(const void *a, const void *b)
{
	const struct app_retain_span *x = a, *y = b;

	return ((x->first_us > y->first_us) - (x->first_us < y->first_us));
}

/* Of what stays, held or not, when all that goes is gone. */
static void
find_spans(struct app_retain *r, struct seal_entry *entry)
{
	const struct store_chain *chain = &r->records.chain;
	size_t at = 0;
	bool more = false;

	r->from_us = INT64_MAX;
	r->span_count = 0;
	for (size_t i = 0; i < chain->count && at < r->plan.count; i++) {
		const struct seal_segment *facts = &entry->of.segment;
		enum retain_action action;

		if (seal_entry_read(store_chain_line(chain, i), app_names(), entry, NULL) == -1 ||
		    entry->type != SEAL_SEGMENT || facts->seg != r->segments[at].seg)
			continue;
		action = r->plan.rows[at++].action;
		r->sealed_us = entry->t_us;
		if (action != RETAIN_KEEP && action != RETAIN_HELD) {
			more = false;
		} else if (facts->n > 0) {
			add_span(r, &facts->counts, more);
			more = true;
		}
	}
	qsort(r->spans, r->span_count, sizeof(r->spans[0]), compare_spans);
	if (r->span_count > 0)
		r->from_us = r->spans[0].first_us;
}

/* An archive of which nothing is said stays. */
int64_t
app_retain_term(const struct app_retain *r)
{
	int64_t term_us = retain_term(&r->policy, r->tier);

	return (term_us == 0 ? RETAIN_FOREVER : term_us);
}

static int
make_plan(struct app_retain *r, struct err *e)
{
	const struct retain_ask ask = { .segments = r->segments,
		.count = r->plan.count,
		.holds = r->holds,
		.hold_count = r->hold_count,
		.term_us = app_retain_term(r),
		.now_us = r->now_us,
		.room = r->room && r->tier == RETAIN_DETAIL,
		.room_us = r->room_us,
		.least_us = retain_least(&r->policy) };

	retain_print_rule(&r->policy, r->tier, &r->rule);
	if (!buf_ok(&r->rule))
		return (err_memory(e));
	if (retain_plan_make(&ask, &r->plan, e) == -1)
		return (-1);
	return (app_lines_plan(r, &ask, e));
}

int
app_retain_read(struct app_retain *r, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = -1;

	r->tier = strcmp(r->stream, ACCESS_STREAM) == 0 ? RETAIN_ACCESS : RETAIN_DETAIL;
	if (entry == NULL)
		(void)err_memory(e);
	else if (app_records_open(&r->records, r->store, r->stream, NULL, NULL, e) == 0 &&
	    app_records_again(&r->records, e) == 0 && read_segments(r, entry, e) == 0 &&
	    read_holds(r, e) == 0 && make_plan(r, e) == 0) {
		find_spans(r, entry);
		rc = 0;
	}
	free(entry);
	return (rc == 0 ? 0 : err_in(e, "stream %s", r->stream));
}

void
app_retain_next(const struct app_retain *r, int64_t *at_us, uint64_t *segments, uint64_t *records)
{
	const struct retain_plan *plan = &r->plan;

	*segments = *records = 0;
	*at_us = plan->sums[RETAIN_PRUNE].segments > 0 ? r->now_us : plan->next_us;
	if (*at_us == RETAIN_FOREVER) {
		*at_us = 0;
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct retain_row *row = &plan->rows[i];

		if ((row->action != RETAIN_PRUNE && row->action != RETAIN_KEEP) ||
		    row->hold != SIZE_MAX || row->due_us > *at_us + RETAIN_DAY_US)
			continue;
		(*segments)++;
		*records += r->segments[i].records;
	}
}

void
app_retain_free(struct app_retain *r)
{
	retain_plan_free(&r->plan);
	app_lines_free(&r->lines);
	app_records_close(&r->records);
	free(r->segments);
	free(r->holds);
	free(r->entries);
	buf_free(&r->rule);
	r->segments = NULL;
	r->holds = NULL;
	r->entries = NULL;
	r->hold_count = r->entry_count = 0;
}

/* ---- the clock ---- */

struct newest {
	const struct store *store;
	struct store_last last;
};

static int
see_stream(void *arg, const char *name, struct err *e)
{
	struct newest *n = arg;
	struct store_last last;

	if (store_last(n->store, name, app_names(), &last, e) == -1)
		return (-1);
	if (last.t_us > n->last.t_us)
		n->last.t_us = last.t_us;
	if (last.expected_us > n->last.expected_us)
		n->last.expected_us = last.expected_us;
	return (0);
}

int
app_retain_clock(const struct store *s, int64_t now_us, struct err *e)
{
	struct newest n = { s, { .t_us = INT64_MIN } };

	if (store_each_stream(s, see_stream, &n, e) == -1)
		return (-1);
	if (n.last.t_us > INT64_MIN && now_us < n.last.t_us - RETAIN_DAY_US)
		return (err_set(e, ERR_CONFIG,
		    "the clock is more than a day behind the newest entry: nothing is pruned by "
		    "it"));
	if (n.last.expected_us != 0 && now_us > n.last.expected_us + RETAIN_DAY_US)
		return (err_set(e, ERR_CONFIG,
		    "the clock is more than a day ahead of the machine's own: nothing is pruned "
		    "by it"));
	return (0);
}
