/*
 * view: which subjects a public sample takes.
 *
 * By subject, so that whoever is in it is in all of it, and by a secret key, so
 * that nobody can tell who is.  Without allocation, for the threads that mask.
 */
#ifndef CRETULA_VIEW_TIER_SAMPLE_H
#define CRETULA_VIEW_TIER_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/hmac.h"

/* More would leave out so few that what a sample lacks tells of them. */
#define VIEW_SAMPLE_PERCENT_MAX 50u

struct view_sample {
	struct crypto_hmac_key key; /* secret */
	uint64_t below;
};

/* percent: 1 to VIEW_SAMPLE_PERCENT_MAX. */
void view_sample_init(struct view_sample *s, const unsigned char key[static 32], unsigned percent);

/* subject: a hash of it, the same for as long as the window of the counts lasts. */
bool view_sample_takes(const struct view_sample *s, uint64_t subject);

#endif
