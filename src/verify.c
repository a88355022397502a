/*
 * cretula-verify: what `cretula verify` does, for whoever should not need the
 * rest.  It holds no code that signs, masks or writes a store.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/sandbox/verifier.h"
#include "audit/outside/request.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "record/record.h"
#include "seal/entry.h"

static const char *const classes[] = {
#define CLASS(id, name, prefix, method, epoch, help) name,
#include "record/class.def"
#undef CLASS
};
static const char *const reasons[] = {
#define REASON(id, name, ...) name,
#include "parse/reasons.def"
#undef REASON
};
static const struct seal_names names = { classes, sizeof(classes) / sizeof(classes[0]), reasons,
	sizeof(reasons) / sizeof(reasons[0]) };

static const char usage[] =
    "cretula-verify: prove offline that a store is what was sealed\n\n"
    "usage: cretula-verify [--option ...]\n\n"
    "  --anchor LINE   the auditor's line: vkey and genesis hash of the store\n"
    "  --bundle DIR    not a store, but evidence out of one (cretula evidence)\n"
    "  --escrow FILE   first keys of the ratchets: no flush was forged or taken back\n"
    "  --jobs N        threads, 1 to 64 (default: one a processor)\n"
    "  --json          one JSON object\n"
    "  --max-age T     how old the newest entry of a stream may be: 3h, 2d\n"
    "  --pin FILE      newest checkpoints seen: compared, then kept for the next time\n"
    "  --policy FILE   logs and witnesses, and how many must have cosigned (C2SP tlog-policy)\n"
    "  --proof FILE    not a store, but the proof of one record (cretula prove)\n"
    "  --store DIR     the store\n"
    "  --stream NAME   only this stream\n"
    "  --strict        exit 4 if there are warnings\n"
    "  --version\n\n"
    "Reads only: no keys, no network, and whatever else it could do is given up first (Landlock,\n"
    "seccomp). `cretula verify` gives the same report.\n"
    "The auditor's line was said when the store was made; have it from the operator, and keep\n"
    "it yourself: read out of the store when it is checked, it would show nothing.\n"
    "exit codes: 0 all good, 1 it does not verify, 2 usage, 3 something could not be checked,\n"
    "4 warnings under --strict, 66 no store there, 74 I/O\n\n"
    "examples:\n"
    "  cretula-verify --store ./store --anchor \"$(cat auditor.txt)\"\n"
    "  cretula-verify --bundle ./november --anchor \"$(cat auditor.txt)\" --strict\n"
    "  cretula-verify --proof proof.txt --anchor \"$(cat auditor.txt)\"\n";

enum {
	ANCHOR = 256,
	BUNDLE,
	ESCROW,
	HELP,
	JOBS,
	JSON,
	MAX_AGE,
	PIN,
	POLICY,
	PROOF,
	STORE,
	STREAM,
	STRICT,
	VERSION
};
static const struct option options[] = {
	{ "anchor", required_argument, NULL, ANCHOR },
	{ "bundle", required_argument, NULL, BUNDLE },
	{ "escrow", required_argument, NULL, ESCROW },
	{ "help", no_argument, NULL, HELP },
	{ "jobs", required_argument, NULL, JOBS },
	{ "json", no_argument, NULL, JSON },
	{ "max-age", required_argument, NULL, MAX_AGE },
	{ "pin", required_argument, NULL, PIN },
	{ "policy", required_argument, NULL, POLICY },
	{ "proof", required_argument, NULL, PROOF },
	{ "store", required_argument, NULL, STORE },
	{ "stream", required_argument, NULL, STREAM },
	{ "strict", no_argument, NULL, STRICT },
	{ "version", no_argument, NULL, VERSION },
	{ NULL, 0, NULL, 0 },
};

static int
read_jobs(const char *text, unsigned *jobs, struct err *e)
{
	uint64_t n;

	if (num_u64(span_str(text), &n) == -1 || n < 1 || n > 64)
		return (
		    err_set(e, ERR_USAGE, "--jobs: '%s' is no whole number from 1 to 64", text));
	*jobs = (unsigned)n;
	return (0);
}

/* Each once: of two stores or anchors, which is meant? */
static int
read_option(int c, char **argv, bool given[static VERSION - ANCHOR + 1],
    struct audit_request *request, struct err *e)
{
	if (c >= ANCHOR && given[c - ANCHOR])
		return (err_set(e, ERR_USAGE, "--%s is given twice: cretula-verify --help",
		    options[c - ANCHOR].name));
	if (c >= ANCHOR)
		given[c - ANCHOR] = true;
	switch (c) {
	case ANCHOR: request->options.anchor = optarg; return (0);
	case BUNDLE: request->bundle = optarg; return (0);
	case ESCROW: request->escrow = optarg; return (0);
	case JOBS: return (read_jobs(optarg, &request->options.jobs, e));
	case JSON: request->json = true; return (0);
	case MAX_AGE: request->max_age = optarg; return (0);
	case PIN: request->pin = optarg; return (0);
	case POLICY: request->policy = optarg; return (0);
	case PROOF: request->proof = optarg; return (0);
	case STORE: request->store = optarg; return (0);
	case STREAM: request->options.stream = optarg; return (0);
	case STRICT: request->strict = true; return (0);
	default:
		return (err_set(e, ERR_USAGE, "%s: %s: cretula-verify --help", argv[optind - 1],
		    c == ':' ? "needs a value" : "no such option"));
	}
}

static bool progress_shown;

/* On a terminal only, five times a second. */
static void
progress(void *arg, uint64_t done, uint64_t total)
{
	int64_t *shown_ns = arg, now_ns = clock_mono_ns();

	if (total == 0 || !isatty(STDERR_FILENO) || now_ns - *shown_ns < 200000000)
		return;
	*shown_ns = now_ns;
	progress_shown = true;
	fprintf(stderr, "\rcretula-verify: %u %%",
	    (unsigned)(done >= total ? 100 : done * 100 / total));
	fflush(stderr);
}

static void
end_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static int
fail(const struct err *e)
{
	end_progress();
	fprintf(stderr, "cretula-verify: %s\n", e->text);
	return (e->code == ERR_NONE ? ERR_IO : (int)e->code);
}

static int
print(const struct buf *out, int code)
{
	struct err e = { ERR_NONE, "" };

	if (!buf_ok(out))
		(void)err_set(&e, ERR_IO, "out of memory");
	else if (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout) != 0)
		(void)err_sys(&e, ERR_IO, "writing to standard output");
	return (e.code == ERR_NONE ? code : fail(&e));
}

int
main(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct audit_request request = { .options = { .names = &names } };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int64_t shown_ns = clock_mono_ns();
	bool given[VERSION - ANCHOR + 1] = { false };
	int c, code;

	if (io_keep_standard() == -1)
		return (ERR_IO);
	request.options.progress = progress;
	request.options.progress_arg = &shown_ns;
	request.options.jobs = processors < 1 ? 1 : processors > 64 ? 64 : (unsigned)processors;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (c == HELP || c == VERSION)
			return (fputs(c == HELP ? usage : "cretula-verify " CRETULA_VERSION "\n",
				    stdout) == EOF ?
				ERR_IO :
				0);
		if (read_option(c, argv, given, &request, &e) == -1)
			return (fail(&e));
	}
	if (optind < argc) {
		(void)err_set(
		    &e, ERR_USAGE, "unexpected '%s': cretula-verify --help", argv[optind]);
		return (fail(&e));
	}
	if (audit_request_there(&request, &e) == -1)
		return (fail(&e));
	app_confine_verifier(&request);
	if ((code = audit_request_run(&request, &out, &e)) == -1)
		return (fail(&e));
	end_progress();
	code = print(&out, code);
	buf_free(&out);
	return (code);
}
