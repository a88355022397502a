/* Epochs: which day, week or month a moment belongs to, in UTC. */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "key/key.h"

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
key_epoch_end_us(enum key_period period, int64_t index)
{
	return (first_day(period, index + 1) * DAY_US);
}

size_t
key_epoch_name(enum key_period period, int64_t index, char out[static 16])
{
	int64_t day = first_day(period, index);
	struct clock_civil c;
	char text[64];

	if (period == KEY_WEEK) {
		clock_iso_week(day, out);
		return (strlen(out));
	}
	clock_to_civil(day * DAY_US, &c);
	if (period == KEY_DAY)
		(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", c.year, c.month, c.day);
	else
		(void)snprintf(text, sizeof(text), "%04d-%02d", c.year, c.month);
	assert(strlen(text) < 16);
	memcpy(out, text, strlen(text) + 1);
	return (strlen(out));
}
