#include "app/pipe/rotate.h"

#include <string.h>

#include "app/pipe/pipe.h"
#include "base/num.h"

int
app_rotate_parse(const char *text, const char *zone, struct app_rotate *r)
{
	static const char *const names[KEY_PERIOD_COUNT] = { "daily", "weekly", "monthly" };

	*r = (struct app_rotate){ .by_time = false };
	if (parse_zone_load(span_str(zone[0] == '\0' ? "UTC" : zone), &r->zone) == -1)
		return (-1);
	if (strcmp(text, "never") == 0)
		return (0);
	for (int i = 0; i < KEY_PERIOD_COUNT; i++) {
		if (strcmp(text, names[i]) == 0) {
			r->by_time = true;
			r->period = (enum key_period)i;
			return (0);
		}
	}
	if (num_size(span_str(text), &r->bytes) == -1 || r->bytes < APP_ROTATE_BYTES_MIN)
		return (-1);
	return (0);
}

static int64_t
index_of(const struct app_rotate *r, int64_t t_us)
{
	return (key_epoch_index(r->period, parse_zone_local(&r->zone, t_us)));
}

void
app_rotate_name(const struct app_rotate *r, int64_t t_us, char name[static 16])
{
	(void)key_epoch_name(r->period, index_of(r, t_us), name);
}

int64_t
app_rotate_end(const struct app_rotate *r, int64_t t_us)
{
	if (!r->by_time)
		return (0);
	return (parse_zone_first(&r->zone, key_epoch_end_us(r->period, index_of(r, t_us))));
}

bool
app_rotate_ends(const struct app_rotate *r, int64_t from_us, int64_t to_us, char name[static 16])
{
	if (!r->by_time || to_us < app_rotate_end(r, from_us))
		return (false);
	app_rotate_name(r, from_us, name);
	return (true);
}

int
app_pipe_rotate_start(struct app_pipe *p, struct err *e)
{
	struct store_unrotated u;
	char name[16];

	p->period_us = p->turn_us;
	if (!p->rotate.by_time && p->rotate.bytes == 0)
		return (0);
	if (store_live_unrotated(p->live, &u, e) == -1)
		return (-1);
	p->period_bytes = u.bytes;
	p->period_number = u.number;
	if (u.segments == 0 || !app_rotate_ends(&p->rotate, u.t_us, p->turn_us, name))
		return (0);
	return (store_live_rotate(p->live, name, e));
}
