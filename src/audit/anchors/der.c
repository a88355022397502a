#include "audit/anchors/der.h"

#include "base/clock.h"

/* The head of a value: its tag, where its content begins and how long that is. */
static bool
read_head(struct span rest, unsigned *tag, struct span *content)
{
	const unsigned char *p = (const unsigned char *)rest.ptr;
	size_t len, bytes;

	if (rest.len < 2 || (p[0] & 0x1f) == 0x1f)
		return (false);
	*tag = p[0];
	if (p[1] < 0x80) {
		*content = span_of(rest.ptr + 2, p[1]);
		return (p[1] <= rest.len - 2);
	}
	bytes = p[1] & 0x7f;
	if (bytes < 1 || bytes > 4 || rest.len - 2 < bytes || p[2] == 0)
		return (false);
	len = 0;
	for (size_t i = 0; i < bytes; i++)
		len = len << 8 | p[2 + i];
	*content = span_of(rest.ptr + 2 + bytes, len);
	return (len >= 0x80 && len <= rest.len - 2 - bytes);
}

static bool
take(struct span *rest, unsigned tag, bool any, struct span *content, struct span *whole)
{
	struct span found;
	unsigned is;
	size_t len;

	if (!read_head(*rest, &is, &found) || (!any && is != tag))
		return (false);
	len = (size_t)(found.ptr - rest->ptr) + found.len;
	if (content != NULL)
		*content = found;
	if (whole != NULL)
		*whole = span_of(rest->ptr, len);
	*rest = span_from(*rest, len);
	return (true);
}

bool
audit_der_take(struct span *rest, unsigned tag, struct span *content)
{
	return (take(rest, tag, false, content, NULL));
}

bool
audit_der_whole(struct span *rest, unsigned tag, struct span *whole)
{
	return (take(rest, tag, false, NULL, whole));
}

bool
audit_der_skip(struct span *rest)
{
	return (take(rest, 0, true, NULL, NULL));
}

/* Values in values: those that are left at each depth. */
bool
audit_der_is(struct span text)
{
	struct span left[DER_DEPTH_MAX];
	size_t depth = 0;

	left[0] = text;
	for (;;) {
		struct span content;
		unsigned tag;

		while (left[depth].len == 0)
			if (depth-- == 0)
				return (true);
		if (!read_head(left[depth], &tag, &content))
			return (false);
		left[depth] = span_from(
		    left[depth], (size_t)(content.ptr - left[depth].ptr) + content.len);
		if ((tag & 0x20) == 0)
			continue;
		if (++depth == DER_DEPTH_MAX)
			return (false);
		left[depth] = content;
	}
}

bool
audit_der_small(struct span *rest, uint32_t *n)
{
	struct span after = *rest, digits;
	const unsigned char *p;

	if (!audit_der_take(&after, DER_INTEGER, &digits) || digits.len < 1 || digits.len > 4)
		return (false);
	p = (const unsigned char *)digits.ptr;
	if (p[0] >= 0x80 || (digits.len > 1 && p[0] == 0 && p[1] < 0x80))
		return (false);
	*n = 0;
	for (size_t i = 0; i < digits.len; i++)
		*n = *n << 8 | p[i];
	*rest = after;
	return (true);
}

static bool
read_number(const char *digits, size_t len, int *n)
{
	*n = 0;
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return (false);
		*n = *n * 10 + (digits[i] - '0');
	}
	return (true);
}

/* ".5Z" or "Z": at least one digit behind a dot, and the last of them is no zero. */
static bool
read_fraction(struct span text, int *us)
{
	int scale = 100000;

	*us = 0;
	if (span_is(text, "Z"))
		return (true);
	if (text.len < 3 || text.len > 16 || text.ptr[0] != '.' || text.ptr[text.len - 1] != 'Z' ||
	    text.ptr[text.len - 2] == '0')
		return (false);
	for (size_t i = 1; i + 1 < text.len; i++) {
		int digit;

		if (!read_number(text.ptr + i, 1, &digit))
			return (false);
		*us += digit * scale;
		scale /= 10;
	}
	return (true);
}

static bool
is_civil(const struct clock_civil *c)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

	return (c->year >= 1 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	    c->day <= days[c->month - 1] && (leap || c->month != 2 || c->day <= 28) &&
	    c->hour <= 23 && c->minute <= 59 && c->second <= 59);
}

bool
audit_der_time(struct span *rest, int64_t *t_us)
{
	struct span after = *rest, text;
	struct clock_civil c = { 0 };

	if (!audit_der_take(&after, DER_TIME, &text) || text.len < 15 ||
	    !read_number(text.ptr, 4, &c.year) || !read_number(text.ptr + 4, 2, &c.month) ||
	    !read_number(text.ptr + 6, 2, &c.day) || !read_number(text.ptr + 8, 2, &c.hour) ||
	    !read_number(text.ptr + 10, 2, &c.minute) ||
	    !read_number(text.ptr + 12, 2, &c.second) ||
	    !read_fraction(span_from(text, 14), &c.us) || !is_civil(&c))
		return (false);
	*t_us = clock_from_civil(&c);
	*rest = after;
	return (true);
}
