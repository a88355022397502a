/* app: cretula anchor: ask others to vouch for a note, and keep what they said. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "app/anchors/authority.h"
#include "app/command.h"
#include "app/names.h"
#include "app/role/place.h"
#include "app/say.h"
#include "audit/anchors/ask.h"
#include "audit/anchors/match.h"
#include "audit/anchors/stamp.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "crypto/random.h"
#include "crypto/timestamp.h"
#include "store/anchors/anchor.h"

#define COMMAND "anchor"
#define SIZE_MAX_OPTION ((UINT64_C(1) << 53) - 1)

static const struct app_option options[] = {
	{ "keys", "DIR", "import: the keys (default: STORE.keys)" },
	{ "old", "N", "print witness: the size it saw last (default: the newest cosigned, or 0)" },
	{ "out", "FILE", "print: there, not to standard output" },
	{ "policy", "FILE", "import: witnesses that are known (C2SP tlog-policy)" },
	{ "size", "N", "the note of this size (default: the newest; import: which one fits)" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "its stream, or cretula.store" },
	{ "tsa-ca", "FILE", "import: certificates in PEM that a time stamp must lead to" },
	{ "tsa-untrusted", "FILE", "import: more certificates, in between" },
	{ "witness", "VKEY", "import: the one witness that is known" },
	{ NULL, NULL, NULL },
};

struct work {
	const struct app_args *args;
	const char *store, *stream;
	uint64_t size; /* 0: not given */
	struct audit_source *source;
};

static int
open_source(struct work *w, const struct app_args *args, struct err *e)
{
	*w = (struct work){
		.args = args, .store = app_arg(args, "store"), .stream = app_arg(args, "stream")
	};
	if (app_arg_count(args, "size", 1, SIZE_MAX_OPTION, &w->size, e) == -1)
		return (-1);
	return (audit_source_open(w->store, w->stream, &w->source, e));
}

/* ---- print ---- */

static int
print_witness(struct work *w, struct buf *out, struct err *e)
{
	uint64_t old = audit_source_anchored(w->source, "cosignature");

	if (w->size != 0 && old > w->size)
		old = w->size;
	if (app_arg_count(w->args, "old", 0, SIZE_MAX_OPTION, &old, e) == -1)
		return (-1);
	return (audit_ask_witness(w->source, old, w->size, out, e));
}

static int
print_tsq(struct work *w, struct buf *out, struct err *e)
{
	struct audit_source_note note = { 0 };
	unsigned char nonce[8];
	int rc = audit_source_note(
	    w->source, w->size == 0 ? w->source->newest.note.size : w->size, &note, e);

	if (rc == 0) {
		crypto_random(nonce, sizeof(nonce));
		audit_stamp_request(note.note.body, nonce, out);
	}
	buf_free(&note.text);
	return (rc);
}

static int
print(const struct app_args *args, const char *what)
{
	int (*const make)(struct work *, struct buf *, struct err *) =
	    strcmp(what, "witness") == 0 ? print_witness :
	    strcmp(what, "tsq") == 0     ? print_tsq :
					   NULL;
	const char *path = app_arg(args, "out");
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	struct work w = { .source = NULL };
	int rc = -1;

	if (make == NULL)
		(void)err_set(&e, ERR_USAGE, "print '%.40s': witness or tsq", what);
	else if (open_source(&w, args, &e) == 0)
		rc = make(&w, &out, &e);
	audit_source_close(w.source);
	if (rc == 0 && !buf_ok(&out))
		rc = err_set(&e, ERR_IO, "out of memory");
	if (rc == 0 && path != NULL) {
		rc = io_replace(AT_FDCWD, path, buf_view(&out), 0644, false, &e);
		buf_clear(&out);
	}
	if (rc == 0)
		return (app_finish(COMMAND, &out, 0));
	buf_free(&out);
	return (app_fail(COMMAND, &e));
}

/* ---- import ---- */

static int
read_policy(const struct app_args *args, struct audit_policy **policy, struct err *e)
{
	const char *path = app_arg(args, "policy"), *vkey = app_arg(args, "witness");

	if (path != NULL && vkey != NULL)
		return (err_set(e, ERR_USAGE, "--policy FILE or --witness VKEY, not both"));
	if (path != NULL)
		return (audit_policy_read(path, policy, e));
	return (vkey == NULL ? 0 : audit_policy_witness(vkey, policy, e));
}

/* What the file is, checked before anything is written. */
static int
match(struct work *w, struct audit_match *found, bool *checked, struct err *e)
{
	struct audit_answer answer = { .size = w->size };
	struct crypto_timestamp *authority = NULL;
	struct audit_policy *policy = NULL;
	struct buf bytes = { 0 };
	int rc = -1;

	if (read_policy(w->args, &policy, e) == 0 &&
	    app_authority_open(w->args, &authority, e) == 0 &&
	    io_read_file(AT_FDCWD, w->args->operands[1], AUDIT_ANSWER_BYTES_MAX, &bytes, e) == 0) {
		answer.bytes = buf_view(&bytes);
		answer.policy = policy;
		answer.stamp = authority == NULL ? NULL : app_authority_check;
		answer.stamp_arg = authority;
		if ((rc = audit_match(w->source, &answer, found, e)) == -1)
			(void)err_in(e, "%s", w->args->operands[1]);
	}
	*checked = authority != NULL || strcmp(found->kind, "tsr") != 0;
	buf_free(&bytes);
	crypto_timestamp_close(authority);
	audit_policy_free(policy);
	return (rc);
}

static int
add(struct work *w, const struct audit_match *found, struct store_anchored *done, struct err *e)
{
	struct store_anchor_facts facts = { .kind = found->kind,
		.extension = found->extension,
		.size = found->size,
		.bytes = buf_view(&found->bytes),
		.by = span_str(found->by),
		.time_us = found->time_us };
	struct store *store = NULL;
	bool created;
	int rc;

	if (store_open(w->store, app_arg(w->args, "keys"), &store, &created, e) == -1)
		return (-1);
	rc = store_anchor_add(store, w->stream, app_names(), &facts, done, e);
	store_close(store);
	return (rc);
}

static void
tell(const struct work *w, const struct audit_match *found, const struct store_anchored *done,
    struct buf *out)
{
	char time[CLOCK_RFC3339_BYTES];

	time[clock_rfc3339(time, found->time_us - found->time_us % 1000)] = '\0';
	if (w->args->json) {
		buf_char(out, '{');
		json_str(out, "stream", span_str(w->stream));
		json_str(out, "kind", span_str(found->kind));
		json_u64(out, "size", found->size);
		json_str(out, "file", span_str(done->path));
		if (found->by[0] != '\0')
			json_str(out, "by", span_str(found->by));
		json_str(out, "time", span_str(time));
		json_bool(out, "added", done->added);
		buf_str(out, "}\n");
		return;
	}
	buf_fmt(out, "stream %s: the note of %ju entries is anchored at %s%s%s: %s%s\n", w->stream,
	    (uintmax_t)found->size, time, found->by[0] == '\0' ? "" : " by ", found->by, done->path,
	    done->added ? "" : ", as it was already");
}

static int
import(const struct app_args *args)
{
	struct store_anchored done = { .path = "" };
	struct audit_match found = { .kind = "" };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	struct work w = { .source = NULL };
	bool checked = false;
	int rc = -1;

	if (open_source(&w, args, &e) == 0 && match(&w, &found, &checked, &e) == 0 &&
	    (rc = add(&w, &found, &done, &e)) == 0) {
		tell(&w, &found, &done, &out);
		if (!checked)
			app_warn(COMMAND,
			    "the authority's signature was not checked: --tsa-ca FILE checks it");
	}
	audit_source_close(w.source);
	buf_free(&found.bytes);
	if (rc == 0)
		return (app_finish(COMMAND, &out, 0));
	buf_free(&out);
	return (app_fail(COMMAND, &e));
}

static int
run(const struct app_args *given)
{
	struct app_args filled = *given, *args = &filled;
	bool prints = strcmp(args->operands[0], "print") == 0;
	struct app_place place = { 0 };
	struct err e = { ERR_NONE, "" };

	if (!prints && strcmp(args->operands[0], "import") != 0)
		(void)err_set(&e, ERR_USAGE, "'%.40s': print or import", args->operands[0]);
	else if (app_place_stream(args, &place, &e) == 0)
		return (prints ? print(args, args->operands[1]) : import(args));
	return (app_fail(COMMAND, &e));
}

const struct app_command app_command_anchor = { "anchor",
	"have a note cosigned or time-stamped, and keep what was answered",
	"print witness|tsq or import FILE", 2, 2, options,
	"A machine that is taken over can rewrite its own history, not what others saw of it.\n"
	"print writes what is sent to them, you send it: cretula itself never opens a connection.\n"
	"import checks the answer, puts it into anchor/ of the stream and names it in the chain.\n"
	"Nothing but hashes leaves the machine. import waits for nobody who writes to the stream:\n"
	"while a pipe holds it, it ends with 75. Stop the pipe, or have the store's own chain\n"
	"(--stream cretula.store) anchored instead: that goes beside pipes, and says daily and at\n"
	"each stop how far every stream was.\n\n"
	"exit codes: 0 good, 1 the answer does not verify or is of another note, 2 usage,\n"
	"66 no such store, stream, note or file, 74 I/O, 75 busy, 78 no keys, or no policy\n\n"
	"examples: a time stamp of RFC 3161\n"
	"  cretula anchor print tsq --store ./store --stream shop --out q.tsq\n"
	"  curl -sS -H 'Content-Type: application/timestamp-query' --data-binary @q.tsq \\\n"
	"      https://tsa.example/ > a.tsr\n"
	"  cretula anchor import a.tsr --store ./store --stream shop --tsa-ca tsa.pem\n"
	"  head -n 3 store/streams/shop/cp/00000009.note > body   # the same by openssl\n"
	"  openssl ts -verify -data body -in store/streams/shop/anchor/00000009.tsr \\\n"
	"      -CAfile tsa.pem\n"
	"examples: a cosignature (C2SP tlog-witness; a 409 has the size for --old)\n"
	"  cretula anchor print witness --store ./store --stream shop --out q\n"
	"  curl -sS --data-binary @q https://witness.example/add-checkpoint > a\n"
	"  cretula anchor import a --store ./store --stream shop --witness \"$VKEY\"\n"
	"  cretula verify --store ./store --policy policy --tsa-ca tsa.pem\n",
	run };
