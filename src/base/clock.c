#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

#define SECOND_US INT64_C(1000000)
#define DAY_S INT64_C(86400)
#define DAY_US (DAY_S * SECOND_US)

#define DAYS_MIN INT64_C(-719162) /* 0001-01-01 */
#define DAYS_MAX INT64_C(2932896) /* 9999-12-31 */

#define ERA_DAYS 146097 /* 400 years */

/* Days from 0000-03-01, where a computational year starts, to 1970-01-01. */
#define EPOCH_SHIFT 719468

static _Atomic int64_t fixed_us = -1;

int64_t
clock_now_us(void)
{
	int64_t fixed = atomic_load_explicit(&fixed_us, memory_order_relaxed);
	struct timespec now;

	if (fixed >= 0)
		return (fixed);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000);
}

int64_t
clock_mono_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
}

void
clock_mono_after(int64_t ns, struct timespec *until)
{
	(void)clock_gettime(CLOCK_MONOTONIC, until);
	ns += until->tv_nsec;
	until->tv_sec += ns / 1000000000;
	until->tv_nsec = ns % 1000000000;
}

void
clock_set(int64_t now_us)
{
	atomic_store_explicit(&fixed_us, now_us, memory_order_relaxed);
}

#ifdef CRETULA_TESTING
__attribute__((constructor)) static void
set_from_environment(void)
{
	const char *text = getenv("CRETULA_CLOCK");
	int64_t t_us;

	if (text != NULL && clock_parse_rfc3339(text, strlen(text), &t_us) == 0)
		clock_set(t_us);
}
#endif

static inline int64_t
clamp(int64_t n, int64_t low, int64_t high)
{
	return (n < low ? low : n > high ? high : n);
}

/*
 * Neri and Schneider, "Euclidean affine functions and their application to
 * calendar algorithms" (2022): years start in March, so the leap day is the
 * last one, and two multiplications stand in for the divisions.
 */
static inline void
civil_of_days(int64_t days, struct clock_civil *c)
{
	uint32_t n = 4 * (uint32_t)(days + EPOCH_SHIFT) + 3;
	uint32_t century = n / ERA_DAYS, in_century = n % ERA_DAYS / 4;
	uint64_t product = UINT64_C(2939745) * (4 * in_century + 3);
	uint32_t year = (uint32_t)(product >> 32);
	uint32_t in_year = (uint32_t)product / 2939745 / 4;
	uint32_t split = 2141 * in_year + 197913;
	uint32_t month = split >> 16, wraps = in_year >= 306;

	c->year = (int)(100 * century + year + wraps);
	c->month = (int)(month - 12 * wraps);
	c->day = (int)((split & 0xffff) / 2141 + 1);
}

void
clock_to_civil(int64_t t_us, struct clock_civil *c)
{
	int64_t t = clamp(t_us, DAYS_MIN * DAY_US, (DAYS_MAX + 1) * DAY_US - 1);
	uint64_t from_start = (uint64_t)(t - DAYS_MIN * DAY_US);
	uint64_t day = from_start / (uint64_t)DAY_US;
	uint64_t in_day = from_start - day * (uint64_t)DAY_US;
	uint32_t seconds = (uint32_t)(in_day / SECOND_US);

	civil_of_days((int64_t)day + DAYS_MIN, c);
	c->us = (int)(in_day - seconds * (uint64_t)SECOND_US);
	c->hour = (int)(seconds / 3600);
	c->minute = (int)(seconds / 60 % 60);
	c->second = (int)(seconds % 60);
}

int64_t
clock_days(int year, int month, int day)
{
	int early = month <= 2;
	int64_t y = (int64_t)year - early;
	int64_t m = month + 12 * early; /* 3..14 */
	int64_t era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;

	return (era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + (153 * m - 457) / 5 +
	    day - 1 - EPOCH_SHIFT);
}

int64_t
clock_from_civil(const struct clock_civil *c)
{
	int64_t seconds = clock_days(c->year, c->month, c->day) * DAY_S + c->hour * 3600 +
	    c->minute * 60 + c->second;

	return (seconds * SECOND_US + c->us);
}

static inline void
put_two(char *out, int n)
{
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
}

size_t
clock_rfc3339(char out[static CLOCK_RFC3339_BYTES], int64_t t_us)
{
	struct clock_civil c;
	int ms, us;
	size_t len = 23;

	clock_to_civil(t_us, &c);
	ms = c.us / 1000;
	us = c.us % 1000;
	memcpy(out, "0000-00-00T00:00:00.", 20);
	put_two(out, c.year / 100);
	put_two(out + 2, c.year % 100);
	put_two(out + 5, c.month);
	put_two(out + 8, c.day);
	put_two(out + 11, c.hour);
	put_two(out + 14, c.minute);
	put_two(out + 17, c.second);
	out[20] = (char)('0' + ms / 100);
	put_two(out + 21, ms % 100);
	if (us != 0) {
		out[23] = (char)('0' + us / 100);
		put_two(out + 24, us % 100);
		len = 26;
	}
	out[len] = 'Z';
	out[len + 1] = '\0';
	return (len + 1);
}

/* Exactly count digits at text, or -1. */
static inline int
digits(const char *text, int count)
{
	int n = 0;

	for (int i = 0; i < count; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';

		if (digit > 9)
			return (-1);
		n = n * 10 + (int)digit;
	}
	return (n);
}

static int
month_days(int year, int month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return (days[month - 1] + (month == 2 && leap));
}

#define DATE_TIME_LEN 19 /* 2026-11-25T03:00:00 */

/* "2026-11-25T03:00:00"; the RFC lets a blank stand for the T. */
static int
parse_date_time(const char *text, struct clock_civil *c)
{
	if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
	    (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
		return (-1);
	c->year = digits(text, 4);
	c->month = digits(text + 5, 2);
	c->day = digits(text + 8, 2);
	c->hour = digits(text + 11, 2);
	c->minute = digits(text + 14, 2);
	c->second = digits(text + 17, 2);
	if (c->year < 1 || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > month_days(c->year, c->month))
		return (-1);
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 ||
	    c->second > 60)
		return (-1);
	return (0);
}

/* ".123" at *at; what is finer than a microsecond is cut off. */
static int
parse_fraction(const char *text, size_t len, size_t *at, int *us)
{
	int scale = 100000;
	size_t start = *at + 1, i;

	*us = 0;
	if (*at >= len || text[*at] != '.')
		return (0);
	for (i = start; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		*us += (text[i] - '0') * scale;
		scale /= 10;
	}
	if (i == start || i - start > 9)
		return (-1);
	*at = i;
	return (0);
}

/* "Z" or "+02:00", which must be all that is left. */
static int
parse_offset(const char *text, size_t len, int *offset_s)
{
	int hour, minute;

	*offset_s = 0;
	if (len == 1)
		return (text[0] == 'Z' || text[0] == 'z' ? 0 : -1);
	if (len != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return (-1);
	hour = digits(text + 1, 2);
	minute = digits(text + 4, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return (-1);
	*offset_s = (hour * 3600 + minute * 60) * (text[0] == '-' ? -1 : 1);
	return (0);
}

int
clock_parse_rfc3339(const char *text, size_t len, int64_t *t_us)
{
	struct clock_civil c;
	size_t at = DATE_TIME_LEN;
	int offset_s;
	int64_t t;

	if (len < DATE_TIME_LEN + 1 || parse_date_time(text, &c) == -1 ||
	    parse_fraction(text, len, &at, &c.us) == -1 ||
	    parse_offset(text + at, len - at, &offset_s) == -1)
		return (-1);
	t = clock_from_civil(&c) - offset_s * SECOND_US;
	if (t < DAYS_MIN * DAY_US || t >= (DAYS_MAX + 1) * DAY_US)
		return (-1);
	/* A leap second ends a UTC day and counts as the next one's first. */
	if (c.second == 60 && (t - c.us) % DAY_US != 0)
		return (-1);
	*t_us = t;
	return (0);
}

/* ISO 8601: a week belongs to the year of its Thursday. */
void
clock_iso_week(int64_t days, char out[static 9])
{
	int64_t day = clamp(days, DAYS_MIN, DAYS_MAX - 3);
	int64_t weekday = ((day + 3) % 7 + 7) % 7; /* Monday 0 */
	int64_t thursday = day - weekday + 3;
	struct clock_civil c;
	int week;

	civil_of_days(thursday, &c);
	week = (int)((thursday - clock_days(c.year, 1, 1)) / 7 + 1);
	memcpy(out, "0000-W00", 9);
	put_two(out, c.year / 100);
	put_two(out + 2, c.year % 100);
	put_two(out + 6, week);
}

/* Two digits at at, between min and max; -1 if they are not. */
static int
two_digits(struct span name, size_t at, int min, int max)
{
	uint64_t n;

	if (name.len < at + 2 || num_u64(span_of(name.ptr + at, 2), &n) == -1 || (int)n < min ||
	    (int)n > max)
		return (-1);
	return ((int)n);
}

/* Not every year has a week 53. */
static int
week_days(struct span name, int year, int64_t *first, int64_t *last)
{
	int week = two_digits(name, 6, 1, 53);
	char again[9];

	if (name.len != 8 || week == -1)
		return (-1);
	/* Week 1 has January 4 in it; day 0 was a Thursday. */
	*first = clock_days(year, 1, 4);
	*first += 7 * (week - 1) - (((*first + 3) % 7 + 7) % 7);
	*last = *first + 6;
	clock_iso_week(*first, again);
	return (span_is(name, again) ? 0 : -1);
}

int
clock_named_days(struct span name, int64_t *first, int64_t *last)
{
	uint64_t year;
	int month, day;

	if (name.len < 7 || num_u64(span_of(name.ptr, 4), &year) == -1 || name.ptr[4] != '-' ||
	    year == 0)
		return (-1);
	if (name.ptr[5] == 'W')
		return (week_days(name, (int)year, first, last));
	if ((month = two_digits(name, 5, 1, 12)) == -1)
		return (-1);
	*first = clock_days((int)year, month, 1);
	*last = (month == 12 ? clock_days((int)year + 1, 1, 1) :
			       clock_days((int)year, month + 1, 1)) -
	    1;
	if (name.len == 7)
		return (0);
	day = two_digits(name, 8, 1, (int)(*last - *first) + 1);
	if (name.len != 10 || name.ptr[7] != '-' || day == -1)
		return (-1);
	*first = *last = *first + day - 1;
	return (0);
}
