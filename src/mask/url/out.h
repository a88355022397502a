/* mask, inside: where a rendering writes; what does not fit is left out. */
#ifndef CRETULA_MASK_URL_OUT_H
#define CRETULA_MASK_URL_OUT_H

#include <stdbool.h>

#include "base/span.h"

/* Where a rendering writes: at most RECORD_TEXT_MAX bytes. */
struct mask_out {
	char *text;
	size_t len, size;
};

static inline bool
mask_out_fits(const struct mask_out *out, size_t more)
{
	return (out->size - out->len >= more);
}

static inline void
mask_out_add(struct mask_out *out, struct span text)
{
	if (text.len == 0 || !mask_out_fits(out, text.len))
		return;
	memcpy(out->text + out->len, text.ptr, text.len);
	out->len += text.len;
}

static inline void
mask_out_char(struct mask_out *out, char c)
{
	if (mask_out_fits(out, 1))
		out->text[out->len++] = c;
}

#endif
