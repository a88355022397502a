#include "app/pipe/publish.h"

#include <stdlib.h>
#include <string.h>

#include "app/pipe/pipe.h"
#include "app/watch/figures.h"
#include "input/live.h"

void
app_pipe_publish_reader(struct app_pipe *p, int64_t raw_ns)
{
	int64_t since_ns = p->areas[p->filling].since_ns;
	struct input_live_counts input;

	if (p->figures == NULL)
		return;
	input_live_count(p->in, &input);
	app_figures_reader(p->figures, since_ns != 0 ? since_ns : raw_ns, &input);
}

void
app_pipe_publish_writer(struct app_pipe *p)
{
	struct store_chain_seen chain = { 0 };
	struct app_writer_seen seen;

	if (p->figures == NULL || p->live == NULL)
		return;
	(void)store_live_chain(p->live, &chain);
	seen = (struct app_writer_seen){
		.sealed_us = chain.sealed_us,
		.entries = chain.entries,
		.segments = chain.segments,
		.next_seal_ns = p->opened_ns + p->seal_every_ns,
		.next_rotation_us = app_rotate_end(&p->rotate, p->period_us),
		.open_records = store_live_records(p->live),
		.open_bytes = store_live_bytes(p->live),
	};
	if (p->rotate.bytes > p->period_bytes)
		seen.rotation_left = p->rotate.bytes - p->period_bytes;
	app_figures_writer(p->figures, &seen);
}

static int
append_report(struct app_pipe *p, enum app_report kind, const struct app_owed *owed, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_memory(e));
	entry->type = SEAL_REPORT;
	entry->of.report.kind = span_str(app_report_names[kind]);
	entry->of.report.result = (uint64_t)owed->code;
	memcpy(entry->of.report.hash, owed->hash, sizeof(owed->hash));
	rc = store_live_append(p->live, entry, e);
	free(entry);
	return (rc);
}

int
app_pipe_report(struct app_pipe *p, struct err *e)
{
	struct app_owed owed;

	for (int i = 0; i < APP_REPORTS; i++) {
		enum app_report kind = (enum app_report)i;

		if (!app_figures_owed(p->figures, kind, &owed))
			continue;
		if (append_report(p, kind, &owed, e) == -1)
			return (-1); /* it stays, for when there is space */
		app_figures_sealed(p->figures, kind, &owed);
	}
	return (0);
}

void
app_pipe_publish_format(struct app_pipe *p)
{
	const struct parser *parser = &p->setup.parser;
	enum parse_envelope outer = parser->envelope[0];

	app_figures_format(p->figures, parser->format->name,
	    outer == PARSE_ENVELOPE_NONE ? "" : parse_envelope_name(outer));
}
