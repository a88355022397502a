/* The time of a line, written and read without a library call per record. */
#include "base/clock.h"
#include "record/line.h"

char *
record_time_write(char *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len;

	if (t_us < RECORD_TIME_MIN_US)
		t_us = RECORD_TIME_MIN_US;
	if (t_us > RECORD_TIME_MAX_US)
		t_us = RECORD_TIME_MAX_US;
	len = clock_rfc3339(text, t_us);
	memcpy(out, text, len);
	return (out + len);
}

/* count digits at from; sets *odd if one of them is none. */
static inline int
digits(const char *from, int count, unsigned *odd)
{
	int n = 0;

	for (int i = 0; i < count; i++) {
		unsigned d = (unsigned)from[i] - '0';

		*odd |= d > 9;
		n = n * 10 + (int)(d & 0xf);
	}
	return (n);
}

static int
month_days(int year, int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return (29);
	return (days[month - 1]);
}

/* YYYY-MM-DDTHH:MM:SS in seconds since 1970.  0 or -1. */
static int
read_second(const char *p, int64_t *second)
{
	unsigned odd = 0;
	int year = digits(p, 4, &odd), month = digits(p + 5, 2, &odd);
	int day = digits(p + 8, 2, &odd), hour = digits(p + 11, 2, &odd);
	int minute = digits(p + 14, 2, &odd), s = digits(p + 17, 2, &odd);

	odd |= p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' || p[16] != ':';
	odd |= year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || s > 59;
	if (odd || day < 1 || day > month_days(year, month))
		return (-1);
	*second = clock_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + s;
	return (0);
}

size_t
record_time_read(struct span in, int64_t *t_us)
{
	unsigned odd = 0;
	int64_t second;
	size_t len = 24;
	int us;

	if (in.len < len || in.ptr[19] != '.')
		return (0);
	us = digits(in.ptr + 20, 3, &odd) * 1000;
	if (in.ptr[23] != 'Z') {
		len = 27;
		if (in.len < len || in.ptr[26] != 'Z')
			return (0);
		us = digits(in.ptr + 20, 6, &odd);
		odd |= us % 1000 == 0;
	}
	if (odd || read_second(in.ptr, &second) != 0)
		return (0);
	*t_us = second * 1000000 + us;
	return (len);
}
