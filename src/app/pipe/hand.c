/* app: areas of records from the reader of a pipe to its writer. */
#include <string.h>

#include "app/pipe/capture.h"
#include "app/watch/figures.h"
#include "base/clock.h"
#include "store/store.h"

bool
app_capture_full(const struct app_area *a)
{
	return (a->len >= APP_PIPE_BYTES || a->count + MASK_BATCH_RECORDS > APP_PIPE_RECORDS);
}

void
app_capture_note_wait(int64_t *longest_ns, int64_t start_ns)
{
	int64_t took_ns = clock_mono_ns() - start_ns;

	if (took_ns > *longest_ns)
		*longest_ns = took_ns;
}

static bool
has_news(const struct app_area *a)
{
	return (a->count + a->counts.lines + a->counts.lost + a->ticket > 0);
}

/* How far the records of the area go in the file that they come from. */
static void
note_source(struct app_capture *c, struct app_area *a)
{
	struct input_position *at = &c->position;
	struct seal_source *s = &c->source;
	uint64_t head, unread = c->have - c->more.item + (c->more.cut > 0 ? c->more.dropped : 0);

	unread += c->held.cut > 0 ? c->held.dropped - c->held.item : 0;
	a->has_source = at->has && at->at >= unread;
	if (!a->has_source)
		return;
	a->next_source = at->file != c->source_file;
	s->at = at->at - unread;
	s->end = at->end && c->have == 0;
	head = s->at < at->head.len ? s->at : at->head.len;
	if (a->next_source || s->head != head)
		store_fingerprint(
		    c->p->fingerprint_key, span_of(at->head.ptr, (size_t)head), s->fp);
	s->head = head;
	c->source_file = a->file = at->file;
	a->source = *s;
}

/* Give the area to the writer; wait until it has no other.  false: told to quit. */
bool
app_capture_hand(struct app_capture *c)
{
	struct app_pipe *p = c->p;
	int64_t start_ns = clock_mono_ns();
	bool quit;

	pthread_mutex_lock(&p->lock);
	while (p->ready && !p->quit)
		pthread_cond_wait(&p->to_reader, &p->lock);
	app_capture_note_wait(&p->longest_wait_ns, start_ns);
	quit = p->quit;
	if (!quit && has_news(&p->areas[p->filling])) {
		note_source(c, &p->areas[p->filling]);
		app_figures_handed(p->figures, p->areas[p->filling].since_ns);
		p->filling ^= 1;
		p->ready = true;
		pthread_cond_signal(&p->to_main);
	}
	pthread_mutex_unlock(&p->lock);
	c->handed_ns = clock_mono_ns();
	return (!quit);
}

/* If it is time for it, or the writer wants it. */
bool
app_capture_hand_in_time(struct app_capture *c)
{
	struct app_pipe *p = c->p;
	const struct app_area *a = &p->areas[p->filling];
	bool idle, quit, waits = has_news(a);

	pthread_mutex_lock(&p->lock);
	idle = !p->ready;
	quit = p->quit;
	pthread_mutex_unlock(&p->lock);
	if (quit)
		return (false);
	/* A seal that was asked for is worth no stop of the capture. */
	c->push = c->push && idle;
	if (c->push || app_capture_full(a) ||
	    (waits && idle &&
		(a->len >= APP_PIPE_FLUSH_BYTES ||
		    (a->tally != NULL && tally_batch_full(a->tally)) ||
		    clock_mono_ns() - c->handed_ns >=
			(a->ticket > 0 ? APP_PIPE_ANSWER_NS : APP_PIPE_FLUSH_NS)))) {
		if (!app_capture_hand(c))
			return (false);
	}
	if (c->push) {
		pthread_mutex_lock(&p->lock);
		p->push = false;
		p->pushed = true;
		pthread_cond_signal(&p->to_main);
		pthread_mutex_unlock(&p->lock);
	}
	return (true);
}

/* Over its budget, what can wait is left to the next one. */
bool
app_capture_ends(const struct app_capture *c)
{
	const struct app_pipe *p = c->p;

	return (*p->stop == APP_PIPE_DETACH ||
	    (*p->stop != 0 && p->over_budget && input_live_can_wait(p->in)));
}

int
app_capture_patience_ms(const struct app_capture *c)
{
	if (c->have > 0 || c->p->areas[c->p->filling].count > 0)
		return (20);
	return (clock_mono_ns() - c->last_ns < APP_PIPE_QUIET_NS ? 100 : 250);
}

/*
 * Nothing came for a while: memory that a burst has filled goes back.  Raw
 * lines in it are wiped since they were masked.
 */
void
app_capture_give_back(struct app_capture *c)
{
	struct app_area *a = &c->p->areas[c->p->filling];

	if (c->have > 0 || has_news(a) || clock_mono_ns() - c->last_ns < APP_PIPE_IDLE_NS)
		return;
	if (a->touched)
		arena_forget(&a->memory, a->ends);
	if (c->touched)
		arena_forget(&c->memory, c->raw);
	a->touched = c->touched = false;
}
