/* app: cretula evidence: part of a store, with all that a stranger needs to check it. */
#include "app/command.h"
#include "app/evidence/evidence.h"
#include "app/say.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"

static const struct app_option options[] = {
	{ "out", "DIR", "the bundle, a directory that does not exist yet" },
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
	buf_fmt(out, "bundle %s: good: %s records, %ju segment%s of %u stream%s, ", name, records,
	    (uintmax_t)c->segments, c->segments == 1 ? "" : "s", c->streams,
	    c->streams == 1 ? "" : "s");
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

static int
run(const struct app_args *args)
{
	struct app_evidence what = { .store = app_arg(args, "store"),
		.out = app_arg(args, "out"),
		.stream = app_arg(args, "stream"),
		.since = app_arg(args, "since"),
		.until = app_arg(args, "until") };
	struct app_evidence_counts counts;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (what.store == NULL || what.out == NULL) {
		(void)err_set(&e, ERR_USAGE, "--store DIR and --out DIR are needed");
		return (app_fail("evidence", &e));
	}
	if (app_evidence_make(&what, &counts, &e) == -1)
		return (app_fail("evidence", &e));
	(args->json ? print_json : print_text)(what.out, &counts, &out);
	return (app_finish("evidence", &out, 0));
}

const struct app_command app_command_evidence = { "evidence",
	"a bundle of sealed records, with all that a stranger needs to check it", "", 0, 0, options,
	"Copies the chains with their notes, and the segments that hold records of the time asked\n"
	"for, adds a verifier in Python, a manifest and a README with commands for openssl and\n"
	"sha256sum, and verifies it all before the directory gets its name. Segments are given\n"
	"whole: for single records use `cretula prove`. What is erased later stays in a bundle "
	"that\n"
	"was given away.\n\n"
	"exit codes: 0 good, 1 what is in the store does not verify, 2 usage (or --out is there),\n"
	"66 no such store or stream, 74 I/O or disk full\n\n"
	"examples:\n"
	"  cretula evidence --store ./store --stream shop --since 2026-11-01T00:00:00Z --out "
	"./november\n"
	"  cretula-verify --bundle ./november --anchor \"$(cat auditor.txt)\"\n",
	run };
