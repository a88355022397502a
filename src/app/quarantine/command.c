/* app: cretula quarantine. */
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

/* The store and stream that are meant; replay: named, as it seals what it reads. */
static int
run_action(const struct app_args *given, bool named, int (*act)(const struct app_args *args))
{
	struct app_args args = *given;
	struct app_place place;
	struct buf hint = { 0 };
	struct err e = { ERR_NONE, "" };
	int rc = named ? app_place_named(&args, &e) : 0;

	if (rc == 0 && (rc = app_place_config(&args, &place, &hint, &e)) == 0)
		rc = app_place_stream(&args, &place, &e);
	app_hint(&hint);
	buf_free(&hint);
	return (rc == -1 ? app_fail("quarantine", &e) : act(&args));
}

static int
list(const struct app_args *args)
{
	return (run_action(args, false, app_quarantine_list));
}

static int
replay(const struct app_args *args)
{
	return (run_action(args, true, app_quarantine_replay));
}

static const struct app_action actions[] = {
	{ "list", NULL, { "config", "store", "stream" }, list, false },
	{ "replay", NULL,
	    { "config", "dialect", "format", "format-string", "keys", "secret", "store", "stream",
		"timezone" },
	    replay, false },
};

static int
run(const struct app_args *args)
{
	return (app_action_run(args, actions, sizeof(actions) / sizeof(actions[0])));
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
