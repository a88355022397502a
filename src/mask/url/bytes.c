/* mask: what the bytes of a text alone say. */
#include "base/text.h"
#include "mask/inside.h"

/* 16 bytes a step; every compiler we use makes vector instructions of this. */
typedef unsigned char block __attribute__((vector_size(16)));

unsigned
mask_bytes_of(struct span text)
{
	block control = { 0 }, high = { 0 };
	uint64_t words[2], tail_control = 0, tail_high = 0;
	size_t i = 0;

	for (; i + sizeof(block) <= text.len; i += sizeof(block)) {
		block bytes;

		memcpy(&bytes, text.ptr + i, sizeof(bytes));
		high |= bytes;
		control |= (block)(bytes < 0x20) | (block)(bytes == 0x7f);
	}
	for (; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		tail_high |= c & 0x80;
		tail_control |= c < 0x20 || c == 0x7f;
	}
	memcpy(words, &control, sizeof(words));
	tail_control |= words[0] | words[1];
	memcpy(words, &high, sizeof(words));
	tail_high |= (words[0] | words[1]) & UINT64_C(0x8080808080808080);
	return ((tail_control != 0 ? MASK_BYTES_CONTROL : 0u) |
	    (tail_high != 0 ? MASK_BYTES_HIGH : 0u));
}

bool
mask_effect_bytes(struct mask *m, struct span text)
{
	unsigned bytes = mask_bytes_of(text);

	if ((bytes & MASK_BYTES_CONTROL) != 0)
		mask_effect_flag(&m->effects, RECORD_FLAG_CTL_IN_FIELD);
	if ((bytes & MASK_BYTES_HIGH) == 0 || text_is_utf8(text))
		return (false);
	mask_effect_flag(&m->effects, RECORD_FLAG_BAD_UTF8);
	return (true);
}

bool
mask_effect_canon(struct mask *m, enum detect_canon_result canon, struct span text)
{
	if (canon == DETECT_CANON_SAME || canon == DETECT_CANON_DECODED)
		return (false);
	if (canon == DETECT_CANON_MALFORMED && !text_is_utf8(text))
		mask_effect_flag(&m->effects, RECORD_FLAG_BAD_UTF8);
	else
		mask_effect_flag(&m->effects, RECORD_FLAG_UNSETTLED);
	return (true);
}
