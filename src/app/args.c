/* app: the command line, read from the command's table of options. */
#include <sys/stat.h>

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "app/args.h"
#include "app/say.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "config/suggest.h"

enum { LONG_JSON = 256, LONG_HELP, LONG_FIRST };

static int
option_table(const struct app_command *command, struct option table[APP_OPTIONS_MAX + 3])
{
	int n = 0;

	for (; command->options[n].name != NULL; n++) {
		assert(n < APP_OPTIONS_MAX);
		table[n] = (struct option){ command->options[n].name,
			command->options[n].value != NULL ? required_argument : no_argument, NULL,
			LONG_FIRST + n };
	}
	table[n] = (struct option){ "json", no_argument, NULL, LONG_JSON };
	table[n + 1] = (struct option){ "help", no_argument, NULL, LONG_HELP };
	table[n + 2] = (struct option){ NULL, 0, NULL, 0 };
	return (n);
}

/* What somebody gives without the option's name: a store, or lines for standard input. */
static int
unexpected(const struct app_args *args, const char *given, struct err *e)
{
	const struct app_command *c = args->command;
	const char *option = NULL;
	struct stat st;

	if (stat(given, &st) == -1)
		st.st_mode = 0;
	for (const struct app_option *o = c->options; o->name != NULL && option == NULL; o++)
		if ((S_ISDIR(st.st_mode) && strcmp(o->name, "store") == 0) ||
		    (S_ISREG(st.st_mode) && strcmp(o->name, "config") == 0))
			option = o->name;
	if (strcmp(c->name, "mask") == 0 && S_ISREG(st.st_mode))
		return (err_set(e, ERR_USAGE, "%s: unexpected '%s', did you mean < %s?", c->name,
		    given, given));
	if (option != NULL)
		return (err_set(e, ERR_USAGE, "%s: unexpected '%s', did you mean --%s %s?", c->name,
		    given, option, given));
	return (err_set(
	    e, ERR_USAGE, "%s: unexpected '%s': cretula %s --help", c->name, given, c->name));
}

static int
operands_check(const struct app_args *args, struct err *e)
{
	const struct app_command *c = args->command;

	if (args->operand_count < c->operand_min)
		return (err_set(
		    e, ERR_USAGE, "%s needs %s: cretula %s --help", c->name, c->operands, c->name));
	if (c->operand_max >= 0 && args->operand_count > c->operand_max)
		return (unexpected(args, args->operands[c->operand_max], e));
	return (0);
}

/* An option that is none: which one is near? */
static int
unknown_option(const struct app_command *command, const char *given, struct err *e)
{
	size_t len = strcspn(given, "=");
	struct buf words = { 0 };
	struct span near = { NULL, 0 };

	for (const struct app_option *o = command->options; o->name != NULL; o++)
		buf_fmt(&words, "%s ", o->name);
	buf_str(&words, "json help");
	if (buf_ok(&words) && strncmp(given, "--", 2) == 0)
		near = config_suggest(span_of(given + 2, len - 2), words.data);
	if (near.len > 0)
		(void)err_set(e, ERR_USAGE,
		    "%s: no option %.*s, did you mean --%.*s? cretula %s --help", command->name,
		    (int)len, given, (int)near.len, near.ptr, command->name);
	else
		(void)err_set(e, ERR_USAGE, "%s: no option %.*s: cretula %s --help", command->name,
		    (int)len, given, command->name);
	buf_free(&words);
	return (-1);
}

int
app_args_read(
    const struct app_command *command, int argc, char **argv, struct app_args *args, struct err *e)
{
	struct option table[APP_OPTIONS_MAX + 3];
	int count = option_table(command, table), c;

	memset(args, 0, sizeof(*args));
	args->command = command;
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (c == LONG_JSON)
			args->json = true;
		else if (c == LONG_HELP)
			args->help = true;
		else if (c >= LONG_FIRST && c < LONG_FIRST + count) {
			if (args->value[c - LONG_FIRST] != NULL)
				return (err_set(e, ERR_USAGE,
				    "%s: --%s is given twice: cretula %s --help", command->name,
				    command->options[c - LONG_FIRST].name, command->name));
			args->value[c - LONG_FIRST] = optarg != NULL ? optarg : "";
		} else if (c == ':')
			return (err_set(e, ERR_USAGE, "%s: %s needs a value: cretula %s --help",
			    command->name, argv[optind - 1], command->name));
		else
			return (unknown_option(command, argv[optind - 1], e));
	}
	args->operands = argv + optind;
	args->operand_count = argc - optind;
	return (args->help ? 0 : operands_check(args, e));
}

const char *
app_arg(const struct app_args *args, const char *name)
{
	const struct app_option *options = args->command->options;

	for (size_t i = 0; options[i].name != NULL; i++)
		if (strcmp(options[i].name, name) == 0)
			return (args->value[i]);
	abort(); /* the command does not declare the option: a bug */
}

int
app_arg_count(const struct app_args *args, const char *name, uint64_t min, uint64_t max,
    uint64_t *n, struct err *e)
{
	const char *text = app_arg(args, name);
	uint64_t value;

	if (text == NULL)
		return (0);
	if (num_u64(span_str(text), &value) == -1 || value < min || value > max)
		return (err_set(e, ERR_USAGE, "--%s: '%s' is no whole number from %llu to %llu",
		    name, text, (unsigned long long)min, (unsigned long long)max));
	*n = value;
	return (0);
}

/* ---- actions ---- */

static bool
belongs(const struct app_action *action, const char *name)
{
	const size_t most = sizeof(action->options) / sizeof(action->options[0]);

	for (size_t i = 0; i < most && action->options[i] != NULL; i++)
		if (strcmp(action->options[i], name) == 0)
			return (true);
	return (false);
}

static int
check_action(const struct app_args *args, const struct app_action *action, struct err *e)
{
	const struct app_command *command = args->command;
	const char *with = action->with;

	for (size_t i = 0; command->options[i].name != NULL; i++)
		if (args->value[i] != NULL && !belongs(action, command->options[i].name))
			return (err_set(e, ERR_USAGE, "--%s does not go with %s %s%s%s",
			    command->options[i].name, command->name, action->name,
			    with == NULL ? "" : " --", with == NULL ? "" : with));
	if (args->operand_count > 1 && !action->operands)
		return (err_set(e, ERR_USAGE, "'%s' does not go with %s %s", args->operands[1],
		    command->name, action->name));
	return (0);
}

/* "add, list or release" */
static void
list_actions(const struct app_action *actions, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(actions[i].name, actions[i - 1].name) == 0)
			continue;
		if (i > 0)
			buf_str(out, i + 1 < count ? ", " : " or ");
		buf_str(out, actions[i].name);
	}
	buf_char(out, '\0');
}

static int
no_action(
    const struct app_args *args, const struct app_action *actions, size_t count, struct err *e)
{
	const char *command = args->command->name;
	struct buf list = { 0 };

	list_actions(actions, count, &list);
	if (!buf_ok(&list))
		(void)err_memory(e);
	else if (args->operand_count == 0)
		(void)err_set(
		    e, ERR_USAGE, "which action? %s (cretula %s --help)", list.data, command);
	else
		(void)err_set(e, ERR_USAGE, "no action '%s': %s (cretula %s --help)",
		    args->operands[0], list.data, command);
	buf_free(&list);
	return (-1);
}

int
app_action_run(const struct app_args *args, const struct app_action *actions, size_t count)
{
	const struct app_action *found = NULL;
	struct err e = { ERR_NONE, "" };

	for (size_t i = 0; i < count && args->operand_count > 0 && found == NULL; i++)
		if (strcmp(args->operands[0], actions[i].name) == 0 &&
		    (actions[i].with == NULL || app_arg(args, actions[i].with) != NULL))
			found = &actions[i];
	if (found == NULL ? no_action(args, actions, count, &e) == -1 :
			    check_action(args, found, &e) == -1)
		return (app_fail(args->command->name, &e));
	return (found->run(args));
}
