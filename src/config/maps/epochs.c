/* config: how long the keys of a class live. */
#include <string.h>

#include "base/err.h"
#include "config/fill.h"

_Static_assert(RECORD_CLASS_COUNT <= 64, "a bit for each class");

/* Is class what key names: itself, or by the word before its dot? */
static bool
is_named(enum record_class class_id, struct span key)
{
	struct span name = span_str(record_classes[class_id].name);
	size_t dot = span_find(name, '.');

	return (span_equal(key, name) ||
	    (dot < name.len && span_equal(key, span_of(name.ptr, dot))));
}

static int
read_period(struct config_loader *l, const struct config_node *key, enum key_period *period)
{
	const struct config_option *o = config_option_find("streams.*.epochs.*");
	char text[CONFIG_TEXT_BYTES], shown[CONFIG_SHOWN_BYTES];

	if (config_text(l, key->value, config_shown(key->text, shown), text) == -1)
		return (-1);
	for (int p = 0; p < KEY_PERIOD_COUNT; p++)
		if (strcmp(text, mask_period_names[p]) == 0) {
			*period = (enum key_period)p;
			return (0);
		}
	config_say(l, key->value->mark, "%s must be day, week or month",
	    config_shown(key->text, shown));
	config_hint_near(l, span_str(text), o->choices);
	return (-1);
}

/* All tokens of a prefix are under one key: its classes cannot part. */
static bool
contradicts(struct config_loader *l, const struct config_stream *stream, int class_id,
    enum key_period period)
{
	const char *prefix = record_classes[class_id].prefix;

	for (int i = 0; i < RECORD_CLASS_COUNT; i++)
		if ((l->epochs_given >> i & 1) != 0 &&
		    strcmp(record_classes[i].prefix, prefix) == 0 &&
		    stream->policy.epoch[i] != period)
			return (true);
	return (false);
}

static void
set_class(struct config_loader *l, const struct config_node *key, enum key_period period,
    struct config_stream *stream, int class_id)
{
	const struct record_class_info *info = &record_classes[class_id];
	struct err e;

	if (mask_epoch_check((enum record_class)class_id, period, &e) == -1) {
		config_say(l, key->value->mark, "%s", e.text);
		return;
	}
	if (contradicts(l, stream, class_id, period)) {
		config_say(l, key->mark, "%s: the keys of its tokens (%s.) already live a %s",
		    info->name, info->prefix,
		    mask_period_names[stream->policy.epoch[class_id]]);
		return;
	}
	mask_epoch_set(&stream->policy, (enum record_class)class_id, period);
	l->epochs_given |= UINT64_C(1) << class_id;
}

bool
config_value_epoch(
    struct config_loader *l, const struct config_node *key, struct config_stream *stream)
{
	bool known = false, good = false;
	enum key_period period = KEY_DAY;

	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++) {
		if (!is_named((enum record_class)i, key->text))
			continue;
		good = known ? good : read_period(l, key, &period) == 0;
		known = true;
		if (good)
			set_class(l, key, period, stream, i);
	}
	return (known);
}
