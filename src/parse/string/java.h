/* string: patterns of times as Java's libraries know them. */
#ifndef CRETULA_PARSE_STRING_JAVA_H
#define CRETULA_PARSE_STRING_JAVA_H

#include <stdbool.h>

#include "base/span.h"

#define STRING_JAVA_MAX 64

/* A name as ISO8601, or letters as "yyyy-MM-dd", as a pattern of date.h; 0 if it is none. */
size_t parse_string_java_date(struct span text, char pattern[static 2 * STRING_JAVA_MAX]);

/* Is it UTC? */
bool parse_string_java_zone(struct span name);

#endif
