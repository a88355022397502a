/* app: cretula key list: the epochs, what becomes of each, and who uses it. */
#include <stdlib.h>
#include <string.h>

#include "app/key/key.h"
#include "app/key/live.h"
#include "app/names.h"
#include "app/say.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"

static const char *const states[] = { "live", "grace", "over", "held" };

struct gone {
	char what[16], stream[40];
	unsigned char commitment[32];
	int64_t t_us;
};

struct listing {
	struct app_key_live live;
	struct gone *gone; /* destroyed, say the chains */
	size_t gone_count;
	struct buf *out;
};

/* ---- what is destroyed ---- */

static int
take_gone(void *arg, const char *stream, const struct seal_entry *entry, struct err *e)
{
	struct listing *l = arg;
	const struct seal_destroy *destroy = &entry->of.destroy;
	struct gone *more, *one;

	if (entry->type != SEAL_DESTROY || span_is(destroy->what, "import"))
		return (0);
	if ((more = reallocarray(l->gone, l->gone_count + 1, sizeof(*more))) == NULL)
		return (err_sys(e, ERR_IO, "epochs"));
	l->gone = more;
	one = &more[l->gone_count++];
	*one = (struct gone){ .t_us = entry->t_us };
	memcpy(one->what, destroy->what.ptr,
	    destroy->what.len < sizeof(one->what) ? destroy->what.len : sizeof(one->what) - 1);
	memcpy(one->stream, stream, strnlen(stream, sizeof(one->stream) - 1));
	memcpy(one->commitment, destroy->commitment, sizeof(one->commitment));
	return (0);
}

/* ---- text ---- */

static void
print_time(struct buf *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	(void)clock_rfc3339(text, t_us);
	buf_fmt(out, "%.16sZ", text); /* to the minute: epochs end at midnight */
}

static void
print_users(const struct app_key_live *live, size_t i, struct buf *out)
{
	bool first = true;

	for (size_t n = 0; n < live->stream_count; n++) {
		if (!app_epochs_have(&live->streams[n].used, &live->all.list[i]))
			continue;
		buf_fmt(out, "%s%s", first ? "" : ", ", live->streams[n].name);
		first = false;
	}
	if (first)
		buf_str(out, "nobody");
}

static void
print_epoch(const struct app_key_live *live, size_t i, struct buf *out)
{
	struct key_epoch_times times;
	enum app_key_state state = app_key_state(live, i, &times);
	int64_t start_us = key_epoch_start_us(times.period, times.index);

	buf_fmt(out, "  %-15s", live->all.list[i].what);
	print_time(out, times.index < KEY_CHANGE_STEP ? start_us : times.created_us);
	buf_str(out, " to ");
	print_time(out, times.end_us);
	switch (state) {
	case APP_KEY_USED: buf_str(out, "  live"); break;
	case APP_KEY_HELD: buf_str(out, "  held"); break;
	case APP_KEY_OVER: buf_str(out, "  over: destroyed by the next turn of a pipe"); break;
	case APP_KEY_GRACE:
		buf_str(out, "  in grace until ");
		print_time(out, app_key_until_us(live, &times));
		break;
	}
	buf_str(out, "\n                 used by ");
	print_users(live, i, out);
	buf_str(out, "; commitment ");
	buf_hex(out, live->all.list[i].commitment, 32);
	buf_char(out, '\n');
}

static void
print_classes(const struct mask_policy *policy, const char *whose, struct buf *out)
{
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		bool first = true;

		for (int c = RECORD_CLASS_NONE + 1; c < RECORD_CLASS_COUNT; c++) {
			if (record_classes[c].prefix[0] == '\0' || (int)policy->epoch[c] != p)
				continue;
			if (first)
				buf_fmt(out, "  %-6s %s:", mask_period_names[p], whose);
			buf_fmt(out, " %s", record_classes[c].name);
			first = false;
		}
		if (!first)
			buf_char(out, '\n');
	}
}

static void
print_text(const struct listing *l, struct buf *out)
{
	const struct app_key_live *live = &l->live;
	struct config_stream fallback;

	buf_fmt(out, "keys %s: %zu epochs\n", live->keys_path, live->all.count);
	for (size_t i = 0; i < live->all.count; i++)
		print_epoch(live, i, out);
	if (live->hold.len > 0)
		buf_fmt(out, "  hold %.*s\n", (int)live->hold.len, live->hold.data);
	if (live->store == NULL)
		buf_str(out, "holds and destroyed epochs: --store DIR\n");
	else
		buf_fmt(out, "destroyed, say the chains: %zu\n", l->gone_count);
	for (size_t i = 0; i < l->gone_count; i++) {
		buf_fmt(out, "  %-15s", l->gone[i].what);
		print_time(out, l->gone[i].t_us);
		buf_fmt(out, "  stream %s\n", l->gone[i].stream);
	}
	if (!live->sure)
		buf_str(out, "the clock is not what the chains expect: nothing is destroyed\n");
	buf_str(out, "classes by how long their keys live\n");
	if (live->config->stream_count == 0)
		print_classes(&config_stream_find(live->config, "default", &fallback)->policy,
		    "default", out);
	for (unsigned i = 0; i < live->config->stream_count; i++)
		print_classes(
		    &live->config->streams[i].policy, live->config->streams[i].name, out);
}

/* ---- JSON ---- */

static void
json_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(text, t_us);

	json_str(out, key, span_of(text, len));
}

static void
json_commitment(struct buf *out, const unsigned char commitment[static 32])
{
	json_key(out, "commitment");
	buf_char(out, '"');
	buf_hex(out, commitment, 32);
	buf_char(out, '"');
}

static void
json_epoch(const struct app_key_live *live, size_t i, struct buf *out)
{
	struct key_epoch_times times;
	enum app_key_state state = app_key_state(live, i, &times);
	bool first = true;

	buf_str(out, i == 0 ? "{" : ",{");
	json_str(out, "name", span_str(live->all.list[i].what));
	json_str(out, "period", span_str(mask_period_names[times.period]));
	json_time(out, "begin",
	    times.index < KEY_CHANGE_STEP ? key_epoch_start_us(times.period, times.index)
					  : times.created_us);
	json_time(out, "end", times.end_us);
	json_str(out, "state", span_str(states[state]));
	if (state != APP_KEY_USED)
		json_time(out, "until", app_key_until_us(live, &times));
	json_commitment(out, live->all.list[i].commitment);
	json_key(out, "streams");
	buf_char(out, '[');
	for (size_t n = 0; n < live->stream_count; n++) {
		if (!app_epochs_have(&live->streams[n].used, &live->all.list[i]))
			continue;
		buf_str(out, first ? "" : ",");
		json_quote(out, span_str(live->streams[n].name));
		first = false;
	}
	buf_str(out, "]}");
}

static void
json_classes(const struct mask_policy *policy, const char *name, struct buf *out)
{
	json_key(out, name);
	buf_char(out, '{');
	for (int c = RECORD_CLASS_NONE + 1; c < RECORD_CLASS_COUNT; c++)
		if (record_classes[c].prefix[0] != '\0')
			json_str(out, record_classes[c].name,
			    span_str(mask_period_names[policy->epoch[c]]));
	buf_char(out, '}');
}

static void
print_json(const struct listing *l, struct buf *out)
{
	const struct app_key_live *live = &l->live;
	struct config_stream fallback;

	buf_char(out, '{');
	json_str(out, "keys", span_str(live->keys_path));
	json_bool(out, "clock_sure", live->sure);
	json_key(out, "epochs");
	buf_char(out, '[');
	for (size_t i = 0; i < live->all.count; i++)
		json_epoch(live, i, out);
	buf_char(out, ']');
	json_key(out, "destroyed");
	buf_char(out, '[');
	for (size_t i = 0; i < l->gone_count; i++) {
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "name", span_str(l->gone[i].what));
		json_time(out, "time", l->gone[i].t_us);
		json_str(out, "stream", span_str(l->gone[i].stream));
		json_commitment(out, l->gone[i].commitment);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	json_key(out, "classes");
	buf_char(out, '{');
	if (live->config->stream_count == 0)
		json_classes(&config_stream_find(live->config, "default", &fallback)->policy,
		    "default", out);
	for (unsigned i = 0; i < live->config->stream_count; i++)
		json_classes(
		    &live->config->streams[i].policy, live->config->streams[i].name, out);
	buf_str(out, "}}\n");
}

int
app_key_list(const struct app_args *args)
{
	struct listing l = { .gone = NULL };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	if (app_key_live_open(args, false, &l.live, &e) == -1 ||
	    (l.live.store != NULL &&
		store_each_entry(l.live.store, app_names(), take_gone, &l, &e) == -1)) {
		code = app_fail("key list", &e);
	} else {
		(args->json ? print_json : print_text)(&l, &out);
		code = app_finish_words("key list", &out, 0);
	}
	app_key_live_close(&l.live);
	free(l.gone);
	return (code);
}
