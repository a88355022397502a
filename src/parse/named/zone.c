/* parse: times that name no zone. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "parse/event.h"
#include "parse/named/zone.h"
#include "parse/parse.h"

#define DAY_S 86400
#define LAST_S (INT64_C(130) * 365 * DAY_S)
#define NAME_BYTES 64
#define OFFSET_MAX_S (15 * 3600)

/* "+02:00", "-0530", "+02": seconds east; false if it is none. */
static bool
read_offset(struct span name, int32_t *offset)
{
	int32_t digits[4] = { 0 };
	unsigned count = 0;

	if (name.len < 3 || name.len > 6 || (name.ptr[0] != '+' && name.ptr[0] != '-'))
		return (false);
	for (size_t i = 1; i < name.len; i++) {
		if (name.ptr[i] == ':' && i == 3 && name.len == 6)
			continue;
		if (name.ptr[i] < '0' || name.ptr[i] > '9' || count == 4)
			return (false);
		digits[count++] = name.ptr[i] - '0';
	}
	if (count == 3 || digits[2] > 5)
		return (false);
	*offset = (digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60;
	if (*offset > OFFSET_MAX_S)
		return (false);
	if (name.ptr[0] == '-')
		*offset = -*offset;
	return (true);
}

/* A name that is one of a zone, not of another file. */
static bool
is_name(struct span name)
{
	if (name.len == 0 || name.len >= NAME_BYTES || name.ptr[0] == '/')
		return (false);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '-' || c == '+' || c == '/'))
			return (false);
	}
	return (true);
}

static int32_t
offset_at(int64_t t_s)
{
	time_t t = (time_t)t_s;
	struct tm tm;

	return (localtime_r(&t, &tm) == NULL ? 0 : (int32_t)tm.tm_gmtoff);
}

static void
add(struct parse_zone *zone, int64_t t_s, int32_t offset)
{
	if (zone->count == PARSE_ZONE_STEPS_MAX)
		return;
	zone->step[zone->count].local_s = t_s + offset;
	zone->step[zone->count].offset_s = offset;
	zone->count++;
}

/* The steps of the zone that TZ names. */
static void
find_steps(struct parse_zone *zone)
{
	int32_t offset = offset_at(0);

	add(zone, INT32_MIN, offset);
	for (int64_t day = 0; day < LAST_S; day += DAY_S) {
		int64_t low = day, high = day + DAY_S;

		if (offset_at(high) == offset)
			continue;
		while (high - low > 1) {
			int64_t middle = (low + high) / 2;

			if (offset_at(middle) == offset)
				low = middle;
			else
				high = middle;
		}
		offset = offset_at(high);
		add(zone, high, offset);
	}
}

int
parse_zone_load(struct span name, struct parse_zone *zone)
{
	char path[NAME_BYTES + 32], text[NAME_BYTES], *before = getenv("TZ");
	char *kept = before == NULL ? NULL : strdup(before);
	int32_t offset = 0;

	memset(zone, 0, sizeof(*zone));
	if (span_is(name, "UTC") || read_offset(name, &offset)) {
		add(zone, INT32_MIN, offset);
		free(kept);
		return (0);
	}
	if (!is_name(name)) {
		free(kept);
		return (-1);
	}
	(void)snprintf(text, sizeof(text), "%.*s", (int)name.len, name.ptr);
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", text);
	if (access(path, R_OK) != 0 || text[name.len - 1] == '/') {
		free(kept);
		return (-1);
	}
	(void)setenv("TZ", text, 1);
	tzset();
	find_steps(zone);
	(void)(kept != NULL ? setenv("TZ", kept, 1) : unsetenv("TZ"));
	tzset();
	free(kept);
	return (0);
}

int64_t
parse_zone_utc(const struct parse_zone *zone, int64_t local_us)
{
	int64_t local_s = local_us / 1000000;
	unsigned low = 0, high = zone->count;

	/* The last step that its clock has done by then. */
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (zone->step[middle].local_s <= local_s)
			low = middle;
		else
			high = middle;
	}
	return (local_us - (int64_t)zone->step[low].offset_s * 1000000);
}

/* When the step was done, by UTC. */
static int64_t
step_us(const struct parse_zone *zone, unsigned i)
{
	return ((zone->step[i].local_s - zone->step[i].offset_s) * 1000000);
}

int64_t
parse_zone_local(const struct parse_zone *zone, int64_t t_us)
{
	unsigned i = zone->count - 1;

	while (i > 0 && step_us(zone, i) > t_us)
		i--;
	return (t_us + (int64_t)zone->step[i].offset_s * 1000000);
}

int64_t
parse_zone_first(const struct parse_zone *zone, int64_t local_us)
{
	int64_t first_us = 0;

	for (unsigned i = 0; i < zone->count; i++) {
		first_us = local_us - (int64_t)zone->step[i].offset_s * 1000000;
		if (first_us < step_us(zone, i))
			first_us = step_us(zone, i);
		if (i + 1 == zone->count || first_us < step_us(zone, i + 1))
			break;
	}
	return (first_us);
}

void
parse_zone_assume(const struct parse_state *state, struct event *ev)
{
	if (!ev->time_ok)
		return;
	if (state->parser->zone == NULL)
		ev->zone_assumed = true;
	else
		ev->time_us = parse_zone_utc(state->parser->zone, ev->time_us);
}
