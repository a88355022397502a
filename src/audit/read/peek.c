#include "audit/read/peek.h"

#include <string.h>

#include "base/scan.h"

#define ACCESS_STREAM "cretula.access"

bool
audit_peek_masked(const char *stream, const struct seal_segment *facts)
{
	return (facts->has_mask_seed || (facts->has_tags && strcmp(stream, ACCESS_STREAM) != 0));
}

static void
tally(struct audit_tally *t, uint64_t record)
{
	if (t->count++ == 0)
		t->first = record;
}

static void
tally_reason(const struct audit_peek *p, struct span reason)
{
	int index = reason.len == 0 ? -1 : seal_reason_index(p->names, reason);

	if (index >= 0)
		p->pass->reasons[index]++;
}

/* The record in the line of a segment with erasures; false: there is none. */
static bool
take_record(const struct audit_peek *p, size_t i, struct span *line)
{
	switch (p->job->kinds[i]) {
	case SEAL_LINE_BAD:
	case SEAL_LINE_RECORD: return (true);
	case SEAL_LINE_REPLACED: (void)seal_line_read(*line, NULL, line); return (true);
	default: p->pass->erased++; return (false);
	}
}

void
audit_peek_lines(const struct audit_peek *p, const char *start, const uint32_t *ends, size_t count)
{
	struct audit_job *job = p->job;
	struct audit_pass *pass = p->pass;
	struct record_facts facts;
	uint32_t from = 0;

	for (size_t i = 0; i < count; from = ends[i++]) {
		struct span line = { start + from, ends[i] - from - 1 };

		if (p->past != NULL && !take_record(p, i, &line))
			continue;
		if (audit_record_check(&job->records, line, &facts) == -1) {
			tally(&pass->syntax, pass->peeked + i);
			continue;
		}
		pass->states[facts.state]++;
		pass->status[stats_status_class(facts.status)]++;
		tally_reason(p, facts.reason);
		if (facts.time_us < pass->time_min_us)
			pass->time_min_us = facts.time_us;
		if (facts.time_us > pass->time_max_us)
			pass->time_max_us = facts.time_us;
		if (p->masked && !audit_epochs_cover(&job->epochs, line, facts.time_us))
			tally(&pass->mask_epoch, pass->peeked + i);
	}
	pass->peeked += count;
}

void
audit_peek_run(void *arg, struct span run)
{
	const struct audit_peek *p = arg;
	uint32_t *ends = p->job->peek_ends;

	while (run.len > 0) {
		size_t scanned, count = scan_lines(run, ends, AUDIT_BATCH, &scanned);

		if (count == 0)
			break;
		for (size_t i = 0; i < count; i++)
			ends[i]++;
		audit_peek_lines(p, run.ptr, ends, count);
		run = span_from(run, ends[count - 1]);
	}
}
