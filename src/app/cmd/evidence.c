/* app: cretula evidence: part of a store, with all that a stranger needs to check it. */
#include <string.h>

#include "app/command.h"
#include "app/evidence/evidence.h"
#include "app/say.h"
#include "audit/anchors/policy.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"

static const struct app_option options[] = {
	{ "out", "DIR", "the bundle, a directory that does not exist yet" },
	{ "policy", "FILE", "witnesses and their quorum, to go with it (C2SP tlog-policy)" },
	{ "record", "N[,N...]", "not segments, but the proofs of these records of --stream" },
	{ "since", "T", "records from then on: RFC 3339, or -7d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "only this stream" },
	{ "until", "T", "records before then" },
	{ NULL, NULL, NULL },
};

static void
print_text(const char *name, const struct app_evidence_counts *c, struct buf *out)
{
	char records[32], bytes[32];

	(void)num_print_grouped(records, c->records);
	(void)num_print_bytes(bytes, c->file_bytes);
	buf_fmt(out, "bundle %s: good: %s record%s, ", name, records, c->records == 1 ? "" : "s");
	if (c->segments > 0)
		buf_fmt(out, "%ju segment%s of %u stream%s, ", (uintmax_t)c->segments,
		    c->segments == 1 ? "" : "s", c->streams, c->streams == 1 ? "" : "s");
	buf_fmt(out, "%s in %ju files\n", bytes, (uintmax_t)c->files);
	buf_fmt(out, "next:  cretula-verify --bundle %s    (or the commands of %s/README.md)\n",
	    name, name);
}

static void
print_json(const char *name, const struct app_evidence_counts *c, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "bundle", span_str(name));
	json_u64(out, "streams", c->streams);
	json_u64(out, "segments", c->segments);
	json_u64(out, "records", c->records);
	json_u64(out, "line_bytes", c->bytes);
	json_u64(out, "files", c->files);
	json_u64(out, "file_bytes", c->file_bytes);
	buf_str(out, "}\n");
}

/* "5,7,4711": ascending in the end, each once. */
static int
read_records(const char *text, uint64_t *records, size_t *count, struct err *e)
{
	struct span rest = span_str(text);

	*count = 0;
	while (rest.len > 0 || *count == 0) {
		size_t len = span_find(rest, ','), at = *count;
		uint64_t n;

		if (num_u64(span_of(rest.ptr, len), &n) == -1 || n >= UINT64_C(1) << 53)
			return (
			    err_set(e, ERR_USAGE, "--record: '%.80s' is not like 5,7,4711", text));
		if (*count == APP_EVIDENCE_RECORDS_MAX)
			return (err_set(e, ERR_USAGE, "--record: at most %d at once",
			    APP_EVIDENCE_RECORDS_MAX));
		while (at > 0 && records[at - 1] > n)
			at--;
		if (at > 0 && records[at - 1] == n)
			return (err_set(e, ERR_USAGE, "--record: %ju stands twice", (uintmax_t)n));
		memmove(records + at + 1, records + at, (*count - at) * sizeof(records[0]));
		records[at] = n;
		++*count;
		if (len + 1 == rest.len)
			return (err_set(e, ERR_USAGE, "--record: ends in a comma"));
		rest = span_from(rest, len + 1);
	}
	return (0);
}

static int
make(const struct app_args *args, struct app_evidence_counts *counts, struct err *e)
{
	static uint64_t records[APP_EVIDENCE_RECORDS_MAX + 1];
	const char *policy_path = app_arg(args, "policy"), *numbers = app_arg(args, "record");
	struct app_evidence what = { .store = app_arg(args, "store"),
		.out = app_arg(args, "out"),
		.stream = app_arg(args, "stream"),
		.since = app_arg(args, "since"),
		.until = app_arg(args, "until") };
	struct audit_policy *policy = NULL;
	int rc;

	if (what.store == NULL || what.out == NULL)
		return (err_set(e, ERR_USAGE, "--store DIR and --out DIR are needed"));
	if (numbers != NULL && (what.stream == NULL || what.since != NULL || what.until != NULL))
		return (err_set(e, ERR_USAGE,
		    "--record goes with --stream NAME, and without --since and --until"));
	if (numbers != NULL && read_records(numbers, records, &what.record_count, e) == -1)
		return (-1);
	if (policy_path != NULL && audit_policy_read(policy_path, &policy, e) == -1)
		return (err_in(e, "--policy"));
	what.records = records;
	what.policy = policy;
	rc = (numbers == NULL ? app_evidence_make : app_evidence_make_proofs)(&what, counts, e);
	audit_policy_free(policy);
	return (rc);
}

static int
run(const struct app_args *args)
{
	struct app_evidence_counts counts;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (make(args, &counts, &e) == -1)
		return (app_fail("evidence", &e));
	(args->json ? print_json : print_text)(app_arg(args, "out"), &counts, &out);
	return (app_finish("evidence", &out, 0));
}

const struct app_command app_command_evidence = { "evidence",
	"a bundle of sealed records, with all that a stranger needs to check it", "", 0, 0, options,
	"Copies the chains with their notes, and the segments that hold records of the time asked\n"
	"for, adds a verifier in Python, a manifest and a README with commands for openssl and\n"
	"sha256sum, and verifies it all before the directory gets its name. Segments are given\n"
	"whole, as they are after erasures, with what is in anchor/; with --record nothing is "
	"given\n"
	"but the proofs of these records. What is erased later stays in a bundle that was given\n"
	"away. With --policy the quorum of its witnesses is demanded before it is made.\n"
	"Whoever checks it has the auditor's line (`cretula verify --help`) from elsewhere.\n\n"
	"exit codes: 0 good, 1 what is in the store does not verify, 2 usage (or --out is there),\n"
	"66 no such store or stream, 74 I/O or disk full\n\n"
	"examples:\n"
	"  cretula evidence --store ./store --stream shop --since 2026-11-01T00:00:00Z --out "
	"./november\n"
	"  cretula evidence --store ./store --stream shop --record 4711,4713 --out ./two\n"
	"  cretula-verify --bundle ./november --anchor \"$(cat auditor.txt)\"\n",
	run };
