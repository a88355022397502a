/* config: libyaml's events become a tree with marks. */
#include "config/tree.h"

#include <assert.h>
#include <string.h>
#include <yaml.h>

#include "config/fill.h"

struct builder {
	struct config_loader *l;
	unsigned file;
	struct config_node *root;
	struct config_node *open[CONFIG_DEPTH_MAX];
	struct config_node *key[CONFIG_DEPTH_MAX]; /* whose value comes next */
	unsigned depth, nodes, documents;
	struct config_mark last; /* where the last event starts */
};

static const struct {
	const char *problem, *hint;
} hints[] = {
	{ "block sequence entries are not allowed in this context",
	    "a list below a key starts on a line of its own" },
	{ "could not find expected ':'", "a key needs \": \" behind it" },
	{ "did not find expected key", "is the line indented like its neighbours?" },
	{ "found character that cannot start any token", "put the value in quotes" },
	{ "found unexpected end of stream", "a quote or bracket is not closed" },
	{ "mapping values are not allowed in this context",
	    "put a value with \": \" in it in quotes; indent keys of one map alike" },
};

static struct config_mark
mark_of(const struct builder *b, yaml_mark_t mark)
{
	struct config_mark made = { b->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1 };

	return (made);
}

bool
config_node_empty(const struct config_node *node)
{
	return (node->kind == CONFIG_TEXT && node->plain && node->text.len == 0);
}

static bool
same_place(struct config_mark a, struct config_mark b)
{
	return (a.line == b.line && a.column == b.column);
}

/* A second key of the same name counts as broken. */
static void
check_twice(struct builder *b, const struct config_node *map, struct config_node *key)
{
	for (const struct config_node *k = map->first; k != NULL; k = k->next) {
		char shown[CONFIG_SHOWN_BYTES];

		if (k->broken || !span_equal(k->text, key->text))
			continue;
		key->broken = true;
		config_say(b->l, key->mark, "%s is given twice; the first is on line %u",
		    config_shown(key->text, shown), k->mark.line);
		return;
	}
}

/* 0; or -1: said, and there is no going on. */
static int
attach(struct builder *b, struct config_node *node)
{
	struct config_node *parent = b->depth == 0 ? NULL : b->open[b->depth - 1];
	struct config_node **key = b->depth == 0 ? NULL : &b->key[b->depth - 1];

	if (parent == NULL) {
		b->root = node;
		return (0);
	}
	if (parent->kind == CONFIG_MAP && *key != NULL) {
		(*key)->value = node;
		*key = NULL;
		return (0);
	}
	if (parent->kind == CONFIG_MAP) {
		if (node->kind != CONFIG_TEXT) {
			config_say(b->l, node->mark, "a key must be a word");
			return (-1);
		}
		if (!node->broken)
			check_twice(b, parent, node);
		*key = node;
	}
	if (parent->count++ == CONFIG_ITEMS_MAX) {
		config_say(b->l, node->mark, "more than %d in one %s", CONFIG_ITEMS_MAX,
		    parent->kind == CONFIG_MAP ? "map" : "list");
		return (-1);
	}
	*(parent->last == NULL ? &parent->first : &parent->last->next) = node;
	parent->last = node;
	return (0);
}

/* A copy of len bytes in the arena. */
static struct span
keep(struct builder *b, const void *bytes, size_t len)
{
	char *copy = arena_take(&b->l->arena, len + 1);

	if (copy == NULL)
		return (span_of(NULL, 0));
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return (span_of(copy, len));
}

static struct config_node *
node_make(struct builder *b, enum config_kind kind, const yaml_event_t *event)
{
	struct config_node *node = NULL;
	struct config_mark at = mark_of(b, event->start_mark);

	if (b->nodes++ < CONFIG_NODES_MAX)
		node = arena_take(&b->l->arena, sizeof(*node));
	if (node == NULL) {
		config_say(b->l, at, "more than %d values", CONFIG_NODES_MAX);
		return (NULL);
	}
	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->mark = at;
	node->end = mark_of(b, event->end_mark);
	return (node);
}

/* Anchors make small files large, tags make values mean something else. */
static void
check_plain(
    struct builder *b, struct config_node *node, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	node->broken = anchor != NULL || tag != NULL;
	if (anchor != NULL) {
		config_say(b->l, node->mark, "anchors (&) are not allowed");
		config_hint(b->l, "write the value out where it is needed");
	}
	if (tag != NULL) {
		config_say(b->l, node->mark, "tags (!) are not allowed");
		config_hint(b->l, "put a value that starts with ! in quotes");
	}
}

static int
add_text(struct builder *b, const yaml_event_t *event)
{
	struct config_node *node = node_make(b, CONFIG_TEXT, event);

	if (node == NULL)
		return (-1);
	if (event->type == YAML_ALIAS_EVENT) {
		node->broken = true;
		config_say(b->l, node->mark, "aliases (*) are not allowed");
		config_hint(b->l, "put a value that starts with * in quotes");
		return (attach(b, node));
	}
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = keep(b, event->data.scalar.value, event->data.scalar.length);
	check_plain(b, node, event->data.scalar.anchor, event->data.scalar.tag);
	return (attach(b, node));
}

static int
open_node(struct builder *b, const yaml_event_t *event)
{
	bool list = event->type == YAML_SEQUENCE_START_EVENT;
	struct config_node *node = node_make(b, list ? CONFIG_LIST : CONFIG_MAP, event);

	if (node == NULL)
		return (-1);
	if (list)
		check_plain(
		    b, node, event->data.sequence_start.anchor, event->data.sequence_start.tag);
	else
		check_plain(
		    b, node, event->data.mapping_start.anchor, event->data.mapping_start.tag);
	if (attach(b, node) == -1)
		return (-1);
	if (b->depth == CONFIG_DEPTH_MAX) {
		config_say(b->l, node->mark, "nested deeper than %d", CONFIG_DEPTH_MAX);
		return (-1);
	}
	b->key[b->depth] = NULL;
	b->open[b->depth++] = node;
	return (0);
}

/* 1: go on; 0: the end; -1: said, and there is no going on. */
static int
handle(struct builder *b, const yaml_event_t *event)
{
	struct config_node *node;

	switch (event->type) {
	case YAML_STREAM_END_EVENT: return (0);
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ == 0)
			return (1);
		config_say(b->l, mark_of(b, event->start_mark), "a second document (---)");
		return (-1);
	case YAML_ALIAS_EVENT:
	case YAML_SCALAR_EVENT: return (add_text(b, event) == -1 ? -1 : 1);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT: return (open_node(b, event) == -1 ? -1 : 1);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		node = b->open[--b->depth];
		assert(node != NULL); /* libyaml ends only what it began */
		node->end = mark_of(b, event->end_mark);
		return (1);
	default: return (1);
	}
}

static struct config_mark
syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	struct config_mark at = mark_of(b, parser->problem_mark);
	const char *problem = parser->problem == NULL ? "no memory" : parser->problem;

	if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
		config_say(b->l, at, "%s %s that starts on line %zu", problem, parser->context,
		    parser->context_mark.line + 1);
	else
		config_say(b->l, at, "%s", problem);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(hints[i].problem, problem) == 0)
			config_hint(b->l, "%s", hints[i].hint);
	return (at);
}

/*
 * Where reading stops early, the value of a secret may be half read, or what
 * follows may still belong to it: it is in the lines that an error would show.
 */
static void
hide_rest(struct builder *b, unsigned line)
{
	struct config_source *source = &b->l->sources[b->file];
	struct config_mark end = { b->file, CONFIG_LINE_END, 1 };
	bool secret = config_has_secret(config_source_region(source, b->last, line));

	for (unsigned i = 0; i < b->depth; i++) {
		const struct config_node *last = b->open[i]->last;

		if (b->open[i]->kind == CONFIG_MAP && last != NULL &&
		    config_looks_secret(last->text))
			secret = true;
	}
	if (secret)
		config_source_hide(source, b->last, end);
}

static void
hide_all(struct config_source *source, const struct config_node *node)
{
	if (node == NULL)
		return;
	if (node->kind == CONFIG_TEXT && !same_place(node->mark, node->end))
		config_source_hide(source, node->mark, node->end);
	for (const struct config_node *n = node->first; n != NULL; n = n->next) {
		hide_all(source, n);
		hide_all(source, n->value);
	}
}

/* Hide the values of keys that look secret.  No deeper than CONFIG_DEPTH_MAX. */
static void
hide_secrets(struct config_source *source, const struct config_node *node, bool classes)
{
	for (const struct config_node *n = node->first; n != NULL; n = n->next) {
		if (node->kind == CONFIG_LIST) {
			hide_secrets(source, n, false);
			continue;
		}
		if (n->value == NULL)
			continue;
		/* "credential" is a word of mask:. */
		if (!(classes && mask_class_find(n->text) != -1) && config_looks_secret(n->text)) {
			config_source_hide(source, n->end, n->end);
			hide_all(source, n->value);
		} else
			hide_secrets(source, n->value, span_is(n->text, "mask"));
	}
}

static void
read_events(struct builder *b, yaml_parser_t *parser)
{
	int more = 1;

	while (more == 1) {
		struct config_mark at;
		yaml_event_t event;

		if (yaml_parser_parse(parser, &event) == 0) {
			at = syntax_error(b, parser);
			more = -1;
		} else {
			at = mark_of(b, event.start_mark);
			more = handle(b, &event);
			if (more == 1)
				b->last = at;
			yaml_event_delete(&event);
		}
		if (more == -1)
			hide_rest(b, at.line);
	}
}

struct config_node *
config_tree_read(struct config_loader *l, unsigned file)
{
	struct builder b = { .l = l, .file = file, .last = { file, 1, 1 } };
	struct span text = buf_view(&l->sources[file].text);
	yaml_parser_t parser;

	if (yaml_parser_initialize(&parser) == 0) {
		config_say(l, b.last, "no memory");
		return (NULL);
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)(text.len == 0 ? "" : text.ptr), text.len);
	read_events(&b, &parser);
	yaml_parser_delete(&parser);
	if (b.root != NULL)
		hide_secrets(&l->sources[file], b.root, false);
	return (b.root);
}
