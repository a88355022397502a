/* config: the one table of options.  Private to config/. */
#ifndef CRETULA_CONFIG_OPTIONS_H
#define CRETULA_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

enum config_type {
	CONFIG_AGENTS, /* as CONFIG_NAMES, programs */
	CONFIG_CHOICE, /* one word of choices; an unsigned, its index */
	CONFIG_COUNT, /* unsigned */
	CONFIG_DETAIL, /* struct detail_rule[DETAIL_RULES_MAX], and a count */
	CONFIG_DURATION, /* int64_t, microseconds */
	CONFIG_EPOCH, /* a period of the keys of each class */
	CONFIG_FIELDS, /* drop or redact of each field */
	CONFIG_FIELD_NAMES, /* as CONFIG_NAMES, fields of a record */
	CONFIG_FILE, /* char[CONFIG_PATH_BYTES], relative to the file of options */
	CONFIG_FORMAT, /* char[CONFIG_NAME_BYTES], a format or "auto" */
	CONFIG_FORMAT_STRING, /* char[CONFIG_PATH_BYTES] */
	CONFIG_HASH, /* char[CONFIG_HASH_BYTES], of a token */
	CONFIG_HOSTS, /* as CONFIG_NAMES, host names */
	CONFIG_INPUT, /* struct input_place: the last word of path is its kind */
	CONFIG_LISTEN, /* char[CONFIG_PATH_BYTES], config_listen reads it; "" is nowhere */
	CONFIG_INCLUDE, /* another file; no place */
	CONFIG_MACHINES, /* as CONFIG_NAMES, with a "*" at the end */
	CONFIG_MEMBERS, /* struct parse_json_map: a path of each what */
	CONFIG_METHOD, /* one method of each class */
	CONFIG_NAME, /* char[CONFIG_NAME_BYTES] */
	CONFIG_NAMES, /* char[MASK_NAMES_MAX][MASK_NAME_BYTES], and a count */
	CONFIG_NETWORKS, /* struct mask_network[MASK_NETWORKS_MAX], and a count */
	CONFIG_PATH, /* char[CONFIG_PATH_BYTES] */
	CONFIG_PATHS, /* char[CONFIG_ROUTES_MAX][CONFIG_PATH_BYTES], and a count */
	CONFIG_PERIOD, /* char[CONFIG_NAME_BYTES]: never, daily, weekly, monthly, a size */
	CONFIG_RATE, /* uint64_t, a second */
	CONFIG_SEAL_KEY, /* char[CONFIG_SEAL_BYTES], a public key */
	CONFIG_RULES, /* struct detect_rule[DETECT_RULES_MAX], and a count */
	CONFIG_SHARE, /* uint64_t, percent */
	CONFIG_SIZE, /* uint64_t, bytes */
	CONFIG_VKEYS, /* char[CONFIG_APPROVERS_MAX][SEAL_VKEY_TEXT_BYTES], and a count */
	CONFIG_ZONE, /* char[CONFIG_NAME_BYTES], a time zone */
	CONFIG_TRIGGERS, /* struct detail_trigger[DETAIL_SIGNAL_COUNT], and a count */
	CONFIG_SWITCH, /* bool: the second of two choices */
	CONFIG_TYPE_COUNT
};

struct config_option {
	const char *path; /* "*" stands for a name */
	enum config_type type;
	size_t offset; /* in config; below "streams.*" config_stream, "roles.*" config_role */
	size_t count_offset; /* of lists */
	const char *fallback; /* the default, as the file would say it; "" if none */
	uint64_t min, max; /* of numbers */
	const char *choices; /* blank-separated, or NULL */
	const char *help;
};

#define CONFIG_OPTIONS_MAX 96
#define CONFIG_OPTION_PATH_BYTES 128

/* Sorted by path. */
extern const struct config_option config_options[];
extern const size_t config_option_count;

const struct config_option *config_option_find(const char *path);
/* Is it a map of options? */
bool config_option_group(const char *path);
/* The path without "streams.*.", for errors. */
const char *config_option_name(const struct config_option *o);
/* Path for people: NAME and CLASS for "*". */
void config_option_shown(const char *path, struct buf *out);

/* What stands directly below a group, in order: start with at = 0. */
struct config_child {
	char path[CONFIG_OPTION_PATH_BYTES];
	const char *name; /* the last word of path */
	const struct config_option *row; /* NULL: a group */
};
bool config_option_next(const char *group, size_t *at, struct config_child *child);

/* Word i of a blank-separated list; empty past the end. */
struct span config_word(const char *words, unsigned i);

#endif
