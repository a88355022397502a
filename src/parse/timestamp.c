/* parse: times, eight digits at a time. */
#include "parse/timestamp.h"

#include <stdbool.h>
#include <string.h>

#define CLF_LEN 26 /* dd/Mon/yyyy:hh:mm:ss +hhmm */

/*
 * Months by a perfect hash of their three letters; the gaps hold zero, which
 * no three letters equal.
 */
static const struct month {
	uint32_t letters;
	uint8_t number, days;
} months[16] = {
#define MONTH(a, b, c, number, days) \
	{ \
		(uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16, number, days \
	}
	[12] = MONTH('J', 'a', 'n', 1, 31),
	[14] = MONTH('F', 'e', 'b', 2, 28),
	[6] = MONTH('M', 'a', 'r', 3, 31),
	[7] = MONTH('A', 'p', 'r', 4, 30),
	[4] = MONTH('M', 'a', 'y', 5, 31),
	[13] = MONTH('J', 'u', 'n', 6, 30),
	[0] = MONTH('J', 'u', 'l', 7, 31),
	[15] = MONTH('A', 'u', 'g', 8, 31),
	[9] = MONTH('S', 'e', 'p', 9, 30),
	[3] = MONTH('O', 'c', 't', 10, 31),
	[1] = MONTH('N', 'o', 'v', 11, 30),
	[5] = MONTH('D', 'e', 'c', 12, 31),
#undef MONTH
};

static uint32_t
load32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return ((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24);
}

/* Four digits, e.g. "2025"; -1 if they are none. */
static int
digits4(const char *p)
{
	uint32_t x = load32(p) ^ 0x30303030u;

	if ((((x + 0x76767676u) | x) & 0x80808080u) != 0)
		return (-1);
	x = x * 10 + (x >> 8); /* byte 0 and byte 2 hold the pairs */
	return ((int)(x & 0xff) * 100 + (int)(x >> 16 & 0xff));
}

/* "hh:mm:ss" in seconds; -1 if it is none.  A leap second is legal. */
static int
clock_of(const char *p)
{
	uint64_t x = (uint64_t)load32(p) | (uint64_t)load32(p + 4) << 32;
	int hour, minute, second;

	x ^= UINT64_C(0x30303a30303a3030);
	/* The colons became zero: any other value there sets bit 7. */
	if ((((x + UINT64_C(0x76767f76767f7676)) | x) & UINT64_C(0x8080808080808080)) != 0)
		return (-1);
	x = x * 10 + (x >> 8);
	hour = (int)(x & 0xff);
	minute = (int)(x >> 24 & 0xff);
	second = (int)(x >> 48 & 0xff);
	if (hour > 23 || minute > 59 || second > 60)
		return (-1);
	return (hour * 3600 + minute * 60 + second);
}

/* Days since 1970-01-01, years counted from March (no leap-day special case). */
static int64_t
days_of(int year, int month, int day)
{
	int from_march = month > 2 ? month - 3 : month + 9;
	int y = month > 2 ? year : year - 1;
	int of_year = (153 * from_march + 2) / 5 + day - 1;

	return ((int64_t)y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468);
}

static bool
day_is_good(int year, const struct month *m, int day)
{
	if (day >= 1 && day <= m->days)
		return (true);
	return (day == 29 && m->number == 2 &&
	    (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
}

/* "dd/Mon/yyyy" in days; -1 if it is none or before 1970. */
static int64_t
date_of(const char *p)
{
	uint32_t letters = load32(p + 3) & 0xffffff;
	const struct month *m = &months[letters * 0x67e5u >> 28];
	int day = (p[0] - '0') * 10 + (p[1] - '0');
	int year = digits4(p + 7);

	if ((unsigned char)(p[0] - '0') > 9 || (unsigned char)(p[1] - '0') > 9)
		return (-1);
	if (p[2] != '/' || p[6] != '/' || m->letters != letters || year < 1970)
		return (-1);
	if (!day_is_good(year, m, day))
		return (-1);
	return (days_of(year, m->number, day));
}

/* "+hhmm" in seconds; INT32_MIN if it is none. */
static int32_t
zone_of(const char *p)
{
	int hhmm = digits4(p + 1);
	int32_t s;

	if ((p[0] != '+' && p[0] != '-') || hhmm < 0 || hhmm % 100 > 59 || hhmm > 1459)
		return (INT32_MIN);
	s = hhmm / 100 * 3600 + hhmm % 100 * 60;
	return (p[0] == '-' ? -s : s);
}

/* ".ddd" of 1 to 9 digits in microseconds, cut, not rounded; -1 if it is none. */
static int32_t
fraction_of(struct span text)
{
	int32_t us = 0, weight = 100000;

	if (text.len < 2 || text.len > 10 || text.ptr[0] != '.')
		return (-1);
	for (size_t i = 1; i < text.len; i++) {
		unsigned char digit = (unsigned char)(text.ptr[i] - '0');

		if (digit > 9)
			return (-1);
		us += digit * weight;
		weight /= 10;
	}
	return (us);
}

/* A time with all its parts.  0 or -1. */
static int
time_read(struct span text, int64_t *t_us)
{
	int64_t days;
	int32_t zone, us = 0;
	int seconds;

	if (text.len < CLF_LEN)
		return (-1);
	if (text.len > CLF_LEN &&
	    (us = fraction_of(span_of(text.ptr + 20, text.len - CLF_LEN))) < 0)
		return (-1);
	if (text.ptr[11] != ':' || text.ptr[text.len - 6] != ' ')
		return (-1);
	days = date_of(text.ptr);
	seconds = clock_of(text.ptr + 12);
	zone = zone_of(text.ptr + text.len - 5);
	if (days < 0 || seconds < 0 || zone == INT32_MIN)
		return (-1);
	days = days * 86400 + seconds - zone;
	if (days < 0)
		return (-1);
	*t_us = days * 1000000 + us;
	return (0);
}

/* The last time of this thread that had no fraction: lines of a second are neighbours. */
static _Thread_local struct {
	char text[CLF_LEN];
	int64_t t_us;
} last;

int
parse_time_clf(struct span text, int64_t *t_us)
{
	if (text.len != CLF_LEN)
		return (time_read(text, t_us));
	if (memcmp(text.ptr, last.text, CLF_LEN) != 0) {
		if (time_read(text, t_us) == -1)
			return (-1);
		memcpy(last.text, text.ptr, CLF_LEN);
		last.t_us = *t_us;
	}
	*t_us = last.t_us;
	return (0);
}

/* ---- RFC 3339 ---- */

#define ISO_LEN 19 /* yyyy-mm-ddThh:mm:ss */

/* Two digits; -1 if they are none. */
static int
digits2(const char *p)
{
	unsigned high = (unsigned char)(p[0] - '0'), low = (unsigned char)(p[1] - '0');

	return (high > 9 || low > 9 ? -1 : (int)(high * 10 + low));
}

/* "yyyy-mm-dd" in days; -1 if it is none or before 1970. */
static int64_t
iso_date(const char *p)
{
	static const uint8_t days[13] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = digits4(p), number = digits2(p + 5), day = digits2(p + 8);
	struct month m = { .number = (uint8_t)number };

	if (p[4] != '-' || p[7] != '-' || year < 1970 || number < 1 || number > 12)
		return (-1);
	m.days = days[number];
	return (day_is_good(year, &m, day) ? days_of(year, number, day) : -1);
}

/* What stands behind the clock and its fraction, in seconds; INT32_MIN if it is no zone. */
static int32_t
iso_zone(struct span text)
{
	char four[6];

	if (text.len > 0 && text.ptr[0] == ' ')
		text = span_from(text, 1);
	if (text.len == 0 || span_is(text, "Z") || span_is(text, "z") || span_is(text, "UTC") ||
	    span_is(text, "GMT"))
		return (0);
	if (text.len != 3 && text.len != 5 && (text.len != 6 || text.ptr[3] != ':'))
		return (INT32_MIN);
	memcpy(four, text.ptr, 3);
	memcpy(four + 3, text.len == 3 ? "00" : text.ptr + text.len - 2, 2);
	return (zone_of(four));
}

static int
iso_read(struct span text, int64_t *t_us)
{
	int64_t days;
	int32_t zone, us = 0;
	int seconds;
	size_t end = ISO_LEN;
	char fraction[10];

	if (text.len < ISO_LEN || memchr("Tt ", text.ptr[10], 3) == NULL)
		return (-1);
	if (text.len > end && (text.ptr[end] == '.' || text.ptr[end] == ',')) {
		for (end++; end < text.len && digits2((char[]){ '0', text.ptr[end] }) >= 0;)
			end++;
		if (end - ISO_LEN > sizeof(fraction))
			return (-1);
		memcpy(fraction, text.ptr + ISO_LEN, end - ISO_LEN);
		fraction[0] = '.';
		if ((us = fraction_of(span_of(fraction, end - ISO_LEN))) < 0)
			return (-1);
	}
	days = iso_date(text.ptr);
	seconds = clock_of(text.ptr + 11);
	zone = iso_zone(span_from(text, end));
	if (days < 0 || seconds < 0 || zone == INT32_MIN)
		return (-1);
	days = days * 86400 + seconds - zone;
	if (days < 0)
		return (-1);
	*t_us = days * 1000000 + us;
	return (0);
}

int
parse_time_iso(struct span text, int64_t *t_us)
{
	return (iso_read(text, t_us));
}

/* ---- RFC 3164 ---- */

#define BSD_LEN 15 /* Mon dd hh:mm:ss */
#define DAY_US (INT64_C(86400) * 1000000)

/* The last year in which the day is before limit, in days; -1 if it never was. */
static int64_t
last_day(const struct month *m, int day, int64_t limit)
{
	int year = (int)(limit / 365) + 1970; /* this one, or one later */

	for (int tries = 0; tries < 10 && year >= 1970; tries++, year--) {
		int64_t days = day_is_good(year, m, day) ? days_of(year, m->number, day) : -1;

		if (days >= 0 && days <= limit)
			return (days);
	}
	return (-1);
}

size_t
parse_time_bsd(struct span text, int64_t now_us, int64_t *t_us)
{
	const struct month *m;
	uint32_t letters;
	int64_t days;
	int day, seconds, year = -1;
	size_t clock = 7, end;

	if (text.len < BSD_LEN - 1)
		return (0);
	letters = load32(text.ptr) & 0xffffff;
	m = &months[letters * 0x67e5u >> 28];
	if (text.ptr[5] == ' ') { /* "Nov 4 10:11:12" */
		day = digits2((char[]){ '0', text.ptr[4] });
		clock = 6;
	} else {
		day = digits2((char[]){ text.ptr[4] == ' ' ? '0' : text.ptr[4], text.ptr[5] });
	}
	if (m->letters != letters || text.ptr[3] != ' ' || text.ptr[clock - 1] != ' ')
		return (0);
	if (text.len >= clock + 13 && text.ptr[clock + 4] == ' ')
		year = digits4(text.ptr + clock);
	if (year >= 1970)
		clock += 5;
	if (text.len < clock + 8 || (seconds = clock_of(text.ptr + clock)) < 0)
		return (0);
	days = year < 1970 ? last_day(m, day, (now_us + DAY_US) / DAY_US)
	    : day_is_good(year, m, day) ? days_of(year, m->number, day) : -1;
	if (days < 0)
		return (0);
	*t_us = (days * 86400 + seconds) * 1000000;
	end = clock + 8;
	if (end < text.len && text.ptr[end] == '.') {
		size_t from = end++;

		while (end < text.len && end < from + 10 &&
		    (unsigned char)(text.ptr[end] - '0') <= 9)
			end++;
		*t_us += end == from + 1 ? 0 : fraction_of(span_of(text.ptr + from, end - from));
	}
	return (end);
}

/* ---- since 1970 ---- */

int
parse_time_epoch(struct span text, int64_t *t_us)
{
	int64_t whole = 0;
	int32_t us = 0;
	size_t len = 0;

	while (len < text.len && len < 19 && (unsigned char)(text.ptr[len] - '0') <= 9)
		whole = whole * 10 + (text.ptr[len++] - '0');
	if (len == 0 || whole < 0)
		return (-1);
	if (len < text.len) {
		struct span rest = span_from(text, len), more = span_from(rest, 10);

		for (size_t i = 0; i < more.len; i++)
			if ((unsigned char)(more.ptr[i] - '0') > 9)
				return (-1);
		rest.len -= more.len;
		if ((us = fraction_of(rest)) < 0)
			return (-1);
	}
	if (len <= 11)
		*t_us = whole * 1000000 + us;
	else if (len <= 14)
		*t_us = whole * 1000 + us / 1000;
	else
		*t_us = len <= 17 ? whole : whole / 1000;
	return (0);
}

int
parse_time_any(struct span text, int64_t *t_us)
{
	if (text.len >= ISO_LEN && text.ptr[4] == '-')
		return (parse_time_iso(text, t_us));
	if (text.len >= CLF_LEN && text.ptr[2] == '/')
		return (parse_time_clf(text, t_us));
	return (parse_time_epoch(text, t_us));
}
