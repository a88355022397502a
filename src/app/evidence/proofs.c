/* A bundle of single records: their proofs, and nothing else of the store. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/evidence/evidence.h"
#include "app/names.h"
#include "app/records.h"
#include "audit/outside/prove.h"
#include "base/err.h"
#include "base/json.h"
#include "store/keys/force.h"
#include "store/layout.h"

static int
put_proofs(struct app_evidence_out *out, const struct app_evidence *what,
    struct app_evidence_counts *counts, struct err *e)
{
	struct buf text = { 0 };
	char path[64];
	int rc = app_evidence_mkdir(out, "proofs", e);

	for (size_t i = 0; i < what->record_count && rc == 0; i++) {
		buf_clear(&text);
		rc =
		    audit_prove(what->store, what->stream, what->records[i], app_names(), &text, e);
		if (rc == -1)
			break;
		(void)snprintf(path, sizeof(path), "proofs/%" PRIu64, what->records[i]);
		rc = app_evidence_put(out, path, buf_view(&text), e);
		counts->records++;
		counts->bytes += text.len;
	}
	buf_free(&text);
	return (rc);
}

/* Every log key that a chain ever had: a proof may have notes by any of them. */
static int
print_logs(const struct app_evidence *what, const struct store_chain *chain,
    struct seal_entry *entry, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct span log;

		if (i > 0 && !store_force_changes(store_chain_line(chain, i)))
			continue;
		if (seal_entry_read(store_chain_line(chain, i), app_names(), entry, e) == -1)
			return (-1);
		log = i == 0 ? entry->of.genesis.log : store_force_brings(entry);
		if (log.len > 0)
			app_evidence_policy_log(what->policy, log, out);
	}
	return (0);
}

static int
print_policy(const struct app_evidence *what, struct buf *out, struct err *e)
{
	const char *const names[] = { STORE_OWN_STREAM, what->stream };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = entry == NULL ? err_set(e, ERR_IO, "out of memory") : 0;

	for (unsigned i = 0; i < 2 && rc == 0; i++) {
		struct app_records records;

		rc = app_records_open(&records, what->store, names[i], NULL, NULL, e);
		if (rc == 0 &&
		    (records.chain.count == 0 ||
			seal_entry_read(
			    store_chain_line(&records.chain, 0), app_names(), entry, e) == -1 ||
			entry->type != SEAL_GENESIS))
			rc = err_set(e, ERR_FINDING, "stream %s has no genesis", names[i]);
		if (rc == 0)
			rc = print_logs(what, &records.chain, entry, out, e);
		app_records_close(&records);
	}
	app_evidence_policy_end(what->policy, out);
	free(entry);
	return (rc);
}

static void
print_facts(const struct app_evidence *what, struct buf *out)
{
	buf_char(out, '{');
	json_u64(out, "v", 1);
	json_str(out, "stream", span_str(what->stream));
	json_key(out, "records");
	for (size_t i = 0; i < what->record_count; i++)
		buf_fmt(out, "%c%" PRIu64, i == 0 ? '[' : ',', what->records[i]);
	buf_str(out, "]}\n");
}

static int
put_texts(struct app_evidence_out *out, const struct app_evidence *what, struct err *e)
{
	struct buf facts = { 0 }, readme = { 0 }, policy = { 0 };
	int rc = -1;

	print_facts(what, &facts);
	app_evidence_readme_proofs(&readme);
	if (print_policy(what, &policy, e) == -1)
		goto out;
	if (!buf_ok(&facts) || !buf_ok(&readme) || !buf_ok(&policy))
		(void)err_set(e, ERR_IO, "out of memory");
	else if (app_evidence_put(out, "bundle.json", buf_view(&facts), e) == 0 &&
	    app_evidence_put(out, "README.md", buf_view(&readme), e) == 0 &&
	    app_evidence_put(out, "policy", buf_view(&policy), e) == 0 &&
	    app_evidence_put_common(out, what->store, e) == 0)
		rc = app_evidence_manifest(out, e);
out:
	buf_free(&facts);
	buf_free(&readme);
	buf_free(&policy);
	return (rc);
}

int
app_evidence_make_proofs(
    const struct app_evidence *what, struct app_evidence_counts *counts, struct err *e)
{
	struct app_evidence_out *out = calloc(1, sizeof(*out));
	int rc = -1;

	if (out == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	*counts = (struct app_evidence_counts){ .streams = 1 };
	if (app_evidence_open(out, what->out, e) == 0 && put_proofs(out, what, counts, e) == 0 &&
	    put_texts(out, what, e) == 0 && app_evidence_check(out, what, e) == 0)
		rc = 0;
	for (size_t i = 0; i < out->count; i++)
		counts->files += !out->files[i].is_directory;
	counts->file_bytes = out->bytes;
	if (app_evidence_close(out, rc == 0 ? what->out : NULL, e) == -1)
		rc = -1;
	free(out);
	return (rc);
}
