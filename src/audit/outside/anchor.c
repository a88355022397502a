#include "audit/outside/anchor.h"

#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/note.h"

int
audit_anchor_read(const char *line, struct audit_anchor *anchor, struct err *e)
{
	static const struct span mark = SPAN(" sha256:");
	struct span text = span_str(line);
	struct seal_vkey key;
	size_t blank, len;

	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	blank = span_find(text, ' ');
	anchor->vkey = span_of(text.ptr, blank);
	if (seal_vkey_read(anchor->vkey, &key, NULL) == -1 ||
	    !span_starts(span_from(text, blank), mark) ||
	    text_unhex(span_from(text, blank + mark.len), anchor->genesis, 32, &len) == -1 ||
	    len != 32)
		return (err_set(e, ERR_USAGE,
		    "the anchor is not VKEY sha256:HEX, as the "
		    "auditor's line is, in quotes"));
	return (0);
}

void
audit_anchor_print(
    struct span vkey, const unsigned char genesis[static 32], char line[static AUDIT_LINE_BYTES])
{
	char hex[65];

	hex[text_hex(hex, genesis, 32)] = '\0';
	if (vkey.len == 0 || vkey.len > AUDIT_LINE_BYTES - sizeof(" sha256:") - 64)
		line[0] = '\0';
	else
		(void)snprintf(line, AUDIT_LINE_BYTES, "%.*s sha256:%s", (int)vkey.len, vkey.ptr,
		    hex);
}
