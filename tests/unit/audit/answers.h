/* answers: what a witness and a time stamping authority say of a note, and what else somebody may send. */
#ifndef CRETULA_TEST_ANSWERS_H
#define CRETULA_TEST_ANSWERS_H

#include "base/buf.h"

/* Who it is. */
extern const char *answer_witness_name;
extern unsigned char answer_witness_seed[32];

/* The line of that witness; spoil: its signature is not good. */
void answer_cosign(struct span body, uint64_t time_s, bool spoil, struct buf *out);
/* Its vkey. */
void answer_witness(struct buf *out);

/* A TimeStampResp; what a row changes of a good one. */
struct answer_stamp {
	const char *status, *status_more, *type, *inner_type, *version, *digest, *time, *name;
	size_t hash_len;
	const char *behind; /* something behind the parts of TSTInfo */
};
extern const struct answer_stamp answer_stamp_good;
void answer_stamp(const struct answer_stamp *r, struct span body, struct buf *out);

#endif
