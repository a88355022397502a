/* app: cretula quarantine. */
#include <string.h>

#include "app/command.h"
#include "app/quarantine/quarantine.h"
#include "app/say.h"
#include "base/err.h"

static const struct app_option options[] = {
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream" },
	{ NULL, NULL, NULL },
};

static int
run(const struct app_args *args)
{
	struct err e = { ERR_NONE, "" };

	if (app_arg(args, "store") == NULL || app_arg(args, "stream") == NULL)
		(void)err_set(&e, ERR_USAGE, "--store DIR and --stream NAME are needed");
	else if (strcmp(args->operands[0], "list") == 0)
		return (app_quarantine_list(args));
	else
		(void)err_set(&e, ERR_USAGE, "'%s': list", args->operands[0]);
	return (app_fail("quarantine", &e));
}

const struct app_command app_command_quarantine = { "quarantine",
	"lines that could not be read", "list", 1, 1, options,
	"With quarantine_key: in the configuration, a line that cannot be read is sealed to that\n"
	"key and kept in its record, of which everybody else sees when it came, how long it was\n"
	"and why it was not read. `cretula key pair` makes the key; `cretula key open` shows the\n"
	"lines to who has its secret.\n\n"
	"list     all of them; line says held, beginning (of more than 11,066 bytes), or gone\n\n"
	"examples:\n"
	"  cretula quarantine list --store ./store --stream shop\n"
	"  cretula view --store ./store --stream shop --where 'state == unparsed' |\n"
	"      cretula key open --secret /media/stick/seal | jq .extra\n",
	run };
