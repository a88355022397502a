#include "app/search/frames.h"

#include <sys/prctl.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/scan.h"
#include "store/seek.h"

#define KEPT_MAX 8192 /* lines of a frame that are named one by one */
#define SLOTS_A_JOB 2 /* one is looked at, one waits to be handed out */

enum state { WAITING, TAKEN, DONE };

struct slot {
	enum state state;
	int rc;
	struct err why;
	struct app_frame frame;
	char *bytes;
	struct app_line kept[KEPT_MAX];
	struct filter_summary summary;
};

/* What a thread has of its own. */
struct hand {
	struct app_frames *frames;
	pthread_t thread;
	struct store_unpack *unpack;
	struct record_decoder decoder;
	struct record record;
};

struct app_frames {
	pthread_mutex_t lock;
	pthread_cond_t to_hands, to_caller;
	bool stop;
	const struct store_seek *seek;
	const struct app_look *look;
	/* Of all that were added: how many; that a thread took; that were dropped. */
	uint64_t added, taken, dropped;
	unsigned slot_count, hand_count, thread_count;
	struct slot *slots;
	struct hand *hands[APP_FRAMES_JOBS_MAX]; /* the first one is the caller's */
};

/* ---- looking ---- */

/* Who is handed a line that is no record says why. */
static bool
may_be_meant(const struct app_look *look, struct hand *h, struct slot *s, struct span line)
{
	if (record_decode(&h->decoder, line, &h->record, NULL) == -1)
		return (true);
	if (look->summarize) {
		filter_summary_add(&s->summary, &h->record);
		s->frame.summarized++;
	}
	return (look->meant == NULL || look->meant(look->arg, &h->record));
}

static void
keep(struct slot *s, size_t at, uint64_t number)
{
	struct app_frame *frame = &s->frame;

	s->kept[frame->kept_count].at = (uint32_t)at;
	s->kept[frame->kept_count++].number = (uint32_t)number;
	frame->full = frame->kept_count == KEPT_MAX;
}

static void
look_at_each(const struct app_look *look, struct hand *h, struct slot *s)
{
	struct span rest = s->frame.lines;
	uint64_t number = 0;
	size_t len;

	for (; rest.len > 0 && !(s->frame.full && !look->summarize); number++) {
		len = span_find(rest, '\n');
		if (may_be_meant(look, h, s, span_of(rest.ptr, len)) && !s->frame.full)
			keep(s, s->frame.lines.len - rest.len, number);
		rest = span_from(rest, len + 1);
	}
	s->frame.count = number;
}

static uint64_t
count_lines(struct span lines)
{
	size_t scanned;

	return (scan_count_lines(lines, SIZE_MAX, &scanned));
}

/* Lines are counted up to those that are kept, and behind them only if nobody knows how many. */
static void
look_for_needles(const struct app_look *look, struct hand *h, struct slot *s)
{
	const struct span all = s->frame.lines;
	size_t begin = 0, at = 0, counted = 0; /* begin: of the line at hand */
	uint64_t number = 0; /* lines in front of counted */
	const char *hit;

	while (!s->frame.full && (hit = app_needles_find(look->needles, span_from(all, at)))) {
		size_t where = (size_t)(hit - all.ptr), len, last;

		last = scan_last(span_of(all.ptr + at, where - at), '\n');
		begin = last < where - at ? at + last + 1 : begin;
		len = where - begin + span_find(span_from(all, where), '\n');
		at = where + 1;
		if (look->stands != NULL &&
		    !look->stands(look->arg, span_of(hit, begin + len - where)))
			continue;
		if (may_be_meant(look, h, s, span_of(all.ptr + begin, len))) {
			number += count_lines(span_of(all.ptr + counted, begin - counted));
			counted = begin;
			keep(s, begin, number);
		}
		at = begin = begin + len + 1;
	}
	if (s->frame.count == 0)
		s->frame.count = number + count_lines(span_from(all, counted));
}

static void
look_at(const struct app_look *look, struct hand *h, struct slot *s)
{
	if (look->summarize)
		filter_summary_clear(&s->summary);
	else if (look->needles != NULL) {
		look_for_needles(look, h, s);
		return;
	} else if (look->meant == NULL) {
		keep(s, 0, 0);
		s->frame.full = true;
		return;
	}
	look_at_each(look, h, s);
}

static void
work(struct app_frames *f, struct hand *h, struct slot *s)
{
	struct span *lines = &s->frame.lines;

	s->rc = store_seek_take(f->seek, s->frame.frame, h->unpack, s->bytes, lines, &s->why);
	if (s->rc == 0 && lines->len > 0 && lines->ptr[lines->len - 1] != '\n')
		s->rc =
		    err_set(&s->why, ERR_FINDING, "frame %zu ends within a line", s->frame.frame);
	if (s->rc == 0)
		look_at(f->look, h, s);
}

/* ---- threads ---- */

/* The lock is held, and one waits to be taken. */
static void
take_one(struct app_frames *f, struct hand *h)
{
	struct slot *s = &f->slots[f->taken++ % f->slot_count];

	s->state = TAKEN;
	pthread_mutex_unlock(&f->lock);
	work(f, h, s);
	pthread_mutex_lock(&f->lock);
	s->state = DONE;
	pthread_cond_signal(&f->to_caller);
}

static void *
run(void *arg)
{
	struct hand *h = arg;
	struct app_frames *f = h->frames;

	(void)prctl(PR_SET_NAME, "cr-look"); /* from here on no allocator is called */
	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		if (f->taken < f->added)
			take_one(f, h);
		else
			pthread_cond_wait(&f->to_hands, &f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return (NULL);
}

static int
take_memory(struct app_frames *f, unsigned jobs, struct err *e)
{
	f->slot_count = jobs == 1 ? 1 : jobs * SLOTS_A_JOB;
	if ((f->slots = calloc(f->slot_count, sizeof(*f->slots))) == NULL)
		return (err_memory(e));
	for (unsigned i = 0; i < f->slot_count; i++)
		if ((f->slots[i].bytes = malloc(STORE_SEEK_BYTES)) == NULL)
			return (err_memory(e));
	while (f->hand_count < jobs) {
		struct hand *h = calloc(1, sizeof(*h));

		if (h == NULL)
			return (err_memory(e));
		h->frames = f;
		f->hands[f->hand_count++] = h;
		if (store_unpack_open(&h->unpack, e) == -1)
			return (-1);
	}
	return (0);
}

int
app_frames_open(struct app_frames **f, unsigned jobs, struct err *e)
{
	struct app_frames *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	(void)pthread_mutex_init(&made->lock, NULL);
	(void)pthread_cond_init(&made->to_hands, NULL);
	(void)pthread_cond_init(&made->to_caller, NULL);
	if (take_memory(made, jobs > APP_FRAMES_JOBS_MAX ? APP_FRAMES_JOBS_MAX : jobs, e) == -1) {
		app_frames_close(made);
		return (-1);
	}
	for (unsigned i = 1; i < made->hand_count; i++, made->thread_count++)
		if (pthread_create(&made->hands[i]->thread, NULL, run, made->hands[i]) != 0)
			break;
	*f = made;
	return (0);
}

void
app_frames_close(struct app_frames *f)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->to_hands);
	pthread_mutex_unlock(&f->lock);
	for (unsigned i = 1; i <= f->thread_count; i++)
		(void)pthread_join(f->hands[i]->thread, NULL);
	for (unsigned i = 0; i < f->hand_count; i++) {
		store_unpack_close(f->hands[i]->unpack);
		free(f->hands[i]);
	}
	for (unsigned i = 0; f->slots != NULL && i < f->slot_count; i++)
		free(f->slots[i].bytes);
	free(f->slots);
	(void)pthread_cond_destroy(&f->to_caller);
	(void)pthread_cond_destroy(&f->to_hands);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}

/* ---- for the caller ---- */

void
app_frames_begin(struct app_frames *f, const struct store_seek *seek, const struct app_look *look)
{
	pthread_mutex_lock(&f->lock);
	f->seek = seek;
	f->look = look;
	f->added = f->taken = f->dropped = 0;
	pthread_mutex_unlock(&f->lock);
}

void
app_frames_end(struct app_frames *f)
{
	pthread_mutex_lock(&f->lock);
	f->added = f->taken;
	for (; f->dropped < f->added; f->dropped++)
		while (f->slots[f->dropped % f->slot_count].state != DONE)
			pthread_cond_wait(&f->to_caller, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

bool
app_frames_room(const struct app_frames *f)
{
	return (f->added - f->dropped < f->slot_count);
}

void
app_frames_add(struct app_frames *f, size_t frame, uint64_t first, uint64_t count)
{
	struct slot *s = &f->slots[f->added % f->slot_count];

	s->frame =
	    (struct app_frame){ .frame = frame, .first = first, .count = count, .kept = s->kept };
	s->frame.summary = &s->summary;
	s->state = WAITING;
	pthread_mutex_lock(&f->lock);
	f->added++;
	pthread_cond_signal(&f->to_hands);
	pthread_mutex_unlock(&f->lock);
}

/* While it is not there yet, the caller does what else waits. */
int
app_frames_next(struct app_frames *f, const struct app_frame **frame, struct err *e)
{
	struct slot *s = &f->slots[f->dropped % f->slot_count];
	int rc = 1;

	pthread_mutex_lock(&f->lock);
	while (f->dropped < f->added && s->state != DONE) {
		if (f->taken < f->added)
			take_one(f, f->hands[0]);
		else
			pthread_cond_wait(&f->to_caller, &f->lock);
	}
	if (f->dropped < f->added)
		rc = s->rc;
	pthread_mutex_unlock(&f->lock);
	if (rc == -1)
		*e = s->why;
	*frame = &s->frame;
	return (rc);
}

void
app_frames_drop(struct app_frames *f)
{
	f->dropped++;
}
