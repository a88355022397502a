/* input: the last line that says how to read those behind it. */
#include <string.h>

#include "input/reader.h"

void
input_remember(struct input *in, const char *prefix)
{
	in->prefix = prefix;
}

struct span
input_context(const struct input *in)
{
	return (span_of(in->context, in->context_len));
}

/* Some bytes of a line, its end among them or not. */
static void
watch_part(struct input *in, struct span part, bool ends)
{
	size_t room = INPUT_CONTEXT_BYTES - in->next_len, len = strlen(in->prefix);
	size_t some = part.len < room ? part.len : room;

	if (!in->partway && some > 0) {
		memcpy(in->next + in->next_len, part.ptr, some);
		in->next_len += some;
		in->partway = memcmp(in->next, in->prefix,
				  in->next_len < len ? in->next_len : len) != 0;
	}
	if (!ends)
		return;
	if (!in->partway && in->next_len >= len) {
		memcpy(in->context, in->next, in->next_len);
		in->context_len = in->next_len;
	}
	in->partway = false;
	in->next_len = 0;
}

void
input_watch(struct input *in, struct span bytes)
{
	while (bytes.len > 0) {
		size_t len = span_find(bytes, '\n');

		/* A byte order mark before the first line of a file is none of its bytes. */
		if (!in->partway && in->next_len == 0 &&
		    span_starts(bytes, span_of("\xef\xbb\xbf", 3))) {
			bytes = span_from(bytes, 3);
			len -= 3;
		}
		if (bytes.len == 0)
			return;

		if (in->partway || in->next_len > 0 || bytes.ptr[0] == in->prefix[0])
			watch_part(in, span_of(bytes.ptr, len), len < bytes.len);
		else
			in->partway = len == bytes.len;
		bytes = span_from(bytes, len + 1);
	}
}
