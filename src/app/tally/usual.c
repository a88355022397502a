/* app: what is usual for this hour, for who looks at errors as they come. */
#include "app/tally/inside.h"
#include "base/clock.h"
#include "tally/usual.h"

/* Without it the share of errors decides: no reason to say anything. */
static struct stats_usual
read_usual(const struct app_counter *c, int64_t now_us)
{
	struct stats_usual usual = { .known = false };
	struct tally_reader *r = NULL;
	struct buf path = { 0 };

	if (app_tally_path(c->how.store, &path, NULL) == 0 &&
	    tally_reader_open(path.data, &r, NULL) == 0 &&
	    tally_usual_minute(r, c->how.stream, now_us, &usual, NULL) == -1)
		usual.known = false;
	tally_reader_close(r);
	buf_free(&path);
	return (usual);
}

void
app_counter_look_up(struct app_counter *c)
{
	int64_t now_us = clock_now_us(), hour = tally_index(TALLY_HOUR, now_us);
	struct stats_usual usual;

	if (c->how.waits || hour == c->usual_hour) /* an import triggers nothing */
		return;
	usual = read_usual(c, now_us);
	c->usual_hour = hour;
	pthread_mutex_lock(&c->lock);
	c->usual = usual;
	pthread_mutex_unlock(&c->lock);
}

struct stats_usual
app_counter_usual(struct app_counter *c)
{
	struct stats_usual usual = { .known = false };

	if (c == NULL)
		return (usual);
	pthread_mutex_lock(&c->lock);
	usual = c->usual;
	pthread_mutex_unlock(&c->lock);
	return (usual);
}
