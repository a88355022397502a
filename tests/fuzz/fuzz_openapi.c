/* A description of any bytes: read or refused, and each word has a place. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "config/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
see(void *arg, enum mask_word_class c, struct span position, struct span word, struct err *e)
{
	size_t *words = arg;

	(void)e;
	if (word.len == 0 || word.len > MASK_WORDS_WORD_BYTES || position.len == 0 ||
	    position.ptr[0] != (c == MASK_WORD_PATH ? '/' : '?'))
		abort();
	if (c == MASK_WORD_PATH && span_find(word, '/') < word.len)
		abort();
	(*words)++;
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { ERR_NONE, "" };
	size_t words = 0;

	if (config_openapi(span_of((const char *)data, size), "f", see, &words, &e) == -1 &&
	    (e.code != ERR_CONFIG || e.text[0] == '\0'))
		abort();
	return (0);
}
