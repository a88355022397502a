/* What other programs read, as the .expected.jsonl files of the shared folder say it. */
#ifndef CRETULA_TESTS_PARSE_EXPECTED_H
#define CRETULA_TESTS_PARSE_EXPECTED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

/* The value of key in a flat JSON text, unescaped to out; false if absent or null. */
static inline bool
json_value(struct span json, const char *key, char *out, size_t size)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "\"%s\": ", key);
	const char *p = memmem(json.ptr, json.len, name, (size_t)n), *end = json.ptr + json.len;
	size_t at = 0;

	if (p == NULL)
		return (false);
	p += n;
	if (*p != '"') {
		while (p < end && *p != ',' && *p != '}' && at + 1 < size)
			out[at++] = *p++;
		out[at] = '\0';
		return (strcmp(out, "null") != 0);
	}
	for (p++; p < end && *p != '"' && at + 1 < size; p++) {
		if (*p == '\\' && p[1] == 'u') {
			out[at++] = (char)strtoul((char[]){ p[4], p[5], '\0' }, NULL, 16);
			p += 5;
		} else {
			if (*p == '\\')
				p++;
			out[at++] = *p;
		}
	}
	out[at] = '\0';
	return (true);
}

#endif
