#include "seal/placeholder.h"

#include "base/text.h"
#include "crypto/sha256.h"

#define HASH_CHARS 44 /* base64 of 32 bytes */

static const struct span mark = SPAN("{\"~");
static const struct span erased_start = SPAN("{\"~erased\":\"");
static const struct span erased_end = SPAN("\"}");
static const struct span replaced_start = SPAN("{\"~replaced\":\"");
static const struct span replaced_middle = SPAN("\",\"rec\":");
static const struct span replaced_end = SPAN("}");
static const struct span record_start = SPAN("{\"time\":\"");

void
seal_erased_print(const unsigned char leaf[static 32], struct buf *out)
{
	buf_span(out, erased_start);
	buf_base64(out, leaf, 32);
	buf_span(out, erased_end);
}

void
seal_replaced_print(const unsigned char leaf[static 32], struct span record, struct buf *out)
{
	buf_span(out, replaced_start);
	buf_base64(out, leaf, 32);
	buf_span(out, replaced_middle);
	buf_span(out, record);
	buf_span(out, replaced_end);
}

static bool
take_leaf(struct span *rest, unsigned char leaf[static 32])
{
	size_t len;

	if (rest->len < HASH_CHARS ||
	    text_unbase64(span_of(rest->ptr, HASH_CHARS), leaf, 32, &len) == -1 || len != 32)
		return (false);
	*rest = span_from(*rest, HASH_CHARS);
	return (true);
}

static bool
is_erased(struct span line, unsigned char leaf[static 32])
{
	struct span rest = span_from(line, erased_start.len);

	return (span_starts(line, erased_start) && take_leaf(&rest, leaf) &&
	    span_equal(rest, erased_end));
}

static bool
is_replaced(struct span line, unsigned char leaf[static 32], struct span *record)
{
	struct span rest = span_from(line, replaced_start.len);

	if (!span_starts(line, replaced_start) || !take_leaf(&rest, leaf) ||
	    !span_starts(rest, replaced_middle))
		return (false);
	rest = span_from(rest, replaced_middle.len);
	if (!span_starts(rest, record_start) || rest.len < record_start.len + 2 ||
	    rest.ptr[rest.len - 1] != '}' || rest.ptr[rest.len - 2] != '}')
		return (false);
	*record = span_of(rest.ptr, rest.len - replaced_end.len);
	return (true);
}

enum seal_line
seal_line_read(struct span line, unsigned char *leaf, struct span *record)
{
	unsigned char found[32];
	struct span inner = { NULL, 0 };
	enum seal_line kind;

	if (!span_starts(line, mark))
		return (SEAL_LINE_RECORD);
	if (is_erased(line, found))
		kind = SEAL_LINE_ERASED;
	else if (is_replaced(line, found, &inner))
		kind = SEAL_LINE_REPLACED;
	else
		return (SEAL_LINE_BAD);
	if (leaf != NULL)
		memcpy(leaf, found, sizeof(found));
	if (record != NULL)
		*record = inner;
	return (kind);
}

void
seal_replaced_leaf(
    struct span line, const unsigned char salt[static 16], unsigned char leaf[static 32])
{
	struct crypto_message m = { .head_len = 1 + 16, .body = line };

	memcpy(m.head + 1, salt, 16);
	crypto_sha256_many(&m, 1, (unsigned char(*)[32])leaf);
}

size_t
seal_leaves_kept(const char *lines, const uint32_t *ends, size_t count,
    unsigned char (*leaves)[32], unsigned char *kinds)
{
	uint32_t start = 0;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct span line = span_of(lines + start, ends[i] - 1 - start);
		enum seal_line kind = seal_line_read(line, leaves[i], NULL);

		kinds[i] = (unsigned char)kind;
		found += kind != SEAL_LINE_RECORD;
		start = ends[i];
	}
	return (found);
}
