/* Vectors are written in hex; this reads them. */
#ifndef CRETULA_TEST_VECTOR_H
#define CRETULA_TEST_VECTOR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/text.h"

static inline struct span
unhex(const char *text, unsigned char *out, size_t size)
{
	size_t len = 0;

	assert_int_equal(text_unhex(span_str(text), out, size, &len), 0);
	return (span_of((const char *)out, len));
}

#endif
