/* config: a tree of YAML against the table of options. */
#include <stdio.h>
#include <string.h>

#include "config/fill.h"
#include "config/maps/maps.h"
#include "store/layout.h"

#define AGENT "streams.*.mask.agent"
#define INPUT "streams.*.input"

struct walk {
	struct config_loader *l;
	int stream; /* index; -1 outside of streams */
	struct config_role *role; /* NULL outside of roles */
};

static void walk_map(struct walk *w, const struct config_node *map, const char *group);

/* A group without anything in it is a map, too: its keys may be comments. */
static bool
is_map(struct walk *w, const struct config_node *node, const char *group)
{
	struct buf shown = { 0 };

	if (node->broken || config_node_empty(node))
		return (false);
	if (node->kind == CONFIG_MAP)
		return (true);
	if (strcmp(group, INPUT) == 0 && span_is(node->text, "pipe"))
		return (false); /* as it is without a word */
	config_option_shown(group, &shown);
	config_say(w->l, node->mark, "%s must be a map", buf_ok(&shown) ? shown.data : group);
	if (strcmp(group, AGENT) == 0)
		config_hint(w->l, "write agent: { full: token }");
	buf_free(&shown);
	return (false);
}

/* Where the table has key as a word of a path: what is above it. */
static bool
find_above(struct span key, char above[static CONFIG_OPTION_PATH_BYTES])
{
	for (size_t i = 0; i < config_option_count; i++) {
		const char *path = config_options[i].path, *word = path;

		while ((word = strchr(word, '.')) != NULL) {
			size_t len = strcspn(++word, ".");

			if (*word == '*' || !span_equal(key, span_of(word, len)))
				continue;
			memcpy(above, path, (size_t)(word - 1 - path));
			above[word - 1 - path] = '\0';
			return (true);
		}
	}
	return (false);
}

static void
say_unknown(struct walk *w, const struct config_node *key, const char *group)
{
	char shown[CONFIG_SHOWN_BYTES], above[CONFIG_OPTION_PATH_BYTES];
	struct buf names = { 0 }, place = { 0 };
	struct config_child child;
	size_t at = 0;

	config_say(w->l, key->mark, "unknown key %s", config_shown(key->text, shown));
	while (config_option_next(group, &at, &child))
		buf_fmt(&names, "%s ", child.name);
	if (buf_ok(&names))
		config_hint_near(w->l, key->text, names.data);
	(void)snprintf(above, sizeof(above), "%s.%.*s", group, (int)key->text.len,
	    key->text.len == 0 ? "" : key->text.ptr);
	if (config_option_find(above) != NULL && span_find(key->text, '.') != key->text.len)
		config_hint(w->l, "every . is a map of its own: words: { k: 10 }");
	/* A known word at the wrong place is nearer than a similar one. */
	if (find_above(key->text, above)) {
		config_option_shown(above, &place);
		config_hint(
		    w->l, "%s belongs below %s", shown, buf_ok(&place) ? place.data : above);
	}
	buf_free(&names);
	buf_free(&place);
}

static void
check_given(struct walk *w, const struct config_option *o, const struct config_node *key)
{
	struct config_mark *given = &w->l->given[o - config_options];

	if (given->line != 0 && o->type != CONFIG_INCLUDE)
		config_say(w->l, key->mark, "\"%s\" is already given in %.150s on line %u", o->path,
		    w->l->sources[given->file].path, given->line);
	*given = key->mark;
}

static void
walk_value(struct walk *w, const struct config_option *o, const struct config_node *key)
{
	struct config *c = w->l->config;

	if (w->role != NULL)
		config_value_set(w->l, o, key->value, w->role);
	else if (w->stream == -1) {
		check_given(w, o, key);
		config_value_set(w->l, o, key->value, c);
	} else
		config_value_set(w->l, o, key->value, &c->streams[w->stream]);
}

static void
walk_stream(struct walk *w, const struct config_node *key)
{
	struct config_loader *l = w->l;
	struct config *c = l->config;
	char name[CONFIG_NAME_BYTES] = { 0 };
	unsigned before = 0;

	if (!store_name_ok(key->text)) {
		config_say(l, key->mark, "a stream is named by 1 to 32 of a-z, 0-9 and -");
		config_hint(l, "it starts with a letter");
		return;
	}
	memcpy(name, key->text.ptr, key->text.len);
	while (before < c->stream_count && strcmp(c->streams[before].name, name) != 0)
		before++;
	if (before < c->stream_count) {
		config_say(l, key->mark, "stream \"%s\" is already given in %.150s on line %u",
		    name, l->sources[l->stream_given[before].file].path,
		    l->stream_given[before].line);
		return;
	}
	if (config_stream_add(c, name) == NULL) {
		config_say(l, key->mark, "more than %d streams", CONFIG_STREAMS_MAX);
		return;
	}
	c->streams[before].line = key->mark.line;
	l->stream_given[before] = key->mark;
	w->stream = (int)before;
	l->epochs_given = 0;
	if (is_map(w, key->value, "streams.*")) {
		walk_map(w, key->value, "streams.*");
		config_retain_check(l, key->value, &c->streams[before]);
	}
	w->stream = -1;
}

static void
walk_role(struct walk *w, const struct config_node *key)
{
	if ((w->role = config_role_begin(w->l, key)) != NULL && is_map(w, key->value, "roles.*"))
		walk_map(w, key->value, "roles.*");
	w->role = NULL;
}

/* 0 if it was no class. */
static int
walk_class(struct walk *w, const struct config_node *key)
{
	int class_id = mask_class_find(key->text);

	if (class_id <= RECORD_CLASS_NONE)
		return (0);
	config_value_method(w->l, class_id, key->value, &w->l->config->streams[w->stream]);
	return (1);
}

static void
say_no_class(struct walk *w, const struct config_node *key)
{
	char shown[CONFIG_SHOWN_BYTES];
	struct buf names = { 0 };

	config_say(w->l, key->mark, "no class is called %s", config_shown(key->text, shown));
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		buf_fmt(&names, "%s ", record_classes[i].name);
	if (buf_ok(&names))
		config_hint_near(w->l, key->text, names.data);
	buf_free(&names);
}

static void
walk_group(struct walk *w, const struct config_node *key, const char *path)
{
	if (!is_map(w, key->value, path))
		return;
	walk_map(w, key->value, path);
}

static void
walk_key(struct walk *w, const struct config_node *key, const char *group)
{
	char path[CONFIG_OPTION_PATH_BYTES];
	const struct config_option *o;
	int len = snprintf(path, sizeof(path), "%s%s%.*s", group, group[0] == '\0' ? "" : ".",
	    (int)key->text.len, key->text.len == 0 ? "" : key->text.ptr);
	/* A path in one word, or a star, is not what the table means. */
	bool word = len > 0 && (size_t)len < sizeof(path) &&
	    span_find(key->text, '.') == key->text.len &&
	    span_find(key->text, '*') == key->text.len && key->text.len > 0;

	if (strcmp(group, "streams") == 0)
		walk_stream(w, key);
	else if (strcmp(group, "roles") == 0)
		walk_role(w, key);
	else if (word && (o = config_option_find(path)) != NULL)
		walk_value(w, o, key);
	else if (word && config_option_group(path))
		walk_group(w, key, path);
	else if (strcmp(group, "streams.*.fields") == 0)
		config_fields_set(w->l, key, &w->l->config->streams[w->stream]);
	else if (strcmp(group, "streams.*.map") == 0)
		config_members_set(w->l, key, &w->l->config->streams[w->stream]);
	else if (strcmp(group, "streams.*.mask") == 0) {
		if (walk_class(w, key) == 0)
			say_no_class(w, key);
	} else if (strcmp(group, "streams.*.epochs") == 0) {
		if (!config_value_epoch(w->l, key, &w->l->config->streams[w->stream]))
			say_no_class(w, key);
	} else
		say_unknown(w, key, group);
}

static void
walk_map(struct walk *w, const struct config_node *map, const char *group)
{
	for (const struct config_node *key = map->first; key != NULL; key = key->next)
		if (!key->broken && key->value != NULL && !key->value->broken)
			walk_key(w, key, group);
}

void
config_walk(struct config_loader *l, const struct config_node *root)
{
	struct walk w = { l, -1, NULL };

	if (root == NULL || root->broken || config_node_empty(root))
		return;
	if (root->kind != CONFIG_MAP) {
		config_say(l, root->mark, "the file must be a map of options");
		config_hint(l, "for example store: /var/lib/cretula");
		return;
	}
	walk_map(&w, root, "");
}
