/* Files of the folder that CRETULA_SHARED names, read in place. */
#ifndef CRETULA_TESTS_PARSE_SHARED_H
#define CRETULA_TESTS_PARSE_SHARED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"

#define SHARED_FILE_MAX (4u << 20)

static char shared_bytes[SHARED_FILE_MAX];

/* Contents of a file under the shared folder; skips the test without it. */
static inline struct span
shared_load(const char *name)
{
	const char *shared = getenv("CRETULA_SHARED");
	char path[512];
	FILE *f;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", shared == NULL ? "" : shared, name);
	if ((f = fopen(path, "rb")) == NULL) {
		print_message("# SKIP: no %s; set CRETULA_SHARED\n", path);
		skip();
	}
	len = fread(shared_bytes, 1, sizeof(shared_bytes), f);
	(void)fclose(f);
	assert_true(len > 0 && len < sizeof(shared_bytes));
	return (span_of(shared_bytes, len));
}

/* The next line of *text, which is moved behind it. */
static inline bool
shared_line(struct span *text, struct span *line)
{
	size_t len = span_find(*text, '\n');

	if (text->len == 0)
		return (false);
	*line = span_of(text->ptr, len);
	*text = span_from(*text, len + 1);
	return (true);
}

#endif
