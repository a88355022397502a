/* config: YAML as a tree with marks.  Private to config/. */
#ifndef CRETULA_CONFIG_TREE_H
#define CRETULA_CONFIG_TREE_H

#include <stdbool.h>

#include "base/span.h"
#include "config/source.h"

#define CONFIG_DEPTH_MAX 8
#define CONFIG_NODES_MAX 16384
#define CONFIG_ITEMS_MAX 1024
/* Nodes, their texts (never longer than the file) and padding. */
#define CONFIG_TREE_BYTES ((size_t)6 << 20)

enum config_kind { CONFIG_TEXT, CONFIG_LIST, CONFIG_MAP };

struct config_node {
	enum config_kind kind;
	bool broken; /* an error was said: look no further */
	bool plain; /* a text without quotes */
	struct config_mark mark, end;
	struct span text; /* CONFIG_TEXT */
	struct config_node *first, *last; /* items, or keys */
	struct config_node *next;
	struct config_node *value; /* of a key; NULL if the file ended before it */
	unsigned count;
};

/*
 * The tree of a source, in l's arena; NULL if it is empty.  What is wrong is
 * said to l; what was read before a syntax error is in the tree.
 */
struct config_node *config_tree_read(struct config_loader *l, unsigned file);

/* No value at all, as in "words:". */
bool config_node_empty(const struct config_node *node);

#endif
