/*
 * evidence: a bundle out of a store (docs/format.md 18), made beside its name
 * and named once it verifies.
 */
#ifndef CRETULA_APP_EVIDENCE_EVIDENCE_H
#define CRETULA_APP_EVIDENCE_EVIDENCE_H

#include "base/buf.h"
#include "base/span.h"
#include "seal/entry.h"
#include "store/chain.h"

struct audit_policy;
struct err;

#define APP_EVIDENCE_RECORDS_MAX 1000

/* A file that goes with a bundle: it is in the manifest, and nobody checks what it says. */
struct app_evidence_extra {
	const char *path;
	struct span bytes;
};

struct app_evidence {
	const char *store, *out; /* out must not exist */
	const char *stream, *since, *until; /* NULL: all of it */
	const struct audit_policy *policy; /* witnesses, and their quorum; NULL: none */
	const uint64_t *records; /* single ones of the stream, ascending: proofs of these alone */
	size_t record_count; /* 0: no proofs, but chains and segments */
	const struct app_evidence_extra *extras;
	size_t extra_count;
};

/* What it holds. */
struct app_evidence_counts {
	unsigned streams;
	uint64_t segments, records, bytes, files, file_bytes;
};

/* -1: nothing is left.  ERR_FINDING: what is in the store does not verify. */
int app_evidence_make(
    const struct app_evidence *what, struct app_evidence_counts *counts, struct err *e);

/* The same, with the proofs of single records in the place of chains and segments. */
int app_evidence_make_proofs(
    const struct app_evidence *what, struct app_evidence_counts *counts, struct err *e);

/* ---- between its files: a directory that is being filled ---- */

struct app_evidence_file {
	char *path; /* in the bundle */
	bool is_directory;
	unsigned char hash[32];
};

struct app_evidence_out {
	int dir;
	char path[4096]; /* under its .tmp name */
	struct app_evidence_file *files;
	size_t count, room;
	uint64_t bytes;
};

int app_evidence_open(struct app_evidence_out *out, const char *name, struct err *e);
int app_evidence_mkdir(struct app_evidence_out *out, const char *path, struct err *e);
int app_evidence_put(
    struct app_evidence_out *out, const char *path, struct span bytes, struct err *e);
/* The first count lines of chain, as they were when it was opened. */
int app_evidence_put_lines(struct app_evidence_out *out, const char *path,
    const struct store_chain *chain, size_t count, struct err *e);
/* 0, 1 if there is no such file, -1. */
int app_evidence_copy(
    struct app_evidence_out *out, int dirfd, const char *from, const char *path, struct err *e);
bool app_evidence_has(const struct app_evidence_out *out, const char *path);
/* MANIFEST.sha256, of all files so far. */
int app_evidence_manifest(struct app_evidence_out *out, struct err *e);
/* Give it its name; or, with name NULL, remove it. */
int app_evidence_close(struct app_evidence_out *out, const char *name, struct err *e);

/* README for a bundle; stream: one that is in it.  Of proofs it names none. */
void app_evidence_readme(const char *stream, struct buf *out);
void app_evidence_readme_proofs(struct buf *out);

/* The files anchor and verify.py. */
int app_evidence_put_common(struct app_evidence_out *out, const char *store, struct err *e);
/* Lines of the file policy: that of a chain; then, once, what the given one says of witnesses. */
void app_evidence_policy_log(const struct audit_policy *given, struct span log, struct buf *out);
void app_evidence_policy_end(const struct audit_policy *given, struct buf *out);
/* Whoever gets it will do the same.  ERR_FINDING: what is in the store does not verify. */
int app_evidence_check(
    const struct app_evidence_out *out, const struct app_evidence *what, struct err *e);

#endif
