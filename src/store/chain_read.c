#include "store/chain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "base/scan.h"

#define CHAIN_BYTES_MAX ((size_t)1 << 30)

/* Where the lines are.  0, or -1 without memory. */
static int
split(struct store_chain *chain)
{
	struct span rest = buf_view(&chain->bytes);
	size_t at;

	chain->count = scan_count_lines(rest, SIZE_MAX, &at);
	chain->lines = malloc((chain->count + 1) * sizeof(chain->lines[0]));
	if (chain->lines == NULL)
		return (-1);
	for (size_t i = 0; i < chain->count; i++) {
		size_t len = span_find(rest, '\n');

		chain->lines[i] = span_of(rest.ptr, len);
		rest = span_from(rest, len + 1);
	}
	chain->torn = rest.len > 0;
	return (0);
}

int
store_chain_read(int dirfd, struct store_chain *chain, struct err *e)
{
	struct store_chain made = { .lines = NULL };

	if (io_read_file(dirfd, "chain.jsonl", CHAIN_BYTES_MAX, &made.bytes, e) == -1) {
		int saved = errno;

		store_chain_free(&made);
		errno = saved;
		return (-1);
	}
	if (split(&made) == -1) {
		store_chain_free(&made);
		return (err_memory(e));
	}
	*chain = made;
	return (0);
}

void
store_chain_free(struct store_chain *chain)
{
	buf_free(&chain->bytes);
	free(chain->lines);
	*chain = (struct store_chain){ .lines = NULL };
}
