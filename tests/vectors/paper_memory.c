/*
 * paper_memory: what `evidence --report` says when memory runs out.
 *
 * paper_memory FIRST EVERY STORE
 *
 * The report is made once with all memory, then with one allocation failing
 * alone: the FIRST, that EVERY behind it ..., until there is none to fail.  Each
 * time it is the same, byte by byte, or there is none (ERR_IO).  A line for each
 * that is neither; the last one says how many failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/paper/paper.h"
#include "base/clock.h"
#include "base/err.h"
#include "wrapped.h"

static unsigned long calls, failing; /* the call that fails, from 1; 0: none */

static bool
fails(void)
{
	if (++calls != failing)
		return (false);
	errno = ENOMEM;
	return (true);
}

/* The code of what went wrong, or ERR_NONE and both texts, one behind the other. */
static int
make(const char *store, struct paper *p, struct buf *out)
{
	const struct app_paper how = { .store = store, .by = "nobody", .jobs = 1 };
	struct err e = { ERR_NONE, "" };

	buf_clear(out);
	if (app_paper_fill(&how, p, &e) == -1)
		return ((int)e.code);
	app_paper_print_json(p, out);
	app_paper_print_page(p, out);
	app_paper_free(p);
	return (buf_ok(out) ? 0 : ERR_IO);
}

int
main(int argc, char **argv)
{
	static struct paper p;
	struct buf whole = { 0 }, out = { 0 };
	unsigned long first, every, all, failed = 0;
	size_t at;
	int code;

	if (argc != 4)
		return (2);
	first = strtoul(argv[1], NULL, 10);
	every = strtoul(argv[2], NULL, 10);
	clock_set(INT64_C(1795687200000000));
	if (make(argv[3], &p, &whole) != 0)
		return (1);
	calls = 0;
	(void)make(argv[3], &p, &out);
	all = calls;
	for (unsigned long n = first; n <= all && every > 0; n += every, failed++) {
		calls = 0;
		failing = n;
		code = make(argv[3], &p, &out);
		failing = 0;
		if (code == ERR_IO ||
		    (code == 0 && out.len == whole.len &&
			memcmp(out.data, whole.data, out.len) == 0))
			continue;
		printf("allocation %lu: code %d, %zu bytes\n", n, code, out.len);
		for (at = 0; at < out.len && at < whole.len && out.data[at] == whole.data[at];)
			at++;
		if (at < out.len)
			printf("  %.*s\n", (int)(out.len - at < 120 ? out.len - at : 120),
			    out.data + at);
	}
	printf("%lu of %lu allocations\n", failed, all);
	buf_free(&whole);
	buf_free(&out);
	return (0);
}
