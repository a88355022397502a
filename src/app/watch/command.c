/* app: cretula status: what a daemon does, or what a store has while none runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/watch/control.h"
#include "app/watch/offline.h"
#include "app/watch/print.h"
#include "base/err.h"

#define STATUS "status\n"

static const struct app_option options[] = {
	{ "config", "FILE", "take the store from there (default " CONFIG_USUAL ")" },
	{ "metrics", NULL, "as text for Prometheus, say for the node exporter's text files" },
	{ "report", NULL, "what the daemon found when it verified its store last, as JSON" },
	{ "store", "DIR", "the store" },
	{ NULL, NULL, NULL },
};

/* The daemon's answer, or where none runs the same of what is sealed. */
static int
ask(const char *store, const char *request, struct buf *answer, struct err *e)
{
	struct app_snapshot *s;
	int rc = app_control_ask(store, request, answer, e);

	if (rc == 0 || e->code != ERR_INCOMPLETE || strcmp(request, STATUS) != 0)
		return (rc);
	if ((s = malloc(sizeof(*s))) == NULL)
		return (err_memory(e));
	if ((rc = app_offline_snapshot(store, 0, s, e)) == 0)
		app_snapshot_json(s, answer);
	free(s);
	return (rc);
}

int
app_control_usual(struct err *e)
{
	if (access(CONFIG_USUAL, F_OK) == 0 || errno != ENOENT)
		return (0);
	return (err_set(e, ERR_USAGE,
	    "no --store, no --config and no " CONFIG_USUAL " (cretula init makes one)"));
}

int
app_control_store(const struct app_args *args, struct config **config, const char **store,
    struct err *e)
{
	const char *path = app_arg(args, "config");

	*store = app_arg(args, "store");
	if (*store != NULL)
		return (0);
	if ((path == NULL && app_control_usual(e) == -1) ||
	    app_config_load(path != NULL ? path : CONFIG_USUAL, config, e) == -1)
		return (-1);
	*store = (*config)->store;
	return ((*store)[0] != '\0' ? 0 : err_set(e, ERR_USAGE, "no store (--store DIR)"));
}

static const char *
find_request(const struct app_args *args)
{
	if (app_arg(args, "metrics") != NULL)
		return ("metrics\n");
	return (app_arg(args, "report") != NULL ? "report\n" : STATUS);
}

static int
run(const struct app_args *args)
{
	const char *request = find_request(args);
	bool plain = args->json || strcmp(request, STATUS) != 0;
	struct buf answer = { 0 }, text = { 0 };
	struct config *config = NULL;
	struct err e = { ERR_NONE, "" };
	const char *store;
	int code = -1;

	if (app_control_store(args, &config, &store, &e) == 0 &&
	    ask(store, request, &answer, &e) == 0)
		code = strcmp(request, STATUS) != 0 ?
		    0 :
		    app_status_print(buf_view(&answer), &text, &e);
	if (code != -1 && config != NULL)
		app_status_lack(buf_view(&answer), config, &text);
	config_free(config);
	if (code == -1)
		code = app_fail("status", &e);
	else
		code = app_finish_words("status", plain ? &answer : &text, code);
	buf_free(&answer);
	buf_free(&text);
	return (code);
}

const struct app_command app_command_status = { "status",
	"what the daemon does: rate, lag, seals, losses, disk", "", 0, 0, options,
	"Asks the daemon at its socket, STORE.sock beside the store; only its user and root may.\n"
	"lines/s over some ten seconds, lag of the oldest line that is not on the disk yet, time\n"
	"since the last seal, until the period ends (`rotate`; by size: bytes left), lines lost\n"
	"since the daemon began, disk of the stream's files. While no daemon runs: what is "
	"sealed.\n\n"
	"exit codes: 0 all is well, 1 a stream waits or has failed, or the store did not verify,\n"
	"3 no daemon runs, 66 no store there, 75 the daemon is busy\n\n"
	"examples:\n"
	"  cretula status --store /var/lib/cretula/store\n"
	"  cretula status --config cretula.yaml --json | jq '.streams[] | {name, lag_ms, lost}'\n"
	"  cretula status --store ./store --metrics > /var/lib/node_exporter/cretula.prom\n",
	run };
