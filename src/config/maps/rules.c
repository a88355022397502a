/* rules: expressions for identifiers that only this site has. */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "config/maps/maps.h"
#include "detect/rules.h"

enum { NAME, PATTERN, CLASS, TEST, NOT, KEY_COUNT };

/* The caret goes under the mistake, if the pattern stands in the file as it is. */
static void
say_pattern(
    struct config_loader *l, const struct config_key *key, size_t column, const struct err *e)
{
	struct config_mark at = key->at;

	if (column > 0)
		at.column += (unsigned)column;
	config_say(l, at, "pattern: %s", e->text);
	if (strstr(e->text, "finds nothing") != NULL)
		config_hint(l, "every rule has a test, a text in which it finds something");
}

static int
copy(struct config_loader *l, const struct config_key *key, char *to, size_t size)
{
	if (strlen(key->text) < size) {
		memcpy(to, key->text, strlen(key->text) + 1);
		return (0);
	}
	config_say(l, key->at, "%s: longer than %zu bytes", key->name, size - 1);
	return (-1);
}

static int
read_class(struct config_loader *l, const struct config_key *key, enum record_class *class_id)
{
	int found = mask_class_find(span_str(key->text));

	if (found <= RECORD_CLASS_NONE) {
		config_say(l, key->at, "class: there is no class of this name");
		config_hint(l, "`cretula help classes` lists them; unknown fits everything");
		return (-1);
	}
	*class_id = (enum record_class)found;
	return (0);
}

void
config_rules_set(struct config_loader *l, const struct config_node *map, void *to)
{
	struct config_key keys[KEY_COUNT] = { [NAME] = { .name = "name" },
		[PATTERN] = { .name = "pattern" },
		[CLASS] = { .name = "class" },
		[TEST] = { .name = "test" },
		[NOT] = { .name = "not", .optional = true } };
	struct detect_rule rule = { .name = "" };
	struct detect_rules *compiled = NULL;
	struct err e;
	size_t column;
	unsigned at;

	if (config_map_read(l, map, "rules", keys, KEY_COUNT) == -1 ||
	    copy(l, &keys[NAME], rule.name, sizeof(rule.name)) == -1 ||
	    copy(l, &keys[PATTERN], rule.pattern, sizeof(rule.pattern)) == -1 ||
	    copy(l, &keys[TEST], rule.test, sizeof(rule.test)) == -1 ||
	    copy(l, &keys[NOT], rule.not_in, sizeof(rule.not_in)) == -1 ||
	    read_class(l, &keys[CLASS], &rule.class_id) == -1)
		return;
	if (detect_rules_open(&rule, 1, &compiled, &at, &column, &e) == -1)
		say_pattern(l, &keys[PATTERN], column, &e);
	else
		memcpy(to, &rule, sizeof(rule));
	detect_rules_close(compiled);
}

void
config_rules_print(const void *from, struct buf *out)
{
	const struct detect_rule *rule = from;

	buf_str(out, "{ name: ");
	config_print_quoted(out, rule->name);
	buf_str(out, ", pattern: ");
	config_print_quoted(out, rule->pattern);
	buf_fmt(out, ", class: %s, test: ", record_classes[rule->class_id].name);
	config_print_quoted(out, rule->test);
	if (rule->not_in[0] != '\0') {
		buf_str(out, ", not: ");
		config_print_quoted(out, rule->not_in);
	}
	buf_str(out, " }");
}

void
config_rules_schema(struct buf *out)
{
	static const char *const texts[] = { "name", "pattern", "test", "not" };

	buf_str(out,
	    "\"type\":\"object\",\"additionalProperties\":false,"
	    "\"required\":[\"name\",\"pattern\",\"class\",\"test\"],\"properties\":{");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_key(out, texts[i]);
		buf_str(out, "{\"type\":\"string\",\"minLength\":1}");
	}
	json_key(out, "class");
	buf_str(out, "{\"enum\":[");
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++) {
		if (i > RECORD_CLASS_NONE + 1)
			buf_char(out, ',');
		json_quote(out, span_str(record_classes[i].name));
	}
	buf_str(out, "]}}");
}
