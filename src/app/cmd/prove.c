/* app: cretula prove: of one record, or of two notes, for somebody who may see no more. */
#include "app/command.h"
#include "app/names.h"
#include "app/role/place.h"
#include "app/say.h"
#include "audit/anchors/consistent.h"
#include "audit/outside/prove.h"
#include "base/err.h"

static const struct app_option options[] = {
	{ "consistency", "OLD", "not of a record: that the first OLD entries were only added to" },
	{ "record", "N", "which record of the stream, from 0" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "its stream (default: the only one of the store)" },
	{ "to", "NEW", "with --consistency: up to there (default: the newest note)" },
	{ NULL, NULL, NULL },
};

#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

static int
prove(const struct app_args *args, struct buf *out, struct err *e)
{
	const char *store = app_arg(args, "store"), *stream = app_arg(args, "stream");
	struct audit_consistent_sizes sizes = { 0, 0 };
	uint64_t record = 0;

	if ((app_arg(args, "record") == NULL) == (app_arg(args, "consistency") == NULL))
		return (err_set(e, ERR_USAGE, "one of --record N and --consistency OLD is needed"));
	if (app_arg_count(args, "record", 0, NUMBER_MAX, &record, e) == -1 ||
	    app_arg_count(args, "consistency", 1, NUMBER_MAX, &sizes.from, e) == -1 ||
	    app_arg_count(args, "to", 1, NUMBER_MAX, &sizes.to, e) == -1)
		return (-1);
	if (sizes.from != 0)
		return (audit_consistent_prove(store, stream, sizes, app_names(), out, e));
	if (sizes.to != 0)
		return (err_set(e, ERR_USAGE, "--to is for --consistency"));
	return (audit_prove(store, stream, record, app_names(), out, e));
}

static int
run(const struct app_args *given)
{
	struct app_args filled = *given, *args = &filled;
	struct app_place place = { 0 };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (app_place_stream(args, &place, &e) == 0 && prove(args, &out, &e) == 0)
		return (app_finish("prove", &out, 0));
	buf_free(&out);
	return (app_fail("prove", &e));
}

const struct app_command app_command_prove = { "prove",
	"the proof of one record, or of two notes, to give away", "", 0, 0, options,
	"Writes a text that proves, with nothing else at hand, that this record is sealed in this\n"
	"store: the record, its salt, hashes, and two signed notes. Of other records it shows\n"
	"nothing that anybody could test. It stays valid whatever is pruned or erased later.\n"
	"With --consistency: a text that proves that what was under one note is still there,\n"
	"unchanged, under a later one; it shows no entry but that which lists the stream.\n"
	"Whoever gets it runs `cretula-verify --proof FILE --anchor LINE`, LINE being the\n"
	"auditor's line (`cretula verify --help`; in auditor.txt below).\n\n"
	"Of a record that was masked again it proves the line that is there now, and which entry\n"
	"put it there. Where log keys were changed, it shows who handed over to whom.\n\n"
	"exit codes: 0 good, 1 the store does not verify there, 66 no such record or note, or it\n"
	"was erased or pruned: then it is said by which entry, when, why, and what is left\n\n"
	"examples:\n"
	"  cretula prove --store ./store --stream shop --record 4711 > proof.txt\n"
	"  cretula prove --store ./store --stream shop --consistency 57 > grew.txt\n"
	"  cretula verify --proof proof.txt --anchor \"$(cat auditor.txt)\"\n",
	run };
