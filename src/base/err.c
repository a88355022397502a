#define ERR_IS_HERE
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CUT "..."
#define CUT_LEN (sizeof(CUT) - 1)
#define SEPARATOR ": "
#define SEPARATOR_LEN (sizeof(SEPARATOR) - 1)

/* What a prefix may claim of a full text; the cause keeps the rest. */
#define PREFIX_LEN_MAX 127

_Static_assert(PREFIX_LEN_MAX > CUT_LEN, "a cut prefix shows something");
_Static_assert(ERR_TEXT_BYTES > 3 * PREFIX_LEN_MAX, "the cause has most");

static bool
is_continuation(char c)
{
	return (((unsigned char)c & 0xc0) == 0x80);
}

/* The largest len <= at that ends between two characters. */
static size_t
border_before(const char *text, size_t at)
{
	while (at > 0 && is_continuation(text[at]))
		at--;
	return (at);
}

/* A path may hold any byte; the text is one line of UTF-8 all the same. */
static void
clean(char *text)
{
	bool utf8 = text_is_utf8(span_str(text));

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			*text = '?';
	}
}

/* Print to text; what does not fit is cut between two characters. */
__attribute__((format(printf, 3, 0))) static void
print_text(char *text, size_t size, const char *fmt, va_list args)
{
	int len = vsnprintf(text, size, fmt, args);

	if (len < 0) {
		text[0] = '\0';
		return;
	}
	if ((size_t)len >= size) {
		size_t keep = size - 1 - CUT_LEN;

		keep = border_before(text, keep);
		memcpy(text + keep, CUT, CUT_LEN + 1);
	}
	clean(text);
}

/* A caller may format what e says now, so a copy is printed and moved. */
int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[ERR_TEXT_BYTES];
	int saved = errno;
	va_list args;

	if (e == NULL)
		return (-1);
	va_start(args, fmt);
	print_text(text, sizeof(text), fmt, args);
	va_end(args);
	e->code = code;
	memcpy(e->text, text, sizeof(text));
	errno = saved;
	return (-1);
}

int
err_sys(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[ERR_TEXT_BYTES], reason_bytes[64];
	const char *reason;
	size_t reason_len, len;
	int saved = errno;
	va_list args;

	if (e == NULL)
		return (-1);
	reason = strerror_r(saved, reason_bytes, sizeof(reason_bytes));
	reason_len = strnlen(reason, PREFIX_LEN_MAX);
	va_start(args, fmt);
	print_text(text, sizeof(text) - reason_len - SEPARATOR_LEN, fmt, args);
	va_end(args);
	len = strlen(text);
	memcpy(text + len, SEPARATOR, SEPARATOR_LEN);
	memcpy(text + len + SEPARATOR_LEN, reason, reason_len);
	text[len + SEPARATOR_LEN + reason_len] = '\0';
	e->code = code;
	memcpy(e->text, text, sizeof(text));
	errno = saved;
	return (-1);
}

/*
 * The cause stands at the end and must stay readable however deep the call
 * was, so what does not fit is cut from the middle: first the end of the new
 * prefix, then the front of what e said.
 */
static void
join(char *out, const char *prefix, const char *cause)
{
	size_t prefix_len = strlen(prefix), cause_len = strlen(cause);
	size_t room = ERR_TEXT_BYTES - 1 - SEPARATOR_LEN, keep, at;
	bool cut = false;

	keep = prefix_len < PREFIX_LEN_MAX ? prefix_len : PREFIX_LEN_MAX;
	if (cause_len > room - keep) {
		size_t from = cause_len - (room - keep - CUT_LEN);

		while (is_continuation(cause[from]))
			from++;
		cause += from;
		cause_len -= from;
		room -= CUT_LEN;
		cut = true;
	}
	if (prefix_len > room - cause_len) {
		keep = border_before(prefix, room - cause_len - CUT_LEN);
		memcpy(out, prefix, keep);
		memcpy(out + keep, CUT, CUT_LEN);
		at = keep + CUT_LEN;
	} else {
		memcpy(out, prefix, prefix_len);
		at = prefix_len;
	}
	memcpy(out + at, SEPARATOR, SEPARATOR_LEN);
	at += SEPARATOR_LEN;
	if (cut) {
		memcpy(out + at, CUT, CUT_LEN);
		at += CUT_LEN;
	}
	memcpy(out + at, cause, cause_len + 1);
}

int
err_in(struct err *e, const char *fmt, ...)
{
	char prefix[ERR_TEXT_BYTES], text[ERR_TEXT_BYTES];
	int saved = errno;
	va_list args;

	if (e == NULL)
		return (-1);
	va_start(args, fmt);
	print_text(prefix, sizeof(prefix), fmt, args);
	va_end(args);
	join(text, prefix, e->text);
	memcpy(e->text, text, strlen(text) + 1);
	errno = saved;
	return (-1);
}

static atomic_uint shortages;

int
err_memory(struct err *e)
{
	atomic_fetch_add(&shortages, 1);
	return (err_set(e, ERR_IO, "out of memory"));
}

unsigned
err_memory_count(void)
{
	return (atomic_load(&shortages));
}
