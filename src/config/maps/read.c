/* read: the keys of a map that is an item of a list. */
#include <string.h>

#include "config/maps/maps.h"

static struct config_key *
find(struct config_key *keys, unsigned count, struct span name)
{
	for (unsigned i = 0; i < count; i++)
		if (span_is(name, keys[i].name))
			return (&keys[i]);
	return (NULL);
}

/* 0; -1 if it was said that the key has no place here. */
static int
read_key(struct config_loader *l, const struct config_node *node, struct config_key *keys,
    unsigned count)
{
	struct config_key *key = find(keys, count, node->text);
	char shown[CONFIG_SHOWN_BYTES];
	struct buf names = { 0 };

	if (key != NULL) {
		/* Of a key that stands there twice, the tree has said so. */
		key->at = node->value->mark;
		return (config_text(l, node->value, key->name, key->text));
	}
	config_say(l, node->mark, "unknown key %s", config_shown(node->text, shown));
	for (unsigned i = 0; i < count; i++)
		buf_fmt(&names, "%s%s", i == 0 ? "" : " ", keys[i].name);
	if (buf_ok(&names)) {
		config_hint(l, "one of: %s", names.data);
		config_hint_near(l, node->text, names.data);
	}
	buf_free(&names);
	return (-1);
}

int
config_map_read(struct config_loader *l, const struct config_node *map, const char *option,
    struct config_key *keys, unsigned count)
{
	int rc = 0;

	if (map->kind != CONFIG_MAP) {
		config_say(l, map->mark, "%s: every item must be a map", option);
		return (-1);
	}
	for (const struct config_node *n = map->first; n != NULL; n = n->next) {
		if (n->broken || n->value == NULL || n->value->broken)
			rc = -1;
		else if (read_key(l, n, keys, count) == -1)
			rc = -1;
	}
	for (unsigned i = 0; i < count && rc == 0; i++)
		if (keys[i].at.line == 0 && !keys[i].optional) {
			config_say(l, map->mark, "%s: %s is missing", option, keys[i].name);
			rc = -1;
		}
	return (rc);
}

int
config_map_choose(struct config_loader *l, const struct config_key *key, const char *words)
{
	struct span word;

	for (unsigned i = 0; (word = config_word(words, i)).len > 0; i++)
		if (span_is(word, key->text))
			return ((int)i);
	config_say(l, key->at, "%s must be one of: %s", key->name, words);
	config_hint_near(l, span_str(key->text), words);
	return (-1);
}
