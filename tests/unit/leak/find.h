/* What the tests of leak share: a text through a scanner, findings as one string. */
#ifndef CRETULA_TESTS_LEAK_FIND_H
#define CRETULA_TESTS_LEAK_FIND_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "leak/leak.h"

struct find {
	const struct leak_rules *rules;
	struct leak_scanner *scanner;
	char text[8192]; /* "rule@offset(view) ..." sorted by nothing */
	size_t len, count;
};

static void
find_add(void *arg, const struct leak_finding *f)
{
	struct find *find = arg;
	int n = snprintf(find->text + find->len, sizeof(find->text) - find->len, "%s%s@%llu%s%s%s",
	    find->len > 0 ? " " : "", leak_rules_name(find->rules, f->rule),
	    (unsigned long long)f->at, f->view[0] != '\0' ? "(" : "", f->view,
	    f->view[0] != '\0' ? ")" : "");

	find->count++;
	if (n > 0 && find->len + (size_t)n < sizeof(find->text))
		find->len += (size_t)n;
}

static void
find_open(struct find *find, const struct leak_rules *rules)
{
	struct err e;

	memset(find, 0, sizeof(*find));
	find->rules = rules;
	if (leak_scanner_open(rules, find_add, find, &find->scanner, &e) == -1)
		abort();
}

/* Findings in text, fed in pieces. */
static const char *
find_in(struct find *find, const void *text, size_t len, size_t piece)
{
	find->len = find->count = 0;
	find->text[0] = '\0';
	leak_scanner_begin(find->scanner, "");
	for (size_t at = 0; at < len; at += piece)
		leak_scanner_add(
		    find->scanner, (const char *)text + at, len - at < piece ? len - at : piece);
	leak_scanner_end(find->scanner);
	return (find->text);
}

#endif
