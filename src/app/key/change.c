/* app: cretula key rotate and destroy: an epoch ends early, or is forgotten early. */
#include <string.h>
#include <unistd.h>

#include "app/key/key.h"
#include "app/key/live.h"
#include "app/names.h"
#include "app/retain/hold.h"
#include "app/say.h"
#include "base/err.h"
#include "base/json.h"

/* "EPOCH: reason", escaped, into cretula.store. */
static int
say_why(struct app_key_live *l, const char *kind, const char *what, const char *reason,
    struct err *e)
{
	struct buf text = { 0 }, quoted = { 0 };
	int rc;

	buf_fmt(&text, "%s: %s", what, reason);
	json_quote(&quoted, buf_view(&text));
	if (!buf_ok(&text) || !buf_ok(&quoted))
		rc = err_set(e, ERR_IO, "out of memory");
	else if (quoted.len > 2048)
		rc = err_set(e, ERR_USAGE, "--reason: too long");
	else
		rc = store_keys_said(
		    l->store, kind, span_of(quoted.data + 1, quoted.len - 2), e);
	buf_free(&text);
	buf_free(&quoted);
	return (rc);
}

static int
check_clock(const struct app_key_live *l, struct err *e)
{
	if (l->sure)
		return (0);
	return (err_set(e, ERR_CONFIG,
	    "the clock is not what the chains expect: set it right first, for this cannot be "
	    "undone"));
}

/* ---- rotate ---- */

static int
read_period(const char *text, enum key_period *period, struct err *e)
{
	for (int p = 0; p < KEY_PERIOD_COUNT; p++)
		if (strcmp(text, mask_period_names[p]) == 0) {
			*period = (enum key_period)p;
			return (0);
		}
	return (err_set(e, ERR_USAGE, "--period %s: day, week or month", text));
}

static void
print_rotated(const struct app_args *args, const char *was, const char *name, struct buf *out)
{
	if (args->json) {
		buf_char(out, out->len == 0 ? '[' : ',');
		buf_char(out, '{');
		json_str(out, "ended", span_str(was));
		json_str(out, "name", span_str(name));
		buf_char(out, '}');
	} else {
		buf_fmt(out, "%s has ended, its grace runs from now on; %s is in use\n", was, name);
	}
}

static int
rotate(const struct app_args *args, struct app_key_live *l, struct buf *out, struct err *e)
{
	const char *given = app_arg(args, "period"), *reason = app_arg(args, "reason");
	enum key_period only = KEY_DAY;
	char was[16], name[16];

	if (reason == NULL || reason[0] == '\0')
		return (err_set(e, ERR_USAGE, "--reason TEXT is needed"));
	if (app_hold_text("reason", span_str(reason), e) == -1)
		return (-1);
	if ((given != NULL && read_period(given, &only, e) == -1) ||
	    app_key_live_open(args, false, l, e) == -1 || check_clock(l, e) == -1)
		return (-1);
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		if (given != NULL && p != (int)only)
			continue;
		if (key_ring_change(l->ring, (enum key_period)p, l->now_us, was, name, e) == -1 ||
		    (l->store != NULL && say_why(l, "key-rotate", name, reason, e) == -1))
			return (-1);
		print_rotated(args, was, name, out);
	}
	buf_str(out, args->json ? "]\n" : "");
	return (0);
}

int
app_key_rotate(const struct app_args *args)
{
	struct app_key_live l = { .keys_fd = -1 };
	struct err e = { ERR_NONE, "" }, ignored = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	if (rotate(args, &l, &out, &e) == 0) {
		code = app_finish("key rotate", &out, 0);
	} else {
		/* What was changed before a failure is said all the same. */
		(void)app_print(&out, &ignored);
		buf_free(&out);
		code = app_fail("key rotate", &e);
	}
	app_key_live_close(&l);
	return (code);
}

/* ---- destroy ---- */

struct destroying {
	const struct app_args *args;
	struct app_key_live live;
	const char *epoch, *reason;
	enum key_period period;
	int64_t index;
	bool dry;
	bool there;      /* its key is */
	unsigned said;   /* entries */
	unsigned later;  /* streams that a running process will say it in */
	struct buf out;
};

static int
read_options(struct destroying *d, struct err *e)
{
	d->epoch = app_arg(d->args, "epoch");
	d->reason = app_arg(d->args, "reason");
	d->dry = app_arg(d->args, "dry-run") != NULL;
	if (d->epoch == NULL || d->reason == NULL || d->reason[0] == '\0')
		return (err_set(e, ERR_USAGE, "--epoch NAME and --reason TEXT are needed"));
	if (app_hold_text("reason", span_str(d->reason), e) == -1)
		return (-1);
	if (key_epoch_parse(span_str(d->epoch), &d->period, &d->index) == -1)
		return (err_set(e, ERR_USAGE,
		    "--epoch %.20s: a name as key list shows it, such as 2026-W48", d->epoch));
	return (0);
}

/* May it be destroyed?  Not while it is used, nor while somebody holds it. */
static int
judge(struct destroying *d, struct err *e)
{
	struct app_key_live *l = &d->live;
	struct key_epoch_times times;

	if (check_clock(l, e) == -1)
		return (-1);
	for (size_t i = 0; i < l->all.count; i++) {
		if (strcmp(l->all.list[i].what, d->epoch) != 0)
			continue;
		d->there = true;
		if (l->held[i])
			return (err_set(e, ERR_CONFIG, "%s is held by %.*s", d->epoch,
			    (int)l->hold.len, l->hold.data));
		if (app_key_state(l, i, &times) == APP_KEY_USED)
			return (err_set(e, ERR_CONFIG,
			    "%s is in use: `cretula key rotate --period %s` ends it first",
			    d->epoch, mask_period_names[d->period]));
	}
	return (0);
}

/* The list of a stream without what is gone. */
static int
strike(struct destroying *d, struct app_key_stream *s, const struct store_gone *gone,
    struct err *e)
{
	struct app_epochs *used = &s->used;
	size_t kept = 0;
	int fd, rc;

	for (size_t i = 0; i < used->count; i++)
		if (memcmp(used->list[i].commitment, gone->commitment, 32) != 0)
			used->list[kept++] = used->list[i];
	used->count = kept;
	if ((fd = key_open_stream(d->live.keys_fd, s->name, false, e)) == -1)
		return (-1);
	rc = app_epochs_write(fd, used, e);
	(void)close(fd);
	return (rc);
}

/*
 * In the chain of every stream that may have used it.  A stream that a pipe
 * is writing to says it itself, as does the next start of one that crashed.
 */
static int
say_in(struct destroying *d, struct app_key_stream *s, struct err *e)
{
	for (size_t i = 0; i < s->used.count; i++) {
		struct store_gone gone = s->used.list[i];
		struct err why = { ERR_NONE, "" };

		if (strcmp(gone.what, d->epoch) != 0)
			continue;
		if (store_epoch_gone(
			d->live.store, s->name, app_names(), &gone, &d->said, &why) == 0)
			return (strike(d, s, &gone, e));
		if (why.code != ERR_BUSY)
			return (err_set(e, why.code, "%s", why.text));
		d->later++;
		return (0);
	}
	return (0);
}

static int
carry_out(struct destroying *d, struct err *e)
{
	struct app_key_live *l = &d->live;

	if (d->there &&
	    (say_why(l, "key-destroy", d->epoch, d->reason, e) == -1 ||
		key_ring_destroy(l->ring, d->period, d->index, e) == -1))
		return (-1);
	for (size_t i = 0; i < l->stream_count; i++)
		if (say_in(d, &l->streams[i], e) == -1)
			return (-1);
	if (!d->there && d->said + d->later == 0)
		return (err_set(e, ERR_CONFIG, "keys %s: no epoch %s", l->keys_path, d->epoch));
	return (0);
}

static void
count_users(struct destroying *d)
{
	for (size_t i = 0; i < d->live.stream_count; i++)
		for (size_t k = 0; k < d->live.streams[i].used.count; k++)
			d->said += strcmp(d->live.streams[i].used.list[k].what, d->epoch) == 0;
}

static void
print_destroyed(struct destroying *d)
{
	if (d->args->json) {
		buf_char(&d->out, '{');
		json_str(&d->out, "epoch", span_str(d->epoch));
		json_bool(&d->out, "dry_run", d->dry);
		json_bool(&d->out, "destroyed", d->there && !d->dry);
		json_u64(&d->out, "entries", d->said);
		json_u64(&d->out, "later", d->later);
		buf_str(&d->out, "}\n");
		return;
	}
	if (d->dry)
		buf_fmt(&d->out,
		    "%s would be destroyed: its tokens in %u stream%s could never again be "
		    "linked to anybody\n",
		    d->epoch, d->said, d->said == 1 ? "" : "s");
	else
		buf_fmt(&d->out, "%s is destroyed%s; %u stream%s so now", d->epoch,
		    d->there ? "" : " since before", d->said, d->said == 1 ? " says" : "s say");
	if (!d->dry && d->later > 0)
		buf_fmt(&d->out, ", %u when the process that writes them has seen it", d->later);
	buf_str(&d->out, d->dry ? "" : "\n");
}

static int
destroy(struct destroying *d, struct err *e)
{
	if (read_options(d, e) == -1 || app_key_live_open(d->args, true, &d->live, e) == -1 ||
	    judge(d, e) == -1)
		return (-1);
	if (!d->dry)
		return (carry_out(d, e));
	count_users(d);
	if (!d->there)
		return (err_set(
		    e, ERR_CONFIG, "keys %s: no epoch %s", d->live.keys_path, d->epoch));
	return (0);
}

int
app_key_destroy(const struct app_args *args)
{
	struct destroying d = { .args = args, .live = { .keys_fd = -1 } };
	struct err e = { ERR_NONE, "" };
	int code;

	if (destroy(&d, &e) == -1) {
		code = app_fail("key destroy", &e);
	} else {
		print_destroyed(&d);
		code = app_finish("key destroy", &d.out, 0);
	}
	app_key_live_close(&d.live);
	return (code);
}
