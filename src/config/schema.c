/* config: the JSON Schema of the file, from the table. */
#include <string.h>

#include "base/json.h"
#include "config/maps/maps.h"
#include "parse/parse.h"

/* A text that is put together from the environment is not checked. */
#define OR_VARIABLE "|.*\\$\\{.*"

static void
open_object(struct buf *out, const char *key)
{
	json_key(out, key);
	buf_char(out, '{');
}

static void
add_item(struct buf *out, struct span text)
{
	if (out->data[out->len - 1] != '[')
		buf_char(out, ',');
	json_quote(out, text);
}

static void
schema_words(const struct config_option *o, struct buf *out)
{
	struct span word;

	json_key(out, "enum");
	buf_char(out, '[');
	if (o->type == CONFIG_FORMAT) {
		add_item(out, span_str("auto"));
		for (size_t i = 0; i < parse_format_count; i++) {
			add_item(out, span_str(parse_formats[i].name));
			for (unsigned j = 0;
			     (word = config_word(parse_formats[i].aliases, j)).len > 0; j++)
				add_item(out, word);
		}
	} else
		for (unsigned i = 0; (word = config_word(o->choices, i)).len > 0; i++)
			add_item(out, word);
	buf_char(out, ']');
}

static void
schema_list(const struct config_option *o, struct buf *out)
{
	const struct config_map_list *maps = config_map_list(o->type);
	unsigned most = maps != NULL ? maps->items_max : MASK_NAMES_MAX;

	if (o->type == CONFIG_NETWORKS)
		most = MASK_NETWORKS_MAX;
	else if (o->type == CONFIG_VKEYS)
		most = CONFIG_APPROVERS_MAX;
	else if (o->type == CONFIG_PATHS)
		most = CONFIG_ROUTES_MAX;
	json_str(out, "type", span_str("array"));
	json_u64(out, "maxItems", most);
	open_object(out, "items");
	if (maps != NULL)
		maps->schema(out);
	else {
		json_str(out, "type", span_str("string"));
		json_u64(out, "minLength", 1);
	}
	buf_char(out, '}');
}

static void
schema_value(const struct config_option *o, struct buf *out)
{
	json_str(out, "description", span_str(o->help));
	switch (o->type) {
	case CONFIG_CHOICE:
	case CONFIG_FORMAT:
	case CONFIG_SWITCH: schema_words(o, out); break;
	case CONFIG_COUNT:
		json_str(out, "type", span_str("integer"));
		json_u64(out, "minimum", o->min);
		json_u64(out, "maximum", o->max);
		break;
	case CONFIG_DURATION:
		json_str(out, "type", span_str("string"));
		json_str(out, "pattern", span_str("^([0-9]+(ms|s|m|h|d|w|y)" OR_VARIABLE ")$"));
		break;
	case CONFIG_PERIOD:
		json_key(out, "type");
		buf_str(out, "[\"string\",\"integer\"]");
		json_str(out, "pattern",
		    span_str("^(never|daily|weekly|monthly|[0-9]+[KMGT]?" OR_VARIABLE ")$"));
		break;
	case CONFIG_RATE:
		json_str(out, "type", span_str("string"));
		json_str(out, "pattern", span_str("^([0-9]+/s" OR_VARIABLE ")$"));
		break;
	case CONFIG_SHARE:
		json_str(out, "type", span_str("string"));
		json_str(out, "pattern", span_str("^([0-9]+%" OR_VARIABLE ")$"));
		break;
	case CONFIG_SIZE:
		json_key(out, "type");
		buf_str(out, "[\"string\",\"integer\"]");
		json_str(out, "pattern", span_str("^([0-9]+[KMGT]?" OR_VARIABLE ")$"));
		break;
	case CONFIG_FILE:
	case CONFIG_FORMAT_STRING:
	case CONFIG_HASH:
	case CONFIG_INCLUDE:
	case CONFIG_INPUT:
	case CONFIG_LISTEN:
	case CONFIG_NAME:
	case CONFIG_PATH:
	case CONFIG_SEAL_KEY:
	case CONFIG_ZONE:
		json_str(out, "type", span_str("string"));
		json_u64(out, "minLength", 1);
		break;
	default: schema_list(o, out);
	}
	if (o->fallback[0] != '\0' && strcmp(o->fallback, "[]") != 0 && o->type != CONFIG_COUNT)
		json_str(out, "default", span_str(o->fallback));
}

static void
schema_classes(struct buf *out)
{
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++) {
		if (i == RECORD_CLASS_AGENT)
			continue; /* an option of its own */
		open_object(out, record_classes[i].name);
		json_str(out, "description", span_str(record_classes[i].help));
		json_key(out, "enum");
		buf_char(out, '[');
		for (int m = 0; m < MASK_METHOD_COUNT; m++)
			if (mask_method_check((enum record_class)i, (enum mask_method)m, NULL) == 0)
				add_item(out, span_str(mask_method_names[m]));
		buf_str(out, "]}");
	}
}

static void
schema_period(const char *name, const char *help, bool day_only, struct buf *out)
{
	open_object(out, name);
	json_str(out, "description", span_str(help));
	buf_str(out, day_only ? ",\"enum\":[\"day\"]}"
			      : ",\"enum\":[\"day\",\"week\",\"month\"]}");
}

/* Each class that has tokens, and the words that stand for two of them. */
static void
schema_periods(struct buf *out)
{
	schema_period("ip", "ip.peer and ip.fwd", false, out);
	schema_period("user", "user.auth and user.claim", true, out);
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		if (record_classes[i].prefix[0] != '\0')
			schema_period(record_classes[i].name, record_classes[i].help,
			    mask_epoch_check((enum record_class)i, KEY_WEEK, NULL) == -1, out);
}

/* An empty map may be left out: "words:". */
static void
schema_group(const char *group, struct buf *out)
{
	bool streams = strcmp(group, "streams") == 0, roles = strcmp(group, "roles") == 0;
	struct config_child child;
	size_t at = 0;

	json_key(out, "type");
	buf_str(out, "[\"object\",\"null\"]");
	json_key(out, "additionalProperties");
	buf_str(out, "false");
	if (streams)
		json_u64(out, "maxProperties", CONFIG_STREAMS_MAX);
	if (roles)
		json_u64(out, "maxProperties", CONFIG_ROLES_MAX);
	open_object(out, streams || roles ? "patternProperties" : "properties");
	while (config_option_next(group, &at, &child)) {
		if (child.row != NULL && child.row->type == CONFIG_METHOD) {
			schema_classes(out);
			continue;
		}
		if (child.row != NULL && child.row->type == CONFIG_EPOCH) {
			schema_periods(out);
			continue;
		}
		if (child.row != NULL && child.row->type == CONFIG_FIELDS) {
			config_fields_schema(out);
			continue;
		}
		if (child.row != NULL && child.row->type == CONFIG_MEMBERS) {
			config_members_schema(out);
			continue;
		}
		open_object(out, streams || roles ? "^[a-z][a-z0-9-]{0,31}$" : child.name);
		if (child.row != NULL)
			schema_value(child.row, out);
		else
			schema_group(child.path, out);
		buf_char(out, '}');
	}
	buf_char(out, '}');
}

void
config_schema(struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "$schema", span_str("https://json-schema.org/draft/2020-12/schema"));
	json_str(out, "title", span_str("cretula.yaml"));
	schema_group("", out);
	buf_char(out, '}');
}
