/* extra: words that sources write of themselves, not of anybody. */
#include "mask/extra/extra.h"

static const struct span words[] = {
#define WORD(text) SPAN(text),
#include "mask/extra/words.def"
#undef WORD
};

#define COUNT (sizeof(words) / sizeof(words[0]))
#define SLOTS 4096 /* a power of two, so many that most are empty */
_Static_assert(2 * COUNT < SLOTS, "a search ends soon");

static uint16_t slots[SLOTS]; /* numbers of words from 1 on; made before main */

static unsigned
hash(struct span text)
{
	uint32_t sum = (uint32_t)text.len;

	for (size_t i = 0; i < text.len; i++)
		sum = (sum ^ (unsigned char)text.ptr[i]) * UINT32_C(0x01000193);
	return ((sum ^ sum >> 15) & (SLOTS - 1));
}

__attribute__((constructor)) static void
start(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		unsigned at = hash(words[i]);

		while (slots[at] != 0)
			at = (at + 1) & (SLOTS - 1);
		slots[at] = (uint16_t)(i + 1);
	}
}

struct span
mask_extra_word(struct span text)
{
	/* What nobody would list is not worth a look at each byte. */
	if (text.len > MASK_EXTRA_WORD_BYTES)
		return (span_of("", 0));
	for (unsigned at = hash(text); slots[at] != 0; at = (at + 1) & (SLOTS - 1)) {
		struct span word = words[slots[at] - 1u];

		if (span_equal(word, text))
			return (word);
	}
	return (span_of("", 0));
}
