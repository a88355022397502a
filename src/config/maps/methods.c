/* config: what becomes of a class of identifiers. */
#include "base/err.h"
#include "config/maps/maps.h"
#include "mask/policy.h"

void
config_value_method(struct config_loader *l, int class_id, const struct config_node *node,
    struct config_stream *stream)
{
	const char *class_name = record_classes[class_id].name;
	char text[CONFIG_TEXT_BYTES];
	struct buf names = { 0 };
	struct err e;
	int method;

	if (config_text(l, node, class_name, text) == -1)
		return;
	if ((method = mask_method_find(span_str(text))) != -1) {
		if (mask_method_check((enum record_class)class_id, (enum mask_method)method, &e) ==
		    0)
			stream->policy.method[class_id] = (enum mask_method)method;
		else
			config_say(l, node->mark, "%s", e.text);
		return;
	}
	config_say(l, node->mark, "%s: there is no such method", class_name);
	for (int i = 0; i < MASK_METHOD_COUNT; i++)
		buf_fmt(&names, "%s%s", i == 0 ? "" : " ", mask_method_names[i]);
	if (buf_ok(&names)) {
		config_hint(l, "one of: %s", names.data);
		config_hint_near(l, span_str(text), names.data);
	}
	buf_free(&names);
}
