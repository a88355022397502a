/*
 * evidence: a bundle out of a store (docs/format.md 18), made beside its name
 * and named once it verifies.
 */
#ifndef CRETULA_APP_EVIDENCE_EVIDENCE_H
#define CRETULA_APP_EVIDENCE_EVIDENCE_H

#include "base/buf.h"
#include "base/span.h"
#include "seal/entry.h"

struct err;

struct app_evidence {
	const char *store, *out;           /* out must not exist */
	const char *stream, *since, *until; /* NULL: all of it */
};

/* What it holds. */
struct app_evidence_counts {
	unsigned streams;
	uint64_t segments, records, bytes, files, file_bytes;
};

/* -1: nothing is left.  ERR_FINDING: what is in the store does not verify. */
int app_evidence_make(
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
/* 0, 1 if there is no such file, -1. */
int app_evidence_copy(struct app_evidence_out *out, int dirfd, const char *from, const char *path,
    struct err *e);
/* MANIFEST.sha256, of all files so far. */
int app_evidence_manifest(struct app_evidence_out *out, struct err *e);
/* Give it its name; or, with name NULL, remove it. */
int app_evidence_close(struct app_evidence_out *out, const char *name, struct err *e);

/* README for a bundle; stream: one that is in it. */
void app_evidence_readme(const char *stream, struct buf *out);

#endif
