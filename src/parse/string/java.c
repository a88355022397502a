/* string: SimpleDateFormat and the names of log4j become patterns of date.h. */
#include "parse/string/java.h"

static const struct {
	const char *name, *pattern;
} names[] = {
	{ "", "%F%i%T,%N" },
	{ "ABSOLUTE", "%T,%N" },
	{ "ABSOLUTE_PERIOD", "%T.%N" },
	{ "COMPACT", "%Y%m%d%H%M%S%N" },
	{ "DATE", "%d %b %Y %T,%N" },
	{ "DATE_PERIOD", "%d %b %Y %T.%N" },
	{ "DEFAULT", "%F %T,%N" },
	{ "DEFAULT_MICROS", "%F %T,%N" },
	{ "DEFAULT_NANOS", "%F %T,%N" },
	{ "DEFAULT_PERIOD", "%F %T.%N" },
	{ "ISO8601", "%F%i%T,%N" },
	{ "ISO8601_BASIC", "%Y%m%dT%H%M%S,%N" },
	{ "ISO8601_BASIC_PERIOD", "%Y%m%dT%H%M%S.%N" },
	{ "ISO8601_OFFSET_DATE_TIME_HH", "%FT%T,%N%z" },
	{ "ISO8601_OFFSET_DATE_TIME_HHCMM", "%FT%T,%N%z" },
	{ "ISO8601_OFFSET_DATE_TIME_HHMM", "%FT%T,%N%z" },
	{ "ISO8601_PERIOD", "%FT%T.%N" },
	{ "ISO8601_PERIOD_MICROS", "%FT%T.%N" },
	{ "UNIX", "%s" },
	{ "UNIX_MILLIS", "%s" },
};

bool
parse_string_java_zone(struct span name)
{
	return (span_is(name, "UTC") || span_is(name, "GMT") || span_is(name, "Z") ||
	    span_is(name, "Etc/UTC") || span_is(name, "GMT+0") || name.len == 0);
}

/* The letter of date.h for count times c; 0 if there is none. */
static char
letter_of(char c, size_t count)
{
	switch (c) {
	case 'y':
	case 'u': return (count == 2 ? 'y' : 'Y');
	case 'M':
	case 'L': return (count >= 3 ? 'b' : 'm');
	case 'd': return ('d');
	case 'H':
	case 'k': return ('H');
	case 'h':
	case 'K': return ('I');
	case 'm': return ('M');
	case 's': return ('S');
	case 'S':
	case 'n': return ('N');
	case 'a': return ('p');
	case 'E': return ('a');
	case 'D': return ('j');
	case 'Z':
	case 'X':
	case 'x': return ('z');
	case 'z': return ('Z');
	default: return (0);
	}
}

static size_t
put_literal(char *pattern, size_t len, char c)
{
	if (c == '%')
		pattern[len++] = '%';
	pattern[len++] = c;
	return (len);
}

size_t
parse_string_java_date(struct span text, char pattern[static 2 * STRING_JAVA_MAX])
{
	bool quoted = false;
	size_t len = 0, count;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(text, names[i].name)) {
			len = strlen(names[i].pattern);
			memcpy(pattern, names[i].pattern, len);
			return (len);
		}
	if (text.len > STRING_JAVA_MAX)
		return (0);
	for (size_t i = 0; i < text.len; i += count) {
		char c = text.ptr[i];

		count = 1;
		if (c == '\'' && i + 1 < text.len && text.ptr[i + 1] == '\'') {
			len = put_literal(pattern, len, c);
			count = 2;
		} else if (c == '\'')
			quoted = !quoted;
		else if (quoted || (c | 0x20) < 'a' || (c | 0x20) > 'z')
			len = put_literal(pattern, len, c);
		else {
			while (i + count < text.len && text.ptr[i + count] == c)
				count++;
			pattern[len++] = '%';
			if ((pattern[len++] = letter_of(c, count)) == 0)
				return (0);
		}
	}
	return (len);
}
