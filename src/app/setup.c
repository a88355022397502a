/* app: what several commands need before they can work. */
#include <sched.h>

#include <stdio.h>
#include <string.h>

#include "app/setup.h"
#include "app/say.h"
#include "app/words/words.h"
#include "base/err.h"
#include "config/suggest.h"
#include "crypto/random.h"
#include "key/key.h"
#include "mask/geo.h"
#include "parse/parse.h"
#include "parse/string/string.h"
#include "store/words.h"

static int
no_stream(const struct config *c, const char *name, struct err *e)
{
	struct buf list = { 0 };
	int rc;

	for (unsigned i = 0; i < c->stream_count; i++)
		buf_fmt(&list, "%s%s", i == 0 ? "" : ", ", c->streams[i].name);
	if (name == NULL)
		rc = err_set(e, ERR_USAGE, "--stream NAME is needed: %s has %s", c->path,
		    buf_ok(&list) ? list.data : "several");
	else
		rc = err_set(e, ERR_CONFIG, "%s has no stream '%s', only %s", c->path, name,
		    buf_ok(&list) ? list.data : "others");
	buf_free(&list);
	return (rc);
}

/*
 * A file that says what becomes of streams is not passed over: who gives it
 * and misspells the stream would get the defaults in its place.
 */
static int
find_stream(struct app_setup *s, const char *name, struct err *e)
{
	const struct config *c = s->config;
	bool own = name != NULL && strncmp(name, "cretula.", 8) == 0;

	if (name == NULL && c->stream_count > 1)
		return (no_stream(c, name, e));
	if (name == NULL)
		name = c->stream_count == 1 ? c->streams[0].name : "default";
	s->stream = config_stream_find(c, name, &s->fallback);
	if (s->stream == &s->fallback && c->stream_count > 0 && !own)
		return (no_stream(c, name, e));
	return (0);
}

int
app_config_load(const char *path, struct config **c, struct err *e)
{
	struct buf report = { 0 };
	int rc = config_load(path, c, &report, e);

	if (rc == -1)
		app_log_hint(&report);
	buf_free(&report);
	return (rc);
}

int
app_setup_open(const struct app_args *args, const char *stream, struct app_setup *s, struct err *e)
{
	const char *path = app_arg(args, "config");
	int rc;

	memset(s, 0, sizeof(*s));
	rc = path != NULL ? app_config_load(path, &s->config, e) : config_default(&s->config, e);
	return (rc == 0 ? find_stream(s, stream, e) : -1);
}

void
app_setup_close(struct app_setup *s)
{
	mask_geo_close(s->geo);
	parse_string_free(s->string);
	config_free(s->config);
	memset(s, 0, sizeof(*s));
}

int
app_store_path(
    const struct app_args *args, const struct app_setup *s, const char **path, struct err *e)
{
	*path = app_arg(args, "store");
	if (*path == NULL && s->config->store[0] != '\0')
		*path = s->config->store;
	if (*path == NULL)
		return (err_set(e, ERR_USAGE, "--store DIR is needed (or `store:` in --config)"));
	return (0);
}

const char *
app_keys_path(const struct app_args *args, const struct app_setup *s)
{
	const char *path = app_arg(args, "keys");

	if (path == NULL && s->config->keys[0] != '\0')
		path = s->config->keys;
	return (path);
}

int
app_geo_open(struct app_setup *s, struct err *e)
{
	return (mask_geo_open(s->config->geo_country, s->config->geo_asn, &s->geo, e));
}

int
app_words_open(const struct app_setup *s, const struct key_ring *keys, struct mask_words **words,
    struct err *e)
{
	unsigned char secret[32];

	if (mask_words_open(s->stream->policy.words_k, words, e) == -1)
		return (-1);
	if (keys != NULL) {
		key_ring_words(keys, secret);
		mask_words_secret(*words, secret);
		crypto_wipe(secret, sizeof(secret));
	}
	return (0);
}

int
app_words_load(const struct app_setup *s, struct mask_words *words, struct span text,
    const char *name, struct err *e)
{
	if (mask_words_load(words, text, name, e) == -1)
		return (-1);
	if (mask_words_stopped(words))
		app_words_closed(name);
	return (app_words_preload(s->stream, mask_words_configure, words, NULL, e));
}

int
app_words_of(const struct app_setup *s, const struct key_ring *keys, struct store_stream *st,
    const char *name, struct mask_words **words, struct err *e)
{
	struct store_words_found found;
	struct buf text = { 0 };
	int rc = -1;

	*words = NULL;
	if (store_words_settle(st, &text, &found, e) == 0 &&
	    app_words_open(s, keys, words, e) == 0) {
		app_words_refused(name, &found);
		rc = app_words_load(s, *words, buf_view(&text), name, e);
	}
	buf_free(&text);
	if (rc == -1) {
		mask_words_close(*words);
		*words = NULL;
	}
	return (rc);
}

int
app_format_find(const char *name, const struct parse_format **format, struct err *e)
{
	struct buf list = { 0 };
	struct span near = { NULL, 0 };

	*format = NULL;
	if (strcmp(name, "auto") == 0)
		return (0);
	if ((*format = parse_format_find(span_str(name))) != NULL)
		return (0);
	for (size_t i = 0; i < parse_format_count; i++)
		buf_fmt(&list, "%s ", parse_formats[i].name);
	buf_str(&list, "auto");
	if (buf_ok(&list))
		near = config_suggest(span_str(name), list.data);
	if (near.len > 0)
		(void)err_set(e, ERR_USAGE,
		    "no format '%s', did you mean %.*s? cretula help formats", name, (int)near.len,
		    near.ptr);
	else
		(void)err_set(e, ERR_USAGE, "no format '%s': cretula help formats", name);
	buf_free(&list);
	return (-1);
}

unsigned
app_processors(unsigned max)
{
	cpu_set_t set;
	int count;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return (1);
	count = CPU_COUNT(&set);
	return (count < 1 ? 1 : (unsigned)count > max ? max : (unsigned)count);
}
