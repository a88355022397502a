/* string: times in a pattern. */
#include "parse/string/date.h"

#include "parse/field.h"

#define DAY_S INT64_C(86400)
#define LETTERS "YymdeHIklMSbBhaApPzZNfsFTDRrcxXjuwnt%"

struct date {
	struct span rest; /* of the text */
	int64_t year, month, day, day_of_year, hour, minute, second, us, epoch, zone;
	bool has_day, has_epoch, has_zone, pm, am;
};

static const char months[12][10] = { "january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december" };
static const char days[7][10] = { "monday", "tuesday", "wednesday", "thursday", "friday",
	"saturday", "sunday" };

bool
parse_string_date_check(struct span pattern, size_t *bad)
{
	for (size_t i = 0; i < pattern.len; i++) {
		*bad = i;
		if (pattern.ptr[i] == '%' &&
		    (++i == pattern.len || pattern.ptr[i] == '\0' ||
			strchr(LETTERS, pattern.ptr[i]) == NULL))
			return (false);
	}
	return (true);
}

/* min to max digits. */
static bool
read_digits(struct date *d, size_t min, size_t max, int64_t *value)
{
	size_t len = 0;

	while (len < max && len < d->rest.len && parse_field_is_digit(d->rest.ptr[len]))
		len++;
	if (len < min || !parse_field_digits(span_of(d->rest.ptr, len), value))
		return (false);
	d->rest = span_from(d->rest, len);
	return (true);
}

static bool
read_word(struct date *d, const char (*words)[10], int count, int64_t *number)
{
	size_t len = 0;

	while (len < d->rest.len && (d->rest.ptr[len] | 0x20) >= 'a' &&
	    (d->rest.ptr[len] | 0x20) <= 'z')
		len++;
	for (int i = 0; len >= 3 && i < count; i++) {
		size_t same = 0;

		while (same < len && (d->rest.ptr[same] | 0x20) == words[i][same])
			same++;
		if (same == len && (len == 3 || words[i][same] == '\0')) {
			*number = i + 1;
			d->rest = span_from(d->rest, len);
			return (true);
		}
	}
	return (false);
}

static bool
read_fraction(struct date *d)
{
	int64_t weight = 100000;
	size_t len = 0;

	d->us = 0;
	for (; len < d->rest.len && len < 9 && parse_field_is_digit(d->rest.ptr[len]); len++) {
		d->us += (d->rest.ptr[len] - '0') * weight;
		weight /= 10;
	}
	d->rest = span_from(d->rest, len);
	return (len > 0);
}

/* "+0100", "+01:00", "+01" */
static bool
read_offset(struct date *d)
{
	struct span t = d->rest;
	int64_t hours, minutes = 0, sign;

	if (t.len < 3 || (t.ptr[0] != '+' && t.ptr[0] != '-'))
		return (false);
	sign = t.ptr[0] == '-' ? -1 : 1;
	d->rest = span_from(t, 1);
	if (!read_digits(d, 2, 2, &hours))
		return (false);
	if (d->rest.len > 0 && d->rest.ptr[0] == ':')
		d->rest = span_from(d->rest, 1);
	if (d->rest.len >= 2 && parse_field_is_digit(d->rest.ptr[0]) &&
	    !read_digits(d, 2, 2, &minutes))
		return (false);
	d->zone = sign * (hours * 3600 + minutes * 60);
	d->has_zone = true;
	return (hours < 15 && minutes < 60);
}

/*
 * An offset, "Z", "UTC", "GMT", "GMT+01:00"; with names also "CEST", which
 * does not say which zone of that name it is: as if it said none.
 */
static bool
read_zone(struct date *d, bool names)
{
	struct span t = d->rest;
	size_t len = 0;

	while (len < t.len && (t.ptr[len] | 0x20) >= 'a' && (t.ptr[len] | 0x20) <= 'z')
		len++;
	if (span_starts(t, span_of("UTC", 3)) || span_starts(t, span_of("GMT", 3)) ||
	    span_starts(t, span_of("Z", 1))) {
		d->rest = span_from(t, t.ptr[0] == 'Z' ? 1 : 3);
		d->has_zone = true;
		t = d->rest;
		if (names && !read_offset(d))
			d->rest = t;
		return (true);
	}
	if (!names || len == 0)
		return (read_offset(d));
	d->rest = span_from(t, len);
	return (len >= 3 && len <= 5);
}

static bool
read_epoch(struct date *d)
{
	int64_t value;

	if (!read_digits(d, 1, 18, &value))
		return (false);
	d->has_epoch = true;
	d->epoch = value >= INT64_C(100000000000000) ? value :
	    value >= INT64_C(100000000000)           ? value * 1000 :
						       value * 1000000;
	return (value >= INT64_C(100000000000) || value < INT64_C(10000000000));
}

static bool
read_half(struct date *d)
{
	if (d->rest.len < 2 || (d->rest.ptr[1] | 0x20) != 'm')
		return (false);
	d->pm = (d->rest.ptr[0] | 0x20) == 'p';
	d->am = (d->rest.ptr[0] | 0x20) == 'a';
	d->rest = span_from(d->rest, 2);
	return (d->pm || d->am);
}

static bool read_pattern(struct date *d, struct span pattern);

/* One digit may have a blank in front. */
static bool
read_padded(struct date *d, int64_t *value)
{
	if (d->rest.len > 0 && d->rest.ptr[0] == ' ')
		d->rest = span_from(d->rest, 1);
	return (read_digits(d, 1, 2, value));
}

static bool
read_day(struct date *d)
{
	d->has_day = true;
	return (read_padded(d, &d->day));
}

static bool
read_year(struct date *d, bool whole)
{
	if (!read_digits(d, whole ? 4 : 2, whole ? 4 : 2, &d->year))
		return (false);
	if (!whole)
		d->year += d->year < 70 ? 2000 : 1900;
	return (true);
}

static bool
read_literal(struct date *d, char c)
{
	if (d->rest.len == 0 || d->rest.ptr[0] != c)
		return (false);
	d->rest = span_from(d->rest, 1);
	return (true);
}

static bool
read_letter(struct date *d, char letter)
{
	int64_t ignored;

	switch (letter) {
	case 'Y': return (read_year(d, true));
	case 'y': return (read_year(d, false));
	case 'm': return (read_digits(d, 1, 2, &d->month));
	case 'd':
	case 'e': return (read_day(d));
	case 'k':
	case 'l': return (read_padded(d, &d->hour));
	case 'H':
	case 'I': return (read_digits(d, 1, 2, &d->hour));
	case 'M': return (read_digits(d, 2, 2, &d->minute));
	case 'S': return (read_digits(d, 2, 2, &d->second));
	case 'b':
	case 'B':
	case 'h': return (read_word(d, months, 12, &d->month));
	case 'a':
	case 'A': return (read_word(d, days, 7, &ignored));
	case 'j': return (read_digits(d, 1, 3, &d->day_of_year));
	case 'u':
	case 'w': return (read_digits(d, 1, 1, &ignored));
	case 'P':
	case 'p': return (read_half(d));
	case 'z': return (read_zone(d, false));
	case 'Z': return (read_zone(d, true));
	case 'N':
	case 'f': return (read_fraction(d));
	case 's': return (read_epoch(d));
	case 'F': return (read_pattern(d, span_of("%Y-%m-%d", 8)));
	case 'X':
	case 'T': return (read_pattern(d, span_of("%H:%M:%S", 8)));
	case 'r': return (read_pattern(d, span_of("%I:%M:%S %p", 11)));
	case 'c': return (read_pattern(d, span_of("%a %b %e %H:%M:%S %Y", 20)));
	case 'x':
	case 'D': return (read_pattern(d, span_of("%m/%d/%y", 8)));
	case 'R': return (read_pattern(d, span_of("%H:%M", 5)));
	case 'i': /* only of ours: log4j and logback differ */
		return (read_literal(d, 'T') || read_literal(d, ' '));
	case 'n': return (read_literal(d, '\n'));
	case 't': return (read_literal(d, '\t'));
	default: return (read_literal(d, letter));
	}
}

static bool
read_pattern(struct date *d, struct span pattern)
{
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.ptr[i] != '%') {
			if (!read_literal(d, pattern.ptr[i]))
				return (false);
		} else if (i + 1 == pattern.len || !read_letter(d, pattern.ptr[++i]))
			return (false);
	}
	return (true);
}

/* Days since 1970-01-01, years counted from March. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t from_march = month > 2 ? month - 3 : month + 9, y = month > 2 ? year : year - 1;

	return (y * 365 + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1 -
	    719468);
}

static bool
is_possible(const struct date *d)
{
	static const int8_t most[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	if (d->hour > 23 || d->minute > 59 || d->second > 60)
		return (false);
	if (!d->has_day)
		return (d->day_of_year >= 0 && d->day_of_year <= 365 + (d->year == -1 || leap));
	if (d->month < 1 || d->month > 12 || d->day < 1 || d->day > most[d->month - 1])
		return (false);
	return (d->year == -1 || (d->year >= 1970 && (d->month != 2 || d->day < 29 || leap)));
}

/* Without a date or a year: the last one that is not in the future. */
static int64_t
day_of(const struct date *d, int64_t now_s, int64_t clock)
{
	int64_t day;

	if (!d->has_day && d->day_of_year == 0) {
		day = now_s / DAY_S;
		return (day * DAY_S + clock > now_s + DAY_S / 2 ? day - 1 : day);
	}
	if (d->year != -1)
		return (days_of(d->year, d->month, d->day));
	for (int64_t year = 1970 + now_s / (365 * DAY_S) + 1; year > 1970; year--)
		if ((day = days_of(year, d->month, d->day)) * DAY_S <= now_s + DAY_S)
			return (day);
	return (days_of(1970, d->month, d->day));
}

int
parse_string_date_read(struct span pattern, struct span text, int64_t now_us, int64_t *t_us)
{
	struct date d = { .rest = text, .year = -1 };
	int64_t clock;

	if (!read_pattern(&d, pattern) || d.rest.len > 0)
		return (-1);
	if (d.has_epoch) {
		*t_us = d.epoch + d.us;
		return (1);
	}
	if ((d.pm || d.am) && (d.hour < 1 || d.hour > 12))
		return (-1);
	if (d.pm || d.am)
		d.hour = d.hour % 12 + (d.pm ? 12 : 0);
	if (!is_possible(&d))
		return (-1);
	if (!d.has_day && d.day_of_year > 0) {
		d.month = 1; /* days_of counts on from there */
		d.day = d.day_of_year;
	}
	clock = d.hour * 3600 + d.minute * 60 + d.second - d.zone;
	*t_us = (day_of(&d, now_us / 1000000, clock) * DAY_S + clock) * 1000000 + d.us;
	return (*t_us < 0 && d.has_day && d.year != -1 ? -1 : d.has_zone);
}

size_t
parse_string_date_len(struct span pattern, struct span text)
{
	struct date d = { .rest = text, .year = -1 };

	return (read_pattern(&d, pattern) ? text.len - d.rest.len : 0);
}
