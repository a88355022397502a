/* app: cretula subject: what is kept of a person, and single records. */
#include "app/command.h"
#include "app/subject/actions.h"

static const struct app_option options[] = {
	{ "anchor", "LINE", "check: the auditor's line of the store, or a vkey" },
	{ "by", "TEXT", "who does it" },
	{ "class", "CLASS", "request: what the value is: ip.client, user, session or email" },
	{ "config", "FILE", "cretula.yaml" },
	{ "drop", "FIELD,...", "rescrub: leave these fields out, and do nothing else" },
	{ "dry-run", NULL, "say what would be done" },
	{ "fields", "FIELD,...", "rescrub: look at these only (default: all texts, see below)" },
	{ "key", "FILE", "approve: what approver wrote" },
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "kind", "KIND", "request: find, export, erase, restrict or lift" },
	{ "lift", NULL, "restrict: what was restricted is used again" },
	{ "name", "NAME", "approver: whose key it is" },
	{ "out", "PATH", "approver, request: a new file; find, export: a new folder" },
	{ "reason", "TEXT", "why; it stays in the chain for good" },
	{ "record", "N,N-M,...", "these records of the stream, from 0 (view --numbers)" },
	{ "ref", "TEXT", "number of the request or case" },
	{ "request", "FILE", "what request made and two approved" },
	{ "since", "T", "only records from then on: RFC 3339, or -7d" },
	{ "statement", "FILE", "check: what find or export wrote" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream; request: all, if it is not given" },
	{ "until", "T", "only records before then" },
	{ "valid", "TIME", "request: how long, like 7d (the default), at most 30d" },
	{ "value", "DASH", "nothing but -: the value comes on standard input, never here" },
	{ "where", "EXPR", "only records that match, as for view" },
	{ NULL, NULL, NULL },
};

/* What there is to do, and which options belong to it. */
static const struct app_action actions[] = {
	{ "approve", NULL, { "config", "key", "keys", "request", "store", "value" },
	    app_subject_approve, false },
	{ "approver", NULL, { "name", "out" }, app_subject_approver, false },
	{ "check", NULL, { "anchor", "statement" }, app_subject_check, false },
	{ "erase", "request", { "config", "keys", "request", "store", "value" }, app_subject_erase,
	    false },
	{ "erase", NULL,
	    { "by", "config", "dry-run", "keys", "reason", "record", "ref", "since", "store",
		"stream", "until", "where" },
	    app_subject_records, false },
	{ "export", NULL, { "config", "keys", "out", "request", "store", "value" },
	    app_subject_find, false },
	{ "find", NULL, { "config", "keys", "out", "request", "store", "value" }, app_subject_find,
	    false },
	{ "request", NULL,
	    { "class", "config", "keys", "kind", "out", "reason", "since", "store", "stream",
		"until", "valid", "value" },
	    app_subject_request, false },
	{ "rescrub", NULL,
	    { "by", "config", "drop", "dry-run", "fields", "keys", "reason", "record", "ref",
		"since", "store", "stream", "until", "where" },
	    app_subject_records, false },
	{ "restrict", NULL, { "config", "keys", "lift", "request", "store", "value" },
	    app_subject_restrict, false },
};

static int
run(const struct app_args *args)
{
	return (app_action_run(args, actions, sizeof(actions) / sizeof(actions[0])));
}

const struct app_command app_command_subject = { "subject",
	"answer a person, erase single records, or mask them again", "ACTION", 0, 1, options,
	"request  makes the file by which a value (an address, a user, ...) may be looked\n"
	"         for: the value is read from standard input and is not in it. Two approvers of\n"
	"         `approvers:` sign it; it is good once, and for a few days.\n"
	"approver makes the key of one, and the line for cretula.yaml.\n"
	"approve  shows what is signed, and adds a signature to the file. With --value - it\n"
	"         compares the value of the case first, which takes the keys of the store.\n"
	"find     says how many records there are, by stream and day, under all keys that are\n"
	"         still there; and of which epochs nobody can tell any more, in a statement that\n"
	"         the store signs.\n"
	"export   writes them too, as JSON and as a page that prints, to a new folder.\n"
	"erase    with --request takes all of them away; without, the records that --record,\n"
	"         --where, --since and --until name. A placeholder stays, the store still\n"
	"         verifies, and nobody can test a guess of what was there.\n"
	"restrict leaves all of them sealed and out of use (GDPR Art. 18): view, tail, the\n"
	"         dashboard's records and archives leave them out, until --lift, or until the key\n"
	"         of their epoch is destroyed and nobody can tell whose they are. Counts stay as\n"
	"         they are, stats --rebuild's too: a difference would name them, to everybody and\n"
	"         for good. Which records they are is sealed in boxes that only these keys open:\n"
	"         who reads without them (the dashboard, a developer) is shown no record of those\n"
	"         epochs. It keeps nothing from its term; `cretula hold` does.\n"
	"rescrub  looks at masked records with the detectors of this version and replaces those\n"
	"         in which they find something; with --drop it leaves fields out, of all records\n"
	"         that are named. It looks at all texts but server and upstream, which are in\n"
	"         clear by configuration only.\n"
	"check    is a statement signed by the store?\n\n"
	"A signed entry names each request, or each record, reason, ref and by, for good: write\n"
	"no name there. Files of erased records are overwritten. Copies elsewhere (backups,\n"
	"bundles that were given out, snapshots of the disk) are not reached. Of a stream that\n"
	"`run` writes, the daemon erases, after it has sealed what is open; for rescrub, or where\n"
	"a `pipe` writes it, that must be stopped. What one that died left open is sealed first.\n"
	"What erase and rescrub take or change is counted again in STORE/stats.db.\n\n"
	"exit codes: 0 done (or nothing to do), 1 a segment, request or statement does not\n"
	"verify, 2 usage, also a value that is not of its class, 3 keys are not there, though not\n"
	"destroyed, 66 no such stream or record, or pruned, or no request, 74 I/O or disk full, "
	"75\n"
	"another process is writing, or enough was asked today, 78 a hold is on it, the keys are\n"
	"not there, or the request is not approved, expired, used, or of another store\n\n"
	"examples:\n"
	"  cretula subject approver --name dpo --out /media/stick/dpo\n"
	"  cretula subject request --config c.yaml --kind export --class ip.client \\\n"
	"      --reason 'Art. 15, case 4711' --out case < value\n"
	"  cretula subject approve --request case --key /media/stick/dpo\n"
	"  cretula subject export --config c.yaml --request case --out answer < value\n"
	"  cretula subject check --statement answer/statement.txt --anchor \"$(cat anchor)\"\n"
	"  cretula subject erase --store ./store --stream shop --record 5,9-12 --reason 'Art. 17'\n"
	"  cretula subject erase --store ./store --stream shop --where 'user == "
	"us.abcdefghij234567' "
	"\\\n    --reason 'Art. 17' --ref T-4711 --dry-run\n"
	"  cretula subject rescrub --store ./store --stream shop --since -7d --drop query,referer "
	"\\\n    --reason 'names in queries'\n",
	run };
