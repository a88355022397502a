/* A paper, filled: verify, the chains, what is known of policies, a scan if asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "app/paper/inside.h"
#include "app/records.h"
#include "base/clock.h"
#include "base/err.h"
#include "leak/tree.h"
#include "seal/history.h"
#include "store/layout.h"
#include "store/read/streams.h"

/* ---- streams ---- */

/* With --stream those of cretula itself are there, too: they say who did what. */
static bool
is_wanted(const struct paper *p, const char *name)
{
	return (
	    p->stream == NULL || strcmp(name, p->stream) == 0 || strncmp(name, "cretula.", 8) == 0);
}

static int
list_streams(struct paper *p, char (*names)[PAPER_NAME_BYTES], size_t *count, struct err *e)
{
	struct buf all = { 0 };
	const char *name;
	int rc = store_streams(p->store, &all, e);

	*count = 0;
	for (size_t i = 0; rc == 0 && (name = store_streams_name(&all, i)) != NULL; i++) {
		if (!is_wanted(p, name))
			continue;
		if (*count == PAPER_STREAMS_MAX)
			p->streams_more++;
		else
			(void)snprintf(names[(*count)++], PAPER_NAME_BYTES, "%s", name);
	}
	buf_free(&all);
	return (rc);
}

static int
see_streams(struct paper *p, struct err *e)
{
	char(*names)[PAPER_NAME_BYTES] = calloc(PAPER_STREAMS_MAX, PAPER_NAME_BYTES);
	size_t count;
	int rc = -1;

	if (names == NULL)
		return (err_memory(e));
	if (list_streams(p, names, &count, e) == 0) {
		/* Rows point at names: it does not move. */
		p->streams = calloc(count + 1, sizeof(p->streams[0]));
		rc = p->streams == NULL ? err_memory(e) : 0;
		for (size_t i = 0; i < count && rc == 0; i++)
			rc = app_paper_see_stream(p, names[i], e);
	}
	free(names);
	return (rc);
}

static bool
has_stream(const struct paper *p, const char *name)
{
	for (size_t i = 0; i < p->stream_count; i++)
		if (strcmp(p->streams[i].name, name) == 0)
			return (true);
	return (false);
}

/* ---- the rest ---- */

/* The shortest of all streams: keys are the store's, and who turns them destroys by his own. */
static void
find_graces(const struct config *config, int64_t *grace_us)
{
	grace_us[0] = PAPER_DAY_US;
	grace_us[1] = grace_us[2] = 7 * PAPER_DAY_US;
	for (unsigned i = 0; config != NULL && i < config->stream_count; i++)
		for (int k = 0; k < 3; k++)
			if (i == 0 || config->streams[i].grace_us[k] < grace_us[k])
				grace_us[k] = config->streams[i].grace_us[k];
}

static int
scan_store(struct paper *p, unsigned jobs, struct err *e)
{
	struct leak_tree tree = { .jobs = jobs, .keep = 0 };
	struct leak_rules *rules = NULL;
	const char *path = p->store;
	int rc = -1;

	if (leak_rules_open(LEAK_PLAIN, &rules, e) == 0) {
		tree.rules = rules;
		rc = leak_tree_scan(&tree, &path, 1, e);
	}
	for (size_t i = 0; rc == 0 && i < tree.file_count; i++) {
		p->scan.files += tree.files[i].problem[0] == '\0';
		p->scan.unread += tree.files[i].problem[0] != '\0';
		p->scan.bytes += tree.files[i].seen;
	}
	p->scan.done = rc == 0;
	p->scan.leaks = tree.total;
	leak_tree_free(&tree);
	leak_rules_close(rules);
	return (rc);
}

static int
verify(struct paper *p, const struct app_paper *how, struct err *e)
{
	const struct audit_options options = { .stream = how->stream,
		.anchor = how->anchor,
		.policy = how->witnesses,
		.jobs = how->jobs,
		.names = app_names() };

	return (audit_verify(how->store, &options, &p->verify, e));
}

static int
fill(struct paper *p, const struct app_paper *how, struct err *e)
{
	int64_t grace_us[3];

	if (app_records_window(how->since, how->until, &p->range.since_us, &p->range.until_us, e) ==
	    -1)
		return (-1);
	p->end_us = p->range.until_us < p->now_us ? p->range.until_us : p->now_us;
	if (how->stream != NULL && !store_name_known(span_str(how->stream)))
		return (err_set(e, ERR_USAGE, "--stream: '%s' is no stream name", how->stream));
	if (verify(p, how, e) == -1 || see_streams(p, e) == -1)
		return (-1);
	if (how->stream != NULL && !has_stream(p, how->stream))
		return (store_streams_lack(how->store, how->stream, e));
	find_graces(how->config, grace_us);
	app_paper_fold_keys(p, grace_us);
	app_paper_sort(&p->removed);
	app_paper_sort(&p->held);
	app_paper_sort(&p->changed);
	if (app_paper_see_retain(p, how->config, e) == -1 ||
	    app_paper_see_access(p, how, e) == -1 || app_paper_know(p, how->config, e) == -1)
		return (-1);
	return (how->scan ? scan_store(p, how->jobs, e) : 0);
}

int
app_paper_fill(const struct app_paper *how, struct paper *p, struct err *e)
{
	unsigned shortages = err_memory_count();

	memset(p, 0, sizeof(*p));
	p->store = how->store;
	p->stream = how->stream;
	p->by = how->by;
	p->version = CRETULA_VERSION;
	p->now_us = clock_now_us();
	if (fill(p, how, e) == -1) {
		app_paper_free(p);
		return (err_memory_count() == shortages ? -1 : err_memory(e));
	}
	for (size_t i = 0; i < p->stream_count; i++) {
		seal_history_free(p->streams[i].history);
		p->streams[i].history = NULL;
	}
	/* Not a word then: texts may be missing. */
	if (err_memory_count() != shortages) {
		app_paper_free(p);
		return (err_memory(e));
	}
	app_paper_judge(p);
	return (0);
}

void
app_paper_free(struct paper *p)
{
	for (size_t i = 0; i < p->stream_count; i++)
		seal_history_free(p->streams[i].history);
	for (unsigned i = 0; i < p->policy_count; i++)
		free(p->policies[i].known);
	audit_result_free(&p->verify);
	app_paper_free_texts(p);
	free(p->streams);
	free(p->removed.rows);
	free(p->held.rows);
	free(p->changed.rows);
	free(p->keys.rows);
	memset(p, 0, sizeof(*p));
}
