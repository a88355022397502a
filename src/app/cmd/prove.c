/* app: cretula prove: the proof of one record, for somebody who may not see the others. */
#include "app/command.h"
#include "app/names.h"
#include "app/say.h"
#include "audit/outside/prove.h"
#include "base/err.h"

static const struct app_option options[] = {
	{ "record", "N", "which record of the stream, from 0" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "its stream" },
	{ NULL, NULL, NULL },
};

static int
run(const struct app_args *args)
{
	const char *store = app_arg(args, "store"), *stream = app_arg(args, "stream");
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	uint64_t record = 0;

	if (store == NULL || stream == NULL || app_arg(args, "record") == NULL)
		(void)err_set(
		    &e, ERR_USAGE, "--store DIR, --stream NAME and --record N are needed");
	else if (app_arg_count(args, "record", 0, (UINT64_C(1) << 53) - 1, &record, &e) == 0 &&
	    audit_prove(store, stream, record, app_names(), &out, &e) == 0)
		return (app_finish("prove", &out, 0));
	buf_free(&out);
	return (app_fail("prove", &e));
}

const struct app_command app_command_prove = { "prove", "the proof of one record, to give away", "",
	0, 0, options,
	"Writes a text that proves, with nothing else at hand, that this record is sealed in this\n"
	"store: the record, its salt, hashes, and two signed notes. Of other records it shows\n"
	"nothing that anybody could test. It stays valid whatever is pruned or erased later.\n"
	"Whoever gets it runs `cretula-verify --proof FILE --anchor LINE`.\n\n"
	"exit codes: 0 good, 1 the store does not verify there, 66 no such record, or it was\n"
	"erased, replaced or pruned\n\n"
	"examples:\n"
	"  cretula prove --store ./store --stream shop --record 4711 > proof.txt\n"
	"  cretula verify --proof proof.txt --anchor \"$(cat auditor.txt)\"\n",
	run };
