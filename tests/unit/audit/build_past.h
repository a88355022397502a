/* build_past: entries that do something to what was sealed before, in stores made by hand. */
#ifndef CRETULA_TEST_BUILD_PAST_H
#define CRETULA_TEST_BUILD_PAST_H

#include "build.h"
#include "seal/lists.h"

struct build_item {
	uint32_t record;
	const char *line; /* replaces it; NULL: it is erased */
	unsigned before; /* how often it was replaced before */
};

/*
 * Erase and replace records of segment seg (as of its newest revision, whose
 * lines are lines) and append the entry.  lines become the new ones.
 */
struct build_redact {
	uint64_t seg, revision;
	const struct build_item *items;
	size_t count;
	bool keep_data, keep_salt; /* files of the revision before stay */
};
void build_redact(struct build_stream *s, const struct build_redact *r, struct buf *lines);

/* Entries, appended and signed. */
void build_hold(struct build_stream *s, const char *id, const char *segs, uint64_t onward,
    const char *mask_epochs);
void build_release(struct build_stream *s, const char *id);
void build_prune(struct build_stream *s, const char *segs);
void build_rotate(struct build_stream *s, const char *segs);
void build_destroy(struct build_stream *s, const char *what);
void build_replay(struct build_stream *s, uint64_t seg, uint64_t n);
void build_recover(struct build_stream *s, bool alarm, const char *reason);
void build_head(struct build *b, const char *name, uint64_t size, const unsigned char *root);
void build_derive(struct build_stream *s, const char *origin, uint64_t size,
    const unsigned char *root, const char *to, const char *file);

/* Files of a segment's newest revision, or of revision 0, unlinked. */
void build_unlink(const struct build_stream *s, uint64_t seg, const char *suffix);

/*
 * Keys: number 0 is the first log key.  by: the new key's proof is that of
 * another; recovery: the recovery key signs too.
 */
enum build_flaw { BUILD_FINE, BUILD_BAD_PROOF, BUILD_BAD_RECOVERY, BUILD_OTHER_OLD };
struct build_rekey {
	unsigned to; /* number of the new key */
	bool recovery_key; /* it is the recovery key that changes */
	bool with_recovery;
	bool unsigned_old, unsigned_new; /* the note lacks that signature */
	enum build_flaw flaw;
};
void build_rekey(struct build_stream *s, const struct build_rekey *how);
void build_revoke(struct build_stream *s, unsigned key, uint64_t from, enum build_flaw flaw);
/* recover with log: key number to signs from its note on, with the next epoch key.  0: the first stays. */
void build_lost(struct build_stream *s, unsigned to, enum build_flaw flaw);

#endif
