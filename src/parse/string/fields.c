/* string: "#Fields: date time c-ip", of a file that does not say it itself. */
#include "base/err.h"
#include "parse/cloud/w3c.h"
#include "parse/string/compile.h"

bool
parse_string_is_fields(struct span text)
{
	return (span_starts(text, span_str(PARSE_W3C_CONTEXT)));
}

int
parse_string_fields(struct parse_string *string, struct span text, struct err *e)
{
	static struct parse_columns nobody;
	struct parse_columns columns = nobody;
	bool edge = memmem(text.ptr, text.len, "x-edge-", 7) != NULL;

	while (text.len > 0 && memchr("\r\n \t", text.ptr[text.len - 1], 4) != NULL)
		text.len--;
	if (memchr(text.ptr, '\n', text.len) != NULL)
		return (err_set(e, ERR_USAGE, "format string: #Fields is one line"));
	if (text.len < PARSE_COLUMNS_BYTES)
		parse_w3c_fields(span_from(text, strlen(PARSE_W3C_CONTEXT)), &columns);
	if (columns.count == 0)
		return (err_set(e, ERR_USAGE,
		    "format string: #Fields names no columns, more than %d, or one of them twice",
		    PARSE_COLUMNS_MAX));
	string->format = parse_format_find(span_str(edge ? "aws-cloudfront" : "w3c"));
	string->columns = parse_string_keep(string, text);
	return (0);
}

struct span
parse_string_columns(const struct parse_string *string)
{
	return (string == NULL ? span_of("", 0) : string->columns);
}
