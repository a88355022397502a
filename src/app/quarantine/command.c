/* app: cretula quarantine. */
#include <string.h>

#include "app/command.h"
#include "app/quarantine/quarantine.h"
#include "app/role/place.h"
#include "app/say.h"
#include "app/source/parser.h"
#include "base/err.h"

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml: the store, and how its lines are read" },
	APP_OPTION_DIALECT,
	{ "format", "NAME", "replay: format of the lines (default: the configuration's)" },
	APP_OPTION_FORMAT_STRING,
	{ "keys", "DIR", "replay: keys of the store (default: STORE.keys)" },
	{ "secret", "FILE", "replay: what `cretula key pair` wrote" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream (default: the only one of the store)" },
	APP_OPTION_TIMEZONE,
	{ NULL, NULL, NULL },
};

static int
run(const struct app_args *given)
{
	static const char *const replay_only[] = { "dialect", "format", "format-string", "keys",
		"secret", "timezone" };
	struct app_args filled = *given, *args = &filled;
	struct app_place place;
	struct buf hint = { 0 };
	struct err e = { ERR_NONE, "" };
	bool list = app_action_is(args, "list");

	if (!list && !app_action_is(args, "replay"))
		(void)app_action_none(args, "list or replay", &e);
	for (size_t i = 0; list && i < sizeof(replay_only) / sizeof(replay_only[0]); i++)
		if (app_arg(args, replay_only[i]) != NULL)
			(void)err_set(&e, ERR_USAGE, "--%s does not go with list", replay_only[i]);
	if (e.code == ERR_NONE && !list)
		(void)app_place_named(args, &e); /* it seals what it reads */
	if (e.code == ERR_NONE && app_place_config(args, &place, &hint, &e) == 0)
		(void)app_place_stream(args, &place, &e);
	app_hint(&hint);
	buf_free(&hint);
	if (e.code != ERR_NONE)
		return (app_fail("quarantine", &e));
	return (list ? app_quarantine_list(args) : app_quarantine_replay(args));
}

const struct app_command app_command_quarantine = { "quarantine",
	"lines that could not be read, and reading them again", "list|replay", 0, 1, options,
	"With quarantine_key: in the configuration, a line that cannot be read is sealed to that\n"
	"key and kept in its record, of which everybody else sees when it came, how long it was\n"
	"and why it was not read. `cretula key pair` makes the key; `cretula key open` shows the\n"
	"lines to who has its secret.\n\n"
	"list     all of them; line says held, beginning (of more than 11,066 bytes), gone, or as\n"
	"         which record it was replayed\n"
	"replay   reads what is held with the parser of today, and appends what it can read, "
	"masked\n"
	"         with a key of its own as an import is; extra.replay_of names the skeleton. Run "
	"it\n"
	"         again: nothing is replayed twice. The lines are in memory only.\n\n"
	"exit codes of replay: 0 good, 1 the stream does not verify, 3 none could be read, or\n"
	"some were sealed to another key, 66 no such stream, 75 somebody writes to the stream,\n"
	"78 no keys, or a bad secret\n\n"
	"examples:\n"
	"  cretula quarantine list --store ./store --stream shop\n"
	"  cretula quarantine replay --store ./store --stream shop --format nginx-combined \\\n"
	"      --secret /media/stick/seal\n"
	"  cretula view --store ./store --stream shop --where 'state == unparsed' |\n"
	"      cretula key open --secret /media/stick/seal | jq .extra\n",
	run };
