/* segment: checking one segment, and naming what is wrong.  Private to audit/. */
#ifndef CRETULA_AUDIT_SEGMENT_H
#define CRETULA_AUDIT_SEGMENT_H

#include "audit/check.h"
#include "audit/history/kept.h"
#include "audit/live/flushes.h"
#include "crypto/sha256.h"
#include "record/record.h"
#include "seal/leaf.h"
#include "seal/tree.h"
#include "store/reader.h"

#define AUDIT_JOBS_MAX 256
#define AUDIT_BATCH 2048      /* lines hashed at once */
#define AUDIT_WINDOW 64       /* lines that locate looks ahead */
#define AUDIT_KEPT 32         /* damaged lines and records kept to find moved ones */
#define AUDIT_WEEKS 64        /* ranges of mask_epochs; a writer makes at most 32 */
/* Read beyond what is sealed, to name what was added. */
#define AUDIT_SPARE_BYTES ((uint64_t)32 << 20)
#define AUDIT_LINES_MAX (SEAL_RECORDS_MAX + 65536)
#define AUDIT_IDX_BYTES_MAX \
	((size_t)SEAL_RECORDS_MAX * 2 + (size_t)SEAL_RECORDS_MAX / SEAL_BLOCK * 32)

/* Half-open times that the mask epochs of an entry cover for one prefix. */
struct audit_ranges {
	unsigned count;
	unsigned last; /* that had a time in it */
	struct {
		int64_t from_us, to_us;
	} range[AUDIT_WEEKS];
};

struct audit_epochs {
	uint8_t slot[26 * 26]; /* two letters: a place in ranges, from 1; 0: no token's prefix */
	struct audit_ranges ranges[RECORD_CLASS_COUNT];
};

/* To decode records with. */
struct audit_records {
	struct record_decoder decoder;
	struct record record;
};

/* A line that may not stand in the place of its record. */
struct audit_kept {
	enum audit_code code;
	uint64_t record;
};

/* Memory of one thread, taken once. */
struct audit_job {
	struct store_reader *reader;
	struct audit_window lines; /* of the chain at hand */
	struct seal_tree tree;
	struct crypto_sha256 file, plain; /* plain: of its bytes alone (audit_options.seen) */
	uint32_t ends[AUDIT_BATCH];
	uint32_t peek_ends[AUDIT_BATCH]; /* of who looks at the records meanwhile */
	struct audit_salts from;
	unsigned char salts[AUDIT_BATCH][16];
	bool known[AUDIT_BATCH];
	unsigned char kinds[AUDIT_BATCH]; /* enum seal_line, of a segment with erasures */
	unsigned char leaves[AUDIT_BATCH][32];
	unsigned char salt_memory[SEAL_SALTS_MEMORY(AUDIT_BATCH)];
	struct buf idx;
	struct audit_flushes flushes;
	struct audit_kept kept[AUDIT_FINDINGS_PER_FILE];
	struct seal_entry entry;
	struct audit_epochs epochs;
	struct audit_records records;
	char window[AUDIT_WINDOW][RECORD_BYTES_MAX];
	char moved[AUDIT_KEPT][RECORD_BYTES_MAX];
};

struct audit_tally {
	uint64_t first, count; /* the first record that is so, and how many */
};

/* What one reading of a segment found. */
struct audit_pass {
	uint64_t lines, bytes, file_bytes;
	unsigned char root[32], file_hash[32], plain[32];
	uint64_t states[3]; /* by enum record_state */
	uint64_t status[STATS_STATUS_CLASSES];
	uint64_t reasons[STATS_REASONS_MAX]; /* of unparsed records */
	int64_t time_min_us, time_max_us;
	struct audit_tally syntax, mask_epoch;
	uint64_t peeked;        /* lines whose records were looked at */
	uint64_t erased;        /* lines that hold no record */
	uint64_t kept_count;    /* of job->kept; more are only counted */
	enum store_layout layout;
	bool idx_differs; /* the sealed .idx is not that of these records */
	bool whole, torn, over, long_line; /* to its end; within a line; over a bound; of a line */
	char text[160];         /* what the reader said, if not whole */
};

/* Findings go to list, what was checked to coverage; are its records the sealed ones? */
bool audit_segment_check(struct audit_job *job, const struct audit_chain *chain,
    const struct audit_segment *segment, struct audit_list *list, struct audit_coverage *coverage);

/* Is line (without LF) exactly what record_encode can have written?  0 and its facts, or -1. */
int audit_record_check(struct audit_records *memory, struct span line, struct record_facts *facts);

/* The counts alone: identities of docs/format.md 6. */
void audit_counts_balance(const struct seal_entry *entry, struct audit_list *list);

/* mask_epochs, of a live segment at all times.  -1 if it is not of the format. */
int audit_epochs_read(struct span mask_epochs, struct audit_epochs *epochs);
int audit_epochs_read_live(struct span mask_epochs, struct audit_epochs *epochs);
/* Do they cover every token in a line of that time? */
bool audit_epochs_cover(struct audit_epochs *epochs, struct span line, int64_t time_us);

/*
 * Read the file again and name what differs from .idx, which is the sealed
 * one (job->idx).  pass is what the first reading found.
 */
struct audit_target {
	struct audit_list *list;
	const struct seal_segment *facts;
	const struct audit_pass *pass;
	struct audit_place at; /* file, segment and entry */
	const struct audit_salts *salts;
	const struct seal_past *past; /* with redact entries; NULL: as it was sealed */
	const struct seal_names *names;
};
void audit_locate(struct audit_job *job, int fd, const struct audit_target *target);

/* Sealed counts against what was read, less what was erased or replaced. */
void audit_counts_check(const struct audit_target *target);

/* ---- threads ---- */

struct audit_pool {
	struct audit_job *jobs[AUDIT_JOBS_MAX];
	unsigned job_count;
	void (*progress)(void *arg, uint64_t done, uint64_t total); /* may be NULL */
	void *progress_arg;
	uint64_t total, done; /* bytes of lines */
	/* If the chain grew since it was read, segments with findings are only named here. */
	bool defer;
	uint64_t *again;
	size_t again_count, again_size;
};
/* At least one job is made, or -1. */
int audit_pool_open(struct audit_pool *pool, unsigned jobs, struct err *e);
void audit_pool_close(struct audit_pool *pool);
/* Check the signed segments of chain; findings go to list in their order. */
void audit_pool_check(struct audit_pool *pool, struct audit_chain *chain, struct audit_list *list);

#endif
