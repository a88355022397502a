/* config: fields:, what becomes of whole fields. */

#include "base/err.h"
#include "base/json.h"
#include "config/maps/maps.h"

static const enum mask_method both[] = { MASK_DROP, MASK_REDACT };

static bool
may(enum record_field f, enum mask_method method)
{
	return (mask_field_check(f, method, NULL) == 0);
}

static void
say_no_field(struct config_loader *l, const struct config_node *key)
{
	char shown[CONFIG_SHOWN_BYTES];
	struct buf names = { 0 };

	config_say(l, key->mark, "no field is called %s", config_shown(key->text, shown));
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		buf_fmt(&names, "%s ", record_fields[f].name);
	if (buf_ok(&names))
		config_hint_near(l, key->text, names.data);
	buf_free(&names);
}

void
config_fields_set(
    struct config_loader *l, const struct config_node *key, struct config_stream *stream)
{
	int field = record_field_by_name(key->text), method;
	char text[CONFIG_TEXT_BYTES];
	struct err e;

	if (field == -1) {
		say_no_field(l, key);
		return;
	}
	if (config_text(l, key->value, record_fields[field].name, text) == -1)
		return;
	method = mask_method_find(span_str(text));
	if (method != MASK_DROP && method != MASK_REDACT) {
		config_say(
		    l, key->value->mark, "a field is dropped, redacted, or left as its class says");
		config_hint(l, "one of: drop redact");
	} else if (mask_field_check((enum record_field)field, (enum mask_method)method, &e) == -1)
		config_say(l, key->value->mark, "%s", e.text);
	else if (method == MASK_DROP)
		stream->policy.field_drop |= UINT64_C(1) << field;
	else
		stream->policy.field_redact |= UINT64_C(1) << field;
}

void
config_fields_print(const struct mask_policy *p, int indent, struct buf *out)
{
	for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
		if ((p->field_drop >> f & 1) != 0)
			buf_fmt(out, "%*s%s: drop\n", indent, "", record_fields[f].name);
		if ((p->field_redact >> f & 1) != 0)
			buf_fmt(out, "%*s%s: redact\n", indent, "", record_fields[f].name);
	}
}

void
config_fields_schema(struct buf *out)
{
	for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
		if (!may((enum record_field)f, MASK_DROP))
			continue;
		json_key(out, record_fields[f].name);
		buf_char(out, '{');
		json_str(out, "description", span_str(record_fields[f].help));
		json_key(out, "enum");
		buf_char(out, '[');
		for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++)
			if (may((enum record_field)f, both[i])) {
				buf_str(out, i == 0 ? "" : ",");
				json_quote(out, span_str(mask_method_names[both[i]]));
			}
		buf_str(out, "]}");
	}
}

void
config_fields_explain(struct buf *out)
{
	buf_str(out, "\nFields of fields:, and what else than drop each may be\n");
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		if (may((enum record_field)f, MASK_DROP))
			buf_fmt(out, "  %s%s\n", record_fields[f].name,
			    may((enum record_field)f, MASK_REDACT) ? " redact" : "");
}
