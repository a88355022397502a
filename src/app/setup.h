/*
 * app: what several commands need before they can work: configuration,
 * stream, vocabulary, paths.
 */
#ifndef CRETULA_APP_SETUP_H
#define CRETULA_APP_SETUP_H

#include "app/args.h"
#include "config/config.h"
#include "mask/words.h"
#include "parse/named/zone.h"

struct err;
struct key_ring;

struct app_setup {
	struct config *config;
	const struct config_stream *stream;
	struct config_stream fallback;
	struct mask_geo *geo; /* app_geo_open */
	struct parse_string *string; /* app_parser_find */
	struct parse_zone zone;
};

/* Errors of the file go to standard error line by line, before the one of e. */
int app_config_load(const char *path, struct config **c, struct err *e);

/*
 * Read --config (if given) and find the stream; NULL is the only one of the
 * file.  A file with streams must have this one.
 */
int app_setup_open(const struct app_args *args, const char *stream, struct app_setup *s,
    struct err *e);
void app_setup_close(struct app_setup *s);

/* --store, else the configuration's; ERR_USAGE if there is none. */
int app_store_path(const struct app_args *args, const struct app_setup *s, const char **path,
    struct err *e);
/* --keys, else the configuration's; NULL: beside the store. */
const char *app_keys_path(const struct app_args *args, const struct app_setup *s);

/* The databases of the configuration into s->geo, before anything is made on disk. */
int app_geo_open(struct app_setup *s, struct err *e);

/*
 * A vocabulary with the stream's k.  keys NULL: whether a word was forgotten
 * cannot be told, so nothing is learned where some were.
 */
int app_words_open(const struct app_setup *s, const struct key_ring *keys,
    struct mask_words **words, struct err *e);
/* text, and routes, OpenAPI files and document roots.  name is for errors. */
int app_words_load(const struct app_setup *s, struct mask_words *words, struct span text,
    const char *name, struct err *e);
/* Both, of a stream that is open: what is on disk is believed as store/words.h says. */
struct store_stream;
int app_words_of(const struct app_setup *s, const struct key_ring *keys, struct store_stream *st,
    const char *name, struct mask_words **words, struct err *e);

/* The parser of a name; ERR_USAGE with the list.  "auto" gives NULL and 0. */
struct parse_format;
int app_format_find(const char *name, const struct parse_format **format, struct err *e);

/* Processors that this process may use, 1 .. max. */
unsigned app_processors(unsigned max);

#endif
