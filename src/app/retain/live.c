#include "app/retain/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/periods.h"

#define SECOND_NS INT64_C(1000000000)
#define AGAIN_NS (3600 * SECOND_NS) /* what is the same is said again after */
#define TRIES_MAX 6 /* after which it is tried each minute, about */
#define LINES_ENTRIES 4 /* of sealed lines, in one look; each writes a segment anew */

struct carrying {
	struct app_retain *r;
	struct store_live *live;
	void (*warn)(void *arg, const char *text);
	void *arg;
};

static int
prune(void *arg, const struct store_prune_order *order, uint64_t *entry, struct err *e)
{
	return (store_live_prune(arg, order, entry, e));
}

static int
erase(void *arg, const struct store_erase_order *order, uint64_t *entry, struct err *e)
{
	return (store_live_erase(arg, order, entry, e));
}

static int
append(void *arg, struct seal_entry *entry, struct err *e)
{
	return (store_live_append_aside(arg, entry, e));
}

/* In a sandbox it may not be known. */
static void
warn_untaken(const struct carrying *c)
{
	struct err ignored;
	char text[160];

	if (app_retain_untaken(c->r, &ignored) == -1 || c->r->untaken == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "%llu segment%s not in the archive of the stream: cretula archive takes "
	    "what is still there",
	    (unsigned long long)c->r->untaken,
	    c->r->untaken == 1 ? " goes that is" : "s go that are");
	c->warn(c->arg, text);
}

/* Some at a time: who asks for a hold, or stops the stream, waits as long. */
static int
take_lines(const struct carrying *c, struct err *e)
{
	const struct app_lines_hands hands = {
		.erase = erase, .append = append, .arg = c->live, .entries_max = LINES_ENTRIES
	};
	const struct err *failed = &c->r->lines.failed;
	char text[ERR_TEXT_BYTES + 40];

	if (app_lines_take(c->r, &hands, span_of("", 0), e) == -1)
		return (-1);
	(void)snprintf(text, sizeof(text), "sealed lines that are over stay: %s", failed->text);
	if (failed->code != ERR_NONE)
		c->warn(c->arg, text);
	return (0);
}

/* What was done is sealed; who reads it elsewhere knows how far the stream goes. */
static int
seal(const struct carrying *c, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct buf json = { 0 };
	int rc = -1;

	if (entry != NULL)
		app_retain_report(c->r, entry, &json);
	if (entry == NULL || !buf_ok(&json))
		(void)err_memory(e);
	else
		rc = store_live_append_aside(c->live, entry, e);
	buf_free(&json);
	free(entry);
	return (rc == 0 ? store_live_head(c->live, e) : -1);
}

int
app_retain_carry_out(struct app_retain *r, struct store_live *live,
    void (*warn)(void *arg, const char *text), void *arg, struct err *e)
{
	const struct carrying c = { r, live, warn, arg };

	warn_untaken(&c);
	if (app_retain_apply(r, span_of("", 0), prune, live, e) == -1)
		return (-1);
	if (r->counted.code != ERR_NONE)
		warn(arg, r->counted.text);
	if (take_lines(&c, e) == -1)
		return (-1);
	if (r->entry_count == 0 && r->expired == 0 && !app_lines_did(&r->lines))
		return (0);
	app_retain_tell(r);
	return (seal(&c, e));
}

/* ---- what fails again ---- */

bool
app_complaint_due(struct app_complaint *c, const char *what, int64_t now_ns,
    char text[static APP_COMPLAINT_BYTES])
{
	bool again = what != NULL && strcmp(c->said, what) == 0;
	unsigned more = again ? c->more : 0;

	if (what == NULL) {
		c->said[0] = '\0';
		return (false);
	}
	if (again && now_ns - c->said_ns < AGAIN_NS) {
		c->more++;
		return (false);
	}
	if (more > 0)
		(void)snprintf(text, APP_COMPLAINT_BYTES,
		    "nothing is pruned, tried %u times since this was said: %s", more, what);
	else
		(void)snprintf(text, APP_COMPLAINT_BYTES, "nothing is pruned: %s", what);
	(void)snprintf(c->said, sizeof(c->said), "%s", what);
	c->said_ns = now_ns;
	c->more = 0;
	return (true);
}

void
app_complaint_warn(struct app_complaint *c, const struct err *e,
    void (*warn)(void *arg, const char *text), void *arg)
{
	char text[APP_COMPLAINT_BYTES];

	if (app_complaint_due(c, e == NULL ? NULL : e->text, clock_mono_ns(), text))
		warn(arg, text);
}

/* ---- what is left of what is gone ---- */

static void
tell_left(struct app_leftover *left, const struct app_leftover_ears *ears, const struct err *e)
{
	char text[ERR_TEXT_BYTES + 80];

	app_figures_left(ears->figures);
	if (left->tries == 0) {
		(void)snprintf(text, sizeof(text),
		    "files of what was erased or pruned are there yet; tried again: %s", e->text);
		ears->warn(ears->arg, text);
	}
	if (left->tries < TRIES_MAX)
		left->tries++;
	left->next_ns = clock_mono_ns() + (SECOND_NS << left->tries);
}

void
app_leftover_try(
    struct app_leftover *left, struct store_live *live, const struct app_leftover_ears *ears)
{
	struct err e = { ERR_NONE, "" };

	left->any = live != NULL && store_live_left(live);
	if (!left->any) { /* or the stream was opened anew, which removes them */
		left->tries = 0;
		return;
	}
	if (left->tries > 0 && clock_mono_ns() < left->next_ns)
		return;
	if (store_live_settle(live, &e) == -1) {
		tell_left(left, ears, &e);
		return;
	}
	ears->warn(ears->arg, "files of what was erased or pruned are overwritten and removed now");
	*left = (struct app_leftover){ .any = false };
}

int64_t
app_leftover_rest(const struct app_leftover *left, int64_t rest_ns)
{
	int64_t until_ns = left->tries == 0 ? SECOND_NS : left->next_ns - clock_mono_ns();

	if (!left->any || until_ns >= rest_ns)
		return (rest_ns);
	return (until_ns > 0 ? until_ns : 0);
}
