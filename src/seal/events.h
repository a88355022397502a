/*
 * seal: what the types of entry say, but segments and those that name keys;
 * docs/format.md 6 has the keys.
 *
 * Texts are borrowed.  An optional text is absent if it is empty.  A text
 * marked "escaped" is what stands between the quotes of the JSON: make it
 * with json_quote (without its quotes), read it with json_unescape.  Lists are
 * raw JSON: seal/lists.h makes and walks them.
 */
#ifndef CRETULA_SEAL_EVENTS_H
#define CRETULA_SEAL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "seal/begin.h"

struct seal_file {
	struct span name; /* relative to the stream's directory */
	uint64_t size;
	unsigned char hash[32];
};

struct seal_report {
	struct span kind; /* verify, canary, risk, retain, subject, disk */
	uint64_t result;  /* exit code */
	unsigned char hash[32];
	struct span by; /* optional */
};

struct seal_rotate {
	struct span period; /* its name: 2026-11-25, 2026-W48, 2026-11, or a number */
	struct span segs;   /* ranges; may be [] */
};

struct seal_redact {
	uint64_t seg, revision; /* revision from 1: of the files that it leaves */
	struct span items;      /* seal_item, at least one */
	struct span reason;     /* escaped */
	struct span ref, by;    /* optional */
	uint64_t file_size;     /* of seg/NNNNNNNN.rR.jsonl.zst */
};

struct seal_replay {
	uint64_t seg, n;
};

struct seal_prune {
	struct span segs; /* ranges, at least one */
	struct span rule;
	int64_t cutoff_us;
	struct span by; /* optional */
};

struct seal_hold {
	struct span hold; /* its id */
	struct span segs; /* ranges; may be [] */
	bool has_onward, has_until;
	uint64_t onward;         /* also every segment from this one on */
	struct span mask_epochs; /* raw JSON object, as of a segment; empty means {} */
	int64_t until_us;
	struct span reason; /* escaped */
	struct span by;     /* optional */
};

struct seal_release {
	struct span hold, reason, by; /* reason escaped, by optional */
};

struct seal_derive {
	struct span origin; /* the source, and its newest note */
	uint64_t size;
	unsigned char root[32];
	struct span segs;              /* ranges of the source */
	struct span transform, policy; /* policy: 64 hex digits */
	struct span to;                /* ranges of this chain, optional */
	bool has_file;
	struct seal_file file;
};

struct seal_rekey {
	struct span key;      /* "log" or "recovery" */
	struct span old, new; /* vkeys */
	unsigned char proof[64];
	bool has_recovery;
	unsigned char recovery[64]; /* the recovery key's signature of the same message */
};

struct seal_revoke {
	struct span vkey;
	uint64_t from; /* notes of this size and above are void */
	unsigned char signature[64];
};

struct seal_config {
	struct span kind, policy; /* policy: 64 hex digits */
	struct span text;         /* escaped, optional */
	bool has_until;
	int64_t until_us;
	bool has_words;           /* the vocabulary from here on, as in a segment */
	uint64_t words_count;
	unsigned char words_hash[32];
	struct span by; /* optional */
};

struct seal_clock {
	int64_t was_us, now_us;
	bool has_boot;
	unsigned char boot[16];
};

struct seal_start {
	struct span mode; /* pipe, run, import */
	bool has_boot, has_ratchet, unlocked;
	unsigned char boot[16];
	struct seal_ratchet_start ratchet;
};

struct seal_stop {
	struct span reason; /* end, term, disk-full ... */
};

struct seal_recover {
	bool alarm;         /* more than a crash explains */
	struct span reason; /* a word */
	uint64_t seg, kept, untagged, lost; /* records of the open segment */
	struct span text;   /* escaped, optional */
	bool has_ratchet, has_recovery;
	struct seal_ratchet_start ratchet;  /* a new one begins */
	struct span log;    /* vkey, optional: the log key is a new one */
	unsigned char recovery[64];         /* the recovery key's signature of it */
};

struct seal_anchor {
	struct span kind; /* cosignature, tsr */
	uint64_t size;    /* of the note that is anchored */
	struct seal_file file;
	struct span by;   /* optional: witness or authority */
	bool has_time;
	int64_t time_us;  /* what it says */
};

#endif
