/* app: find the command, or help to find it. */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/help/help.h"
#include "app/help/topic.h"
#include "app/say.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "config/suggest.h"
#include "crypto/random.h"

static const struct app_command *const commands[] = {
	/* sorted by name */
	&app_command_anchor,
	&app_command_archive,
	&app_command_canary,
	&app_command_check,
	&app_command_demo,
	&app_command_detail,
	&app_command_doctor,
	&app_command_evidence,
	&app_command_hold,
	&app_command_import,
	&app_command_init,
	&app_command_key,
	&app_command_mask,
	&app_command_pipe,
	&app_command_prove,
	&app_command_publish,
	&app_command_quarantine,
	&app_command_recover,
	&app_command_retain,
	&app_command_risk,
	&app_command_run,
	&app_command_scan,
	&app_command_serve,
	&app_command_stats,
	&app_command_status,
	&app_command_subject,
	&app_command_tail,
	&app_command_verify,
	&app_command_view,
	&app_command_words,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct app_command *
find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return (commands[i]);
	return (NULL);
}

/* Neither a command nor (if it was asked of) a topic; the nearest one is said. */
static int
unknown(const char *what, const char *name, bool topics)
{
	struct buf words = { 0 };
	struct span near = { NULL, 0 };

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		buf_fmt(&words, "%s ", commands[i]->name);
	for (const struct app_topic *t = app_topics; topics && t->name != NULL; t++)
		buf_fmt(&words, "%s ", t->name);
	buf_str(&words, "help");
	if (buf_ok(&words))
		near = config_suggest(span_str(name), words.data);
	if (near.len > 0)
		fprintf(stderr, "cretula: no %s '%s', did you mean %.*s? cretula --help\n", what,
		    name, (int)near.len, near.ptr);
	else
		fprintf(stderr, "cretula: no %s '%s': cretula --help\n", what, name);
	buf_free(&words);
	return (ERR_USAGE);
}

/* cretula help [COMMAND | TOPIC | --json] */
static int
help(const char *name)
{
	const struct app_command *c;
	const struct app_topic *t;
	struct buf out = { 0 };

	if (name == NULL)
		app_help_overview(commands, COMMAND_COUNT, &out);
	else if (strcmp(name, "--json") == 0)
		app_help_json(commands, COMMAND_COUNT, &out);
	else if ((c = find(name)) != NULL)
		app_help_command(c, &out);
	else if ((t = app_topic_find(name)) != NULL)
		t->print(&out);
	else
		return (unknown("command or topic", name, true));
	return (app_finish("help", &out, 0));
}

/* cretula COMMAND --help */
static int
help_command(const struct app_command *c)
{
	struct buf out = { 0 };

	app_help_command(c, &out);
	return (app_finish("help", &out, 0));
}

/* No core dump holds what the logs said; a closed pipe is an error, not death. */
static void
harden(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int
run(const struct app_command *c, int argc, char **argv)
{
	struct app_args args;
	struct err e = { ERR_NONE, "" };
	int code;

	if (app_args_read(c, argc, argv, &args, &e) == -1) {
		fprintf(stderr, "cretula %s\n", e.text);
		return ((int)e.code);
	}
	if (args.help)
		return (help_command(c));
	if (crypto_start(&e) == -1)
		return (app_fail(c->name, &e));
	code = c->run(&args);
	app_warn_spared(c->name);
	return (code);
}

int
app_main(int argc, char **argv)
{
	const struct app_command *c;
	const char *name = argc > 1 ? argv[1] : "--help";

	if (io_keep_standard() == -1)
		return (ERR_IO);
	harden();
	if (strcmp(name, "--version") == 0) {
		puts("cretula " CRETULA_VERSION);
		return (0);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
		int code = help(argc > 2 ? argv[2] : NULL);

		return (argc > 1 ? code : ERR_USAGE);
	}
	if ((c = find(name)) == NULL)
		return (unknown("command", name, false));
	return (run(c, argc - 1, argv + 1));
}
