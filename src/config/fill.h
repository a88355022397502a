/* config: what the parts of the reader share.  Private to config/. */
#ifndef CRETULA_CONFIG_FILL_H
#define CRETULA_CONFIG_FILL_H

#include "base/arena.h"
#include "config/config.h"
#include "config/options.h"
#include "config/source.h"
#include "config/suggest.h"
#include "config/tree.h"

#define CONFIG_INCLUDE_DEPTH 4
#define CONFIG_SOURCES_MAX (CONFIG_INCLUDE_DEPTH + 1)
#define CONFIG_PROBLEMS_MAX 100
#define CONFIG_TEXT_BYTES 1024

struct config_problem {
	struct config_mark at;
	unsigned order; /* among problems of one place */
	char what[256];
	char hint[256]; /* "" if there is none */
};

struct config_loader {
	struct config *config;
	bool may_include;
	struct config_source sources[CONFIG_SOURCES_MAX];
	unsigned source_count;
	char include[CONFIG_TEXT_BYTES]; /* of the last source; "" if none */
	struct config_mark include_mark;
	struct config_mark given[CONFIG_OPTIONS_MAX]; /* line 0: not yet */
	struct config_mark stream_given[CONFIG_STREAMS_MAX], role_given[CONFIG_ROLES_MAX];
	uint64_t epochs_given; /* of the stream at hand: a bit for each class */
	struct config_problem problems[CONFIG_PROBLEMS_MAX];
	unsigned problem_count;
	unsigned problem_total; /* with those that found no room */
	struct arena arena;
};

/* ---- default.c ---- */

/* Everything a stream has if the file says nothing.  Longer names are cut. */
void config_stream_default(struct config_stream *s, const char *name, const char *tenant);

/*
 * One more stream with the defaults, at the end of c->streams (earlier
 * pointers into it are void).  NULL: no memory, or CONFIG_STREAMS_MAX.
 */
struct config_stream *config_stream_add(struct config *c, const char *name);

/* As config_stream_add, of roles: the public tier. */
struct config_role *config_role_add(struct config *c, const char *name);

/* ---- problem.c ---- */

/* One more error. */
void config_say(struct config_loader *l, struct config_mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What to do about the last one. */
void config_hint(struct config_loader *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "did you mean" if a word of a blank-separated list is near. */
void config_hint_near(struct config_loader *l, struct span word, const char *words);
/* The first 64 bytes of a key or name, printable, with quotes. */
#define CONFIG_SHOWN_BYTES 72
const char *config_shown(struct span text, char out[static CONFIG_SHOWN_BYTES]);
/* Every error in the order of the files. */
void config_problems_print(struct config_loader *l, struct buf *report);

/* ---- expand.c ---- */

/*
 * The text of a scalar with ${ENV} replaced; name is the option's, for
 * errors.  0; or -1, and it is said to l.
 */
int config_text(struct config_loader *l, const struct config_node *node, const char *name,
    char out[static CONFIG_TEXT_BYTES]);
/* The same, of another size. */
int config_text_of(struct config_loader *l, const struct config_node *node, const char *name,
    char *out, size_t size);

/* ---- value.c ---- */

/* Store node in the option's place; to is the struct config, config_stream or config_role. */
void config_value_set(struct config_loader *l, const struct config_option *o,
    const struct config_node *node, void *to);
/* The same for one class of mask:. */
void config_value_method(struct config_loader *l, int class_id, const struct config_node *node,
    struct config_stream *stream);

/* ---- listen.c ---- */

/* HOST:PORT or unix:PATH, or it is said to l. */
void config_value_listen(struct config_loader *l, struct config_mark at, const char *name,
    const char *text, char to[static CONFIG_PATH_BYTES]);
/* The only input of its stream. */
void config_value_input(struct config_loader *l, struct config_mark at,
    const struct config_option *o, const char *said, struct input_place *input);

/* ---- maps/roles.c ---- */

/* The hash of a token. */
void config_value_hash(struct config_loader *l, struct config_mark at, const char *name,
    const char *text, char to[static CONFIG_HASH_BYTES]);
/* The public key of somebody who approves; to is its place in the configuration. */
void config_value_vkey(struct config_loader *l, struct config_mark at, const char *text,
    char to[static SEAL_VKEY_TEXT_BYTES]);
/* A field of records. */
void config_value_field(struct config_loader *l, struct config_mark at, const char *text,
    char to[static MASK_NAME_BYTES]);
/* One more role, if it may be called so; NULL: it is said. */
struct config_role *config_role_begin(struct config_loader *l, const struct config_node *key);
/* What roles and `serve:` say that cannot be. */
void config_roles_check(struct config_loader *l);

/* ---- maps/epochs.c ---- */

/* One key of epochs:, a class or the first word of several.  false: there is none. */
bool config_value_epoch(struct config_loader *l, const struct config_node *key,
    struct config_stream *stream);

/* ---- print.c ---- */

/* Quoted for YAML. */
void config_print_quoted(struct buf *out, const char *text);
/* A number as the file would say it: "64K", "7d", "10". */
void config_print_amount(enum config_type type, uint64_t n, struct buf *out);

/* ---- walk.c ---- */

/* Everything that a tree says goes into l->config. */
void config_walk(struct config_loader *l, const struct config_node *root);

/* ---- load.c ---- */

/*
 * As config_load, of a text.  name is the file for errors, routes and
 * includes; if NULL, errors say "(text)" and include is refused.
 */
int config_load_text(
    struct span text, const char *name, struct config **c, struct buf *report, struct err *e);

#endif
