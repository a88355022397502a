#include "audit/outside/beside.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/anchors/source.h"
#include "audit/proof/lineage.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "crypto/sha256.h"
#include "store/keys/force.h"
#include "store/layout.h"

#define FILE_BYTES_MAX ((size_t)16 << 20)

/* ---- counts.json ---- */

void
audit_sums_add(
    struct audit_sums *sums, const struct seal_segment *facts, const struct seal_past *past)
{
	if (past != NULL && past->pruned) {
		sums->pruned++;
		return;
	}
	sums->segments++;
	sums->records += facts->n;
	sums->erased += past == NULL ? 0 : past->erased_count;
	stats_counts_add(&sums->counts, &facts->counts);
}

void
audit_sums_print(const struct audit_sums *sums, struct span stream, struct buf *out)
{
	const struct stats_counts *c = &sums->counts;

	buf_str(out, out->len == 0 ? "[" : ",\n");
	buf_char(out, '{');
	json_str(out, "stream", stream);
	json_u64(out, "segments", sums->segments);
	json_u64(out, "records", sums->records);
	json_u64(out, "erased", sums->erased);
	json_u64(out, "pruned_segments", sums->pruned);
	json_u64(out, "lines", c->lines);
	json_u64(out, "bytes", c->bytes);
	json_u64(out, "parsed", c->in.parsed);
	json_u64(out, "partial", c->in.partial);
	json_u64(out, "unparsed", c->in.unparsed);
	json_u64(out, "counted", c->in.counted);
	json_u64(out, "meta", c->meta);
	json_u64(out, "joined", c->joined);
	json_u64(out, "lost", c->lost);
	buf_char(out, '}');
}

void
audit_sums_end(struct buf *out)
{
	buf_str(out, out->len == 0 ? "[]\n" : "]\n");
}

/* ---- the files ---- */

void
audit_beside_free(struct audit_beside *beside)
{
	buf_free(&beside->line);
	buf_free(&beside->logs);
	buf_free(&beside->sums);
}

static void
report(struct audit_list *list, const char *file, const char *text)
{
	struct audit_place at = audit_place(file);

	audit_report(list, AUDIT_E_BUNDLE, &at, "%s", text);
}

/* The vkeys of "log VKEY" and "# VKEY", each with LF. */
static void
list_logs(struct span rest, struct buf *logs)
{
	while (rest.len > 0) {
		size_t end = span_find(rest, '\n'), skip = 0;
		struct span line = span_of(rest.ptr, end);

		if (span_starts(line, span_str("log ")))
			skip = 4;
		else if (span_starts(line, span_str("# ")))
			skip = 2;
		if (skip > 0) {
			buf_span(logs, span_from(line, skip));
			buf_char(logs, '\n');
		}
		rest = span_from(rest, end == rest.len ? end : end + 1);
	}
}

static void
check_file(int dir, const char *file, const struct buf *wanted, struct audit_list *list)
{
	static const struct span policy = SPAN("policy");
	enum audit_code code = AUDIT_E_BUNDLE;
	struct buf bytes = { 0 }, logs = { 0 };
	const struct buf *found = &bytes;
	struct err e;

	if (audit_read(dir, file, FILE_BYTES_MAX, &bytes, &code, &e) == -1)
		report(list, file, e.text);
	else {
		if (span_is(policy, file)) {
			list_logs(buf_view(&bytes), &logs);
			found = &logs;
		}
		if (!span_equal(buf_view(found), buf_view(wanted)))
			report(list, file, "not what the signed entries say");
	}
	list->failed = list->failed || !buf_ok(&bytes) || !buf_ok(&logs);
	buf_free(&bytes);
	buf_free(&logs);
}

void
audit_beside_check(
    const char *dir, const struct audit_beside *beside, struct audit_list *list)
{
	int fd = io_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, NULL);

	if (fd == -1) {
		report(list, "", "not readable");
		return;
	}
	check_file(fd, "anchor", &beside->line, list);
	check_file(fd, "policy", &beside->logs, list);
	if (beside->sums.len > 0)
		check_file(fd, "counts.json", &beside->sums, list);
	(void)close(fd);
}

/* ---- what a store says ---- */

struct reading {
	const struct audit_range *range;
	const struct seal_names *names;
	struct audit_beside *beside;
	struct seal_entry entry;
};

/* The first log key, and the newest if that is another. */
static int
read_logs(struct reading *r, const struct audit_source *source, struct err *e)
{
	struct buf *logs = &r->beside->logs;
	struct store_force force;
	struct span first;

	if (seal_entry_read(store_chain_line(&source->chain, 0), r->names, &r->entry, e) == -1)
		return (-1);
	first = r->entry.of.genesis.log;
	if (store_force_find(&source->chain, source->newest.note.size, r->names, &r->entry, &force,
		e) == -1)
		return (-1);
	buf_span(logs, first);
	buf_char(logs, '\n');
	if (!span_equal(first, force.log)) {
		buf_span(logs, force.log);
		buf_char(logs, '\n');
	}
	return (0);
}

/* What the entries did to segments; those of types that are not known yet did nothing. */
static int
read_history(struct reading *r, const struct audit_source *source, struct seal_history **history,
    struct err *e)
{
	enum seal_verdict verdict;

	if (seal_history_open(history, e) == -1)
		return (-1);
	for (size_t i = 0; i < source->newest.note.size; i++)
		if (seal_entry_read(
			store_chain_line(&source->chain, i), r->names, &r->entry, NULL) == 0 &&
		    seal_history_take(*history, &r->entry, &verdict, NULL) == -1)
			return (-1);
	return (0);
}

static int
read_sums(struct reading *r, const struct audit_source *source, struct span name, struct err *e)
{
	struct seal_history *history = NULL;
	struct audit_sums sums = { 0 };
	int rc = read_history(r, source, &history, e);

	stats_counts_clear(&sums.counts);
	for (size_t i = 0; rc == 0 && i < source->newest.note.size; i++) {
		const struct seal_segment *facts = &r->entry.of.segment;

		if (!audit_part_is(store_chain_line(&source->chain, i), "segment"))
			continue;
		rc = seal_entry_read(store_chain_line(&source->chain, i), r->names, &r->entry, e);
		if (rc == 0 && audit_range_holds(r->range, facts))
			audit_sums_add(&sums, facts, seal_history_segment(history, facts->seg));
	}
	seal_history_free(history);
	if (rc == 0)
		audit_sums_print(&sums, name, &r->beside->sums);
	return (rc);
}

static int
read_stream(struct reading *r, const char *store, struct span name, struct err *e)
{
	char text[STORE_NAME_MAX + 8];
	struct audit_source *source = NULL;
	int rc = -1;

	(void)snprintf(text, sizeof(text), "%.*s", (int)name.len, name.ptr);
	if (audit_source_open(store, text, &source, e) == 0 && read_logs(r, source, e) == 0)
		rc = read_sums(r, source, span_str(text), e);
	audit_source_close(source);
	return (rc);
}

static void
print_line(struct span genesis, struct span log, struct buf *out)
{
	unsigned char hash[32];

	crypto_sha256(genesis.ptr, genesis.len, hash);
	buf_span(out, log);
	buf_str(out, " sha256:");
	buf_hex(out, hash, sizeof(hash));
	buf_char(out, '\n');
}

/* Streams in the order in which the store lists them. */
static int
read_store(struct reading *r, const char *store, struct err *e)
{
	struct audit_source *own = NULL;
	int rc = -1;

	if (audit_source_open(store, STORE_OWN_STREAM, &own, e) == -1 ||
	    read_logs(r, own, e) == -1 ||
	    seal_entry_read(store_chain_line(&own->chain, 0), r->names, &r->entry, e) == -1)
		goto out;
	print_line(store_chain_line(&own->chain, 0), r->entry.of.genesis.log, &r->beside->line);
	rc = 0;
	for (size_t i = 0; rc == 0 && i < own->newest.note.size; i++) {
		if (!audit_part_is(store_chain_line(&own->chain, i), "stream"))
			continue;
		rc = seal_entry_read(store_chain_line(&own->chain, i), r->names, &r->entry, e);
		if (rc == 0 &&
		    (r->range->stream[0] == '\0' ||
			span_is(r->entry.of.stream.name, r->range->stream)))
			rc = read_stream(r, store, r->entry.of.stream.name, e);
	}
	audit_sums_end(&r->beside->sums);
out:
	audit_source_close(own);
	return (rc);
}

/* ---- the result ---- */

/* Errors come first; there were none. */
static int
add_errors(struct audit_result *result, const struct audit_list *list, struct err *e)
{
	struct audit_finding *all = calloc(result->finding_count + list->count, sizeof(*all));

	if (all == NULL)
		return (err_memory(e));
	memcpy(all, list->items, list->count * sizeof(*all));
	if (result->finding_count > 0)
		memcpy(all + list->count, result->findings, result->finding_count * sizeof(*all));
	free(result->findings);
	result->findings = all;
	result->finding_count += list->count;
	result->errors += (unsigned)list->count;
	result->exit_code = ERR_FINDING;
	return (0);
}

int
audit_beside_store(const char *dir, const struct audit_range *range,
    const struct seal_names *names, struct audit_result *result, struct err *e)
{
	struct audit_beside beside = { .line = { 0 } };
	struct reading *r = calloc(1, sizeof(*r));
	struct audit_list list;
	char store[4096];
	unsigned shortages = err_memory_count();
	struct err ignored;
	int rc = 0;

	if (r == NULL)
		return (err_memory(e));
	*r = (struct reading){ .range = range, .names = names, .beside = &beside };
	audit_list_init(&list, "bundle", AUDIT_FINDINGS_PER_FILE);
	(void)snprintf(store, sizeof(store), "%s/store", dir);
	if (read_store(r, store, &ignored) == 0)
		audit_beside_check(dir, &beside, &list);
	else
		report(&list, "store", "not readable any more");
	if (list.failed || err_memory_count() != shortages)
		rc = err_memory(e);
	else if (list.count > 0)
		rc = add_errors(result, &list, e);
	audit_list_free(&list);
	audit_beside_free(&beside);
	free(r);
	return (rc);
}
