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

int
app_pipe_report(struct app_pipe *p, struct err *e)
{
	unsigned char hash[32];
	struct seal_entry *entry;
	int code, rc;

	if (!app_figures_owed(p->figures, &code, hash))
		return (0);
	if ((entry = calloc(1, sizeof(*entry))) == NULL)
		return (err_memory(e));
	entry->type = SEAL_REPORT;
	entry->of.report.kind = span_str("verify");
	entry->of.report.result = (uint64_t)code;
	memcpy(entry->of.report.hash, hash, sizeof(hash));
	rc = store_live_append(p->live, entry, e);
	free(entry);
	return (rc);
}
