#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"

#define BUF_BYTES_MIN ((size_t)64)

void
buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	free(b->data);
	*b = (struct buf){ 0 };
}

void
buf_wipe(struct buf *b)
{
	if (b == NULL)
		return;
	if (b->data != NULL)
		explicit_bzero(b->data, b->size);
	buf_free(b);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->broken = false;
	if (b->size > 0)
		b->data[0] = '\0';
}

bool
buf_ok(const struct buf *b)
{
	return (!b->broken);
}

/* realloc would leave a copy behind that buf_wipe cannot reach. */
static int
grow(struct buf *b, size_t need)
{
	size_t size = b->size < BUF_BYTES_MIN ? BUF_BYTES_MIN : b->size;
	char *data;

	while (size < need)
		size *= 2;
	if ((data = malloc(size)) == NULL) {
		b->broken = true;
		return (err_memory(NULL));
	}
	if (b->size > 0) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->len);
		free(b->data);
	}
	data[b->len] = '\0';
	b->data = data;
	b->size = size;
	return (0);
}

int
buf_reserve(struct buf *b, size_t more)
{
	if (b->broken)
		return (-1);
	if (more > BUF_BYTES_MAX || b->len > BUF_BYTES_MAX - more) {
		b->broken = true;
		return (-1);
	}
	if (b->len + more < b->size)
		return (0);
	return (grow(b, b->len + more + 1));
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || buf_reserve(b, len) == -1)
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_span(struct buf *b, struct span s)
{
	buf_add(b, s.ptr, s.len);
}

void
buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) {
		b->broken = true;
		return;
	}
	if (buf_reserve(b, (size_t)len) == -1)
		return;
	va_start(args, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

void
buf_u64(struct buf *b, uint64_t n)
{
	char digits[20];

	buf_add(b, digits, num_print(digits, n));
}

/* Is len so small that chars bytes a byte cannot overflow? */
static bool
expands(struct buf *b, size_t len)
{
	if (len > BUF_BYTES_MAX / 2)
		b->broken = true;
	return (!b->broken && len > 0);
}

void
buf_base64(struct buf *b, const void *bytes, size_t len)
{
	if (!expands(b, len) || buf_reserve(b, (len + 2) / 3 * 4) == -1)
		return;
	b->len += text_base64(b->data + b->len, bytes, len);
	b->data[b->len] = '\0';
}

void
buf_hex(struct buf *b, const void *bytes, size_t len)
{
	if (!expands(b, len) || buf_reserve(b, len * 2) == -1)
		return;
	b->len += text_hex(b->data + b->len, bytes, len);
	b->data[b->len] = '\0';
}

struct span
buf_view(const struct buf *b)
{
	return (span_of(b->data, b->len));
}
