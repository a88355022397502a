/* archive: tokens in a text, as masking writes them: two letters, a dot, 16 digits of base32. */
#include "archive/inside.h"

static bool
is_word(char c)
{
	return ((unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10);
}

static bool
has_digits(struct span text)
{
	if (text.len < ARCHIVE_TOKEN_DIGITS)
		return (false);
	for (size_t i = 0; i < ARCHIVE_TOKEN_DIGITS; i++) {
		char c = text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
			return (false);
	}
	return (text.len == ARCHIVE_TOKEN_DIGITS || !is_word(text.ptr[ARCHIVE_TOKEN_DIGITS]));
}

enum record_class
archive_token_class(const char prefix[static 2])
{
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		if (record_classes[c].prefix[0] == prefix[0] && prefix[0] != '\0' &&
		    record_classes[c].prefix[1] == prefix[1])
			return ((enum record_class)c);
	return (RECORD_CLASS_NONE);
}

size_t
archive_token_find(struct span text, enum record_class *class_id)
{
	size_t dot = span_find(text, '.');

	while (dot < text.len) {
		const char *at = text.ptr + dot;

		if (dot >= 2 && (dot == 2 || !is_word(at[-3])) &&
		    has_digits(span_from(text, dot + 1)) &&
		    (*class_id = archive_token_class(at - 2)) != RECORD_CLASS_NONE)
			return (dot - 2);
		dot += 1 + span_find(span_from(text, dot + 1), '.');
	}
	return (text.len);
}
