/* Fuzz target: a skip file: whatever its bytes, also behind a good hash, reading stays inside. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/sha256.h"
#include "store/skip/skip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(struct buf *bytes, const struct store_skip_of *of)
{
	static const char *const filters[] = { "status >= 500",
		"client == ip.a || flags == overlong", "!(path == /a && bytes < 7)" };
	struct store_skip s;
	uint64_t records = 0;

	if (!store_skip_parse(&s, bytes, of))
		return;
	for (size_t frame = 0; frame < s.frames; frame++) {
		records += store_skip_count(&s, frame);
		for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
			struct filter *filter = NULL;

			if (filter_compile(filters[i], &filter, NULL) == -1)
				abort();
			(void)store_skip_may(&s, frame, filter, 0, INT64_MAX);
			filter_free(filter);
		}
	}
	if (records != of->n)
		abort();
	store_skip_close(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char root[32];
	struct store_skip_of of = { 1, size % 7, root };
	struct store_skip_maker m;
	struct buf bytes = { 0 };
	unsigned char hash[32];

	buf_add(&bytes, data, size);
	ask(&bytes, &of);
	buf_free(&bytes);
	/* The same as frames of a file that is whole. */
	store_skip_begin(&m, &of, false);
	buf_add(&m.bytes, data, size);
	crypto_sha256(m.bytes.data, m.bytes.len, hash);
	buf_add(&m.bytes, hash, sizeof(hash));
	ask(&m.bytes, &of);
	store_skip_drop(&m);
	return (0);
}
