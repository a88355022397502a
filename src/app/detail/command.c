/* app: cretula detail raise: more of a stream's events for a while. */
#include <string.h>

#include "app/command.h"
#include "app/pipe/raise.h"
#include "app/retain/hold.h"
#include "app/say.h"
#include "app/watch/control.h"
#include "base/err.h"
#include "base/num.h"
#include "config/config.h"
#include "detail/detail.h"

static const struct app_option options[] = {
	{ "config", "FILE", "take the store from there (default " CONFIG_USUAL ")" },
	{ "for", "TIME", "how long: 30m, 2h; at most a day" },
	{ "reason", "TEXT", "why; it is sealed as it stands" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "of this stream" },
	{ "to", "LEVEL", "full (default) or slim" },
	{ NULL, NULL, NULL },
};

static int
read_wish(const struct app_args *args, struct buf *request, struct err *e)
{
	const char *stream = app_arg(args, "stream"), *reason = app_arg(args, "reason"),
		   *time = app_arg(args, "for"), *to = app_arg(args, "to");
	int64_t for_us;

	if (stream == NULL || reason == NULL || reason[0] == '\0' || time == NULL)
		return (err_set(e, ERR_USAGE, "--stream, --for and --reason are needed"));
	if (num_duration(span_str(time), &for_us) == -1 || for_us < 1000000 ||
	    for_us > DETAIL_RAISE_MAX_US)
		return (err_set(e, ERR_USAGE, "--for is a time of at most a day, as 30m"));
	if (to != NULL && strcmp(to, "full") != 0 && strcmp(to, "slim") != 0)
		return (err_set(e, ERR_USAGE, "--to is full or slim"));
	if (strlen(reason) >= APP_RAISE_REASON_BYTES || strchr(reason, '\n') != NULL)
		return (err_set(e, ERR_USAGE, "--reason is one line of fewer than %d bytes",
		    APP_RAISE_REASON_BYTES));
	if (app_hold_text("reason", span_str(reason), e) == -1)
		return (-1);
	buf_fmt(request, "detail %s %llu %s %s\n", to == NULL ? "full" : to,
	    (unsigned long long)(for_us / 1000000), stream, reason);
	return (buf_ok(request) ? 0 : err_memory(e));
}

static int
raise_detail(const struct app_args *args)
{
	struct buf request = { 0 }, answer = { 0 };
	struct config *config = NULL;
	struct err e = { ERR_NONE, "" };
	const char *store;
	int rc = -1;

	if (read_wish(args, &request, &e) == 0 &&
	    app_control_store(args, &config, &store, &e) == 0 &&
	    (rc = app_control_ask(store, request.data, &answer, &e)) == 0 &&
	    !span_is(buf_view(&answer), "ok\n"))
		rc = err_set(&e, ERR_CONFIG,
		    span_is(buf_view(&answer), "not read\n") ?
			"stream %s is not read now: see `cretula status`" :
			"the daemon that answers has no stream %s",
		    app_arg(args, "stream"));
	config_free(config);
	buf_free(&request);
	buf_free(&answer);
	return (rc == 0 ? 0 : app_fail("detail", &e));
}

static const struct app_action actions[] = {
	{ "raise", NULL, { "config", "for", "reason", "store", "stream", "to" }, raise_detail,
	    false },
};

static int
run(const struct app_args *args)
{
	return (app_action_run(args, actions, sizeof(actions) / sizeof(actions[0])));
}

const struct app_command app_command_detail = { "detail",
	"raise: keep more of a stream's events for a while", "raise", 0, 1, options,
	"Whatever the rules of `detail:` leave out is kept for that time: asked of the daemon at\n"
	"its socket, sealed with the reason, and over by itself. Masking stays as it is. A start\n"
	"of the daemon, or another configuration of the stream, ends it before. `triggers:` do\n"
	"the same by themselves: see `cretula check --explain`.\n\n"
	"exit codes: 0 it is raised, 3 no daemon runs, 78 it has no such stream\n\n"
	"examples:\n"
	"  cretula detail raise --stream shop --for 1h --reason 'checkout fails, ticket 4711'\n",
	run };
