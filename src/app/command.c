/* app: find the command, or help to find it. */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/say.h"
#include "app/topic.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"

static const struct app_command *const commands[] = {
	/* sorted by name */
	&app_command_anchor,
	&app_command_canary,
	&app_command_check,
	&app_command_detail,
	&app_command_doctor,
	&app_command_evidence,
	&app_command_import,
	&app_command_key,
	&app_command_mask,
	&app_command_pipe,
	&app_command_prove,
	&app_command_publish,
	&app_command_quarantine,
	&app_command_recover,
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

static int
help_overview(void)
{
	struct buf out = { 0 };

	buf_str(&out,
	    "cretula: anonymous, audit-ready access logs\n\n"
	    "usage: cretula COMMAND [--option ...] [FILE...]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		buf_fmt(&out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	buf_str(&out, "\ncretula help TOPIC explains:\n\n");
	for (const struct app_topic *t = app_topics; t->name != NULL; t++)
		buf_fmt(&out, "  %-10s %s\n", t->name, t->summary);
	buf_str(&out,
	    "\n"
	    "Start with a log that you have:\n\n"
	    "  cretula import --store ./store --stream shop --format auto access.log\n\n"
	    "cretula COMMAND --help shows options and examples.\n"
	    "Exit codes: 0 good, 1 a finding, 2 usage, 3 incomplete, 4 warnings under --strict,\n"
	    "66 input unreadable, 74 I/O or disk full, 75 busy, 78 configuration, policy or "
	    "key.\n");
	return (app_finish("help", &out, 0));
}

static int
help_command(const struct app_command *c)
{
	struct buf out = { 0 };

	buf_fmt(&out, "cretula %s: %s\n\nusage: cretula %s [--option ...]%s%s\n\n", c->name,
	    c->summary, c->name, c->operands[0] != '\0' ? " " : "", c->operands);
	for (const struct app_option *o = c->options; o->name != NULL; o++) {
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value != NULL ? " " : "",
		    o->value != NULL ? o->value : "");
		buf_fmt(&out, "  %-22s %s\n", left, o->help);
	}
	buf_fmt(&out, "  %-22s %s\n  %-22s %s\n\n%s", "--json", "the result as one JSON object",
	    "--help", "this page", c->details);
	return (app_finish("help", &out, 0));
}

static const struct app_command *
find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return (commands[i]);
	return (NULL);
}

/* cretula help [COMMAND | TOPIC] */
static int
help(const char *name)
{
	const struct app_command *c;
	const struct app_topic *t;
	struct buf out = { 0 };

	if (name == NULL)
		return (help_overview());
	if ((c = find(name)) != NULL)
		return (help_command(c));
	if ((t = app_topic_find(name)) != NULL) {
		t->print(&out);
		return (app_finish("help", &out, 0));
	}
	fprintf(stderr, "cretula: no command or topic '%s': cretula --help\n", name);
	return (ERR_USAGE);
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
	if ((c = find(name)) == NULL) {
		fprintf(stderr, "cretula: no command '%s': cretula --help\n", name);
		return (ERR_USAGE);
	}
	return (run(c, argc - 1, argv + 1));
}
