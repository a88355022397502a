/* config: every option for people, from the table. */
#include <string.h>

#include "config/fill.h"
#include "config/maps/maps.h"
#include "parse/parse.h"

static const char *const type_names[CONFIG_TYPE_COUNT] = {
	[CONFIG_CHOICE] = "one of",
	[CONFIG_COUNT] = "a whole number",
	[CONFIG_RULES] = "a list of rules",
	[CONFIG_TRIGGERS] = "a list of triggers",
	[CONFIG_DETAIL] = "a list of rules, the first that matches counts",
	[CONFIG_DURATION] = "a duration",
	[CONFIG_EPOCH] = "one of",
	[CONFIG_FIELDS] = "drop or redact",
	[CONFIG_FIELD_NAMES] = "a list of fields",
	[CONFIG_FILE] = "a file",
	[CONFIG_FORMAT] = "one of",
	[CONFIG_FORMAT_STRING] = "a format string",
	[CONFIG_HASH] = "the hash of a token",
	[CONFIG_HOSTS] = "a list of host names",
	[CONFIG_INCLUDE] = "a file",
	[CONFIG_AGENTS] = "a list of programs",
	[CONFIG_MACHINES] = "a list of users",
	[CONFIG_MEMBERS] = "a path (a.b, a[].b), or a list of them",
	[CONFIG_LISTEN] = "HOST:PORT or unix:PATH",
	[CONFIG_INPUT] = "where lines come from",
	[CONFIG_METHOD] = "one of the methods below",
	[CONFIG_NAME] = "a name",
	[CONFIG_NAMES] = "a list of names",
	[CONFIG_NETWORKS] = "a list of networks",
	[CONFIG_PATH] = "a path",
	[CONFIG_PATHS] = "a list of files",
	[CONFIG_PERIOD] = "never | daily | weekly | monthly, or a size",
	[CONFIG_RATE] = "a number a second",
	[CONFIG_SEAL_KEY] = "a public key",
	[CONFIG_SHARE] = "a share in percent",
	[CONFIG_SIZE] = "a size",
	[CONFIG_VKEYS] = "a list of public keys",
	[CONFIG_ZONE] = "a time zone",
	[CONFIG_SWITCH] = "one of",
};

static void
explain_words(const char *words, struct buf *out)
{
	struct span word;

	for (unsigned i = 0; (word = config_word(words, i)).len > 0; i++)
		buf_fmt(out, "%s%.*s", i == 0 ? " " : " | ", (int)word.len, word.ptr);
}

static void
explain_type(const struct config_option *o, struct buf *out)
{
	buf_str(out, type_names[o->type]);
	if (o->choices != NULL)
		explain_words(o->choices, out);
	if (o->type == CONFIG_FORMAT) {
		buf_str(out, " auto");
		for (size_t i = 0; i < parse_format_count; i++)
			buf_fmt(out, " | %s", parse_formats[i].name);
	}
	if (o->type == CONFIG_NETWORKS)
		buf_fmt(out, ", IPv4 from /%u, IPv6 from /%u", (unsigned)o->min, (unsigned)o->max);
	else if (o->max != 0) {
		buf_str(out, " from ");
		config_print_amount(o->type, o->min, out);
		buf_str(out, " to ");
		config_print_amount(o->type, o->max, out);
	}
	if (o->fallback[0] != '\0')
		buf_fmt(out, "; default %s", o->fallback);
}

static void
explain_classes(struct buf *out)
{
	struct mask_policy defaults;

	mask_policy_default(&defaults);
	buf_str(out, "\nClasses of mask:, the methods each may use, the default first\n");
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++) {
		const struct record_class_info *info = &record_classes[i];

		if (i == RECORD_CLASS_AGENT)
			continue; /* an option of its own */
		buf_fmt(out, "  %-11s %s", info->name, mask_method_names[defaults.method[i]]);
		for (int m = 0; m < MASK_METHOD_COUNT; m++)
			if (m != (int)defaults.method[i] &&
			    mask_method_check((enum record_class)i, (enum mask_method)m, NULL) == 0)
				buf_fmt(out, " %s", mask_method_names[m]);
		buf_fmt(out, "\n              %s", info->help);
		if (info->prefix[0] != '\0')
			buf_fmt(out, "; key of the %s%s", mask_period_names[defaults.epoch[i]],
			    mask_epoch_check((enum record_class)i, KEY_WEEK, NULL) == 0 ?
				"" :
				", never longer");
		buf_char(out, '\n');
	}
}

void
config_explain(struct buf *out)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];

		config_option_shown(o->path, out);
		buf_str(out, "\n    ");
		explain_type(o, out);
		buf_fmt(out, "\n    %s\n", o->help);
	}
	explain_classes(out);
	config_fields_explain(out);
	config_members_explain(out);
	config_retain_explain(out);
}
