#include "view/tier/sample.h"

#include <assert.h>
#include <endian.h>

void
view_sample_init(struct view_sample *s, const unsigned char key[static 32], unsigned percent)
{
	assert(percent >= 1 && percent <= VIEW_SAMPLE_PERCENT_MAX);
	crypto_hmac_key_init(&s->key, key, 32);
	s->below = UINT64_MAX / 100 * percent;
}

bool
view_sample_takes(const struct view_sample *s, uint64_t subject)
{
	uint64_t bytes = htole64(subject), drawn;
	unsigned char mac[32];

	crypto_hmac(&s->key, &bytes, sizeof(bytes), mac);
	memcpy(&drawn, mac, sizeof(drawn));
	return (le64toh(drawn) < s->below);
}
