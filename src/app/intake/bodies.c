/* app: the thread that unpacks bodies one by one, and answers those that are done. */
#include <sys/prctl.h>

#include <string.h>
#include <time.h>

#include "app/intake/inside.h"
#include "base/clock.h"
#include "crypto/random.h"

#define WAIT_NS INT64_C(30000000000) /* then who sent it may try again */
#define TICK_NS INT64_C(200000000)

void
app_intake_push(struct intake_list *list, struct intake_body *body)
{
	body->next = NULL;
	if (list->last == NULL)
		list->first = body;
	else
		list->last->next = body;
	list->last = body;
}

static struct intake_body *
pop(struct intake_list *list)
{
	struct intake_body *body = list->first;

	list->first = body->next;
	if (list->first == NULL)
		list->last = NULL;
	return (body);
}

/* From here on it is not ours.  Under the lock. */
static void
answer(struct intake_body *body, unsigned status)
{
	struct intake *in = body->in;

	in->counts.bad += status == 400;
	in->counts.large += status == 413;
	in->counts.busy += status == 503;
	app_http_answer(body->request, status);
}

/* Those that are committed, those that never will be, and those that waited long enough. */
static void
answer_taken(struct intake *in, int64_t now_ns)
{
	while (in->taken.first != NULL) {
		const struct intake_body *body = in->taken.first;
		bool done = body->ticket <= in->committed;

		if (!done && body->ticket > in->forgotten && !in->quit &&
		    now_ns - body->since_ns < WAIT_NS)
			return;
		answer(pop(&in->taken), done ? 200 : 503);
	}
}

/* Was it for nothing that this body waited for a reader? */
static bool
is_late(const struct intake *in, const struct intake_body *body, int64_t now_ns)
{
	return (in->quit || in->deserted || now_ns - body->since_ns >= WAIT_NS);
}

static void
answer_late(struct intake *in, int64_t now_ns)
{
	struct intake_body *body = in->current;

	if (body != NULL && !in->reading && is_late(in, body, now_ns)) {
		app_intake_drop_plain(in);
		app_intake_unsee(in, in->tickets, in->tickets + 1);
		in->current = NULL;
		answer(body, 503);
	}
	while (in->queue.first != NULL && is_late(in, in->queue.first, now_ns))
		answer(pop(&in->queue), 503);
}

/* As it came, in one piece. */
static struct span
join(struct intake *in, const struct intake_body *body)
{
	size_t len = 0;

	for (const struct intake_block *block = body->first; block != NULL; block = block->next) {
		size_t n = body->len - len;

		n = n < sizeof(block->bytes) ? n : sizeof(block->bytes);
		memcpy(in->packed + len, block->bytes, n);
		len += n;
	}
	return (span_of(in->packed, len));
}

/* 0, or the status of its refusal. */
static unsigned
unpack(struct intake *in, struct intake_body *body)
{
	struct span packed = join(in, body);
	size_t len = 0;
	unsigned status = app_intake_unpack(body->packing, packed, in->plain, &len);
	struct span plain = span_of(in->plain, len);

	crypto_wipe(in->packed, packed.len);
	if (status != 0)
		len = INTAKE_BODY_MAX; /* who knows what is there */
	if (len > in->plain_peak)
		in->plain_peak = len;
	if (status == 0 && !parse_body_begin(&in->cutter, body->kind, plain))
		status = 400;
	if (status != 0)
		return (status);
	in->cutter_again = false;
	if (body->kind == PARSE_BODY_AUDIT && !body->has_key)
		return (0); /* each event has an id of its own */
	in->cutter_id = body->has_key ? body->key : app_intake_id(in, span_str("body"), plain);
	in->cutter_again = app_intake_seen(in, in->cutter_id, clock_mono_ns());
	app_intake_note(in, in->cutter_id, clock_mono_ns());
	return (0);
}

/* The next one, while the lock is given up. */
static void
unpack_next(struct intake *in)
{
	struct intake_body *body = pop(&in->queue);
	unsigned status;

	in->unpacking = true;
	pthread_mutex_unlock(&in->lock);
	status = unpack(in, body);
	pthread_mutex_lock(&in->lock);
	in->unpacking = false;
	app_intake_release(body);
	if (status == 0 && (in->quit || in->deserted)) {
		status = 503; /* nobody reads it any more */
		app_intake_drop_plain(in);
		app_intake_unsee(in, in->tickets, in->tickets + 1);
	}
	if (status == 0)
		in->current = body;
	else
		answer(body, status);
	app_intake_settle(in);
	pthread_cond_signal(&in->to_reader);
}

static void
wait_a_bit(struct intake *in)
{
	struct timespec until;

	clock_mono_after(TICK_NS, &until);
	(void)pthread_cond_clockwait(&in->to_thread, &in->lock, CLOCK_MONOTONIC, &until);
}

void *
app_intake_main(void *arg)
{
	struct intake *in = arg;

	(void)prctl(PR_SET_NAME, "bodies");
	pthread_mutex_lock(&in->lock);
	for (;;) {
		int64_t now_ns = clock_mono_ns();

		answer_taken(in, now_ns);
		answer_late(in, now_ns);
		if (in->quit)
			break;
		if (in->current == NULL && in->queue.first != NULL)
			unpack_next(in);
		else {
			app_intake_give_back(in, now_ns);
			wait_a_bit(in);
		}
	}
	pthread_mutex_unlock(&in->lock);
	return (NULL);
}
