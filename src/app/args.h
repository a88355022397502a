/*
 * app: wiring, the only room that knows all and the only one that prints.
 *
 * This unit: the command line.  A command declares its options in a table;
 * getopt_long reads them; help is made from the same rows.
 */
#ifndef CRETULA_APP_ARGS_H
#define CRETULA_APP_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct app_option {
	const char *name;  /* without the dashes */
	const char *value; /* placeholder, "DIR"; NULL for a flag */
	const char *help;
};

#define APP_OPTIONS_MAX 32

struct app_command;

struct app_args {
	const struct app_command *command;
	const char *value[APP_OPTIONS_MAX]; /* by row; "" for a given flag; NULL if absent */
	char **operands;
	int operand_count;
	bool json;  /* --json, which every command has */
	bool help;  /* --help */
};

struct app_command {
	const char *name;
	const char *summary;  /* one line */
	const char *operands; /* usage, e.g. "FILE..." or "" */
	int operand_min, operand_max; /* -1: no limit */
	const struct app_option *options; /* ends with a row without name */
	const char *details;  /* help: paragraphs and examples */
	int (*run)(const struct app_args *args); /* the exit code */
};

/* argv[0] is the command's name.  0, or -1 and ERR_USAGE; of two --store none is meant surely. */
int app_args_read(const struct app_command *command, int argc, char **argv, struct app_args *args,
    struct err *e);

/* Value of the option called name, NULL if absent; assert: the row exists. */
const char *app_arg(const struct app_args *args, const char *name);

/* As app_arg, read as a whole number within [min, max]; fallback if absent. */
int app_arg_count(const struct app_args *args, const char *name, uint64_t min, uint64_t max,
    uint64_t *n, struct err *e);

/*
 * What a command does is named by its first operand, in some: a row each, sorted, and which
 * options belong to it.  Of two rows of a name the first is meant if its option is given.
 */
struct app_action {
	const char *name, *with; /* with: that option; else NULL */
	const char *options[14];
	int (*run)(const struct app_args *args); /* the exit code */
	bool operands; /* may there be more of them? */
};

/* Run the one that is named.  ERR_USAGE if it is none, or something does not go with it. */
int app_action_run(const struct app_args *args, const struct app_action *actions, size_t count);

#endif
