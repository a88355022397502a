/* parse: text that is not in bytes, as Windows writes it. */
#include "parse/detect.h"

#define LOOKED_AT 1024

/* How many of the bytes at at, at + step and so on are NUL. */
static size_t
count_nul(struct span head, size_t at, size_t step)
{
	size_t count = 0;

	for (; at < head.len; at += step)
		count += head.ptr[at] == '\0';
	return (count);
}

const char *
parse_detect_wide(struct span head)
{
	static const struct {
		const char *name;
		struct span mark;
	} marks[] = { { "UTF-32", { "\xff\xfe\0\0", 4 } }, { "UTF-32", { "\0\0\xfe\xff", 4 } },
		{ "UTF-16", { "\xff\xfe", 2 } }, { "UTF-16", { "\xfe\xff", 2 } } };
	size_t even, odd, pairs;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (span_starts(head, marks[i].mark))
			return (marks[i].name);
	if (head.len > LOOKED_AT)
		head.len = LOOKED_AT;
	pairs = head.len / 2;
	if (pairs < 8)
		return (NULL);
	/* Logs are mostly ASCII, of which every other byte is NUL then. */
	even = count_nul(head, 0, 2);
	odd = count_nul(head, 1, 2);
	if (odd * 10 >= pairs * 9 && even * 10 <= pairs)
		return ("UTF-16LE");
	return (even * 10 >= pairs * 9 && odd * 10 <= pairs ? "UTF-16BE" : NULL);
}
