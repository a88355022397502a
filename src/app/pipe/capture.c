/* app: the thread that reads a pipe: lines in, masked records into an area. */
#include <sys/prctl.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/pipe/capture.h"
#include "app/pipe/items.h"
#include "app/pipe/publish.h"
#include "app/source/parser.h"
#include "app/sources.h"
#include "base/clock.h"
#include "base/scan.h"
#include "crypto/random.h"
#include "input/input.h"
#include "input/live.h"
#include "stats/gaps.h"
#include "store/store.h"

#define RAW_BYTES ((size_t)INPUT_BATCH_BYTES)
#define MASK_BYTES (RAW_BYTES / 2) /* masked without waiting */
#define MASK_PIECE ((size_t)64 << 10) /* the same where the queue runs over meanwhile */
#define MASK_NS INT64_C(250000000) /* how long a line waits to be masked */
#define RECORD_NS INT64_C(1000000000) /* of silence: nothing joins the last line */
#define DETECT_BYTES ((size_t)512 << 10)
#define DETECT_NS INT64_C(2000000000) /* behind the first line: if it is clear by then */
#define DETECT_LAST_NS INT64_C(10000000000)

static int
open_gaps(struct app_capture *c, struct err *e)
{
	if (!c->p->setup.policy->gaps)
		return (0);
	c->gaps = stats_gaps_open();
	return (c->gaps == NULL ? err_sys(e, ERR_IO, "memory") : 0);
}

int
app_capture_open(struct app_pipe *p, struct app_capture **c, struct err *e)
{
	struct app_capture *made = calloc(1, sizeof(*made));
	struct mask_setup setup = p->setup;

	if (made == NULL)
		return (err_sys(e, ERR_IO, "pipe"));
	made->p = p;
	made->now_us = p->setup.now_us;
	made->clock = p->clock;
	detail_bucket_open(&made->bucket, p->rate, clock_mono_ns());
	/* Nothing waits for the mask to be made: until the format is known it has any. */
	if (setup.parser.format == NULL)
		setup.parser.format = &parse_formats[0];
	if (arena_open(&made->memory, RAW_BYTES + PARSE_SCRATCH_BYTES + 128, ARENA_SECRET, e) ==
		-1 ||
	    (p->learn && mask_candidates_open(&made->learn, e) == -1) ||
	    open_gaps(made, e) == -1 ||
	    mask_open(&setup, &made->mask, e) == -1) {
		app_capture_close(made);
		return (-1);
	}
	p->unlocked = p->unlocked || !made->memory.locked;
	made->raw = arena_take(&made->memory, RAW_BYTES + 64);
	made->scratch = arena_take(&made->memory, PARSE_SCRATCH_BYTES);
	*c = made;
	return (0);
}

uint64_t
app_capture_waiting(const struct app_capture *c)
{
	size_t at;

	return (scan_count_lines(span_of(c->raw, c->have), SIZE_MAX, &at));
}

void
app_capture_close(struct app_capture *c)
{
	if (c == NULL)
		return;
	mask_close(c->mask);
	mask_candidates_close(c->learn);
	stats_gaps_close(c->gaps);
	arena_close(&c->memory);
	free(c);
}

/* ---- reading ---- */

/* A full disk: those who can wait do.  Time passes instead. */
static bool
is_held(const struct app_capture *c, int timeout_ms)
{
	const struct timespec rest = { 0, (long)timeout_ms * 1000000 };

	if (!c->p->full || *c->p->stop != 0 || !input_live_can_wait(c->p->in))
		return (false);
	(void)nanosleep(&rest, NULL);
	return (true);
}

/* Of files: what a person should know, and may mend. */
static void
say_news(const struct app_pipe *p, unsigned news)
{
	if ((news & INPUT_NEWS_UNSPENT) != 0)
		app_pipe_warn(p, "after_read cannot be done: no right to write the file, it is a "
				 "link, or its file system cannot; what was read stays there");
	if ((news & INPUT_NEWS_CUT) != 0)
		app_pipe_warn(p, "the file was cut, and no copy is there: what it got since the "
				 "last look is lost");
	if ((news & INPUT_NEWS_GONE) != 0)
		app_pipe_warn(p, "a renamed file was gone before it was read: its lines are lost");
	if ((news & INPUT_NEWS_DAMAGED) != 0)
		app_pipe_warn(p, "a compressed file is damaged: the rest of its lines is lost");
}

/* Lines that came before are masked apart from those that did not. */
static void
note_again(struct app_capture *c, bool again)
{
	if (c->begun && c->have > 0 && again != c->again)
		c->edge = c->have;
	else
		c->again = again && (c->begun || c->have == 0);
}

/* A line that lacks its rest ends a batch: the next one waits behind it. */
static void
note_more(struct app_capture *c, struct input_more *more)
{
	more->cut += more->cut > 0 ? c->have : 0;
	more->item_at += c->have;
	if (c->more.cut == 0)
		c->more = *more;
	else if (more->cut > 0)
		c->held = *more;
}

static void
pass_cut(struct app_capture *c, size_t len)
{
	c->more.cut -= c->more.cut < len ? c->more.cut : len;
	c->more.item = c->more.item && c->more.cut > 0;
	c->more.item_at -= c->more.item_at < len ? c->more.item_at : len;
	if (c->held.cut == 0)
		return;
	c->held.cut -= len; /* it lies behind the other one */
	c->held.item_at -= len;
	if (c->more.cut == 0) {
		c->more = c->held;
		memset(&c->held, 0, sizeof(c->held));
	}
}

/* What comes within timeout_ms, or is there when told to stop. */
static int
fill(struct app_capture *c, int timeout_ms, struct err *e)
{
	struct input_more more;

	c->silent = false;
	if (app_capture_ends(c)) {
		c->eof = true;
		return (0);
	}
	if (c->edge > 0 || c->held.cut > 0)
		return (0); /* masked first */
	if (*c->p->stop != 0)
		input_live_stop(c->p->in);
	if (is_held(c, timeout_ms))
		return (0);
	if (input_live_read(
		c->p->in, c->raw + c->have, RAW_BYTES - c->have, timeout_ms, &more, e) == -1)
		return (-1);
	c->eof = more.end;
	c->flush = c->flush || more.flush;
	c->ticket = more.ticket > 0 ? more.ticket : c->ticket;
	if (more.len > 0 || more.flush)
		input_live_position(c->p->in, &c->position);
	stats_counts_lose(&c->p->areas[c->p->filling].counts,
	    input_live_can_wait(c->p->in) ? STATS_CAUSE_FILE : STATS_CAUSE_SOCKET, more.lost);
	if (c->gaps != NULL)
		stats_gaps_excuse(c->gaps, more.lost); /* not twice, once they are missed */
	say_news(c->p, more.news);
	if ((c->silent = more.len == 0))
		return (0);
	c->last_ns = clock_mono_ns();
	c->touched = true;
	if (c->have == 0)
		c->first_ns = c->last_ns;
	note_again(c, more.again);
	note_more(c, &more);
	c->added += more.added;
	c->have += more.len;
	return (0);
}

static bool
is_raw_full(const struct app_capture *c)
{
	return (RAW_BYTES - c->have < INPUT_LIVE_ROOM);
}

/* Bytes of whole records that make one batch; 0 if there is none. */
static size_t
batch_len(const struct app_capture *c)
{
	static const struct input_more none;
	struct app_pipe_raw raw = { .bytes = span_of(c->raw, c->edge > 0 ? c->edge : c->have),
		.more = c->edge > 0 ? &none : &c->more,
		.last = c->eof || c->flush || c->more.cut > 0 || c->edge > 0 || c->ticket > 0,
		.full = is_raw_full(c) };

	/* Who waited for the disk, or his turn, has heard nothing of what came meanwhile. */
	raw.silent = raw.last || (c->silent && clock_mono_ns() - c->last_ns >= RECORD_NS);
	return (app_pipe_batch(&c->p->setup.parser, &raw));
}

/* ---- masking ---- */

/* The writer cuts behind what was read before, and turns the keys. */
static bool
turn_epochs(struct app_capture *c, int64_t now_us)
{
	struct app_pipe *p = c->p;
	int64_t start_ns;
	bool quit;

	if (!app_capture_hand(c))
		return (false);
	start_ns = clock_mono_ns();
	pthread_mutex_lock(&p->lock);
	p->turn = true;
	p->turn_us = now_us;
	pthread_cond_signal(&p->to_main);
	while (p->turn && !p->quit)
		pthread_cond_wait(&p->to_reader, &p->lock);
	app_capture_note_wait(&p->longest_turn_ns, start_ns);
	quit = p->quit;
	pthread_mutex_unlock(&p->lock);
	return (!quit);
}

/*
 * A clock that goes back is not followed; days also turn while nothing comes,
 * and so do periods, and keys that another process changed.
 */
static bool
see_clock(struct app_capture *c)
{
	struct app_clock_break ignored; /* the writer sees it too */
	int64_t now_us;
	bool turns;
	char ignored_too[16];

	(void)app_clock_look(&c->clock, clock_now_us(), app_clock_boot_us(), &ignored);
	now_us = c->clock.now_us > c->now_us ? c->clock.now_us : c->now_us;
	turns = c->changed ||
	    key_epoch_index(KEY_DAY, now_us) != key_epoch_index(KEY_DAY, c->now_us) ||
	    app_rotate_ends(&c->p->rotate, c->now_us, now_us, ignored_too);
	if (!turns && now_us == c->now_us)
		return (true);
	if (turns && !turn_epochs(c, now_us))
		return (false);
	if (turns)
		mask_turned(c->mask);
	c->now_us = now_us;
	mask_now(c->mask, now_us);
	return (true);
}

static void
mask_one(struct app_capture *c, size_t len)
{
	struct app_pipe *p = c->p;
	struct app_area *a = &p->areas[p->filling];
	bool cut = c->more.cut > 0 && len == c->more.cut;
	size_t unsent = c->added - (c->more.item && !cut) - c->held.item;
	size_t added = unsent < len ? unsent : len;
	uint64_t dropped = cut ? c->more.dropped : 0;
	bool behind = len == c->edge; /* of the next byte it is the other way round */
	struct mask_batch b = { .lines = span_of(c->raw, len),
		.number = c->number++,
		.dropped = dropped,
		.again = c->again,
		.dropped_lines = cut ? c->more.dropped_lines : 0,
		.item = cut && c->more.item,
		.read = len + dropped - added,
		.records = a->lines + a->len,
		.ends = a->ends + a->count,
		.gaps = c->gaps,
		.limited = p->rate > 0,
		.most = detail_bucket_left(&c->bucket, clock_mono_ns()),
		.learn = c->learn,
		.tally = a->tally };

	if (a->since_ns == 0)
		a->since_ns = c->first_ns;
	if (c->learn != NULL)
		mask_candidates_reset(c->learn);
	mask_batch(c->mask, &b);
	detail_bucket_take(&c->bucket, b.looked_at);
	app_raise_see(c, &b.events);
	if (c->learn != NULL) {
		pthread_mutex_lock(&p->words_lock);
		mask_words_merge(p->setup.words, c->learn, b.number);
		pthread_mutex_unlock(&p->words_lock);
	}
	for (size_t i = 0; i < b.record_count; i++)
		b.ends[i] += (uint32_t)a->len;
	a->len += b.records_len;
	a->count += b.record_count;
	stats_counts_add(&a->counts, &b.counts);
	p->words_seen += b.words_seen;
	p->words_clear += b.words_clear;
	mask_epochs_merge(&a->epochs, &b.epochs);
	crypto_wipe(c->raw, len);
	c->have -= len;
	memmove(c->raw, c->raw + len, c->have);
	c->added -= added;
	pass_cut(c, len);
	c->edge -= c->edge < len ? c->edge : len;
	c->again = c->again != behind;
	c->first_ns = clock_mono_ns();
}

/* All whole records.  false: told to quit. */
static bool
mask_all(struct app_capture *c)
{
	size_t len;

	while ((len = batch_len(c)) > 0) {
		if (app_capture_full(&c->p->areas[c->p->filling]) && !app_capture_hand(c))
			return (false);
		mask_one(c, len);
	}
	if (c->have == 0 && c->ticket > 0) {
		c->p->areas[c->p->filling].ticket = c->ticket;
		c->ticket = 0;
	}
	return (true);
}

/* ---- the first lines ---- */

/*
 * Whoever can reach a socket may send what is no log at all, and must not stop
 * the stream by it: these lines are counted as unparsed, and the next ones
 * looked at.  A file, or who pipes, is asked for its format.
 */
static bool
keeps_unclear(const struct app_capture *c)
{
	return (c->p->daemon != NULL && !c->position.has);
}

static void
take_unclear(struct app_capture *c)
{
	if (!c->unclear && c->p->setup.parser.format == NULL)
		app_pipe_warn(c->p, "no known format fits the first lines: they count as unparsed; "
				    "name one with `format:`");
	c->unclear = true;
	mask_now(c->mask, c->now_us);
	if (see_clock(c))
		(void)mask_all(c);
}

/* Is the format known, or clear by now?  1, 0 not yet, -1 with e. */
static int
find_format(struct app_capture *c, struct err *e)
{
	int64_t waited = c->have == 0 ? 0 : clock_mono_ns() - c->first_ns;
	struct parse_evidence found;
	struct buf text = { 0 };
	size_t len = c->have, at;
	bool last;

	if (c->p->setup.parser.format != NULL) {
		if (len > 0 &&
		    !parse_detect_envelope(
			span_of(c->raw, len), c->scratch, &c->p->setup.parser) &&
		    keeps_unclear(c)) {
			take_unclear(c); /* what its own lines are wrapped in they will say */
			return (0);
		}
		return (len > 0 || c->eof ? 1 : 0);
	}
	last = c->eof || c->held.cut > 0 || len >= DETECT_BYTES || waited >= DETECT_LAST_NS ||
	    scan_count_lines(span_of(c->raw, len), PARSE_DETECT_LINES, &at) == PARSE_DETECT_LINES;
	if (!last && (len == 0 || waited < DETECT_NS))
		return (0);
	parse_detect(span_of(c->raw, len), c->scratch, &found);
	if (found.format == NULL && found.lines == 0)
		found.format = c->eof ? &parse_formats[0] : NULL;
	else if (found.format == NULL && last && keeps_unclear(c)) {
		take_unclear(c);
		return (0);
	} else if (found.format == NULL && last) {
		app_evidence_print(&found, &text);
		(void)err_set(e, ERR_INPUT, "format not clear: %s; name it with %s",
		    buf_ok(&text) ? text.data : "",
		    c->p->daemon != NULL ? "`format:`" : "--format");
		buf_free(&text);
		return (-1);
	}
	c->p->setup.parser.format = found.format;
	memcpy(c->p->setup.parser.envelope, found.envelope, sizeof(found.envelope));
	if (app_parser_check(&c->p->setup.parser, e) == -1)
		return (-1);
	return (found.format != NULL ? 1 : 0);
}

/* As find_format; once it is known lines are masked. */
static int
begin(struct app_capture *c, struct err *e)
{
	int rc = find_format(c, e);

	if (rc == 0 && c->have == 0 && c->ticket > 0)
		(void)mask_all(c); /* a body without a line is answered */
	if (rc != 1)
		return (rc);
	app_pipe_items(c->p->in, &c->p->setup.parser);
	mask_parser(c->mask, &c->p->setup.parser);
	mask_now(c->mask, c->now_us);
	(void)prctl(PR_SET_NAME, "cr-read"); /* from here on no allocator is called */
	app_pipe_publish_format(c->p);
	c->begun = true;
	return (1);
}

/* ---- the thread ---- */

static bool
should_mask(const struct app_capture *c)
{
	size_t piece = input_live_can_wait(c->p->in) ? MASK_BYTES : MASK_PIECE;

	return (c->have >= piece || c->eof || c->push || c->flush || c->more.cut > 0 ||
	    c->edge > 0 || c->ticket > 0 ||
	    (c->have > 0 && clock_mono_ns() - c->first_ns >= MASK_NS));
}

/* One turn.  0, 1 when told to quit, -1 with e. */
static int
turn(struct app_capture *c, struct err *e)
{
	int timeout_ms = app_capture_patience_ms(c), rc;

	pthread_mutex_lock(&c->p->lock);
	c->push = c->p->push;
	c->changed = c->p->changed;
	pthread_mutex_unlock(&c->p->lock);
	if (fill(c, timeout_ms, e) == -1)
		return (-1);
	app_pipe_publish_reader(c->p, c->have > 0 ? c->first_ns : 0);
	if (!c->begun && (rc = begin(c, e)) != 1)
		return (rc == 0 && !app_capture_hand_in_time(c) ? 1 : rc);
	if (!see_clock(c) || (should_mask(c) && !mask_all(c)))
		return (1);
	app_raise_turn(c);
	if (c->flush && !app_capture_hand(c)) /* an area is of one file */
		return (1);
	c->flush = false;
	if (!app_capture_hand_in_time(c))
		return (1);
	app_capture_give_back(c);
	return (0);
}

void *
app_capture_main(void *arg)
{
	struct app_capture *c = arg;
	struct app_pipe *p = c->p;
	struct err e = { ERR_NONE, "" };
	int rc = 0;

	(void)prctl(PR_SET_NAME, "open");
	c->last_ns = clock_mono_ns();
	c->handed_ns = c->last_ns - APP_PIPE_FLUSH_NS;
	app_pipe_items(p->in, &p->setup.parser);
	while (rc == 0 && !c->eof)
		rc = turn(c, &e);
	if (rc == -1 && c->begun)
		(void)mask_all(c); /* what was read before the error */
	if (rc != 1 && app_capture_hand(c))
		app_raise_end(c);
	pthread_mutex_lock(&p->lock);
	p->failed = rc == -1;
	p->error = e;
	p->ended = true;
	pthread_cond_signal(&p->to_main);
	pthread_mutex_unlock(&p->lock);
	return (NULL);
}
