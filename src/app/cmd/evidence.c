/* app: cretula evidence: part of a store, with all that a stranger needs to check it. */
#include <string.h>

#include "app/command.h"
#include "app/evidence/evidence.h"
#include "app/evidence/report.h"
#include "app/say.h"
#include "audit/anchors/policy.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"

static const struct app_option options[] = {
	{ "anchor", "LINE", "--report: the auditor's line, as for verify" },
	{ "bundle", NULL, "--report: with the bundle, too" },
	{ "by", "TEXT", "--report: who makes it (default: the number of the user)" },
	{ "config", "FILE", "--report: to know policies and graces by" },
	{ "jobs", "N", "--report: threads, 1 to 64 (default: one a processor)" },
	{ "out", "DIR", "the bundle, a directory that does not exist yet" },
	{ "policy", "FILE", "witnesses and their quorum, to go with it (C2SP tlog-policy)" },
	{ "record", "N[,N...]", "not segments, but the proofs of these records of --stream" },
	{ "report", NULL, "not a bundle, but a page for auditors, and the same as JSON" },
	{ "scan", NULL, "--report: with a leak scan of the store" },
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

/* The exit code, or -1. */
static int
make_bundle(
    const struct app_args *args, const struct app_evidence *what, struct buf *out, struct err *e)
{
	struct app_evidence_counts counts;

	if ((what->record_count == 0 ? app_evidence_make : app_evidence_make_proofs)(
		what, &counts, e) == -1)
		return (-1);
	(args->json ? print_json : print_text)(what->out, &counts, out);
	return (0);
}

static int
check_report(const struct app_args *args, struct err *e)
{
	static const char *const of_report[] = { "anchor", "bundle", "by", "config", "jobs",
		"scan" };

	if (app_arg(args, "report") != NULL && app_arg(args, "record") != NULL)
		return (
		    err_set(e, ERR_USAGE, "--report is of chains, and --record of single records"));
	for (size_t i = 0; i < sizeof(of_report) / sizeof(of_report[0]); i++)
		if (app_arg(args, "report") == NULL && app_arg(args, of_report[i]) != NULL)
			return (err_set(e, ERR_USAGE, "--%s goes with --report", of_report[i]));
	return (0);
}

static int
make(const struct app_args *args, struct buf *out, struct err *e)
{
	static uint64_t records[APP_EVIDENCE_RECORDS_MAX + 1];
	const char *policy_path = app_arg(args, "policy"), *numbers = app_arg(args, "record");
	struct app_evidence what = { .store = app_arg(args, "store"),
		.out = app_arg(args, "out"),
		.stream = app_arg(args, "stream"),
		.since = app_arg(args, "since"),
		.until = app_arg(args, "until") };
	struct audit_policy *policy = NULL;
	int code;

	if (check_report(args, e) == -1)
		return (-1);
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
	code = app_arg(args, "report") != NULL ? app_evidence_report(args, &what, out, e) :
						 make_bundle(args, &what, out, e);
	audit_policy_free(policy);
	return (code);
}

static int
run(const struct app_args *args)
{
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code = make(args, &out, &e);

	if (code == -1)
		return (app_fail("evidence", &e));
	return (app_finish_words("evidence", &out, code));
}

const struct app_command app_command_evidence = { "evidence",
	"a bundle of sealed records for a stranger, or a report for auditors", "", 0, 0,
	options,
	"Copies the chains with their notes, and the segments that hold records of the time asked\n"
	"for, adds a verifier in Python, a manifest and a README with commands for openssl and\n"
	"sha256sum, and verifies it all before the directory gets its name. Segments are given\n"
	"whole, as they are after erasures, with what is in anchor/; with --record nothing is "
	"given\n"
	"but the proofs of these records. What is erased later stays in a bundle that was given\n"
	"away. With --policy the quorum of its witnesses is demanded before it is made.\n"
	"Whoever checks it has the auditor's line (`cretula verify --help`) from elsewhere.\n\n"
	"--report writes report.html, to be read and printed, and report.json: what verify says,\n"
	"what came in and what became of it, policies, deletions, keys, accesses, exceptions, and\n"
	"controls of GDPR, ISO 27001, SOC 2, PCI DSS and NIST 800-53, each with a state that is\n"
	"computed from figures beside it (docs/report.md). Of a store that does not verify it is\n"
	"made, too: its exit code is that of verify.\n\n"
	"exit codes: 0 good, 1 what is in the store does not verify, 2 usage (or --out is there),\n"
	"3 something could not be checked (--report), 66 no such store or stream, 74 I/O or disk "
	"full\n\n"
	"examples:\n"
	"  cretula evidence --store ./store --stream shop --since 2026-11-01T00:00:00Z --out "
	"./november\n"
	"  cretula evidence --store ./store --stream shop --record 4711,4713 --out ./two\n"
	"  cretula evidence --report --store ./store --since -30d --scan --out ./report\n"
	"  cretula-verify --bundle ./november --anchor \"$(cat auditor.txt)\"\n",
	run };
