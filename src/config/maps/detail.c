/* detail: rules of how much of an event is kept. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "config/maps/maps.h"
#include "detail/detail.h"

#define LEVELS "count slim full" /* as enum detail_level */
_Static_assert(DETAIL_COUNT == 0 && DETAIL_SLIM == 1 && DETAIL_FULL == 2, "count slim full");

enum { WHEN, KEEP, KEY_COUNT };

/* The caret goes under the mistake, if the text stands in the file as it is. */
static void
say_filter(struct config_loader *l, const struct config_node *value, const struct err *e)
{
	struct config_mark at = value->mark;
	const char *what = strchr(e->text, ':');
	unsigned column = 1;

	if (sscanf(e->text, "column %u:", &column) == 1 && at.line == value->end.line)
		at.column += column - 1 + (value->plain ? 0 : 1);
	config_say(l, at, "when: %s", what == NULL ? e->text : what + 2);
}

static const struct config_node *
value_of(const struct config_node *map, const char *name)
{
	for (const struct config_node *n = map->first; n != NULL; n = n->next)
		if (span_is(n->text, name))
			return (n->value);
	return (NULL);
}

void
config_detail_set(struct config_loader *l, const struct config_node *map, void *to)
{
	struct config_key keys[KEY_COUNT] = { [WHEN] = { .name = "when" },
		[KEEP] = { .name = "keep" } };
	struct detail_rule rule = { .when = "" };
	struct detail *compiled = NULL;
	struct err e;
	unsigned at;
	int level;

	if (config_map_read(l, map, "detail", keys, KEY_COUNT) == -1 ||
	    (level = config_map_choose(l, &keys[KEEP], LEVELS)) == -1)
		return;
	if (strlen(keys[WHEN].text) >= DETAIL_WHEN_BYTES) {
		config_say(l, keys[WHEN].at, "when: longer than %d bytes", DETAIL_WHEN_BYTES - 1);
		return;
	}
	memcpy(rule.when, keys[WHEN].text, strlen(keys[WHEN].text));
	rule.keep = (enum detail_level)level;
	if (detail_open(&rule, 1, &compiled, &at, &e) == -1)
		say_filter(l, value_of(map, "when"), &e);
	else
		memcpy(to, &rule, sizeof(rule));
	detail_close(compiled);
}

void
config_detail_print(const void *from, struct buf *out)
{
	const struct detail_rule *rule = from;

	buf_str(out, "{ when: ");
	config_print_quoted(out, rule->when);
	buf_fmt(out, ", keep: %s }", detail_level_names[rule->keep]);
}

void
config_detail_schema(struct buf *out)
{
	buf_str(out, "\"type\":\"object\",\"additionalProperties\":false,"
		     "\"required\":[\"when\",\"keep\"],\"properties\":{\"when\":{");
	json_str(out, "type", span_str("string"));
	json_u64(out, "minLength", 1);
	buf_str(out, "},\"keep\":{\"enum\":[\"count\",\"slim\",\"full\"]}}");
}
