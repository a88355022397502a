/* maps: options that are maps or lists of them, one file each.  Private to config/. */
#ifndef CRETULA_CONFIG_MAPS_H
#define CRETULA_CONFIG_MAPS_H

#include "config/fill.h"

/* ---- read.c ---- */

struct config_key {
	const char *name;
	bool optional;
	struct config_mark at;        /* of its text; line 0: not given */
	char text[CONFIG_TEXT_BYTES]; /* "" if not given */
};

/*
 * The texts of a map: every key is one of keys and all that must be are there.  0; or -1,
 * and all that is wrong is said to l.  option names the list, for errors.
 */
int config_map_read(struct config_loader *l, const struct config_node *map, const char *option,
    struct config_key *keys, unsigned count);

/* The number of text in a blank-separated list; -1: said. */
int config_map_choose(struct config_loader *l, const struct config_key *key, const char *words);

/* ---- list.c ---- */

/* A list whose items are maps: how large one is, and what reads, prints, describes it. */
struct config_map_list {
	enum config_type type;
	size_t item_bytes;
	unsigned items_max;
	void (*set)(struct config_loader *l, const struct config_node *map, void *to);
	void (*print)(const void *from, struct buf *out);
	void (*schema)(struct buf *out);
};
/* NULL: an option of this type is none. */
const struct config_map_list *config_map_list(enum config_type type);

/* ---- one file each ---- */

void config_detail_set(struct config_loader *l, const struct config_node *map, void *to);
void config_detail_print(const void *from, struct buf *out);
void config_detail_schema(struct buf *out);
void config_triggers_set(struct config_loader *l, const struct config_node *map, void *to);
void config_triggers_print(const void *from, struct buf *out);
void config_triggers_schema(struct buf *out);
void config_rules_set(struct config_loader *l, const struct config_node *map, void *to);
void config_rules_print(const void *from, struct buf *out);
void config_rules_schema(struct buf *out);

/* fields: one of its keys with its value; what is said; the properties; the list for people. */
void config_fields_set(struct config_loader *l, const struct config_node *key,
    struct config_stream *stream);
void config_fields_print(const struct mask_policy *p, int indent, struct buf *out);
void config_fields_schema(struct buf *out);
void config_fields_explain(struct buf *out);

/* retain: can what the stream's map says be kept at once?  What cannot is said. */
void config_retain_check(struct config_loader *l, const struct config_node *stream_map,
    const struct config_stream *stream);
/* The presets for people. */
void config_retain_explain(struct buf *out);

/* map: the same, of members of JSON. */
void config_members_set(struct config_loader *l, const struct config_node *key,
    struct config_stream *stream);
void config_members_print(const struct parse_json_map *map, int indent, struct buf *out);
void config_members_schema(struct buf *out);
void config_members_explain(struct buf *out);

#endif
