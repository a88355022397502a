/* points: totals over time. */
#include <string.h>

#include "base/err.h"
#include "view/counts/inside.h"

#define TEN(n) (((n) + 5) / 10 * 10)

static int
add_point(struct view_reading *r, const struct view_window *point, struct err *e)
{
	struct view_counts *c = r->c;
	void *points = view_grow(c->points, c->point_count, sizeof(*c->points), e);

	if (points == NULL)
		return (-1);
	c->points = points;
	c->points[c->point_count++] = *point;
	for (int m = 0; m < (int)VIEW_MEASURES; m++)
		c->total[m] += point->count[m];
	return (0);
}

static int
add_blocks(struct view_reading *r, int64_t day_us, struct err *e)
{
	struct view_window blocks[24];
	size_t count = view_blocks(r, day_us, r->q->grant->k, blocks);

	for (size_t i = 0; i < count; i++)
		if (blocks[i].begin_us >= r->c->since_us && blocks[i].end_us <= r->c->until_us &&
		    add_point(r, &blocks[i], e) == -1)
			return (-1);
	return (0);
}

static int
add_public_day(struct view_reading *r, const struct view_sum *day, struct err *e)
{
	struct view_window point = { .begin_us = day->begin_us,
		.end_us = day->begin_us + VIEW_DAY_US,
		.count = { TEN(day->requests) },
		.subjects = day->subjects };

	if (point.subjects < r->q->grant->k || point.begin_us < r->c->since_us ||
	    point.end_us > r->c->until_us)
		return (0);
	return (add_point(r, &point, e));
}

int
view_points_read(struct view_reading *r, struct err *e)
{
	for (size_t i = 0; i < r->days.count; i++) {
		const struct view_sum *day = &r->days.rows[i];
		int rc = r->q->grant->tier == VIEW_PUBLIC ? add_public_day(r, day, e) :
							    add_blocks(r, day->begin_us, e);

		if (rc == -1)
			return (-1);
	}
	return (0);
}
