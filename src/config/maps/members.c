/* config: map:, what members of JSON lines are. */

#include "base/json.h"
#include "config/maps/maps.h"

static void
say_what(struct config_loader *l, const struct config_node *key)
{
	char shown[CONFIG_SHOWN_BYTES];
	struct buf names = { 0 };

	config_say(l, key->mark, "a member cannot be %s", config_shown(key->text, shown));
	for (size_t i = 0; parse_json_map_whats[i] != NULL; i++)
		buf_fmt(&names, "%s ", parse_json_map_whats[i]);
	if (buf_ok(&names))
		config_hint_near(l, key->text, names.data);
	buf_free(&names);
}

/* False: there is no such what. */
static bool
add(struct config_loader *l, const struct config_node *key, const struct config_node *value,
    struct config_stream *stream)
{
	char path[CONFIG_TEXT_BYTES];

	if (value->broken || config_text(l, value, "map", path) == -1)
		return (true);
	switch (parse_json_map_add(&stream->map, key->text, span_str(path))) {
	case PARSE_JSON_MAP_WHAT: return (false);
	case PARSE_JSON_MAP_PATH:
		config_say(l, value->mark, "a path is 1 to %d bytes, each one only once",
		    PARSE_JSON_MAP_PATH_BYTES - 1);
		config_hint(l, "names with dots between, [] behind that of an array: a.b, a[].b");
		break;
	case PARSE_JSON_MAP_FULL:
		config_say(l, value->mark, "more than %d members", PARSE_JSON_MAP_MAX);
		break;
	default: break;
	}
	return (true);
}

void
config_members_set(
    struct config_loader *l, const struct config_node *key, struct config_stream *stream)
{
	const struct config_node *value = key->value;

	if (value->kind != CONFIG_LIST) {
		if (!add(l, key, value, stream))
			say_what(l, key);
		return;
	}
	for (value = value->first; value != NULL; value = value->next)
		if (!add(l, key, value, stream)) {
			say_what(l, key);
			return;
		}
}

void
config_members_print(const struct parse_json_map *map, int indent, struct buf *out)
{
	for (unsigned what = 0; parse_json_map_whats[what] != NULL; what++) {
		unsigned count = 0;

		for (unsigned i = 0; i < map->count; i++) {
			if (map->row[i].what != what)
				continue;
			if (count++ == 0)
				buf_fmt(out, "%*s%s: [", indent, "", parse_json_map_whats[what]);
			else
				buf_str(out, ", ");
			config_print_quoted(out, map->row[i].path);
		}
		if (count > 0)
			buf_str(out, "]\n");
	}
}

void
config_members_schema(struct buf *out)
{
	for (size_t i = 0; parse_json_map_whats[i] != NULL; i++) {
		json_key(out, parse_json_map_whats[i]);
		buf_str(out, "{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"}}");
	}
}

void
config_members_explain(struct buf *out)
{
	buf_str(out, "\nWhat a member may be in map:, for formats in JSON\n ");
	for (size_t i = 0, width = 1; parse_json_map_whats[i] != NULL; i++) {
		size_t len = strlen(parse_json_map_whats[i]) + 1;

		if (width + len > 90) {
			buf_str(out, "\n ");
			width = 1;
		}
		buf_fmt(out, " %s", parse_json_map_whats[i]);
		width += len;
	}
	buf_char(out, '\n');
}
