/* app: cretula verify: prove a store, offline. */
#include "app/anchors/authority.h"
#include "app/command.h"
#include "app/names.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/setup.h"
#include "audit/outside/request.h"
#include "base/clock.h"
#include "base/err.h"
#include "crypto/timestamp.h"

static const struct app_option options[] = {
	{ "anchor", "LINE", "the auditor's line: vkey and genesis hash of the store" },
	{ "bundle", "DIR", "not a store, but evidence out of one (cretula evidence)" },
	{ "escrow", "FILE", "first keys of the ratchets: no flush was forged or taken back" },
	{ "jobs", "N", "threads, 1 to 64 (default: one a processor)" },
	{ "max-age", "T", "how old the newest entry of a stream may be: 3h, 2d" },
	{ "pin", "FILE", "newest checkpoints seen: compared, then kept for the next time" },
	{ "policy", "FILE", "logs and witnesses, and how many must have cosigned (tlog-policy)" },
	{ "proof", "FILE", "not a store, but the proof of one record (cretula prove)" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "only this stream" },
	{ "strict", NULL, "exit 4 if there are warnings" },
	{ "tsa-ca", "FILE", "certificates in PEM that time stamps must lead to" },
	{ "tsa-untrusted", "FILE", "more certificates, in between" },
	{ NULL, NULL, NULL },
};

static void
progress(void *arg, uint64_t done, uint64_t total)
{
	const int64_t *start_ns = arg;

	app_progress("verify", done, total, (double)(clock_mono_ns() - *start_ns) / 1e9);
}

/* A store may be anybody's: only what is named is read, and but the pins nothing is written. */
static int
confine(const struct audit_request *r, struct err *e)
{
	const char *read[] = { r->store, r->bundle, r->proof, r->escrow, r->policy, r->pin };
	struct app_places *places = app_places_new(e);

	if (places == NULL)
		return (-1);
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
		if (read[i] != NULL)
			app_places_add(places, read[i], APP_PLACE_READ);
	if (r->pin != NULL)
		app_places_add_beside(places, r->pin, APP_PLACE_REPLACE);
	return (app_confine_command(places, APP_SANDBOX_ON, 0, false, e));
}

static int
run(const struct app_args *args)
{
	int64_t start_ns = clock_mono_ns();
	uint64_t jobs = app_processors(64);
	struct audit_request request = { .store = app_arg(args, "store"),
		.bundle = app_arg(args, "bundle"),
		.proof = app_arg(args, "proof"),
		.escrow = app_arg(args, "escrow"),
		.pin = app_arg(args, "pin"),
		.policy = app_arg(args, "policy"),
		.max_age = app_arg(args, "max-age"),
		.strict = app_arg(args, "strict") != NULL,
		.json = args->json,
		.options = { .stream = app_arg(args, "stream"),
		    .anchor = app_arg(args, "anchor"),
		    .names = app_names(),
		    .progress = progress,
		    .progress_arg = &start_ns } };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	struct crypto_timestamp *authority = NULL;
	int code;

	if (app_arg_count(args, "jobs", 1, 64, &jobs, &e) == -1)
		return (app_fail("verify", &e));
	request.options.jobs = (unsigned)jobs;
	if (app_authority_open(args, &authority, &e) == -1)
		return (app_fail("verify", &e));
	request.options.stamp = authority == NULL ? NULL : app_authority_check;
	request.options.stamp_arg = authority;
	code = audit_request_there(&request, &e) == -1 || confine(&request, &e) == -1 ?
	    -1 :
	    audit_request_run(&request, &out, &e);
	crypto_timestamp_close(authority);
	if (code == -1)
		return (app_fail("verify", &e));
	app_progress_end();
	return (app_finish_words("verify", &out, code));
}

const struct app_command app_command_verify = { "verify",
	"prove offline that a store is what was sealed", "", 0, 0, options,
	"Reads the store only: no keys, no network. Every entry, signature, record, count and\n"
	"file is checked; what could not be checked is listed. With --anchor nobody who holds\n"
	"the machine can have started over with other keys; with --pin the store must go on from\n"
	"what was seen last time: nobody can show you an older or another one.\n\n"
	"LINE of --anchor is the auditor's line. The command that makes a store says it, and so\n"
	"does verify without --anchor. The operator writes it into auditor.txt when the store is\n"
	"new, and gives that file to whoever will check the store, by a way that the store does\n"
	"not take: read out of the store when it is checked, it would show nothing.\n\n"
	"exit codes: 0 all good, 1 it does not verify, 3 something could not be checked,\n"
	"4 warnings under --strict, 66 no store there\n\n"
	"examples:\n"
	"  cretula verify --store ./store\n"
	"  cretula verify --store ./store --json | jq -r .coverage.auditor > auditor.txt\n"
	"  cretula verify --store ./store --anchor \"$(cat auditor.txt)\" --strict\n"
	"  cretula verify --store ./store --pin ~/store.pin --max-age 3h\n"
	"  cretula verify --store ./store --policy policy --tsa-ca tsa.pem\n"
	"  cretula verify --proof proof.txt --anchor \"$(cat auditor.txt)\"\n"
	"  cretula verify --store ./store --json | jq .findings\n",
	run };
