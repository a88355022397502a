#include "base/num.h"

#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define SECOND_US UINT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

static const struct unit size_units[] = {
	{ "", 1 },
	{ "G", UINT64_C(1) << 30 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "T", UINT64_C(1) << 40 },
};

static const struct unit duration_units[] = {
	{ "d", DAY_US },
	{ "h", 3600 * SECOND_US },
	{ "m", 60 * SECOND_US },
	{ "ms", 1000 },
	{ "s", SECOND_US },
	{ "w", 7 * DAY_US },
	{ "y", 365 * DAY_US },
};

int
num_u64(struct span in, uint64_t *n)
{
	uint64_t value = 0;

	if (in.len == 0)
		return (-1);
	for (size_t i = 0; i < in.len; i++) {
		unsigned digit = (unsigned)(unsigned char)in.ptr[i] - '0';

		if (digit > 9)
			return (-1);
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return (-1);
	}
	*n = value;
	return (0);
}

/* Digits, then the name of one of count units. */
static int
parse_unit(struct span in, const struct unit *units, size_t count, uint64_t *n)
{
	size_t digits = 0;
	uint64_t value;

	while (digits < in.len && in.ptr[digits] >= '0' && in.ptr[digits] <= '9')
		digits++;
	if (num_u64(span_of(in.ptr, digits), &value) == -1)
		return (-1);
	for (size_t i = 0; i < count; i++) {
		if (!span_is(span_from(in, digits), units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, &value))
			return (-1);
		*n = value;
		return (0);
	}
	return (-1);
}

int
num_size(struct span in, uint64_t *bytes)
{
	return (parse_unit(in, size_units, COUNT(size_units), bytes));
}

int
num_rate(struct span in, uint64_t *a_second)
{
	if (in.len < 2 || !span_is(span_from(in, in.len - 2), "/s"))
		return (-1);
	return (num_u64(span_of(in.ptr, in.len - 2), a_second));
}

int
num_duration(struct span in, int64_t *us)
{
	uint64_t value;

	if (parse_unit(in, duration_units, COUNT(duration_units), &value) == -1 ||
	    value > INT64_MAX)
		return (-1);
	*us = (int64_t)value;
	return (0);
}

static size_t
digit_count(uint64_t n)
{
	size_t count = 1;

	for (; n >= 10000; n /= 10000)
		count += 4;
	return (count + (n >= 10) + (n >= 100) + (n >= 1000));
}

size_t
num_print(char out[static 20], uint64_t n)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	size_t len = digit_count(n), at = len;

	for (; at >= 2; n /= 100) {
		at -= 2;
		memcpy(out + at, pairs + n % 100 * 2, 2);
	}
	if (at == 1)
		out[0] = (char)('0' + n);
	return (len);
}

size_t
num_print_grouped(char out[static 32], uint64_t n)
{
	char digits[20];
	size_t count = num_print(digits, n), len = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			out[len++] = ',';
		out[len++] = digits[i];
	}
	out[len] = '\0';
	return (len);
}

/* Tenths are rounded; 1023.95 KiB is already "1.0 MiB". */
size_t
num_print_bytes(char out[static 32], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t tenths = 0;
	unsigned unit;

	if (bytes < 1024)
		return ((size_t)snprintf(out, 32, "%u B", (unsigned)bytes));
	for (unit = 0; unit < sizeof(units) - 1; unit++) {
		unsigned shift = 10 * (unit + 1);
		uint64_t part = bytes & ((UINT64_C(1) << shift) - 1);

		tenths = (part * 10 + (UINT64_C(1) << (shift - 1))) >> shift;
		tenths += (bytes >> shift) * 10;
		if (tenths < 10240)
			break;
	}
	return ((size_t)snprintf(
	    out, 32, "%u.%u %ciB", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[unit]));
}
