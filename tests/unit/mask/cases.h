/* What the tests of this room share that read ../shared/cases/masking.tsv. */
#ifndef CRETULA_TEST_MASK_CASES_H
#define CRETULA_TEST_MASK_CASES_H

#include <stddef.h>

#include "base/span.h"

static inline int
cases_digit(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* \\ \t \n \r \xHH; out has in.len bytes. */
static inline size_t
cases_unescape(struct span in, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.ptr[i];

		if (c != '\\' || i + 1 == in.len) {
			out[len++] = c;
			continue;
		}
		c = in.ptr[++i];
		if (c == 'x' && i + 2 < in.len) {
			out[len++] = (char)(cases_digit(in.ptr[i + 1]) * 16 + cases_digit(in.ptr[i + 2]));
			i += 2;
		} else
			out[len++] = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
	}
	return (len);
}

#endif
