/* evidence --report: the two files, and where they go. */
#include "app/evidence/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/evidence/evidence.h"
#include "app/paper/paper.h"
#include "app/setup.h"
#include "base/err.h"
#include "base/json.h"

/* Without a bundle there is no manifest: nothing but the two. */
static int
put_alone(const struct app_evidence *what, struct err *e)
{
	struct app_evidence_out *out = calloc(1, sizeof(*out));
	int rc;

	if (out == NULL)
		return (err_memory(e));
	rc = app_evidence_open(out, what->out, e);
	for (size_t i = 0; i < what->extra_count && rc == 0; i++)
		rc = app_evidence_put(out, what->extras[i].path, what->extras[i].bytes, e);
	if (app_evidence_close(out, rc == 0 ? what->out : NULL, e) == -1)
		rc = -1;
	free(out);
	return (rc);
}

static void
say(const struct paper *p, const char *name, bool json, struct buf *out)
{
	unsigned states[4] = { 0 };

	for (unsigned i = 0; i < PAPER_CONTROL_COUNT; i++)
		states[p->verdicts[i].state]++;
	if (!json) {
		buf_fmt(out, "report %s/report.html, report.json: %s; controls: ", name,
		    p->verify.exit_code == 0     ? "good" :
			p->verify.exit_code == 1 ? "does not verify" :
						   "not all could be checked");
		buf_fmt(out, "%u met, %u partly, %u not met, %u not applicable\n", states[0],
		    states[1], states[2], states[3]);
		return;
	}
	buf_char(out, '{');
	json_str(out, "report", span_str(name));
	json_u64(out, "exit_code", (uint64_t)p->verify.exit_code);
	json_object(out, "controls");
	for (unsigned i = 0; i < 4; i++)
		json_u64(out, paper_states[i], states[i]);
	buf_str(out, "}}\n");
}

static int
put(const struct app_args *args, const struct app_evidence *what, const struct paper *p,
    struct err *e)
{
	struct buf page = { 0 }, json = { 0 };
	struct app_evidence all = *what;
	struct app_evidence_counts counts;
	int rc = -1;

	app_paper_print_page(p, &page);
	app_paper_print_json(p, &json);
	if (!buf_ok(&page) || !buf_ok(&json))
		(void)err_memory(e);
	else {
		const struct app_evidence_extra extras[] = { { "report.html", buf_view(&page) },
			{ "report.json", buf_view(&json) } };

		all.extras = extras;
		all.extra_count = 2;
		rc = app_arg(args, "bundle") != NULL ? app_evidence_make(&all, &counts, e) :
						       put_alone(&all, e);
	}
	buf_free(&page);
	buf_free(&json);
	return (rc);
}

static int
open_config(const struct app_args *args, struct config **config, struct err *e)
{
	const char *path = app_arg(args, "config");

	return (path == NULL ? 0 : app_config_load(path, config, e));
}

int
app_evidence_report(
    const struct app_args *args, const struct app_evidence *what, struct buf *out, struct err *e)
{
	struct paper *p = calloc(1, sizeof(*p));
	struct config *config = NULL;
	uint64_t jobs = app_processors(64);
	struct app_paper how = { .store = what->store,
		.stream = what->stream,
		.since = what->since,
		.until = what->until,
		.by = app_arg(args, "by"),
		.anchor = app_arg(args, "anchor"),
		.witnesses = what->policy,
		.scan = app_arg(args, "scan") != NULL };
	char by[32];
	int code = -1;

	(void)snprintf(by, sizeof(by), "uid %u", (unsigned)getuid());
	if (how.by == NULL)
		how.by = by;
	if (p == NULL)
		(void)err_memory(e);
	else if (app_arg_count(args, "jobs", 1, 64, &jobs, e) == 0 &&
	    open_config(args, &config, e) == 0) {
		how.config = config;
		how.jobs = (unsigned)jobs;
		if (app_paper_fill(&how, p, e) == 0) {
			if (put(args, what, p, e) == 0) {
				code = p->verify.exit_code;
				say(p, what->out, args->json, out);
			}
			app_paper_free(p);
		}
	}
	config_free(config);
	free(p);
	return (code);
}
