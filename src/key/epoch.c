/* Epochs: which day, week or month a moment belongs to, in UTC. */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"
#include "key/table.h"

#define DAY_US ((int64_t)86400 * 1000000)

/* 1970-01-01 was a Thursday: its week had begun three days before. */
#define MONDAY_BEFORE 3

/* Rounds down, also below zero. */
static int64_t
divide(int64_t n, int64_t by)
{
	return (n / by - (n % by < 0 ? 1 : 0));
}

int64_t
key_epoch_index(enum key_period period, int64_t t_us)
{
	int64_t days = divide(t_us, DAY_US);
	struct clock_civil c;

	if (period == KEY_DAY)
		return (days);
	if (period == KEY_WEEK)
		return (divide(days + MONDAY_BEFORE, 7));
	assert(period == KEY_MONTH);
	clock_to_civil(t_us, &c);
	return ((int64_t)(c.year - 1970) * 12 + c.month - 1);
}

static int64_t
month_day(int64_t index)
{
	int64_t years = divide(index, 12);

	return (clock_days((int)(1970 + years), (int)(index - years * 12) + 1, 1));
}

/* The first day of an epoch. */
static int64_t
first_day(enum key_period period, int64_t index)
{
	if (period == KEY_DAY)
		return (index);
	if (period == KEY_WEEK)
		return (index * 7 - MONDAY_BEFORE);
	assert(period == KEY_MONTH);
	return (month_day(index));
}

int64_t
key_epoch_base(int64_t index)
{
	return (index % KEY_CHANGE_STEP);
}

int64_t
key_epoch_start_us(enum key_period period, int64_t index)
{
	return (first_day(period, key_epoch_base(index)) * DAY_US);
}

int64_t
key_epoch_end_us(enum key_period period, int64_t index)
{
	return (first_day(period, key_epoch_base(index) + 1) * DAY_US);
}

/* Behind the name of its time: which key of the epoch it is, from the second on. */
static size_t
add_number(int64_t index, char out[static 16])
{
	size_t len = strlen(out);
	char number[24];
	int more;

	if (index < KEY_CHANGE_STEP)
		return (len);
	more = snprintf(number, sizeof(number), ".%lld", (long long)(index / KEY_CHANGE_STEP) + 1);
	assert(more > 0 && len + (size_t)more < 16);
	memcpy(out + len, number, (size_t)more + 1);
	return (len + (size_t)more);
}

size_t
key_epoch_name(enum key_period period, int64_t index, char out[static 16])
{
	int64_t day = first_day(period, key_epoch_base(index));
	struct clock_civil c;
	char text[64];

	if (period == KEY_WEEK) {
		clock_iso_week(day, out);
		return (add_number(index, out));
	}
	clock_to_civil(day * DAY_US, &c);
	if (period == KEY_DAY)
		(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", c.year, c.month, c.day);
	else
		(void)snprintf(text, sizeof(text), "%04d-%02d", c.year, c.month);
	assert(strlen(text) < 16);
	memcpy(out, text, strlen(text) + 1);
	return (add_number(index, out));
}

/* Of the time that a name begins with; its form tells the period. */
static int
parse_day(struct span name, enum key_period *period, int64_t *day)
{
	char text[16] = { 0 };
	int year, month, date = 1;

	if (name.len < 7 || name.len > 10)
		return (-1);
	memcpy(text, name.ptr, name.len);
	if (sscanf(text, "%4d-W%2d", &year, &month) == 2) {
		*period = KEY_WEEK;
		*day = clock_days(year, 1, 4) + (int64_t)7 * (month - 1);
		return (0);
	}
	*period = name.len == 7 ? KEY_MONTH : KEY_DAY;
	if (sscanf(text, name.len == 7 ? "%4d-%2d" : "%4d-%2d-%2d", &year, &month, &date) < 2 ||
	    month < 1 || month > 12 || date < 1 || date > 31)
		return (-1);
	*day = clock_days(year, month, date);
	return (0);
}

/* Whatever was read, the name of it must be the name that was given. */
int
key_epoch_parse(struct span name, enum key_period *period, int64_t *index)
{
	size_t dot = span_find(name, '.'), len;
	uint64_t number = 1;
	char again[16];
	int64_t day;

	if (parse_day(span_of(name.ptr, dot), period, &day) == -1 ||
	    (dot < name.len && (num_u64(span_from(name, dot + 1), &number) == -1 ||
		number < 2 || number > KEY_CHANGES_MAX + 1)))
		return (-1);
	*index = key_epoch_index(*period, day * DAY_US);
	if (!key_epoch_possible(*period, *index))
		return (-1);
	*index += (int64_t)(number - 1) * KEY_CHANGE_STEP;
	len = key_epoch_name(*period, *index, again);
	return (span_equal(name, span_of(again, len)) ? 0 : -1);
}
