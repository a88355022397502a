/* audit: what was checked, and what could not be: every report says so. */
#ifndef CRETULA_AUDIT_COVERED_H
#define CRETULA_AUDIT_COVERED_H

#include <stdbool.h>
#include <stdint.h>

#define AUDIT_NOT_CHECKED 12
#define AUDIT_OPENS 16

/* What a stream has that is not sealed yet. */
struct audit_open {
	char stream[40];
	bool gone;    /* its writer did not stop, and nothing is open */
	bool flushed; /* else nothing is committed yet */
	uint64_t records, flush; /* up to which flush */
};

/* The newest note of a stream that has the quorum of the policy. */
struct audit_witnessed {
	char stream[40];
	uint64_t size;
};

/* What was checked, always reported. */
struct audit_coverage {
	uint64_t streams, entries, notes, segments, records, line_bytes, file_bytes;
	uint64_t segments_missing;
	int64_t time_min_us, time_max_us; /* of records; min > max if none */
	int64_t newest_us;                /* t of the newest entry checked */
	int64_t own_us;                   /* t of the last entry of the store's own chain */
	int64_t laggard_us;               /* t of the last entry of the stream that ends first */
	char laggard[40];                 /* its name; "" if there are no two streams */
	bool anchored;                    /* an anchor was given and matched */
	char auditor[512];                /* the auditor's line as the store says it, or "" */
	uint64_t segments_outside;        /* of the range */
	uint64_t segments_before;         /* that were checked before */
	unsigned pins_good, pins_new; /* chains that go on from their pin; without one so far */
	unsigned unknown_entries;         /* exit 3 */
	uint64_t unfinished;              /* files that a writer has not given their names yet */
	uint64_t erased, replaced;  /* records, as entries say */
	uint64_t pruned;            /* segments */
	uint64_t holds;             /* in force */
	uint64_t losses_accepted;   /* alarms that were answered */
	uint64_t notes_void;        /* by log keys that were revoked later */
	uint64_t import_keys;       /* of imports, not said to be destroyed */
	uint64_t untagged;          /* records that a crash left behind the last flush */
	uint64_t derived_unseen;    /* files that a bundle leaves away */
	struct audit_open open[AUDIT_OPENS]; /* of the first streams */
	unsigned open_count;
	bool tagged;                    /* flushes were sealed, or ratchets begun */
	unsigned ratchets, ratchets_unkeyed; /* with an escrow key; without one in the file */
	unsigned ratchets_lost;         /* segments whose ratchet a crash took */
	uint64_t cosignatures, stamps;  /* anchors that are good by known keys */
	uint64_t cosignatures_unchecked, stamps_unchecked; /* nobody's key at hand */
	unsigned quorums;               /* chains that the policy demands its quorum of */
	struct audit_witnessed witnessed[AUDIT_OPENS]; /* of the first chains */
	unsigned witnessed_count;
	struct audit_raw { /* where lines lay unmasked before they came: seal/raw.h */
		char stream[40], words[64];
	} raw[AUDIT_OPENS];
	unsigned raw_count;
	uint64_t replayed;              /* flushes that hold with the escrow key */
	char not_checked[AUDIT_NOT_CHECKED][120]; /* "ratchet: no escrow key" ...; "" ends */
	unsigned laggard_line; /* which of them names the laggard, from 1; 0: none */
};

#endif
